"""Plans of fleets whose operating points load chooses, as ``muxnet serve --target-ms`` does."""

import json
from itertools import pairwise

import numpy as np
import page_world
import pytest
from muxnet import cli
from muxnet.outcomes.table_files import part_to_evaluate, read_outcomes
from muxnet.plan.gears import GearBox, Wish, geared
from muxnet.plan.routes import routes_of, shares_of
from muxnet.plan.simulation import simulate
from muxnet.pool.router_folder import load_router
from queueing import station

COSTS = "small=1,large=8"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A router, and answers that it has not seen."""
    return page_world.write_router(tmp_path_factory.mktemp("world"), COSTS)


@pytest.fixture
def plan(world, tmp_path, capsys):
    """Runs the command; returns its status, what it printed, and what it left."""

    def run(*options, rate="1000"):
        capsys.readouterr()
        inputs = [str(world / "router"), "--outcomes", str(world / "test.csv"), "--costs", COSTS]
        load = ["--rate", rate, "--p99", "60", "--latency", "small=2,large=15", "--together"]
        quick = ["--requests", "5000", "--rates", "none", "--out", str(tmp_path / "plan")]
        status = cli.main(["plan", *inputs, *load, *quick, *options])
        path = tmp_path / "plan" / "plan.json"
        found = json.loads(path.read_text())["routed"] if status == 0 else None
        return status, "".join(capsys.readouterr()), found

    return run


class Alternating:
    """Gives every other request another route, and keeps what it is told."""

    def __init__(self):
        self.readings = []

    def route(self, number):
        return (("a",),) if number % 2 == 0 else (("b",),)

    def observe(self, now_s, backlog_ms, work_ms):
        self.readings.append((now_s, backlog_ms, work_ms))


def test_a_router_is_asked_for_routes_and_told_of_the_load():
    router, stations = Alternating(), [station("a", 10.0), station("b", 30.0)]
    found = simulate(stations, (1, 1), np.array([0.0, 0.0, 0.0, 0.2]), router)
    assert found.latencies_ms == pytest.approx([10, 30, 20, 30])
    times, backlogs, work = zip(*router.readings, strict=True)
    assert times == pytest.approx([0.05 * i for i in range(len(times))])
    assert backlogs[0] == 0  # nothing has come
    assert max(backlogs) == 30  # the last has come when it is looked, and has not begun
    assert work[1] == pytest.approx(10 + 30 + 10)


def test_the_points_are_those_of_the_service(world):
    policy = load_router(world / "router")
    parts = read_outcomes(world / "test.csv", costs={"small": 1, "large": 8})
    own, table = policy.point, part_to_evaluate(parts)
    found = geared(policy, table, Wish(20.0, 0.5))
    costs = [gear.point.cost for gear in found.gears]
    assert all(a <= 0.75 * b for a, b in pairwise(costs))
    assert policy.point.parameters == own.parameters
    assert found.gears[-1].point.parameters == own.parameters
    assert shares_of(found.gears[-1].routes) == routes_of(policy, table)
    least = sorted(gear.point.accuracy for gear in found.gears)[-1]
    assert len(geared(policy, table, Wish(20.0, 0.5, least)).gears) == 1
    box = GearBox(found, 1, np.arange(4))
    assert box.route(0) == found.gears[-1].routes[0]
    box.observe(0.0, 1000.0, 0.0)  # far more than the target waits
    assert box.route(1) == found.gears[-2].routes[1]
    assert (box.changes, box.shares[-2:].tolist()) == (1, [0.5, 0.5])
    mean = found.held_out_accuracy(box.shares)
    assert mean == pytest.approx(np.mean([gear.point.accuracy for gear in found.gears[-2:]]))


def test_fewer_replicas_do_where_load_may_choose(plan):
    _, _, fixed = plan()
    status, said, free = plan("--target-ms", "20", "--mean-accuracy", "0.85")
    assert status == 0, said
    assert sum(s["replicas"] for s in free["stations"]) < sum(
        s["replicas"] for s in fixed["stations"]
    )
    assert free["p99"] <= 60
    assert 0 < free["cheaper"] <= 1
    assert free["changes"] > 0
    assert free["attained"]["accuracy"] < fixed["attained"]["accuracy"]
    assert "of the requests a cheaper operating point" in said
    assert fixed["cheaper"] is None


def test_a_mean_accuracy_is_held_by_more_replicas(plan):
    counts = []
    for mean in ("0.85", "0.97"):
        status, said, found = plan("--target-ms", "20", "--mean-accuracy", mean)
        assert status == 0, said
        counts.append(sum(s["replicas"] for s in found["stations"]))
    assert counts[0] < counts[1]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--target-ms", "20"], "--together and --mean-accuracy beside it"),
        (["--mean-accuracy", "0.5"], "--target-ms beside it"),
        (["--target-ms", "0", "--mean-accuracy", "0.5"], "a number above 0"),
        (["--target-ms", "20", "--mean-accuracy", "1.5"], "at least 0, at most 1"),
        (["--target-ms", "20", "--mean-accuracy", "1"], "the router's own on held-out inputs"),
    ],
)
def test_what_does_not_go_together_is_refused(plan, options, text):
    status, said, _ = plan(*options)
    assert status == 2
    assert text in said
