"""Which models recorded inputs call, in which order, under a policy: decided by the core."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from muxnet.base.compiled import _core

MULTIPLEXER = "multiplexer"  # what it is called beside the models
ROWS = 2048  # whose records are held at a time

Step = tuple[str, ...]  # called at once; the next step waits for all of them
Route = tuple[Step, ...]
Routes = Mapping[Route, float]  # the share of the inputs that go each


def routes_of(policy: _core.Policy, table: _core.OutcomeTable) -> Routes:
    """Return the routes of the inputs of a table, as the decision records of the core have them.

    Raises:
        ValueError: other models.

    """
    return shares_of(each_route(policy, table))


def each_route(policy: _core.Policy, table: _core.OutcomeTable) -> Iterator[Route]:
    """Yield the route of each input of a table.

    Raises:
        ValueError: other models.

    """
    complete = table.complete()
    for start in range(0, len(complete), ROWS):
        rows = range(start, min(start + ROWS, len(complete)))
        for line in _core.record_decisions(policy, complete, rows):
            yield _route(policy, line)


def shares_of(routes: Iterable[Route]) -> Routes:
    """Return which share of the inputs goes each route."""
    found = Counter(routes)
    return {route: count / found.total() for route, count in found.items()}


def alone(model: str) -> Routes:
    """Return the routes of a fleet that always calls one model."""
    return {((model,),): 1.0}


def called(routes: Routes) -> dict[str, float]:
    """Return how often a request calls each model, on average, by name."""
    shares: dict[str, float] = {}
    for route, share in routes.items():
        for model in _models(route):
            shares[model] = shares.get(model, 0.0) + share
    return shares


def quantile(routes: Routes, milliseconds: Mapping[str, float], share: float) -> float:
    """Return a quantile of the latency where nothing waits; ``milliseconds``: of each model."""
    times = sorted(
        (sum(max(milliseconds[model] for model in step) for step in route), part)
        for route, part in routes.items()
    )
    reached = np.cumsum([part for _, part in times])
    return times[min(int(np.searchsorted(reached, share - 1e-12)), len(times) - 1)][0]


def _models(route: Route) -> Iterator[str]:
    for step in route:
        yield from step


def _route(policy: _core.Policy, line: str) -> Route:
    steps = [tuple(step["call"]) for step in json.loads(line)["steps"] if step.get("call")]
    if policy.uses_multiplexer:  # after the encoder, whose output it is shown, where there is one
        steps.insert(1 if policy.encoder else 0, (MULTIPLEXER,))
    return tuple(steps)
