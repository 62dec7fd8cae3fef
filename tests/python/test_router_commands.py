import json
from pathlib import Path

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.commands import calibrate
from muxnet.pool.router_folder import load_router


def save_table(answers, path, seed, rows):
    probabilities, labels = answers(seed, rows)
    np.savez(path, probabilities=probabilities, labels=labels, macs=[1.0, 4.0, 20.0])
    return str(path)


@pytest.fixture
def tables(tmp_path, answers):
    return {
        "fit": save_table(answers, tmp_path / "fit.npz", 1, 3000),
        "calibration": save_table(answers, tmp_path / "calibration.npz", 2, 6000),
        "test": save_table(answers, tmp_path / "test.npz", 3, 6000),
        "router": str(tmp_path / "router"),
        "json": str(tmp_path / "figures.json"),
    }


def run(tables, *arguments):
    status = cli.main([*arguments, "--json", tables["json"]])
    assert status == 0
    with open(tables["json"]) as file:
        return json.load(file)


def test_a_router_is_fitted_saved_and_evaluated(tables, capsys):
    chosen = run(tables, "fit", tables["fit"], "--out", tables["router"], "--budget", "10")
    assert chosen["policy"] == "learned_cascade"
    assert chosen["cost"] <= 10
    found = run(tables, "evaluate", tables["router"], "--outcomes", tables["test"])
    assert found["best_name"] == "model_2"
    assert found["best_single"]["cost"] == 20
    assert found["best_single"]["accuracy"] == pytest.approx(0.9, abs=0.02)
    assert found["router"]["cost"] == pytest.approx(chosen["cost"], rel=0.1)
    low, high = found["router"]["interval"]
    assert low < found["router"]["accuracy"] < high
    assert sum(found["called"].values()) == pytest.approx(found["models_per_input"])
    assert "calls model_0" in capsys.readouterr().out


def test_fitting_tells_what_the_best_single_models_accuracy_costs(tables, capsys):
    dear = run(tables, "fit", tables["fit"], "--out", tables["router"])
    told = capsys.readouterr().out
    assert "as accurate as model_2 alone on those at " in told
    budget = told.split("(--budget ")[1].split(")")[0]
    cheap = run(tables, "fit", tables["fit"], "--out", tables["router"], "--budget", budget)
    assert cheap["cost"] < min(20, dear["cost"])
    assert dear["cross_validated"]["as_good_from"] == pytest.approx(float(budget))
    with np.load(tables["fit"]) as table:
        right = np.mean(np.argmax(table["probabilities"][:, 2], axis=1) == table["labels"])
    assert cheap["cross_validated"]["best_single"] == pytest.approx(right)
    assert right <= cheap["cross_validated"]["accuracy"]
    assert "alone on those" not in capsys.readouterr().out  # it is the chosen point


def test_fitting_tells_what_it_attains_on_inputs_left_out(tables, answers, tmp_path, capsys):
    few = save_table(answers, tmp_path / "few.npz", 4, 400)
    found = run(tables, "fit", few, "--out", tables["router"], "--budget", "10", "--folds", "4")
    told, left_out = capsys.readouterr().out, found["cross_validated"]
    assert "on inputs left out of the fit, in 4 parts: " in told
    low, high = left_out["interval"]
    assert low <= left_out["accuracy"] <= high
    elsewhere = run(tables, "evaluate", tables["router"], "--outcomes", tables["test"])
    assert low - 0.01 <= elsewhere["router"]["accuracy"] <= high + 0.01
    assert left_out["cost"] == pytest.approx(found["cost"], rel=0.2)
    tiny = save_table(answers, tmp_path / "tiny.npz", 4, 9)
    assert run(tables, "fit", tiny, "--out", tables["router"])["cross_validated"] is None
    assert "9 inputs are too few to leave 5 parts out" in capsys.readouterr().out
    assert (
        run(tables, "fit", few, "--out", tables["router"], "--folds", "0")["cross_validated"]
        is None
    )
    assert cli.main(["fit", few, "--out", tables["router"], "--folds", "1"]) == 2
    assert (
        "[--folds] expected 2 parts or more, or 0 for none, received 1" in capsys.readouterr().err
    )


