"""A plan: the fleet of a router beside one that always calls the best single model."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.measures import measure_of
from muxnet.outcomes.judged import beside_best
from muxnet.plan.arrivals import Arrivals
from muxnet.plan.gears import Geared, Wish, geared
from muxnet.plan.given import Latencies
from muxnet.plan.routes import MULTIPLEXER, Routes, alone, called, routes_of
from muxnet.plan.sizing import Fleet, Options, Trial, frontier, smallest
from muxnet.plan.stations import Station

RUNGS = 7  # of sizes that are simulated for the curve of cost against p99
ALL = "all models"  # the one station of replicas that host all


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is planned for; ``prices``: of a replica an hour, by station."""

    arrivals: Arrivals
    options: Options
    latencies: Latencies
    prices: Mapping[str, float]
    max_batch: int = 32
    together: bool = False
    load: Wish | None = None  # what load may change, where it may
    rates: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class StationPlan:
    """Replicas of one kind, spares among them; ``calls``: of a request, on average."""

    name: str
    replicas: int
    spares: int
    utilisation: float
    calls: float
    price: float


@dataclasses.dataclass(frozen=True)
class Attained:
    """What is right, with its 95 % interval."""

    accuracy: float
    interval: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Side:
    """A fleet that holds the p99; latencies in ms, ``p99_range`` over parts of the simulation.

    ``money``: of a million requests; ``cells``: equal parts of which one was simulated;
    ``failures``: that fell in the simulation; ``curve``: (p99, money) of other sizes.
    """

    name: str
    attained: Attained
    stations: tuple[StationPlan, ...]
    p50: float
    p99: float
    p99_range: tuple[float, float]
    money: float
    cells: int
    simulated: int
    failures: int
    curve: tuple[tuple[float, float], ...]
    cheaper: float | None = None  # share of the requests that load gave a cheaper point
    changes: int = 0

    @property
    def replicas(self) -> int:
        """Of all kinds."""
        return sum(station.replicas for station in self.stations)


@dataclasses.dataclass(frozen=True)
class AtRate:
    """Replicas and money per million at a rate."""

    rate: float
    replicas: int
    money: float


@dataclasses.dataclass(frozen=True)
class Plan:
    """Both sides; ``best`` None: the best single model cannot hold the p99, and why."""

    rate: float
    p99_ms: float
    measure: str
    inputs: int  # whose routes and answers these are
    groups: int  # that they stand in; each input its own: as many
    routed: Side
    best_name: str
    best_attained: Attained
    best: Side | None
    why_not: str
    rates: tuple[AtRate, ...]
    best_rates: tuple[AtRate, ...]

    @property
    def ratio(self) -> float | None:
        """What routing costs as a share of always-best."""
        return None if self.best is None else self.routed.money / self.best.money


def choose_accuracy(policy: _core.Policy, accuracy: float) -> None:
    """Let a policy work at its cheapest point that was as accurate when it was fitted.

    Raises:
        UsageError: none was.

    """
    place = policy.cheapest_as_good(accuracy)
    points = policy.operating_points
    if place is None:
        most = max(point.accuracy for point in points)
        raise UsageError(error_text("--accuracy", f"at most {most:.4f}, its best", accuracy))
    policy.choose(points[place])


def plan(policy: _core.Policy, table: _core.OutcomeTable, wanted: Wanted) -> Plan:
    """Return what a router and its best single model need for the load.

    Raises:
        UserError: the router cannot hold the p99, latencies or prices are missing.
        ValueError: inputs that it was fitted on, other models.

    """
    seed = wanted.options.seed
    found, best = beside_best(policy, table, seed)
    best_name = policy.models[policy.best_single]
    routes = routes_of(policy, table)
    chosen = None if wanted.load is None else geared(policy, table, wanted.load)
    needed = {*called(routes), best_name}
    if chosen is not None:
        needed |= chosen.models
    _require_latencies(wanted.latencies, needed, policy)
    routed = _side(policy.name, _attained(found.accuracy), routes, wanted, chosen)
    why_not, other = "", None
    try:
        other = _side("always-best", _attained(best), alone(best_name), wanted)
    except UserError as error:
        why_not = str(error)
    return Plan(
        wanted.arrivals.rate,
        wanted.options.p99_ms,
        measure_of(table).name,
        found.inputs,
        found.groups,
        routed,
        best_name,
        _attained(best),
        other,
        why_not,
        _rates(routes, wanted, chosen),
        _rates(alone(best_name), wanted) if other is not None else (),
    )


