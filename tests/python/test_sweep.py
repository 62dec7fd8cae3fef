"""``muxnet sweep``: trials in processes of their own, one table, resumed after anything."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from muxnet.cli import main
from muxnet.sweep import table
from muxnet.sweep.folder import SweepFolder
from muxnet.sweep.trials import Record, Trial
from muxnet.sweep.workers import LocalWorkers

ROUTING = """
kind: routing
fixed: {table: answers.npz}
vary:
  policy: [cascade, learned_cascade]
  max_models: [2, 3]
  seed: [0, 1]
baseline: {policy: cascade}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers) -> Path:
    probabilities, labels = answers()
    np.savez(
        tmp_path / "answers.npz", probabilities=probabilities, labels=labels, macs=[1.0, 3.0, 9.0]
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sweep(text: str, *arguments: str) -> int:
    Path("sweep.yaml").write_text(text)
    return main(["sweep", "sweep.yaml", "--out", "out", *arguments])


def read_table(folder: str = "out") -> list[dict[str, str]]:
    with Path(folder, "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_a_grid_leaves_a_row_for_each_combination(place: Path, capsys) -> None:
    assert sweep(ROUTING, "--jobs", "2", "--json", "rows.json") == 0
    rows = read_table()
    settings = [(row["policy"], row["max_models"], row["seed"]) for row in rows]
    assert settings == [
        (policy, models, seed)
        for policy in ("cascade", "learned_cascade")
        for models in "23"
        for seed in "01"
    ]
    for row in rows:
        assert row["error"] == ""
        assert 0.5 < float(row["accuracy"]) < 1
        assert float(row["area_low"]) < float(row["area"]) < float(row["area_high"])
        assert float(row["cost_share"]) == pytest.approx(float(row["cost"]) / 9)
    assert rows[0]["accuracy"] != rows[1]["accuracy"]  # another seed, another division
    assert len(json.loads(Path("rows.json").read_text())) == 8
    parquet = pytest.importorskip("pyarrow.parquet").read_table("out/table.parquet")
    assert parquet.column("accuracy").to_pylist() == [float(row["accuracy"]) for row in rows]
    assert parquet.column("max_models").to_pylist() == [2, 2, 3, 3] * 2
    assert Path("out/plane.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    compared = printed.partition("less policy cascade")[2]
    assert "learned_cascade 2" in compared
    assert "learned_cascade 3" in compared


def test_a_killed_sweep_goes_on_to_the_same_table(place: Path) -> None:
    assert sweep(ROUTING) == 0
    whole = read_table()
    command = [sys.executable, "-m", "muxnet", "sweep", "sweep.yaml", "--out", "killed"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    trials = Path("killed/trials")
    while len(list(trials.glob("*.json"))) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path.name: path.read_bytes() for path in trials.glob("*.json")}
    assert 3 <= len(before) < 8
    assert main(["sweep", "sweep.yaml", "--out", "killed"]) == 1  # not without --resume
    assert main(["sweep", "sweep.yaml", "--out", "killed", "--resume"]) == 0
    assert read_table("killed") == whole
    for name, content in before.items():
        assert (trials / name).read_bytes() == content


def test_a_failed_trial_is_a_row_with_its_error(place: Path, capsys) -> None:
    text = "kind: routing\nfixed: {policy: cascade}\nvary: {table: [answers.npz, none.npz]}"
    assert sweep(text) == 0
    good, bad = read_table()
    assert good["error"] == ""
    assert bad["accuracy"] == ""
    assert "none.npz" in bad["error"]
    assert "1 of 2 trials failed" in capsys.readouterr().out
    Path("none.npz").write_bytes(Path("answers.npz").read_bytes())
    assert sweep(text, "--resume") == 0  # what failed is tried again
    good, mended = read_table()
    assert mended["error"] == ""
    assert mended["accuracy"] == good["accuracy"]


def test_other_answers_of_the_same_name_are_refused(place: Path, capsys, answers) -> None:
    text = "kind: routing\nfixed: {policy: cascade}\nvary: {table: [answers.npz], seed: [%s]}"
    assert sweep(text % "0") == 0
    before = Path("answers.npz").read_bytes()
    probabilities, labels = answers(seed=1)
    np.savez("answers.npz", probabilities=probabilities, labels=labels, macs=[1.0, 3.0, 9.0])
    assert sweep(text % "0, 1", "--resume") == 1
    told = capsys.readouterr().err
    assert "expected a trial on the same inputs (or choose another --out), received answers" in told
    Path("answers.npz").write_bytes(before)
    assert sweep(text % "0, 1", "--resume") == 0
    assert len(read_table()) == 2


def test_a_search_goes_on_with_its_own_settings_alone(place: Path, capsys) -> None:
    pytest.importorskip("optuna")
    text = """
kind: routing
search: optuna
fixed: {table: answers.npz, max_models: %d}
vary: {bins: {low: 10, high: 40}}
trials: 2
"""
    assert sweep(text % 2) == 0
    assert sweep(text % 3, "--resume") == 1
    assert "another sweep, received fixed/max_models: 2 before, 3 now" in capsys.readouterr().err


def test_budgets_and_lambdas_choose_the_operating_point(place: Path) -> None:
    text = """
kind: routing
fixed: {table: answers.npz, policy: cascade, max_models: 2}
vary:
  choice:
    cheap: {budget: 0.2}
    dear: {budget: 0.8}
    hopeless: {budget: 0.01}
    lambda: {lambda_cost: 0.1}
"""
    assert sweep(text) == 0
    cheap, dear, hopeless, no_lambda = read_table()
    assert float(cheap["cost_share"]) < 0.25 < float(dear["cost_share"]) < 1
    assert float(cheap["accuracy"]) < float(dear["accuracy"])
    assert "[budget] expected at least 0.111" in hopeless["error"]
    assert "[lambda_cost] expected a policy with a lambda" in no_lambda["error"]
    assert [row["choice"] for row in (cheap, dear)] == ["cheap", "dear"]
    assert cheap["budget"] == "0.2"
    assert no_lambda["budget"] == ""


def test_a_killed_worker_costs_its_trial_alone(place: Path) -> None:
    workers = LocalWorkers(SweepFolder(place / "out"), jobs=2)
    settings = {"table": "answers.npz", "policy": "cascade"}
    killed, other = (Trial("routing", {}, {**settings, "seed": seed}) for seed in (0, 1))
    for trial in (killed, other):
        workers.start(trial)
    assert not workers.free
    os.kill(workers.process_ids()[killed.key], signal.SIGKILL)
    found = {trial.key: record for trial, record in (workers.wait(), workers.wait())}
    assert "exit status -9" in found[killed.key].error
    assert found[other.key].error == ""
    assert workers.busy == 0


def test_workers_end_with_the_sweep(place: Path) -> None:
    workers = LocalWorkers(SweepFolder(place / "out"), jobs=1)
    workers.start(Trial("routing", {}, {"table": "answers.npz"}))
    (process,) = workers.process_ids().values()
    workers.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not list((place / "out").glob("trials/*"))


def test_whole_runs_are_tried_with_keys_of_their_configuration(place: Path) -> None:
    text = """
kind: training
fixed:
  models: [alexnet_small, mobilenet_v2_small]
  epochs: 4
  multiplexer: {pretraining_epochs: 0, epochs: 1, variants: 1, width: 4}
vary:
  contrastive:
    none: {contrastive_weight: 0}
    missing: {data: "mnist:nowhere"}
"""
    assert sweep(text) == 0
    none, missing = read_table()
    assert none["error"] == ""
    for figure in ("accuracy", "area", "auroc", "learned_cascade_area"):
        assert none[figure] != ""
    assert 0 < float(none["one_right_distance"]) < 1  # also where nothing was trained on it
    assert none["models"] == "alexnet_small mobilenet_v2_small"
    assert "nowhere" in missing["error"]
    assert Path("out/runs", none["trial"], "report.html").exists()


def test_optuna_goes_on_where_it_was_stopped(place: Path) -> None:
    pytest.importorskip("optuna")
    text = """
kind: routing
search: optuna
fixed: {table: answers.npz, policy: cascade}
vary:
  max_models: {low: 1, high: 3}
  fraction: {low: 0.3, high: 0.7}
  bins: [10, 40]
maximise: [accuracy]
minimise: [cost]
trials: 5
"""
    assert sweep(text) == 0
    whole = read_table()
    assert len(whole) == 5
    assert all(0.3 <= float(row["fraction"]) <= 0.7 for row in whole)
    assert len({row["fraction"] for row in whole}) == 5
    Path("sweep.yaml").write_text(text.replace("trials: 5", "trials: 2"))
    assert main(["sweep", "sweep.yaml", "--out", "again"]) == 0
    Path("sweep.yaml").write_text(text)
    assert main(["sweep", "sweep.yaml", "--out", "again", "--resume"]) == 0
    assert read_table("again") == whole


ON_RAY = """
import os, signal
from muxnet import cli
from muxnet.sweep import workers

run = workers._run_remotely

def killed(kind, settings, folder):
    if settings["seed"] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return run(kind, settings, folder)

workers._run_remotely = killed
assert cli.main(["sweep", "sweep.yaml", "--out", "ray", "--ray"]) == 0
os.replace("ray/table.csv", "ray/killed.csv")
workers._run_remotely = run
assert cli.main(["sweep", "sweep.yaml", "--out", "ray", "--ray", "--resume"]) == 0
"""


def test_a_ray_cluster_gives_the_same_table(place: Path) -> None:
    pytest.importorskip("ray")
    text = ROUTING.replace("[2, 3]", "[2]")
    assert sweep(text) == 0
    # In a process of its own: Ray leaves sockets open and warns of what it finds.
    subprocess.run([sys.executable, "-c", ON_RAY], check=True, timeout=900)
    assert read_table("ray") == read_table()
    Path("ray/killed.csv").replace("ray/table.csv")
    for row, whole in zip(read_table("ray"), read_table(), strict=True):
        if row["seed"] == "0":
            assert row["error"] == (
                "[trial] expected a record, received WorkerCrashedError on the cluster"
            )
        else:
            assert row == whole


def test_a_folder_of_another_sweep_is_refused(place: Path, capsys) -> None:
    assert sweep(ROUTING, "--resume") == 1
    assert "holds no sweep to resume" in capsys.readouterr().err
    assert sweep("kind: routing\nfixed: {table: none.npz}\nvary: {seed: [1]}") == 0
    assert sweep("kind: training\nvary: {seed: [1]}", "--resume") == 1
    assert "holds another sweep" in capsys.readouterr().err
    assert sweep(ROUTING, "--jobs", "-1") == 2


def record(accuracy: float | None) -> Record:
    return Record("routing", {}, {"accuracy": accuracy}, 1.0)


def trials(*accuracies: tuple[str, int, float | None]) -> list[tuple[Trial, Record]]:
    return [
        (Trial("routing", {"policy": policy, "seed": seed}, {}), record(accuracy))
        for policy, seed, accuracy in accuracies
    ]


def test_means_are_over_seeds_and_differences_paired() -> None:
    found = trials(("a", 0, 0.5), ("a", 1, 0.7), ("b", 0, 0.6), ("b", 1, 0.8), ("c", 0, None))
    lines = {row[0]: row[1] for row in table.means(found).rows}
    # Half an interval of two values is 12.706 times half their distance.
    assert lines == {"a": "0.6000 ± 1.2706", "b": "0.7000 ± 1.2706", "c": "–"}
    compared = table.differences(found, {"policy": "a"})
    assert compared is not None
    assert {row[0]: row[1] for row in compared.rows} == {"b": "+0.1000 ± 0.0000", "c": "–"}
    assert table.differences(found[:2], {"policy": "a"}) is None
    large = trials(("a", 0, 764.5), ("a", 1, 3e5), ("b", 0, 2e6))
    assert [row[1] for row in table.means(large).rows] == ["1.5e+05 ± 1.9e+06", "2e+06"]
    turned = table.means(found[:1])
    assert (turned.columns[1:], turned.rows[0][1:]) == (("accuracy",), ("0.5000",))
