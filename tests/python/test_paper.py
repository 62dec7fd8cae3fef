import json

import pytest
from muxnet import _core, cli
from muxnet.commands import profile as profile_command
from muxnet.paper import tables


def test_tables_are_the_papers_arithmetic():
    costs = tables.compute().costs
    first = costs["table1"]
    assert first["hybrid"]["latency_ms"] == pytest.approx(10.12, abs=0.005)
    assert first["hybrid"]["energy_mj"] == pytest.approx(55.36, abs=0.005)
    assert first["hybrid"]["macs"] == pytest.approx(5.75e9, rel=1e-3)
    assert first["hybrid_free_mux"]["latency_ms"] == pytest.approx(6.592, abs=0.001)
    assert first["hybrid_free_mux"]["energy_mj"] == pytest.approx(43.36, abs=0.005)
    assert costs["table2"]["hybrid_single"]["latency_ms"] == pytest.approx(7.736, abs=0.001)
    assert costs["table2"]["hybrid_single"]["macs"] == pytest.approx(5.606e9, rel=1e-4)


def test_headlines_follow_from_the_tables():
    for line in tables.compute().headlines:
        assert line.computed == pytest.approx(line.paper, rel=0.02), line.quantity


def test_command_prints_and_writes(tmp_path, capsys):
    assert cli.main(["paper", "--json", str(tmp_path / "paper.json")]) == 0
    text = capsys.readouterr().out
    assert "Table I holds only with a multiplexer as dear as mobilenet_v2" in text
    assert "69.44 % of the inputs rightly on the device" in text
    found = json.loads((tmp_path / "paper.json").read_text())
    assert set(found["table1"]) == {"mobile_only", "cloud_only", "hybrid", "hybrid_free_mux"}
    assert found["table1"]["cloud_only"] == {
        "macs": 16.4e9,
        "latency_ms": 13.1,
        "energy_mj": 110.0,
    }
    assert found["headlines"]["compute_ratio"]["computed"] == pytest.approx(16.4 / 5.75)
    lines = {(line["setup"], line["quantity"]): line for line in found["lines"]}
    assert lines["hybrid", "energy_mj"]["origins"] == ["paper"]


def test_called_shares_weigh_other_costs():
    costs = {
        name: _core.Cost(_core.Quantity(1.0, "counted"), _core.Quantity(2.0, "measured"))
        for name in tables.read_paper().table2.models
    }
    total = tables.hybrid_of(costs, _core.no_cost())
    assert total.macs.value == pytest.approx(1.0)
    assert total.latency_ms.value == pytest.approx(2.0)
    assert total.latency_ms.origins == ["measured"]
    assert total.energy_mj.value is None


def test_profile_command_measures_and_saves(tmp_path, capsys):
    target = tmp_path / "here.json"
    arguments = ["profile", "--networks", "alexnet_small", "mobilenet_v2_small"]
    figures = tmp_path / "figures.json"
    assert cli.main([*arguments, "--out", str(target), "--json", str(figures)]) == 0
    loaded = _core.DeviceProfile.load(target)
    assert sorted(loaded.networks) == ["alexnet_small", "mobilenet_v2_small"]
    cost = loaded.networks["alexnet_small"]
    assert cost.macs.origins == ["counted"]
    assert cost.latency_ms.origins == ["measured"]
    assert cost.latency_ms.value > 0
    written = json.loads(figures.read_text())
    assert written["networks"] == profile_command.figures(loaded)
    # Energy is a figure of a sensor or said not to be measured: never a silent zero.
    measured = cost.energy_mj.value is not None
    assert measured != written["sensor"].startswith("not measured")
    assert written["sensor"] in capsys.readouterr().out


def test_a_sensor_that_fails_leaves_the_latency(failing_sensor, tmp_path, capsys):
    target = tmp_path / "here.json"
    assert cli.main(["profile", "--networks", "alexnet_small", "--out", str(target)]) == 0
    cost = _core.DeviceProfile.load(target).networks["alexnet_small"]
    assert cost.latency_ms.value > 0
    assert cost.energy_mj.value is None
    assert f"energy: not measured: [{failing_sensor}] " in capsys.readouterr().out


def test_a_profile_that_does_not_fit_is_an_error(tmp_path):
    (tmp_path / "bad.json").write_text('{"format": "muxnet-link-1", "name": "x"}')
    with pytest.raises(ValueError, match="expected format muxnet-device-1"):
        _core.DeviceProfile.load(tmp_path / "bad.json")
    with pytest.raises(ValueError, match="a key upload_mbps"):
        _core.LinkProfile.load(tmp_path / "bad.json")
