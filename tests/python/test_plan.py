"""What a plan stands on: latencies, prices, arrivals, routes, spares, and the search for a size."""

import math

import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import ConfigError, UsageError, UserError
from muxnet.outcomes.fitting import fit_policy
from muxnet.plan.arrivals import Arrivals, read_trace
from muxnet.plan.batches import BatchLatency
from muxnet.plan.draws import Draws
from muxnet.plan.given import parse_latencies, parse_prices
from muxnet.plan.routes import MULTIPLEXER, called, quantile, routes_of
from muxnet.plan.simulation import Failures
from muxnet.plan.sizing import Fleet, Options, frontier, smallest
from muxnet.plan.spares import SHORT, spares
from queueing import station

ALONE = {(("m",),): 1.0}


def fleet(rate, p99, stations=None, routes=ALONE, **options):
    options = {"requests": 3000, **options}
    return Fleet(stations or [station()], routes, Arrivals(rate), Options(p99, **options))


def table(answers, seed=1, rows=500, scored=False):
    probabilities, labels = answers(seed, rows)
    more = {}
    if scored:
        right = probabilities.argmax(axis=2) == labels[:, None]
        scores = np.clip(right * 0.6 + 0.4 * Draws(seed).uniform(3 * rows).reshape(rows, 3), 0, 1)
        more = {"scores": scores.astype(np.float32), "multiplexer_costs": {"cost": 0.1}}
    return _core.OutcomeTable(
        ["a", "b", "c"],
        probabilities=probabilities,
        labels=labels,
        costs={"cost": [1.0, 4.0, 20.0]},
        split="held_out",
        **more,
    )


def test_latencies_of_batches():
    line = BatchLatency.line(6, 1)
    assert [line.ms(size) for size in (1, 2, 32)] == [7, 8, 38]
    assert line.paying(32) == 32
    assert BatchLatency.line(0, 5).paying(32) == 1
    pairs = BatchLatency.measured([(1, 4), (4, 7), (8, 15)], "x")
    assert [pairs.ms(size) for size in (1, 2, 4, 6, 8, 10)] == [4, 5, 7, 11, 15, 19]
    assert pairs.paying(8) == 4
    assert BatchLatency.measured([(1, 3)], "x").ms(4) == 12


def test_latencies_and_prices_as_they_are_typed(tmp_path):
    found = parse_latencies("small=2,large=5+10")
    assert {name: latency.ms(2) for name, latency in found.items()} == {"small": 4, "large": 25}
    path = tmp_path / "l.json"
    path.write_text('{"a": 2, "b": [[1, 3.5], [8, 7]], "c": {"fixed_ms": 1, "per_input_ms": 2}}')
    read = parse_latencies(str(path))
    assert [read[name].ms(8) for name in "abc"] == [16, 7, 17]
    assert parse_prices("2", ["a", "b"]) == {"a": 2, "b": 2}
    assert parse_prices("a=1,b=3", ["a", "b"]) == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    "text", ["", "small", "small=", "=2", "a=-1", "a=0", "a=nan", "a=1,a=2", "a=1+2+3", "a=inf"]
)
def test_latencies_of_other_forms_are_refused(text):
    with pytest.raises(UsageError, match=r"\[--latency\] expected NAME=MS"):
        parse_latencies(text)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"a": null}',
        '{"a": true}',
        '{"a": -1}',
        '{"a": []}',
        '{"a": [[2, 1.0]]}',
        '{"a": [[1, 2.0], [1, 3.0]]}',
        '{"a": [[1, 2.0], [4, 1.0]]}',
        '{"a": [[1, NaN]]}',
        '{"a": {"fixed_ms": 1}}',
    ],
)
def test_files_of_other_latencies_are_refused(tmp_path, text):
    path = tmp_path / "l.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"l\.json.*expected"):
        parse_latencies(str(path))


@pytest.mark.parametrize("text", ["", "a=1", "a=1,b=0", "a=1,b=2,c=3", "-1", "a=1,b=x"])
def test_other_prices_are_refused(text):
    with pytest.raises(UsageError, match=r"\[--price-per-hour\] expected a price above 0"):
        parse_prices(text, ["a", "b"])


def test_arrivals_at_random_and_of_a_trace(tmp_path):
    times = Arrivals(200.0).times(10_000, 4, Draws(0))
    assert len(times) / times[-1] == pytest.approx(50, rel=0.05)
    path = tmp_path / "trace.txt"
    path.write_text("5.0\n5.5\n5.5\n7.0\n")
    trace = read_trace(path)
    assert trace.rate == 1.5
    assert trace.at(3.0).times(9, 1, Draws(0)).tolist() == [0, 0.25, 0.25, 1]
    path.write_bytes(b"\xef\xbb\xbf5.0\r\n\r\n 5.5 \r\n5.5\r\n7.0")  # blank lines say nothing
    assert read_trace(path).trace.tolist() == [0, 0.5, 0.5, 2]
    many = Arrivals(1.0, np.arange(8000.0)).times(1, 4, Draws(0))
    assert len(many) == pytest.approx(2000, abs=150)