def stations_of(names: Sequence[str], wanted: Wanted) -> tuple[Station, ...]:
    """Return a station for each of these models, or one that hosts them all."""
    latencies = {name: wanted.latencies[name] for name in names}
    largest = {name: latency.paying(wanted.max_batch) for name, latency in latencies.items()}
    if wanted.together:
        return (Station(ALL, latencies, wanted.prices[ALL], largest),)
    return tuple(
        Station(name, {name: latency}, wanted.prices[name], {name: largest[name]})
        for name, latency in latencies.items()
    )


def _require_latencies(given: Latencies, needed: set[str], policy: _core.Policy) -> None:
    known = {*policy.models, MULTIPLEXER}
    if missing := sorted(needed - given.keys()):
        expected = f"a latency of {', '.join(missing)} too"
        raise UsageError(error_text("--latency", expected, ", ".join(given)))
    if unknown := sorted(given.keys() - known):
        expected = f"names among {', '.join(sorted(known))}"
        raise UsageError(error_text("--latency", expected, ", ".join(unknown)))


def _fleet(
    routes: Routes, arrivals: Arrivals, wanted: Wanted, chosen: Geared | None = None
) -> Fleet:
    models = {*called(routes)} if chosen is None else chosen.models
    names = [name for name in wanted.latencies if name in models]
    return Fleet(stations_of(names, wanted), routes, arrivals, wanted.options, chosen)


def _side(
    name: str,
    attained: Attained,
    routes: Routes,
    wanted: Wanted,
    chosen: Geared | None = None,
) -> Side:
    fleet = _fleet(routes, wanted.arrivals, wanted, chosen)
    trial = smallest(fleet)
    cheaper = None
    if chosen is not None:
        cheaper = 1 - trial.shares[-1]
        attained = _attained(chosen.attained(np.asarray(trial.shares), wanted.options.seed))
    whole, beyond = fleet.whole(trial.counts), fleet.spares(trial.counts)
    curve = tuple(frontier(fleet, RUNGS))
    money = fleet.money(trial.counts)
    failed = _failed(fleet, trial)
    return Side(
        name,
        attained,
        tuple(
            StationPlan(
                station.name,
                replicas,
                more,
                busy,
                sum(fleet.called.get(model, 0.0) for model in station.models),
                station.price,
            )
            for station, replicas, more, busy in zip(
                fleet.stations, whole, beyond, trial.busy, strict=True
            )
        ),
        trial.p50,
        max(trial.p99, failed.p99),
        trial.p99_range,
        money,
        fleet.cells,
        len(fleet.arrivals),
        failed.failures,
        curve,
        cheaper,
        trial.changes,
    )


def _failed(fleet: Fleet, trial: Trial) -> Trial:
    """Return the fleet with its spares and failures as they fall; without any, as it is."""
    if fleet.options.failures is None:
        return trial
    beyond = fleet.spares(trial.counts)
    return fleet.with_failures(
        tuple(n + more // fleet.cells for n, more in zip(trial.counts, beyond, strict=True))
    )


def _rates(routes: Routes, wanted: Wanted, chosen: Geared | None = None) -> tuple[AtRate, ...]:
    found = []
    for rate in wanted.rates:
        fleet = _fleet(routes, wanted.arrivals.at(rate), wanted, chosen)
        with contextlib.suppress(UserError):  # a rate at which no fleet holds the p99
            counts = smallest(fleet).counts
            found.append(AtRate(rate, sum(fleet.whole(counts)), fleet.money(counts)))
    return tuple(found)


def _attained(found: _core.Estimate) -> Attained:
    return Attained(found.value, (found.interval.low, found.interval.high))
