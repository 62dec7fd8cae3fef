"""The smallest fleet that holds a latency at a rate, by simulating fleets of several sizes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import UserError, error_text
from muxnet.plan.arrivals import Arrivals
from muxnet.plan.draws import Draws
from muxnet.plan.gears import GearBox, Geared
from muxnet.plan.routes import Route, Routes, called, quantile
from muxnet.plan.simulation import Failures, Simulated, simulate
from muxnet.plan.spares import SHORT, spares
from muxnet.plan.stations import Counts, Station, ladder, money_per_million

ARRIVALS, INPUTS = 0, 1  # streams of a seed
SETTLING = 0.1  # of the requests: until the fleet is as busy as it will be
PARTS = 5  # of the others, whose p99s are told beside that of all
AS_GOOD = 1e-9  # of an accuracy: what sums round
EACH = 100  # requests that are simulated for each replica at work, at least


@dataclasses.dataclass(frozen=True)
class Options:
    """How a fleet is simulated, and the p99 that it is to hold.

    ``cell``: replicas of one station at work beyond which the fleet is cut into equal cells, of
    which one is simulated; ``overhead_ms``: of each request, beside models and waiting.
    """

    p99_ms: float
    requests: int = 20_000
    seed: int = 0
    overhead_ms: float = 0.0
    failures: Failures | None = None
    cell: int = 100

    @property
    def quantile(self) -> float:
        """The quantile to simulate: time with too few replicas up counts as late."""
        return 0.99 if self.failures is None else 0.99 + SHORT


@dataclasses.dataclass(frozen=True)
class Trial:
    """A fleet, simulated: replicas of a cell, utilisation of each station, latencies in ms."""

    counts: Counts
    busy: tuple[float, ...]
    p50: float
    p99: float
    p99_range: tuple[float, float]  # of the parts of the simulation
    failures: int
    redone: int
    shares: tuple[float, ...] = ()  # of the requests by gear, where load chooses, cheapest first
    changes: int = 0  # of the gear

    def holds(self, wanted_ms: float) -> bool:
        """Whether the p99 is that or less, in every part of the simulation."""
        return max(self.p99, *self.p99_range) <= wanted_ms


class Fleet:
    """Stations under a load, which is simulated once for each number of replicas."""

    def __init__(
        self,
        stations: Sequence[Station],
        routes: Routes,
        arrivals: Arrivals,
        options: Options,
        geared: Geared | None = None,
    ) -> None:
        self.geared = geared
        self.stations = tuple(stations)
        self.routes = routes
        self.rate = arrivals.rate
        self.options = options
        self.called = called(routes)
        work = [arrivals.rate * station.least_work(self.called) for station in self.stations]
        self.cells = max(1, math.ceil(max(work) / options.cell))
        least = self.called if geared is None else called(geared.cheapest)
        self.ladder = ladder(self.stations, least, self.called, arrivals.rate / self.cells)
        single = arrivals.rate * sum(s.single_work(self.called) for s in self.stations)
        count = max(options.requests, math.ceil(EACH * single / self.cells))
        self.arrivals = arrivals.times(count, self.cells, Draws(options.seed, ARRIVALS))
        self._uniform = Draws(options.seed, INPUTS).uniform(len(self.arrivals))
        self._trials: dict[Counts, Trial] = {}

    @property
    def floor_ms(self) -> float:
        """The p99 where nothing waits."""
        alone = {name: latency.ms(1) for s in self.stations for name, latency in s.models.items()}
        return quantile(self.routes, alone, self.options.quantile) + self.options.overhead_ms

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All that were simulated."""
        return tuple(self._trials.values())

    def trial(self, counts: Counts) -> Trial:
        """Return what becomes of the load with so many replicas in a cell."""
        if counts not in self._trials:
            self._trials[counts] = self._trial(counts, None)
        return self._trials[counts]

    def with_failures(self, counts: Counts) -> Trial:
        """Return the same with failures, as they fall, and replicas beyond those needed."""
        return self._trial(counts, self.options.failures)

    def spares(self, counts: Counts) -> Counts:
        """Return the replicas of the whole fleet beyond ``counts`` in each cell."""
        failures, number = self.options.failures, len(counts)
        return tuple(spares(self.cells * count, failures, number) for count in counts)

    def whole(self, counts: Counts) -> Counts:
        """Return the replicas of the whole fleet, those beyond the needed included."""
        beyond = self.spares(counts)
        return tuple(self.cells * n + more for n, more in zip(counts, beyond, strict=True))

    def money(self, counts: Counts) -> float:
        """Return what a million requests cost with ``counts`` in each cell."""
        return money_per_million(self.stations, self.whole(counts), self.rate)

    def holds(self, counts: Counts) -> bool:
        """Whether the p99 holds with so many replicas, and the mean accuracy where load chooses."""
        trial = self.trial(counts)
        if not trial.holds(self.options.p99_ms):
            return False
        if self.geared is None:
            return True
        accuracy = self.geared.held_out_accuracy(np.asarray(trial.shares))
        return accuracy >= self.geared.wish.mean_accuracy - AS_GOOD

    @cached_property
    def _drawn(self) -> list[Route]:
        routes, shares = list(self.routes), list(self.routes.values())
        places = np.searchsorted(np.cumsum(shares), self._uniform, side="right")
        return [routes[min(place, len(routes) - 1)] for place in places.tolist()]

    def _box(self, counts: Counts) -> GearBox | None:
        if self.geared is None:
            return None
        rows = self._uniform * self.geared.inputs
        return GearBox(self.geared, sum(counts), rows.astype(np.int64))

    def _trial(self, counts: Counts, failures: Failures | None) -> Trial:
        box = self._box(counts)
        found = simulate(
            self.stations,
            counts,
            self.arrivals,
            self._drawn if box is None else box,
            failures=failures,
            seed=self.options.seed,
        )
        told = _told(counts, found, self.options)
        if box is None:
            return told
        return dataclasses.replace(told, shares=tuple(box.shares.tolist()), changes=box.changes)


