"""``muxnet offload`` on a small run of its own and the stub server."""

import json
import socket
from pathlib import Path

import pytest
from muxnet import _core
from muxnet.base.errors import UsageError
from muxnet.cli import main
from muxnet.commands.offload import objective_terms
from muxnet.paper import pairs
from muxnet.training.finished import load_run

IMAGE, CLASSES = (1, 32, 32), 10


@pytest.fixture(scope="module")
def cloud(make_cloud):
    return make_cloud(IMAGE, CLASSES)


def command(run: Path, url: str, *more: str) -> list[str]:
    return ["offload", str(run), "--threads", "1", "--server", url, *more]


def test_table_1_is_measured_and_predicted(run_folder, cloud, tmp_path, capsys) -> None:
    cloud.order("answer", delay=0.005)
    target = tmp_path / "offload.json"
    arguments = command(run_folder, cloud.url, "--model", "large")
    arguments += ["--share", "0.5", "--count", "40", "--link", "lte", "--json", str(target)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "Eq. 9-13 ms" in printed
    assert "cloud-only, jpeg: offloaded 40; late 0" in printed
    found = json.loads(target.read_text())
    mobile, raw, jpeg, hybrid = found["rows"]
    assert [row["setup"] for row in found["rows"]] == [
        "mobile-only",
        "cloud-only, raw",
        "cloud-only, jpeg",
        "hybrid, raw",
    ]
    assert mobile["by_reason"] == {"confidential": 40}
    assert (mobile["local"], raw["local"]) == (1, 0)
    assert mobile["sent_bytes"] == 0
    assert raw["sent_bytes"] > 4 * 32 * 32 > jpeg["sent_bytes"] > 200
    assert min(raw["latency_p50_ms"], raw["predicted_ms"]) > 5
    assert mobile["latency_p50_ms"] < 5
    assert "paper" in raw["predicted_origins"]
    assert mobile["predicted_origins"] == ["measured"]
    assert 0 < hybrid["local"] < 1
    assert hybrid["by_reason"]["easy"] == round(40 * hybrid["local"])
    assert found["link"]["upload_mbps"] == pytest.approx(5.85)
    assert found["server_ms"] >= 5


def test_the_link_is_measured_where_none_is_given(run_folder, cloud, tmp_path, capsys) -> None:
    cloud.order()
    target = tmp_path / "offload.json"
    arguments = command(run_folder, cloud.url, "--model", "large")
    arguments += ["--threshold", "0", "--count", "10", "--rate", "200", "--payload", "png"]
    assert main([*arguments, "--json", str(target)]) == 0
    found = json.loads(target.read_text())
    assert found["link"]["upload_mbps"] > 1
    assert found["rows"][-1]["setup"] == "hybrid, png"
    assert found["rows"][-1]["local"] == 0
    assert "link (measured)" in capsys.readouterr().out


def test_without_a_server_everything_is_answered_here(run_folder, tmp_path, capsys) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        target = tmp_path / "offload.json"
        arguments = command(run_folder, url, "--count", "1000")
        assert main([*arguments, "--json", str(target)]) == 0
    found = json.loads(target.read_text())
    mobile, hybrid = found["rows"]
    assert hybrid["by_reason"] == {"link_down": 359}
    small = load_run(run_folder).results.models[0]
    assert hybrid["accuracy"] == mobile["accuracy"] == pytest.approx(small.accuracy)
    assert len(found["notes"]) == 3
    assert "note: hybrid: [server]" in capsys.readouterr().out


def test_a_sensor_that_fails_leaves_the_latency(run_folder, cloud, failing_sensor, tmp_path):
    cloud.order()
    target = tmp_path / "offload.json"
    arguments = command(run_folder, cloud.url, "--model", "large", "--count", "10")
    assert main([*arguments, "--json", str(target)]) == 0
    found = json.loads(target.read_text())
    assert found["sensor"].startswith(f"not measured: [{failing_sensor}] ")
    assert [row["sensor_mj"] for row in found["rows"]] == [None] * 4
    assert all(row["latency_mean_ms"] > 0 for row in found["rows"])


def test_an_objective_of_energy_needs_a_device_and_a_radio(run_folder, cloud, capsys) -> None:
    arguments = command(run_folder, cloud.url, "--model", "large")
    assert main([*arguments, "--objective", "energy=0.1"]) == 1
    assert "a link whose radio's powers are known" in capsys.readouterr().err
    assert main([*arguments, "--objective", "energy=0.1", "--link", "lte"]) == 1
    assert "the small model's energy" in capsys.readouterr().err


def test_energy_is_modelled_by_device_and_radio(run_folder, cloud, tmp_path) -> None:
    cloud.order()

    def cost(millijoules: float) -> _core.Cost:
        energy = _core.Quantity(millijoules, "modelled")
        return _core.Cost(_core.Quantity(1.0, "counted"), _core.Quantity(0.1, "modelled"), energy)

    device, target = tmp_path / "device.json", tmp_path / "offload.json"
    networks = {"alexnet_small": cost(50.0), "multiplexer": cost(10.0)}
    _core.DeviceProfile("board", networks).save(device, "invented")
    arguments = command(run_folder, cloud.url, "--model", "large")
    arguments += ["--share", "0.5", "--count", "40", "--link", "lte", "--device", str(device)]
    assert main([*arguments, "--json", str(target)]) == 0
    mobile, raw, _, hybrid = json.loads(target.read_text())["rows"]
    assert mobile["energy_mj"] == mobile["predicted_mj"] == 50
    # The radio's tail alone, 11.6 s at 1060 mW.
    assert raw["energy_mj"] == pytest.approx(raw["predicted_mj"], rel=0.01)
    assert raw["energy_mj"] > 12_270
    mean = 10 + hybrid["local"] * 50 + (1 - hybrid["local"]) * raw["energy_mj"]
    assert hybrid["energy_mj"] == pytest.approx(mean, rel=0.01)
    assert hybrid["predicted_mj"] == pytest.approx(mean, rel=0.01)
    assert main([*arguments, "--objective", "energy<=100", "--json", str(target)]) == 0
    frugal = json.loads(target.read_text())["rows"][-1]
    assert set(frugal["by_reason"]) == {"easy", "too_dear"}


def test_the_share_chooses_the_threshold(run_folder) -> None:
    run = load_run(run_folder)
    table = _core.OutcomeTable.load(run.folder.outcomes("offload-calibration"))
    threshold = pairs.threshold_for(run_folder, 0.25)
    assert (table.offload_score >= threshold).mean() == pytest.approx(0.25, abs=0.03)


def test_objectives_are_terms() -> None:
    assert objective_terms("accuracy") == {}
    assert objective_terms("latency=0.001, energy<=50") == {"per_ms": 0.001, "max_energy_mj": 50}
    for wrong in ("speed=1", "latency=-1", "latency", "energy<=nan", "latency>=3"):
        with pytest.raises(UsageError, match="--objective"):
            objective_terms(wrong)


@pytest.mark.parametrize(
    ("option", "value"), [("--count", "0"), ("--deadline-ms", "0"), ("--share", "2")]
)
def test_numbers_that_make_no_sense(option, value, tmp_path, capsys) -> None:
    assert main(["offload", str(tmp_path), "--server", "http://h", option, value]) == 2
    assert option in capsys.readouterr().err
