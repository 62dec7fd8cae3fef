"""``muxnet plan`` as it is typed."""

import json

import page_world
import pytest
from muxnet import cli
from muxnet.outcomes.fitting import evaluate_policy
from muxnet.outcomes.table_files import read_outcomes
from muxnet.pool.router_folder import load_router

COSTS = "small=1,large=8"
LATENCY = "small=2,large=15"
QUICK = ("--requests", "1000", "--rates", "none")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A router, and answers that it has not seen."""
    return page_world.write_router(tmp_path_factory.mktemp("world"), COSTS)


@pytest.fixture
def plan(world, tmp_path, capsys):
    """Runs the command; returns its status, what it printed, and what it left."""

    def run(*options, latency=LATENCY, load=("--rate", "500", "--p99", "60")):
        capsys.readouterr()
        inputs = [str(world / "router"), "--outcomes", str(world / "test.csv"), "--costs", COSTS]
        models = ["--latency", latency] if latency else []
        out = ["--out", str(tmp_path / "plan")]
        status = cli.main(["plan", *inputs, *models, *load, *QUICK, *out, *options])
        path = tmp_path / "plan" / "plan.json"
        found = json.loads(path.read_text()) if status == 0 else None
        return status, "".join(capsys.readouterr()), found

    return run


def test_a_plan_holds_both_fleets_against_each_other(plan, world, tmp_path):
    status, said, found = plan("--rates", "10,100,2000")
    assert status == 0, said
    routed, best = found["routed"], found["best"]
    assert [s["name"] for s in routed["stations"]] == ["small", "large"]
    assert [s["name"] for s in best["stations"]] == ["large"]
    assert max(routed["p99"], best["p99"]) <= 60
    assert routed["stations"][0]["calls"] == 1
    assert found["ratio"] == routed["money"] / best["money"] < 1
    assert "Routing costs" in said
    assert "equal cells" not in said
    for name in ("cost", "replicas"):
        assert (tmp_path / "plan" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert [point["rate"] for point in found["rates"]] == [10, 100, 2000]
    counts = [point["replicas"] for point in found["rates"]]
    assert counts == sorted(counts)
    assert counts[-1] > 2000 * 0.002


def test_what_is_right_and_called_is_what_evaluate_says(plan, world):
    _, _, found = plan()
    policy = load_router(world / "router")
    costs = {"small": 1.0, "large": 8.0}
    own = evaluate_policy(policy, read_outcomes(world / "test.csv", costs)["all"])
    assert found["routed"]["attained"]["accuracy"] == own.router.accuracy
    assert found["routed"]["attained"]["interval"] == list(own.router.interval)
    assert found["best_attained"]["accuracy"] == own.best_single.accuracy
    calls = {s["name"]: s["calls"] for s in found["routed"]["stations"]}
    assert calls == pytest.approx(own.called)


def test_no_gain_is_told_as_that(plan):
    status, said, found = plan(latency="small=14,large=15")
    assert status == 0
    assert found["ratio"] >= 1
    assert "No gain: routing costs" in said


def test_where_the_best_model_is_too_slow_there_is_nothing_to_compare(plan):
    status, said, found = plan("--accuracy", "0.5", load=("--rate", "500", "--p99", "10"))
    assert status == 0
    assert [s["name"] for s in found["routed"]["stations"]] == ["small"]
    assert found["best"] is None is found["ratio"]
    assert "large alone cannot hold this p99 ([--p99] expected at least 15 ms" in said


def test_a_p99_that_the_router_cannot_hold_is_refused(plan):
    status, said, _ = plan(load=("--rate", "500", "--p99", "14"))
    assert status == 1
    assert "[--p99] expected at least 17 ms" in said


def test_replicas_that_host_all_models(plan):
    status, _, found = plan("--together", "--price-per-hour", "3")
    assert status == 0
    (station,) = found["routed"]["stations"]
    assert (station["name"], station["price"]) == ("all models", 3)
    assert station["calls"] > 1


def test_failures_take_spares(plan):
    _, _, plain = plan()
    status, said, found = plan("--mtbf", "200", "--mttr", "20")
    assert status == 0
    assert all(s["spares"] > 0 for s in found["routed"]["stations"])
    assert found["routed"]["money"] > plain["routed"]["money"]
    assert "too rare" in said


def test_failures_that_fall_in_the_simulation_are_told(plan):
    status, said, found = plan("--mtbf", "0.002", "--mttr", "0.0002")
    assert status == 0
    assert found["routed"]["failures"] > 0
    assert f"in the simulation fell {found['routed']['failures']} failures" in said
    over = [side for side in (found["routed"], found["best"]) if side["p99"] > 60]
    assert said.count("more than wanted") == len(over)


def test_a_trace_says_when_requests_come(plan, tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("".join(f"{0.5 * (i // 50)}\n" for i in range(1000)))  # 50 at once
    bursts = plan("--arrivals", str(trace), load=("--p99", "90"))[2]
    assert bursts["rate"] == pytest.approx(105, rel=0.01)
    even = plan(load=("--rate", str(bursts["rate"]), "--p99", "90"))[2]
    assert bursts["routed"]["money"] > 2 * even["routed"]["money"]


def test_an_accuracy_chooses_the_operating_point(plan):
    cheap = plan("--accuracy", "0.8")[2]["routed"]
    dear = plan("--accuracy", "0.93")[2]["routed"]
    assert cheap["attained"]["accuracy"] < dear["attained"]["accuracy"]
    assert cheap["money"] < dear["money"]
    status, said, _ = plan("--accuracy", "0.999")
    assert status == 2
    assert "[--accuracy] expected at most 0.9" in said


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--rate", "9"), "--rate: expected a number at least 10, at most 1000000, received '9'"),
        (("--rate", "nan"), "--rate: expected a number at least 10, at most 1000000, received"),
        (("--rates", "10,x"), "[--rates] expected 10 to 1,000,000 requests a second, received x"),
        (("--p99", "0"), "--p99: expected a number above 0"),
        (("--requests", "10"), "--requests: expected an integer at least 100"),
        (("--batch", "0"), "--batch: expected an integer at least 1"),
        (("--overhead", "-1"), "--overhead: expected a number at least 0"),
        (("--mtbf", "10"), "[--mtbf, --mttr] expected --mtbf and --mttr, in hours"),
        (("--mtbf", "1", "--mttr", "2"), "the first of them the larger"),
        (("--latency", "small=2"), "[--latency] expected a latency of large too, received small"),
        (("--latency", "small=2,large=3,huge=4"), "[--latency] expected names among"),
        (("--mtbf", "1e-9", "--mttr", "1e-10"), "and a second or more, received 1e-09, 1e-10"),
        (("--price-per-hour", "small=2"), "[--price-per-hour] expected a price above 0, at most"),
        (
            ("--price-per-hour", "1e308"),
            "[--price-per-hour] expected a price above 0, at most 1e+12",
        ),
        (("--price-per-hour", "small=1,small=2"), "[--price-per-hour] expected each name once"),
        (("--seed", "-1"), "--seed: expected an integer at least 0, received '-1'"),
        (("--measure",), "[--measure] expected the folder of a finished run"),
    ],
)
def test_what_cannot_be_planned_is_refused(plan, options, text):
    status, said, _ = plan(*options)
    assert status == 2
    assert text in said


def test_a_name_that_a_file_says_twice_is_refused(plan, tmp_path):
    path = tmp_path / "latency.json"
    path.write_text('{"small": 2, "large": 15, "small": 3}')
    status, said, _ = plan("--latency", str(path))
    assert status == 1
    assert "latency.json] expected each key once in an object, received small twice" in said


def test_what_is_missing_is_named(plan, world):
    assert "[--latency] expected NAME=MS" in plan(latency="")[1]
    assert "[--rate] expected requests a second, or --arrivals" in plan(load=("--p99", "9"))[1]
    router = str(world / "router")
    assert cli.main(["plan", router, "--latency", LATENCY, "--rate", "50", "--p99", "90"]) == 2


def test_inputs_that_the_router_has_seen_are_refused(plan, world):
    status, said, _ = plan("--outcomes", str(world / "held_out.csv"))
    assert status == 1
    assert "fitted" in said


def test_a_run_is_planned_with_what_it_measured(run_folder, tmp_path, capsys):
    out = str(tmp_path / "plan")
    load = ["--rate", "200", "--p99", "50"]
    for more in (
        ("--policy", "hybrid_single"),
        ("--policy", "hybrid_single", "--measure", "--batch", "4", "--together"),
        ("--policy", "learned_cascade"),  # without the multiplexer, whose latency is recorded too
    ):
        assert cli.main(["plan", str(run_folder), *load, *QUICK, "--out", out, *more]) == 0
        found = json.loads((tmp_path / "plan" / "plan.json").read_text())
        assert found["routed"]["p50"] > 0
        names = [station["name"] for station in found["routed"]["stations"]]
        if "--together" in more:
            assert names == ["all models"]
        else:
            assert ("multiplexer" in names) == ("hybrid_single" in more)
