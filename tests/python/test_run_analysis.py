"""``muxnet figures`` on a small run of its own."""

import json
import shutil

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError, UserError
from muxnet.paper.placements import placements
from muxnet.run import analysis
from muxnet.training.finished import load_run

MODELS = ("alexnet_small", "resnet50_small")


def test_figures_are_drawn_and_written(run_folder, tmp_path, capsys):
    target = tmp_path / "figures.json"
    arguments = ["figures", str(run_folder), "--inputs", "60", "--json", str(target)]
    assert cli.main([*arguments, "--before", str(run_folder), "--link", "lte"]) == 0
    for name in ("embeddings_2", "embeddings_all", "distances", "offload_roc"):
        assert (run_folder / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(target.read_text())
    mobile, cloud, hybrid, _ = found["placements"]
    assert mobile["name"] == "mobile-only"
    assert mobile["macs"] < hybrid["macs"]
    assert mobile["energy_mj"] is None  # no sensor stands behind it
    # The radio's tail alone, 11.6 s at 1060 mW.
    assert cloud["energy_mj"] > 12_000
    assert cloud["origins"] == ["measured", "modelled", "paper"]
    assert "device energy mJ" in capsys.readouterr().out


def test_other_test_inputs_than_the_runs_are_refused(run_folder, tmp_path):
    copy = shutil.copytree(run_folder, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "seed": config["seed"] + 1}))
    with pytest.raises(ConfigError, match="expected the test inputs of the run, received labels: "):
        load_run(copy)


def test_profiles_take_the_place_of_what_the_run_measured(run_folder):
    run = load_run(run_folder)
    slow = _core.DeviceProfile(
        "slow",
        {
            name: _core.Cost(
                _core.Quantity(1e6, "counted"),
                _core.Quantity(100.0, "modelled"),
                _core.Quantity(7.0, "modelled"),
            )
            for name in MODELS
        },
    )
    mobile, cloud, *_ = placements(run, device=slow, server=slow, payload="raw")
    assert mobile.latency_ms == 100.0
    assert mobile.energy_mj == 7.0
    assert cloud.latency_ms > 100.0
    empty = _core.DeviceProfile("empty", {})
    with pytest.raises(ValueError, match=r"profile empty\] expected alexnet_small"):
        placements(run, device=empty)


def test_distances_are_those_of_the_definition():
    right = np.array([[True, True, False], [True, False, False]])
    vectors = np.zeros((2, 3, 2), np.float32)
    vectors[0] = [1, 0]
    vectors[1] = [[1, 0], [0, 1], [-1, 0]]
    found = analysis.distances_of(analysis.Embeddings(MODELS, vectors, right))
    assert found.both_right == 0
    assert found.one_right == 0.5
    assert found.both_wrong == 1
    assert found.by_right == (1.0, 0.5, 0.0)
    assert found.inputs == (1, 1, 1)


def test_a_folder_without_a_finished_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="the folder of a finished run"):
        load_run(tmp_path)
    assert cli.main(["figures", str(tmp_path), "--inputs", "3"]) == 2
