"""A fleet as a discrete-event simulation on SimPy: arrivals, queues, batches, failures, repairs."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import MissingPackageError
from muxnet.plan.draws import Draws
from muxnet.plan.routes import Route
from muxnet.plan.stations import Counts, Station

if TYPE_CHECKING:
    from simpy import Environment, Event, Process

    Events = Generator[Event, object, None]

LOOK_SECONDS = 0.05  # between two readings of the load, as in the service
FAILURES = 2  # streams of a seed: 0 are arrivals, 1 which input each is of


@dataclasses.dataclass(frozen=True)
class Failures:
    """Mean seconds between failures of a replica, and until one is repaired; both exponential."""

    between: float
    repair: float


@dataclasses.dataclass(frozen=True)
class Simulated:
    """What came of all requests.

    ``latencies_ms`` (n), in order of arrival; ``busy``: share of the time that replicas of each
    station worked; ``failures`` of replicas, ``redone`` batches that fell with one.
    """

    latencies_ms: NDArray[np.float64]
    busy: tuple[float, ...]
    seconds: float
    failures: int
    redone: int


class Router(Protocol):
    """Gives requests their routes as they come, by the load that it is told of."""

    def route(self, number: int) -> Route:
        """Return the route of a request that comes now."""

    def observe(self, now_s: float, backlog_ms: float, work_ms: float) -> None:
        """Take a reading of the load: until what waits is worked off, and what was worked."""


def simulate(
    stations: Sequence[Station],
    counts: Counts,
    arrivals: NDArray[np.float64],
    routes: Sequence[Route] | Router,
    *,
    failures: Failures | None = None,
    seed: int = 0,
) -> Simulated:
    """Return what becomes of requests, the i-th of which comes at ``arrivals[i]`` on ``routes[i]``.

    Where load decides on routes, the stations have one queue and one reading of it.

    A free replica takes a batch of the model for which the oldest request waits, at most the
    largest that pays. A batch whose replica fails is done again, before all that wait.

    Raises:
        MissingPackageError: SimPy is not installed.

    """
    try:
        import simpy
    except ModuleNotFoundError as error:
        raise MissingPackageError("muxnet plan", "simpy", "plan") from error
    return _Simulation(simpy, stations, counts, arrivals, routes, failures, seed).run()


class _Request:
    """On its way: the steps that are left, and how many calls of this one are not yet answered."""

    __slots__ = ("arrived", "number", "steps", "waits")

    def __init__(self, number: int, arrived: float, route: Route) -> None:
        self.number = number
        self.arrived = arrived
        self.steps = iter(route)
        self.waits = 0


class _Replicas:
    """A station at work."""

    def __init__(self, simulation: _Simulation, station: Station, count: int) -> None:
        self._simulation = simulation
        self._environment = simulation.environment
        self._ms = {
            name: [latency.ms(size) for size in range(1, station.largest[name] + 1)]
            for name, latency in station.models.items()
        }
        self._waiting: dict[str, deque[_Request]] = {name: deque() for name in station.models}
        self._idle: list[Event] = []
        self.busy = 0.0
        self._count = count
        for _ in range(count):
            replica = self._environment.process(self._work())
            if simulation.failures is not None:
                self._environment.process(self._fail(replica, simulation.failures))

    def submit(self, model: str, request: _Request) -> None:
        self._waiting[model].append(request)
        self._wake()

    @property
    def backlog_ms(self) -> float:
        """Until all replicas have worked off what waits, in the largest batches."""
        total = 0.0
        for name, queue in self._waiting.items():
            times = self._ms[name]
            whole, rest = divmod(len(queue), len(times))
            total += whole * times[-1] + (times[rest - 1] if rest else 0.0)
        return total / self._count

    def _wake(self) -> None:
        if self._idle:
            self._idle.pop().succeed()

    def _oldest(self) -> str | None:
        waiting = [(queue[0].arrived, name) for name, queue in self._waiting.items() if queue]
        return min(waiting)[1] if waiting else None

    def _work(self) -> Events:
        """Be one replica, without end."""
        interrupt = self._simulation.simpy.Interrupt
        while True:
            batch: list[_Request] = []
            model, wake = self._oldest(), None
            try:
                if model is None:
                    wake = self._environment.event()
                    self._idle.append(wake)
                    yield wake
                    continue
                yield from self._run(model, batch)
            except interrupt as failed:
                yield from self._mend(failed.cause, model, batch, wake)

    def _run(self, model: str, batch: list[_Request]) -> Events:
        queue, times = self._waiting[model], self._ms[model]
        batch += (queue.popleft() for _ in range(min(len(queue), len(times))))
        seconds = times[len(batch) - 1] / 1000
        yield self._environment.timeout(seconds)
        self.busy += seconds
        for request in batch:
            self._simulation.answered(request)

    def _mend(
        self, repair: float, model: str | None, batch: list[_Request], wake: Event | None
    ) -> Events:
        if wake in self._idle:
            self._idle.remove(wake)
        if model is not None:
            self._waiting[model].extendleft(reversed(batch))
            self._simulation.redone += 1
        self._wake()  # also for what this one was just woken for
        yield self._environment.timeout(repair)

    def _fail(self, replica: Process, failures: Failures) -> Events:
        simulation = self._simulation
        while True:
            yield self._environment.timeout(failures.between * next(simulation.draws))
            repair = failures.repair * next(simulation.draws)
            simulation.failed += 1
            replica.interrupt(repair)
            yield self._environment.timeout(repair)


class _Simulation:
    """All of it, once."""

    def __init__(
        self,
        simpy: ModuleType,
        stations: Sequence[Station],
        counts: Counts,
        arrivals: NDArray[np.float64],
        routes: Sequence[Route] | Router,
        failures: Failures | None,
        seed: int,
    ) -> None:
        self.simpy = simpy
        self.environment: Environment = simpy.Environment()
        self.failures = failures
        self.draws: Iterator[float] = Draws(seed, FAILURES).exponentials()
        self.failed = self.redone = 0
        self._arrivals = arrivals
        self._router = None if isinstance(routes, Sequence) else routes
        self._route = routes.__getitem__ if isinstance(routes, Sequence) else routes.route
        self._latencies = np.full(len(arrivals), np.nan)
        self._left = len(arrivals)
        self._over = self.environment.event()
        self._counts = counts
        self._stations = [
            _Replicas(self, station, count) for station, count in zip(stations, counts, strict=True)
        ]
        self._hosts = {
            name: replicas
            for station, replicas in zip(stations, self._stations, strict=True)
            for name in station.models
        }

    def run(self) -> Simulated:
        self.environment.process(self._arrive())
        if self._router is not None:
            self.environment.process(self._observe(self._router))
        self.environment.run(until=self._over)
        seconds = self.environment.now
        busy = tuple(
            replicas.busy / (count * seconds)
            for replicas, count in zip(self._stations, self._counts, strict=True)
        )
        return Simulated(1000 * self._latencies, busy, seconds, self.failed, self.redone)

    def answered(self, request: _Request) -> None:
        """One call of a request has its answer: its next step, or its end."""
        request.waits -= 1
        if request.waits > 0:
            return
        step = next(request.steps, None)
        if step is not None:
            request.waits = len(step)
            for model in step:
                self._hosts[model].submit(model, request)
            return
        self._latencies[request.number] = self.environment.now - request.arrived
        self._left -= 1
        if self._left == 0:
            self._over.succeed()

    def _arrive(self) -> Events:
        for number, time in enumerate(self._arrivals.tolist()):
            yield self.environment.timeout(time - self.environment.now)
            self.answered(_Request(number, time, self._route(number)))

    def _observe(self, router: Router) -> Events:
        """Read the load again and again."""
        while True:
            backlog_ms = max(station.backlog_ms for station in self._stations)
            work_ms = 1000 * sum(station.busy for station in self._stations)
            router.observe(self.environment.now, backlog_ms, work_ms)
            yield self.environment.timeout(LOOK_SECONDS)
