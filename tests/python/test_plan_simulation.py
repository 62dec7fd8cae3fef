"""Simulated fleets against closed forms, and what holds of every fleet."""

import sys

import numpy as np
import pytest
from muxnet.base.errors import MissingPackageError
from muxnet.plan.draws import Draws
from muxnet.plan.simulation import Failures, simulate
from queueing import erlang_c, exponential_times, hosting, mean_wait, single_wait, station

REQUESTS = 20_000
WITHIN = 0.1  # of a mean wait: some four of its standard errors, of these many requests
ONE = (("m",),)


def arrivals(rate, count=REQUESTS, seed=0):
    return np.cumsum(Draws(seed).exponential(count)) / rate


def drawn(models, count=REQUESTS):
    return [((str(int(i)),),) for i in Draws(1).uniform(count) * models]


@pytest.mark.parametrize("work", [0.3, 0.7])
def test_one_replica_of_a_constant_time_waits_as_m_d_1(work):
    found = simulate([station()], (1,), arrivals(100 * work), [ONE] * REQUESTS)
    wait = found.latencies_ms.mean() - 10
    assert wait == pytest.approx(1000 * single_wait(100 * work, [0.01]), rel=WITHIN)
    assert found.busy[0] == pytest.approx(work, rel=0.02)


def test_one_replica_of_several_models_waits_as_m_g_1():
    times = [2.0, 4.0, 24.0]
    found = simulate([hosting(times)], (1,), arrivals(60), drawn(3))
    mean = found.latencies_ms.mean() - 10
    expected = 1000 * single_wait(60, [time / 1000 for time in times])
    assert mean == pytest.approx(expected, rel=WITHIN)


@pytest.mark.parametrize("replicas", [1, 4])
def test_replicas_of_exponential_times_wait_as_m_m_c(replicas):
    times = exponential_times(10.0, 32)
    assert np.mean(times) == pytest.approx(10.0)
    rate = 70 * replicas
    routes = drawn(32)
    found = simulate([hosting(times)], (replicas,), arrivals(rate), routes)
    own = np.array([times[int(route[0][0])] for route in routes])
    waits = found.latencies_ms - own
    assert np.mean(waits > 1e-6) == pytest.approx(erlang_c(replicas, rate / 100), rel=0.05)
    assert waits.mean() == pytest.approx(1000 * mean_wait(replicas, rate, 0.01), rel=WITHIN)


def test_a_request_that_waits_for_nothing_takes_the_sum_of_its_steps():
    stations = [station("a", 2.0), station("b", 5.0), station("c", 11.0)]
    routes = [(("a",),), (("a",), ("b", "c")), (("b",), ("c",))]
    found = simulate(stations, (1, 1, 1), np.array([0.0, 1.0, 2.0]), routes)
    assert found.latencies_ms == pytest.approx([2, 13, 16])


def test_a_later_step_goes_before_younger_requests():
    models = hosting([10.0, 10.0])
    routes = [(("0",), ("1",)), (("0",),)]
    found = simulate([models], (1,), np.array([0.0, 0.001]), routes)
    assert found.latencies_ms == pytest.approx([20, 29])


def test_waiting_requests_make_batches_of_at_most_the_largest():
    slow = station(ms=1.0, fixed=6.0, batch=4)
    found = simulate([slow], (1,), np.zeros(9), [ONE] * 9)
    assert found.latencies_ms == pytest.approx([7] + [17] * 4 + [27] * 4)
    assert found.busy[0] == pytest.approx(1)


def test_more_replicas_do_not_raise_p99():
    times = arrivals(450, 4000)
    p99 = [
        np.quantile(simulate([station()], (n,), times, [ONE] * 4000).latencies_ms, 0.99)
        for n in range(4, 10)
    ]
    assert p99 == sorted(p99, reverse=True)
    assert p99[0] > 10 * p99[-1]


def test_every_request_ends_though_replicas_fail():
    stations = [station("a", 5.0, batch=4), station("b", 20.0)]
    routes = [(("a",), ("b",)) if i % 3 == 0 else (("a",),) for i in range(3000)]
    times = arrivals(100, 3000)
    steady = simulate(stations, (2, 2), times, routes)
    failing = simulate(stations, (2, 2), times, routes, failures=Failures(2.0, 0.2))
    assert (steady.failures, steady.redone) == (0, 0)
    assert failing.redone > 5
    least = [5 if len(route) == 1 else 25 for route in routes]
    assert np.all(failing.latencies_ms >= np.array(least) - 1e-6)
    assert failing.latencies_ms.mean() > 1.05 * steady.latencies_ms.mean()


def test_failures_come_as_often_as_said():
    between, repair = 0.5, 0.1
    times = arrivals(10, 500)
    found = simulate([station()], (4,), times, [ONE] * 500, failures=Failures(between, repair))
    expected = 4 * found.seconds / (between + repair)
    assert found.failures == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_a_seed_repeats_all():
    times, failures = arrivals(150, 500), Failures(0.5, 0.1)
    first, again, other = (
        simulate([station()], (2,), times, [ONE] * 500, failures=failures, seed=seed)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.latencies_ms, again.latencies_ms)
    assert not np.array_equal(first.latencies_ms, other.latencies_ms)


def test_draws_are_uniform_and_stay_as_they_are():
    numbers = Draws(3, 1).uniform(4000)
    assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.02)
    assert Draws(0).uniform(3).tolist() == [
        0.6369616873214543,
        0.2697867137638703,
        0.04097352393619469,
    ]
    assert not np.array_equal(numbers, Draws(3, 2).uniform(4000))


def test_a_missing_simpy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "simpy", None)
    with pytest.raises(MissingPackageError, match=r"simpy.*pip install 'muxnet\[plan\]'"):
        simulate([station()], (1,), np.zeros(1), [ONE])
