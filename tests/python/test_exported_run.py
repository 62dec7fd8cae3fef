"""``muxnet export`` and ``run:OUT``: a run's networks as anybody's, on inputs new to them."""

import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.run_folder import RunFolder
from muxnet.pool.input_sources import open_inputs, open_parts
from muxnet.training.config import defaults_for, load_config
from muxnet.training.results import read_results

pytest.importorskip("onnx")

QUICK = ["--multiplexer-epochs", "2", "--multiplexer-pretraining-epochs", "1", "--threads", "1"]


@pytest.fixture(scope="module")
def pool(run_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    assert cli.main(["export", str(run_folder), "--out", str(folder)]) == 0
    return folder


def test_exported_networks_answer_what_the_run_recorded(run_folder, pool, tmp_path):
    out = tmp_path / "test.safetensors"
    wanted = ["--models", str(pool / "models.json"), "--data", f"run:{run_folder}"]
    assert cli.main(["collect", *wanted, "--out", str(out)]) == 0
    table = _core.OutcomeTable.load(out)
    native = _core.OutcomeTable.load(RunFolder(run_folder).outcomes("test"))
    assert list(table.models) == list(native.models)
    assert table.costs("cost") == native.costs("macs")
    np.testing.assert_array_equal(table.labels, native.labels)
    np.testing.assert_array_equal(table.indices, native.indices)
    np.testing.assert_allclose(table.probabilities, native.probabilities, atol=1e-4)
    assert json.loads((pool / "models.json").read_text())[0]["classes"] == list("0123456789")


def test_the_main_job_on_them_takes_what_the_networks_have_not_learnt(run_folder, pool, tmp_path):
    wanted = ["--models", str(pool / "models.json"), "--data", f"run:{run_folder}"]
    out = tmp_path / "out"
    options = [*QUICK, "--multiplexer-cost", "macs", "--out", str(out)]
    assert cli.main(["run", *wanted, *options]) == 0
    native, found = (read_results(RunFolder(path).results) for path in (run_folder, out))
    assert (found.data.held_out, found.data.test) == (native.data.held_out, native.data.test)
    assert found.multiplexer.cost == native.multiplexer.cost
    for one, other in zip(found.models, native.models, strict=True):
        assert (one.name, one.cost, one.accuracy) == (other.name, other.cost, other.accuracy)
    kept = load_config(RunFolder(out).config)
    assert kept.multiplexer.resolution == 16  # as of the digits
    assert kept.augmentation == load_config(RunFolder(run_folder).config).augmentation


def test_the_inputs_of_a_run_are_those_that_it_held_out(run_folder, capsys):
    parts = open_parts(f"run:{run_folder}")
    assert list(parts) == ["held_out", "test"]
    native = _core.OutcomeTable.load(RunFolder(run_folder).outcomes("held_out"))
    np.testing.assert_array_equal(parts["held_out"].source_index, native.indices)
    everything = open_inputs(f"run:{run_folder}", split="all")
    assert len(everything) == sum(map(len, parts.values()))
    assert defaults_for(f"run:{run_folder}") == defaults_for("digits")


def test_what_is_no_run_is_refused(tmp_path, capsys):
    assert cli.main(["export", str(tmp_path), "--out", str(tmp_path / "pool")]) == 1
    expected = "expected the folder of a finished run of networks of the zoo"
    assert expected in capsys.readouterr().err
    wanted = ["--models", "models.json", "--data", f"run:{tmp_path}"]
    assert cli.main(["run", *wanted, "--out", str(tmp_path / "out")]) == 1
    assert "config.json] cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "pool").exists()
