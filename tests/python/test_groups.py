"""Groups of inputs, by whatever names a file has, and the numbers in an npz file's arrays."""

import numpy as np
import pytest
from muxnet.base.errors import ConfigError
from muxnet.outcomes.table_files import read_outcomes

COSTS = {"a": 1, "b": 2}


def of_csv(folder, groups):
    rows = "".join(f"{i % 3},{i % 3},{i % 2},{group}\n" for i, group in enumerate(groups))
    (folder / "t.csv").write_text("label,a:prediction,b:prediction,group\n" + rows)
    return read_outcomes(folder / "t.csv", COSTS)["all"].groups.tolist()


def of_arrays(folder, count=6, **arrays):
    classes = np.arange(count) % 3
    answers = {"labels": classes, "predictions": np.stack([classes, classes % 2], axis=1)}
    answers = {} if "quality" in arrays else answers
    names = {"models": np.array(["a", "b"]), "macs": np.array([1, 2])}
    np.savez(folder / "t.npz", **{**answers, **names, **arrays})
    return read_outcomes(folder / "t.npz")["all"]


@pytest.mark.parametrize("word", ["NA", "N/A", "None", "NULL", "null", "", "nan"])
def test_a_word_for_a_missing_group_is_none(tmp_path, caplog, word):
    assert of_csv(tmp_path, ["x", word, "y", word, "x"]) == [0, 1, 2, 3, 0]
    told = f"t.csv, group: taken for no group: {word!r} (2 times)"
    assert (told in caplog.text) == (word not in ("", "nan"))


def test_spellings_of_one_group_are_told(tmp_path, caplog):
    assert of_csv(tmp_path, ["1.1", "1.10", "v1.1", "v1.10", "3", "3"]) == [0, 0, 1, 2, 3, 3]
    assert "group: '1.1' and '1.10' are taken for one group\n" in caplog.text
    caplog.clear()
    assert of_csv(tmp_path, ["x", "y", "x", "", ""]) == [0, 1, 0, 2, 3]
    assert not caplog.text


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([1.1, 1.2, 1.1, 2.0, 2.0, 1.2], [0, 1, 0, 2, 2, 1]),
        ([np.nan, np.nan, 7, 7, np.nan, 8], [0, 1, 2, 2, 3, 4]),
        (["u", "v", "u", "", "", "NA"], [0, 1, 0, 2, 3, 4]),
        ([7, 7, -1, -1, 9, 9], [7, 7, -1, -1, 9, 9]),
        (np.array([2**64 - 1, 5, 5, 5, 2**64 - 1, 2**64 - 2], np.uint64), [0, 1, 1, 1, 0, 2]),
    ],
)
def test_groups_of_arrays_are_named_in_any_way(tmp_path, groups, expected):
    assert of_arrays(tmp_path, groups=np.array(groups)).groups.tolist() == expected


def test_several_groups_of_an_input_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"t.npz, groups\] expected a group of each input"):
        of_arrays(tmp_path, groups=np.zeros((6, 2)))


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        *(("features", (6, 2)), ("answer_scores", (6, 2)), ("cost", (6, 2)), ("quality", (6, 2))),
        ("macs", (2,)),
    ],
)
def test_texts_are_no_numbers_in_an_array_of_these(tmp_path, array, shape):
    with pytest.raises(ConfigError, match=rf"t.npz, {array}\] expected numbers, .*'1G'"):
        of_arrays(tmp_path, **{array: np.full(shape, "1G")})
    with pytest.raises(ConfigError, match=rf"t.npz, {array}\] expected numbers, .*complex128"):
        of_arrays(tmp_path, **{array: np.full(shape, 1j)})
    assert len(of_arrays(tmp_path, **{array: np.full(shape, "0.5")})) == 6
