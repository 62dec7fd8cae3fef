"""Operating points that load chooses, as ``muxnet serve --target-ms`` does, by the core's rule."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.plan.routes import Route, Routes, called, each_route, shares_of


@dataclasses.dataclass(frozen=True)
class Wish:
    """Requests shall wait no longer, at points of no less accuracy, and be so accurate on average.

    Both accuracies are those on held-out inputs.
    """

    target_ms: float
    mean_accuracy: float
    least_accuracy: float = 0.0


@dataclasses.dataclass(frozen=True)
class Gear:
    """An operating point on a table: the route of each input, and what each answer is worth."""

    point: _core.OperatingPoint
    routes: tuple[Route, ...]
    worth: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Geared:
    """The points that load chooses among, from the cheapest; the last is the router's own."""

    gears: tuple[Gear, ...]
    wish: Wish
    groups: NDArray[np.int64]  # of the table's inputs; none: each is its own

    @property
    def inputs(self) -> int:
        """How many the table has."""
        return len(self.gears[0].routes)

    @property
    def models(self) -> set[str]:
        """The models that some point calls, the multiplexer among them."""
        return {model for gear in self.gears for model in called(shares_of(gear.routes))}

    @property
    def cheapest(self) -> Routes:
        """The routes of the cheapest point."""
        return shares_of(self.gears[0].routes)

    def held_out_accuracy(self, shares: NDArray[np.float64]) -> float:
        """Return the mean accuracy on held-out inputs, by the share of the requests of each."""
        return float(shares @ [gear.point.accuracy for gear in self.gears])

    def attained(self, shares: NDArray[np.float64], seed: int) -> _core.Estimate:
        """Return the mean accuracy on the table, by the share of the requests of each."""
        worth = shares @ np.stack([gear.worth for gear in self.gears])
        return _core.bootstrap_mean(worth.tolist(), seed, groups=self.groups)


def geared(policy: _core.Policy, table: _core.OutcomeTable, wish: Wish) -> Geared:
    """Return the points among which load chooses, on a table that the policy has not seen.

    Raises:
        UsageError: a mean accuracy that the router itself does not have.
        ValueError: other models.

    """
    own, points = policy.point, [*policy.operating_points, policy.point]
    if not wish.mean_accuracy <= own.accuracy:
        expected = f"at most {own.accuracy:.4f}, the router's own on held-out inputs"
        raise UsageError(error_text("--mean-accuracy", expected, wish.mean_accuracy))
    costs = [
        point.cost if point is own or point.accuracy >= wish.least_accuracy else float("inf")
        for point in points
    ]
    chosen = _core.Gears(costs, len(points) - 1, wish.target_ms, 1).points
    gears = []
    for place in chosen:
        policy.choose(points[place])
        routes = tuple(each_route(policy, table))
        worth = np.asarray(_core.evaluate(policy, table).quality, float)
        gears.append(Gear(points[place], routes, worth))
    policy.choose(own)
    return Geared(tuple(gears), wish, np.asarray(table.complete().groups))


class GearBox:
    """The gears of one simulation, of requests each of which is of one of the table's ``rows``."""

    def __init__(self, geared: Geared, workers: int, rows: NDArray[np.int64]) -> None:
        self._geared = geared
        costs = [gear.point.cost for gear in geared.gears]
        self._gears = _core.Gears(costs, len(costs) - 1, geared.wish.target_ms, workers)
        self._rows = rows.tolist()
        self._counts = np.zeros(len(costs))

    def route(self, number: int) -> Route:
        """Return the route of a request that comes now."""
        place = self._gears.state.point
        self._counts[place] += 1
        return self._geared.gears[place].routes[self._rows[number]]

    def observe(self, now_s: float, backlog_ms: float, work_ms: float) -> None:
        """Take a reading of the load."""
        self._gears.observe(now_s, backlog_ms, work_ms)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Of the requests so far, by gear."""
        return np.asarray(self._counts / max(self._counts.sum(), 1.0))

    @property
    def changes(self) -> int:
        """How often load has chosen another point."""
        return self._gears.state.changes
