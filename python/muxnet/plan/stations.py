"""What replicas run: each station's are alike, and host one model or all of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping

from muxnet.plan.batches import BatchLatency

Counts = tuple[int, ...]  # replicas of each station


@dataclasses.dataclass(frozen=True)
class Station:
    """Replicas that host ``models``; ``price``: of one, an hour; ``largest``: batch by model."""

    name: str
    models: Mapping[str, BatchLatency]
    price: float
    largest: Mapping[str, int]

    def least_work(self, called: Mapping[str, float]) -> float:
        """Return the seconds of a replica that a request takes, in the best batches."""
        return sum(
            called.get(name, 0.0) * latency.ms(self.largest[name]) / self.largest[name] / 1000
            for name, latency in self.models.items()
        )

    def single_work(self, called: Mapping[str, float]) -> float:
        """Return the seconds of a replica that a request takes without batches."""
        return sum(
            called.get(name, 0.0) * latency.ms(1) / 1000 for name, latency in self.models.items()
        )


def ladder(
    stations: tuple[Station, ...],
    least: Mapping[str, float],
    called: Mapping[str, float],
    rate: float,
) -> list[Counts]:
    """Return fleets by rising size, from the least that keeps up with ``rate`` on.

    Of each station from floor(a) + 1 to b + 4 sqrt(b) + 2 replicas, where a and b are the replicas
    that work at any time, with the ``least`` calls in the best batches, and with those of no load
    without any (square-root staffing); beyond that there is nothing left to wait for.
    """
    low = [math.floor(rate * station.least_work(least)) + 1 for station in stations]
    single = [rate * station.single_work(called) for station in stations]
    high = [max(a, math.ceil(b + 4 * math.sqrt(b)) + 2) for a, b in zip(low, single, strict=True)]
    return list(dict.fromkeys(_rungs(low, high)))


def money_per_million(stations: tuple[Station, ...], counts: Counts, rate: float) -> float:
    """Return what a million requests cost at ``rate`` a second, in the unit of the prices."""
    hourly = sum(s.price * count for s, count in zip(stations, counts, strict=True))
    return hourly / 3600 / rate * 1e6


def _rungs(low: list[int], high: list[int]) -> Iterator[Counts]:
    most = max(b - a for a, b in zip(low, high, strict=True))
    for rung in range(most + 1):
        yield tuple(a + math.ceil((b - a) * rung / most) for a, b in zip(low, high, strict=True))
