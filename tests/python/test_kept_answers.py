"""The file of answers so far, of ``muxnet collect``."""

import muxnet
import numpy as np
import pytest
from muxnet.base.errors import ConfigError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.kept_answers import KeptAnswers
from muxnet.pool.labelled import inputs_of
from muxnet.pool.model_identity import identities


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (30, 1, 8, 8), dtype=np.uint8)
    return muxnet.dataset(images, np.arange(30) % 3, name="noise")


def bright(images):
    return images.mean(axis=(1, 2, 3))


def kept_of(data, path):
    """Return what a file keeps of two models, as one that goes on sees it."""
    models = [ForeignModel(name, 1, bright) for name in "ab"]
    kept = KeptAnswers(path, identities(models), inputs_of(data).identity(), len(data))
    kept.load(resume=True, again=[])
    return kept


def test_answers_are_appended_and_what_was_cut_off_counts_as_none(data, tmp_path):
    path = tmp_path / "o.partial"
    rows = np.random.default_rng(0).random((30, 3), dtype=np.float32)
    kept = kept_of(data, path)
    kept.add("a", 0, rows[:10])
    kept.add("b", 0, rows[:5])
    before = path.stat().st_size
    kept.add("a", 10, rows[10:20])
    kept.close()
    whole = path.read_bytes()
    for end in range(before, len(whole)):
        path.write_bytes(whole[:end])
        cut = kept_of(data, path)
        assert (cut.answered("a", 0, 10), cut.answered("a", 10, 11)) == (True, False)
        cut.close()
    path.write_bytes(whole[:-1] + b"!")  # not what was written
    cut = kept_of(data, path)
    assert not cut.answered("a", 10, 20)
    cut.add("a", 10, rows[10:])
    cut.forget("b")
    cut.close()
    again = kept_of(data, path)
    assert again.complete("a")
    assert again.models() == ["a"]
    found = np.zeros((30, 4), np.float32)
    again.fill("a", found, np.array([3, 1, 0]))
    np.testing.assert_array_equal(found[:, [3, 1, 0]], rows)
    again.remove()
    assert not path.exists()


def test_a_partial_file_that_is_none_or_of_something_else_is_refused(data, tmp_path):
    path = tmp_path / "o.partial"
    path.write_bytes(b"PK anything\n")
    with pytest.raises(ConfigError, match=r"o.partial\] expected JSON"):
        kept_of(data, path)
    path.write_bytes(b'{"format": "another"}\n')
    with pytest.raises(ConfigError, match="expected answers of muxnet collect"):
        kept_of(data, path)
    path.write_bytes(b'{"format": "muxnet answers 1"}\n')
    with pytest.raises(ConfigError, match="inputs"):
        kept_of(data, path)
