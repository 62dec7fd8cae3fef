"""Queues whose waits are known exactly: what simulations are held against."""

import math
from itertools import pairwise

from muxnet.plan.batches import BatchLatency
from muxnet.plan.stations import Station


def erlang_c(replicas: int, work: float) -> float:
    """P(a request waits) in M/M/c, where ``work`` replicas are busy on average."""
    blocked = 1.0
    for count in range(1, replicas + 1):  # Erlang B
        blocked = work * blocked / (count + work * blocked)
    return blocked / (1 - work / replicas * (1 - blocked))


def mean_wait(replicas: int, rate: float, mean: float) -> float:
    """Of M/M/c: C(c, a) / (c / S - rate)."""
    return erlang_c(replicas, rate * mean) / (replicas / mean - rate)


def single_wait(rate: float, times: list[float]) -> float:
    """Mean wait in M/G/1 (Pollaczek-Khinchine), the times of service equally likely."""
    mean = sum(times) / len(times)
    square = sum(time * time for time in times) / len(times)
    return rate * square / (2 * (1 - rate * mean))


def exponential_times(mean: float, count: int) -> list[float]:
    """As many equally likely times as near an exponential as they can be: means of its pieces."""
    edges = [-math.log(1 - piece / count) for piece in range(count)]
    # The integral of x exp(-x) from a to b is (a + 1) exp(-a) - (b + 1) exp(-b).
    sums = [*((edge + 1) * math.exp(-edge) for edge in edges), 0.0]
    return [mean * count * (a - b) for a, b in pairwise(sums)]


def station(name: str = "m", ms: float = 10.0, *, fixed: float = 0.0, batch: int = 1) -> Station:
    """Replicas of one model."""
    return Station(name, {name: BatchLatency.line(fixed, ms)}, 1.0, {name: batch})


def hosting(times_ms: list[float]) -> Station:
    """Replicas that host a model for each time of service, named by its place."""
    models = {str(i): BatchLatency.line(0.0, ms) for i, ms in enumerate(times_ms)}
    return Station("all", models, 1.0, dict.fromkeys(models, 1))