def smallest(fleet: Fleet) -> Trial:
    """Return the fleet of least replicas whose p99 holds, the dearest replicas saved first.

    It holds where it does in every part of the simulation: by the whole alone, other draws would
    give other fleets.

    Raises:
        UserError: none does.

    """
    wanted = fleet.options.p99_ms
    rungs = fleet.ladder
    most = fleet.trial(rungs[-1])
    if fleet.floor_ms > wanted or not fleet.holds(rungs[-1]):
        least = max(fleet.floor_ms, *most.p99_range)
        expected = f"at least {least:.4g} ms, which more replicas do not lower"
        raise UserError(error_text("--p99", expected, f"{wanted:g}"))
    low, high = -1, len(rungs) - 1
    while high - low > 1:
        middle = (low + high) // 2
        holds = fleet.holds(rungs[middle])
        low, high = (low, middle) if holds else (middle, high)
    counts = rungs[high]
    for place in sorted(range(len(counts)), key=lambda at: -fleet.stations[at].price):
        counts = _trimmed(fleet, counts, place, rungs[0][place])
    return fleet.trial(counts)


def frontier(fleet: Fleet, rungs: int) -> list[tuple[float, float]]:
    """Return (p99, money per million) of fleets none of which is both slower and dearer."""
    places = np.linspace(0, len(fleet.ladder) - 1, rungs).round().astype(int)
    for place in dict.fromkeys(places.tolist()):
        fleet.trial(fleet.ladder[place])
    points = sorted((fleet.money(trial.counts), trial.p99) for trial in fleet.trials)
    kept: list[tuple[float, float]] = []
    for money, p99 in points:
        if not kept or p99 < kept[-1][0]:
            kept.append((p99, money))
    return kept


def _trimmed(fleet: Fleet, counts: Counts, place: int, least: int) -> Counts:
    """Return ``counts`` with as few replicas of one station as hold the p99."""
    low, high = least - 1, counts[place]
    while high - low > 1:
        # What is saved is seldom much: from the present size down.
        middle = max((low + high) // 2, high - max(1, high // 8))
        low, high = (low, middle) if fleet.holds(_with(counts, place, middle)) else (middle, high)
    return _with(counts, place, high)


def _with(counts: Counts, place: int, count: int) -> Counts:
    return (*counts[:place], count, *counts[place + 1 :])


def _told(counts: Counts, found: Simulated, options: Options) -> Trial:
    latencies = found.latencies_ms[int(SETTLING * len(found.latencies_ms)) :]
    parts = [_quantile(part, options) for part in np.array_split(latencies, PARTS) if len(part)]
    return Trial(
        counts,
        found.busy,
        float(np.median(latencies)) + options.overhead_ms,
        _quantile(latencies, options),
        (min(parts), max(parts)),
        found.failures,
        found.redone,
    )


def _quantile(latencies: NDArray[np.float64], options: Options) -> float:
    return float(np.quantile(latencies, options.quantile)) + options.overhead_ms
