"""``muxnet zoo``: every network with its costs."""

import json

import pytest
from muxnet import _core
from muxnet.cli import main

TORCHVISION = {
    "alexnet": (61_100_840, 0.714),
    "mobilenet_v2": (3_504_872, 0.301),
    "mnasnet1_0": (4_383_312, 0.314),
    "resnet50": (25_557_032, 4.089),
    "resnet152": (60_192_808, 11.514),
    "resnext101_32x8d": (88_791_336, 16.414),
}


def test_lists_what_was_counted_and_measured(tmp_path, capsys) -> None:
    target = tmp_path / "zoo.json"
    assert main(["zoo", "--json", str(target)]) == 0
    printed = capsys.readouterr().out
    entries = {entry["name"]: entry for entry in json.loads(target.read_text())}
    for name, (parameters, gmacs) in TORCHVISION.items():
        assert entries[name]["parameters"] == parameters
        assert round(entries[name]["macs"] / 1e9, 3) == gmacs
        assert entries[name]["classes"] == 1000
        assert f"{parameters:,}" in printed
    for entry in entries.values():
        assert entry["latency_ms"] > 0
        assert entry["activation_bytes"] > 4 * 1000 * (entry["classes"] == 1000)
    assert list(entries) == [network.name for network in _core.networks()]


def test_shows_the_layers_of_one(capsys) -> None:
    assert main(["zoo", "resnet50_small"]) == 0
    printed = capsys.readouterr().out
    assert "layer1.0.conv1" in printed
    assert "mobilenet" not in printed


def test_an_unknown_network_is_an_error(capsys) -> None:
    assert main(["zoo", "resnet51"]) == 1
    error = capsys.readouterr().err
    assert "resnet51" in error
    assert "resnet50" in error


@pytest.mark.parametrize("arguments", [["zoo", "resnet50", "alexnet"], ["zoo", "--nothing"]])
def test_wrong_usage(arguments, capsys) -> None:
    assert main(arguments) == 2
    assert "muxnet" in capsys.readouterr().err


def test_a_network_without_a_seed_costs_the_same_and_holds_zeros() -> None:
    from muxnet import _core

    options = _core.NetworkOptions(channels=1, height=32, width=32, classes=10)
    drawn, zeros = (_core.make_model("resnet50_small", options, seed=s) for s in (0, None))
    assert (drawn.macs, drawn.parameter_count) == (zeros.macs, zeros.parameter_count)
    assert _core.plan_bytes(drawn) == _core.plan_bytes(zeros)
    assert all((tensor == 0).all() for tensor in zeros.state().values())