@pytest.mark.parametrize("text", ["", "1.0", "1\nx", "2\n1", "1\n1", "1\nnan", "0\ninf"])
def test_traces_that_are_none_are_refused(tmp_path, text):
    path = tmp_path / "trace.txt"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"trace\.txt(, line 2)?\] expected"):
        read_trace(path)


@pytest.mark.parametrize("line", ["2 0.5", "2\t7", "2,5", "2;5", "x"])
def test_a_line_of_a_trace_holds_one_number(tmp_path, line):
    path = tmp_path / "trace.txt"
    path.write_text(f"1\n\n{line}\n3\n")
    with pytest.raises(ConfigError, match=r"line 3\] expected one number of seconds, received"):
        read_trace(path)


@pytest.mark.parametrize("name", ["cascade", "learned_cascade", "average_ensemble"])
def test_routes_are_the_decisions_of_the_core(answers, name):
    policy = fit_policy(name, table(answers))
    test = table(answers, seed=2)
    routes = routes_of(policy, test)
    assert sum(routes.values()) == pytest.approx(1)
    bits = np.array(policy.decide(test).called)
    shares = {name: np.mean(bits >> place & 1) for place, name in enumerate("abc")}
    assert called(routes) == pytest.approx({n: share for n, share in shares.items() if share})


def test_a_cascade_waits_for_each_model_and_an_ensemble_calls_all_at_once(answers):
    cascade = routes_of(fit_policy("cascade", table(answers)), table(answers, seed=2))
    assert len(cascade) > 1
    assert all(len(step) == 1 for route in cascade for step in route)
    ensemble = routes_of(fit_policy("average_ensemble", table(answers)), table(answers, seed=2))
    assert list(ensemble) == [(("a", "b", "c"),)]
    ms = {"a": 1.0, "b": 4.0, "c": 20.0}
    assert quantile(ensemble, ms, 0.99) == 20
    assert quantile({(("a",),): 0.98, (("a",), ("c",)): 0.02}, ms, 0.99) == 21
    assert quantile({(("a",),): 0.995, (("a",), ("c",)): 0.005}, ms, 0.99) == 1


def test_a_multiplexer_is_the_first_step(answers):
    policy = fit_policy("hybrid_single", table(answers, scored=True))
    routes = routes_of(policy, table(answers, seed=2, scored=True))
    assert {route[0] for route in routes} == {(MULTIPLEXER,)}
    assert called(routes)[MULTIPLEXER] == pytest.approx(1)


def test_spares_are_the_fewest_that_are_short_seldom_enough():
    failures = Failures(95.0, 5.0)

    def short(needed, more):  # that fewer than `needed` are up
        of = needed + more
        up = (math.comb(of, k) * 0.95**k * 0.05 ** (of - k) for k in range(needed))
        return sum(up)

    for needed in (1, 7, 40):
        found = spares(needed, failures, 2)
        assert short(needed, found) <= SHORT / 2 < short(needed, found - 1)
    assert spares(10, None, 1) == 0
    assert spares(1, Failures(1e9, 1.0), 1) == 0


def test_the_smallest_fleet_holds_the_p99_and_a_smaller_one_does_not():
    load = fleet(500, 25)
    found = smallest(load)
    assert found.p99 <= 25
    (count,) = found.counts
    assert count > 5
    assert load.trial((count - 1,)).p99 > 25
    assert smallest(fleet(500, 100)).counts < found.counts


def test_the_dear_station_is_as_small_as_holds():
    stations = [station("a", 2.0), station("b", 20.0)]
    routes = {(("a",),): 0.5, (("a",), ("b",)): 0.5}
    load = fleet(300, 60, stations, routes)
    found = smallest(load)
    cheap, dear = found.counts
    assert found.p99 <= 60 < load.trial((cheap, dear - 1)).p99


def test_a_p99_below_what_models_take_is_refused():
    with pytest.raises(UserError, match=r"\[--p99\] expected at least 10 ms"):
        smallest(fleet(100, 9))


def test_overhead_is_of_each_request():
    plain, more = fleet(100, 50).trial((2,)), fleet(100, 50, overhead_ms=3).trial((2,))
    assert (more.p50, more.p99) == pytest.approx((plain.p50 + 3, plain.p99 + 3))


def test_large_rates_are_cut_into_equal_cells():
    load = fleet(20_000, 30, cell=20)
    assert load.cells == 10
    found = smallest(load)
    whole = load.whole(found.counts)
    assert whole == (10 * found.counts[0],)
    assert whole[0] > 200
    cell = fleet(2000, 30)
    assert cell.cells == 1
    assert smallest(cell).counts == found.counts
    assert load.money(found.counts) == pytest.approx(cell.money(found.counts))


def test_money_is_of_replicas_and_spares():
    load = fleet(100, 50, failures=Failures(100, 10))
    counts = (2,)
    assert load.spares(counts) == (spares(2, load.options.failures, 1),) > (0,)
    assert load.whole(counts) == (2 + load.spares(counts)[0],)
    assert load.money(counts) == pytest.approx(load.whole(counts)[0] / 3600 / 100 * 1e6)


def test_of_the_curve_no_fleet_is_slower_and_dearer_than_another():
    curve = frontier(fleet(300, 40, requests=1500), 5)
    assert len(curve) > 2
    assert curve == sorted(curve, reverse=True)
    assert [money for _, money in curve] == sorted(money for _, money in curve)
