"""Policies on recorded answers: fitted, and evaluated beside the best single model."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.outcomes.details import Details, look_closely

BASELINE = "random_mixing"  # blind to the input: what any router must beat


@dataclasses.dataclass(frozen=True)
class Measured:
    """Accuracy with its 95 % interval, and mean cost per input."""

    accuracy: float
    interval: tuple[float, float]
    cost: float


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """A policy on inputs that it has not seen, beside the best single model."""

    policy: str
    cost_kind: str
    router: Measured
    best_name: str
    best_single: Measured
    called: dict[str, float]
    models_per_input: float
    details: Details


def cost_kind_of(table: Any, wanted: str = "") -> str:
    """Return the kind of cost to trade: the one wanted, else MACs, else the table's first.

    Raises:
        ConfigError: the table has no such costs.

    """
    kinds = list(table.cost_kinds)
    if wanted in kinds:
        return wanted
    if wanted or not kinds:
        raise ConfigError(error_text("cost kind", " or ".join(kinds), wanted or "none"))
    return "macs" if "macs" in kinds else str(kinds[0])


def fit_policy(
    name: str,
    table: Any,
    *,
    cost_kind: str = "",
    seed: int = 0,
    budget: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Return the policy ``name``, its operating points chosen on held-out outcomes.

    Args:
        name: one of ``muxnet._core.policy_names()``.
        table: an outcome table with labels.
        cost_kind: the costs to trade against accuracy (default: MACs, else the table's first).
        seed: for policies that draw.
        budget: greatest mean cost of the chosen point.
        options: further settings of ``PolicyOptions``.

    Raises:
        ConfigError: an unknown kind of cost.
        ValueError: an unknown policy, a test table, or what the policy looks at is missing; a
            budget below every operating point.

    """
    kind = cost_kind_of(table, cost_kind)
    wanted = _core.PolicyOptions(cost_kind=kind, seed=seed, **{"bins": 50, **(options or {})})
    policy = _core.make_policy(name, wanted)
    policy.fit(table)
    if budget is not None:
        policy.choose_for_budget(budget)
    return policy


def shuffled(table: Any, seed: int) -> Any:
    """Return a table's inputs in another order: what is learnt from parts comes from others."""
    order = np.random.default_rng(seed).permutation(len(table)).tolist()
    return table.subset(order)


@contextlib.contextmanager
def at_point(policy: Any, point: Any = None) -> Iterator[Any]:
    """Yield ``policy`` at another operating point; afterwards its own is chosen again."""
    kept = policy.point
    try:
        if point is not None:
            policy.choose(point)
        yield policy
    finally:
        policy.choose(kept)


def point_within(policy: Any, budget: float) -> Any | None:
    """Return the point chosen for a mean cost on the fitting part; None where all cost more."""
    # A budget that equals a point's own cost must not miss it by rounding.
    cheapest = policy.operating_points[0].cost
    if cheapest > budget * (1 + 1e-9):
        return None
    with at_point(policy):
        policy.choose_for_budget(max(budget, cheapest))
        return policy.point


def cheapest_as_good(policy: Any, accuracy: float) -> Any | None:
    """Return the cheapest point that attained an accuracy on the fitting part; None: none did."""
    points = policy.operating_points  # by rising cost
    return next((point for point in points if point.accuracy >= accuracy), None)


def area_above_mixing(
    policy: Any, held_out: Any, test: Any, *, up_to: float, seed: int = 0
) -> Any | None:
    """Return the mean height of a policy's curve above random mixing fitted on the same table.

    Up to a cost, with its 95 % interval; None for a policy of one operating point and for random
    mixing itself.

    Raises:
        ValueError: inputs that it was fitted on, other models.

    """
    if len(policy.operating_points) < 2 or policy.name == BASELINE:
        return None
    baseline = fit_policy(BASELINE, held_out, cost_kind=policy.cost_kind, seed=seed)
    return _core.area_between(policy, baseline, test, seed, up_to=up_to)


def evaluate_policy(policy: Any, table: Any, *, seed: int = 0) -> Evaluated:
    """Return what a fitted policy does with other inputs.

    Raises:
        ValueError: inputs that it was fitted on, other models.

    """
    kind = policy.cost_kind
    found = _core.evaluate(policy, table, seed)
    index = policy.best_single
    alone = _core.bootstrap_mean(np.asarray(table.correct)[:, index].astype(float).tolist(), seed)
    return Evaluated(
        policy=policy.name,
        cost_kind=kind,
        router=_measured(found.accuracy, found.costs[kind].mean.value),
        best_name=policy.models[index],
        best_single=_measured(alone, table.costs(kind)[index]),
        called=dict(zip(policy.models, found.called_shares, strict=True)),
        models_per_input=found.models_per_input,
        details=look_closely(policy, table, found),
    )


def _measured(accuracy: Any, cost: float) -> Measured:
    return Measured(accuracy.value, (accuracy.interval.low, accuracy.interval.high), cost)