def test_details_are_printed_when_asked_for_and_always_in_json(tables, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    evaluate = ("evaluate", tables["router"], "--outcomes", tables["test"])
    found = run(tables, *evaluate)["details"]
    assert "models that fail" not in capsys.readouterr().out
    run(tables, *evaluate, "--details")
    text = capsys.readouterr().out
    for column in (
        *("recovered of the gap", "AUROC of who is right", "calibration error"),
        *("models that fail", "class"),
    ):
        assert column in text
    assert [level["name"] for level in found["hardness"]] == ["0", "1", "2", "3"]
    assert sum(level["inputs"] for level in found["hardness"]) == 6000
    assert sum(level["inputs"] for level in found["classes"]) == 6000
    assert found["hardness"][0]["accuracy"] == 1
    # Right answers have 0.7 to 0.99, wrong ones 0.5 to 0.79: ties apart, 1 - (9 / 29)^2 / 2.
    assert found["auroc"]["model_1"]["confidence"] == pytest.approx(0.952, abs=0.01)
    assert found["auroc"]["model_1"]["multiplexer"] is None
    assert 0 < found["reliability"]["model_1"]["given"]["error"] < 0.5
    assert found["reliability"]["model_1"]["calibrated"] is None  # of distributions, none is learnt
    low, high = found["regret_interval"]
    assert low <= found["regret"] <= high


def test_prices_change_and_models_leave_without_fitting_anew(tables, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    router = tables["router"]
    before = load_router(Path(router)).point
    dear = run(tables, "calibrate", router, "--costs", "model_2=10")
    changed = load_router(Path(router))
    assert changed.prices == [1.0, 4.0, 10.0]
    assert dear["cost"] <= 10
    shares = changed.point.called_shares
    assert dear["cost"] == pytest.approx(shares[0] + 4 * shares[1] + 10 * shares[2])
    run(tables, "calibrate", router, "--costs", "model_2=20")
    assert load_router(Path(router)).point.parameters == before.parameters
    run(tables, "calibrate", router, "--without", "model_2", "--budget", "5")
    assert load_router(Path(router)).point.called_shares[2] == 0
    found = run(tables, "evaluate", router, "--outcomes", tables["test"])
    assert found["called"]["model_2"] == 0
    assert found["best_name"] == "model_1"


def test_the_same_prices_again_leave_the_chosen_point(tables, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    cheap = run(tables, "calibrate", tables["router"], "--budget", "5")
    capsys.readouterr()
    same = run(tables, "calibrate", tables["router"], "--costs", "model_2=20,model_0=1")
    assert same["parameters"] == cheap["parameters"]
    assert "figures of the inputs it was fitted on" in capsys.readouterr().out


def test_a_router_that_abstains_is_evaluated_on_what_it_answers(tables, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    evaluate = ("evaluate", tables["router"], "--outcomes", tables["test"])
    assert run(tables, *evaluate)["answered"] is None
    outcomes = ("--outcomes", tables["calibration"])
    told = run(tables, "calibrate", tables["router"], *outcomes, "--abstain", "0.97")["abstains"]
    found = run(tables, *evaluate)
    answered = found["answered"]
    assert answered["coverage"] == pytest.approx(told["coverage"], abs=0.03)
    assert answered["accuracy"] > max(0.96, found["router"]["accuracy"])
    assert answered["interval"][0] < answered["accuracy"] < answered["interval"][1]
    assert f"of those answered, {100 * answered['coverage']:.1f} %" in capsys.readouterr().out


def test_an_unsure_router_calls_what_it_is_told(tables, tmp_path, answers):
    probabilities, labels = answers(1, 600)
    features = np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32)
    arrays = {"probabilities": probabilities, "labels": labels, "features": features}
    np.savez(tmp_path / "seen.npz", macs=[1e3, 4e3, 20e3], **arrays)
    fit = ("fit", str(tmp_path / "seen.npz"), "--policy", "knn", "--out", tables["router"])
    for unsure, shares in (("dearest", [0, 0, 1]), ("cheapest", [1, 0, 0])):
        run(tables, *fit, "--gate", "10", "--unsure", unsure)
        assert load_router(Path(tables["router"])).point.called_shares == shares


def test_calibrating_to_a_budget_moves_the_point(tables):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    cheap = run(tables, "calibrate", tables["router"], "--budget", "3")
    assert cheap["cost"] <= 3
    assert load_router(Path(tables["router"])).point.cost == cheap["cost"]


def test_calibrating_to_a_tail_and_to_a_share_of_calls(tables, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"], "--policy", "cascade")
    outcomes = ["--outcomes", tables["calibration"]]
    tail = run(tables, "calibrate", tables["router"], "--p99", "5", *outcomes)
    assert 1 < tail["cost"] <= 5
    shared = run(tables, "calibrate", tables["router"], "--share", "model_2=0.1", *outcomes)
    found = run(tables, "evaluate", tables["router"], "--outcomes", tables["test"])
    assert 0 < found["called"]["model_2"] < 0.12
    both = ["--share", "model_2=0.1", "--budget", "3"]
    assert run(tables, "calibrate", tables["router"], *both, *outcomes)["cost"] <= 3
    assert shared["accuracy"] > tail["accuracy"] - 0.05
    assert "6,000 inputs kept to compare with" in capsys.readouterr().out


def test_outcomes_alone_make_the_drift_monitor_and_leave_the_point(tables):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    folder = Path(tables["router"])
    before = (folder / "policy.json").read_bytes()
    arguments = ["--outcomes", tables["calibration"], "--false-alarms", "0.05"]
    run(tables, "calibrate", tables["router"], *arguments)
    assert (folder / "policy.json").read_bytes() == before
    monitor = _core.DriftMonitor.load(folder / "drift.json")
    assert monitor.version == load_router(folder).version
    assert (monitor.alpha, monitor.calibrated_on, monitor.alarm) == (0.05, 6000, False)


def test_records_of_an_evaluation_replay(tables, tmp_path):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    records = str(tmp_path / "records.jsonl")
    table = ["--outcomes", tables["test"], "--records", records]
    found = run(tables, "evaluate", tables["router"], *table)
    policy = load_router(Path(tables["router"]))
    lines = Path(records).read_text().splitlines()
    assert len(lines) == 6000
    assert all(again.same for again in _core.replay_records(policy, lines[::50]))
    right = sum(json.loads(line)["right"] for line in lines)
    assert right / 6000 == pytest.approx(found["router"]["accuracy"])


def test_a_promise_holds_on_other_inputs(tables, capsys, monkeypatch):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    promise = ["calibrate", tables["router"], "--outcomes", tables["calibration"], "--drop", "2"]
    kept = run(tables, *promise)
    assert kept["cost_share"] < 1
    assert "promised: at most 2 points below model_2, 95 % sure" in capsys.readouterr().out
    found = run(tables, "evaluate", tables["router"], "--outcomes", tables["test"])
    assert found["router"]["accuracy"] > found["best_single"]["accuracy"] - 0.02
    monkeypatch.setattr(calibrate, "cost_share", lambda cost, whole: None)  # of nothing
    assert run(tables, *promise)["cost_share"] is None
    assert "95 % sure, at more than nothing\n" in capsys.readouterr().out


def test_a_promise_that_so_few_inputs_do_not_support_is_refused(tables, tmp_path, capsys, answers):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    before = (Path(tables["router"]) / "policy.json").read_bytes()
    few = save_table(answers, tmp_path / "few.npz", 4, 40)
    status = cli.main(["calibrate", tables["router"], "--outcomes", few, "--drop", "0.5"])
    assert status == 1
    message = capsys.readouterr().err
    assert "40 inputs: would take about" in message
    assert (Path(tables["router"]) / "policy.json").read_bytes() == before


def test_unsure_answers_are_left_to_a_person(tables, tmp_path, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    outcomes = ["--outcomes", tables["calibration"]]
    chosen = run(tables, "calibrate", tables["router"], *outcomes, "--abstain", "0.97")["abstains"]
    told = capsys.readouterr().out
    assert "promised: at least 97 % right of those answered, with probability 0.9" in told
    assert 0.3 < chosen["coverage"] < 1
    assert (chosen["at_least"], chosen["inputs"], chosen["groups"]) == (0.97, 6000, 6000)
    records = tmp_path / "records.jsonl"
    other = ["--outcomes", tables["test"], "--records", str(records)]
    run(tables, "evaluate", tables["router"], *other)
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    answered = [line["right"] for line in lines if not line["abstained"]]
    assert np.mean(answered) > 0.96
    assert len(answered) / 6000 == pytest.approx(chosen["coverage"], abs=0.03)
    assert all((line["confidence"] < chosen["threshold"]) == line["abstained"] for line in lines)
    # It is of the point that it was found for.
    run(tables, "calibrate", tables["router"], "--budget", "8")
    assert "abstains no more" in capsys.readouterr().out
    assert load_router(Path(tables["router"])).abstention is None
    status = cli.main(["calibrate", tables["router"], *outcomes, "--abstain", "0.99999"])
    assert status == 1
    assert "6,000 inputs: would take" in capsys.readouterr().err


def test_inputs_that_the_router_has_seen_are_refused(tables, capsys):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    for command in (["evaluate"], ["calibrate", "--drop", "1"]):
        name, *rest = command
        arguments = [name, tables["router"], "--outcomes", tables["fit"], *rest]
        assert cli.main(arguments) == 1
        assert "shares" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["calibrate", "ROUTER"], 2, "limits (--budget, --p99, --share), or --drop"),
        (["calibrate", "ROUTER", "--drop", "1", "--budget", "2"], 2, "received both"),
        (["calibrate", "ROUTER", "--p99", "9"], 2, "--outcomes, for limits other than"),
        (["calibrate", "ROUTER", "--share", "model_2"], 2, "MODEL=SHARE"),
        (["calibrate", "ROUTER", "--share", "model_2=2"], 2, "a share of 0 to 1"),
        (
            ["calibrate", "ROUTER", "--p99", "0.5", "--outcomes", "TEST"],
            1,
            "p99 of macs of at least",
        ),
        (
            ["calibrate", "ROUTER", "--share", "x=0", "--outcomes", "TEST"],
            1,
            "a model of the policy",
        ),
        (
            ["calibrate", "ROUTER", "--budget", "9", "--cost-kind", "money", "--outcomes", "TEST"],
            1,
            "money",
        ),
        (
            ["calibrate", "ROUTER", "--outcomes", "TEST", "--false-alarms", "0"],
            2,
            "a number above 0, below 1, received '0'",
        ),
        (["calibrate", "ROUTER", "--drop", "1"], 2, "--outcomes with inputs not seen yet"),
        (["calibrate", "ROUTER", "--drop", "-1", "--outcomes", "TEST"], 2, "above 0, below 100"),
        (["calibrate", "ROUTER", "--budget", "0.5"], 1, "a budget of at least"),
        (["calibrate", "ROUTER", "--budget", "5", "--drop", "1"], 2, "received both"),
        (["calibrate", "ROUTER", "--abstain", "0.9", "--drop", "1"], 2, "received both"),
        (["calibrate", "ROUTER", "--abstain", "0.9"], 2, "--outcomes with inputs not seen yet"),
        (["calibrate", "ROUTER", "--abstain", "95", "--outcomes", "TEST"], 2, "above 0, below 1"),
        (["calibrate", "ROUTER", "--costs", "other=1"], 2, "model_0 or model_1 or model_2"),
        (["calibrate", "ROUTER", "--without", "other"], 2, "received other"),
        (["calibrate", "ROUTER", "--budget", "5", "--multiplexer-cost", "1"], 2, "beside --costs"),
        (["fit", "FIT", "--gate", "-1"], 2, "a number at least 0"),
        (["fit", "FIT", "--policy", "knn"], 1, "a table with features"),
        (["evaluate", "NOTHING", "--outcomes", "TEST"], 1, "a router with policy.json"),
        (["fit", "FIT", "--policy", "no_such"], 1, "one of always, best_single"),
        (["fit", "FIT", "--policy", "hybrid_single"], 1, "scores"),
        (["fit", "FIT", "--budget", "-1"], 2, "a number above 0"),
    ],
)
def test_what_cannot_be_done_is_told(tables, capsys, tmp_path, arguments, status, message):
    run(tables, "fit", tables["fit"], "--out", tables["router"])
    places = {
        "ROUTER": tables["router"],
        "TEST": tables["test"],
        "FIT": tables["fit"],
        "NOTHING": str(tmp_path / "nothing"),
    }
    assert cli.main([places.get(word, word) for word in arguments]) == status
    assert message in capsys.readouterr().err


def write_answers(path, rows):
    header = "label,small:prediction,small:confidence,large:prediction,large:confidence\n"
    path.write_text(header + "".join(",".join(map(str, row)) + "\n" for row in rows))


def test_files_of_confidences_alone_come_to_the_same_classes(tmp_path, capsys):
    sure = [(c, c, 0.9, c, 0.99) for c in "abc"] * 20 + [("a", "b", 0.6, "a", 0.8)] * 20
    write_answers(tmp_path / "fit.csv", sure)
    write_answers(tmp_path / "test.csv", [*sure, ("a", "b", 0.35, "a", 0.8)])
    fit = ["fit", str(tmp_path / "fit.csv"), "--out", str(tmp_path / "router")]
    costs = ["--costs", "small=1,large=10"]
    assert cli.main([*fit, *costs]) == 0
    test = ["evaluate", str(tmp_path / "router"), "--outcomes", str(tmp_path / "test.csv")]
    assert cli.main([*test, *costs]) == 0
    # Below a third no answer over three classes is: it counts as one that knows nothing.
    write_answers(tmp_path / "test.csv", [*sure, ("a", "b", 0.2, "a", 0.8)])
    assert cli.main([*test, *costs]) == 0
