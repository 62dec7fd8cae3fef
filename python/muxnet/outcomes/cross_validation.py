"""What a fitted router attains on inputs that were left out of its fit."""

from __future__ import annotations

import dataclasses
from typing import TypedDict

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.measures import measure_of
from muxnet.base.words import cost_text, cost_title, inputs_text, interval_text, percent_text
from muxnet.outcomes.fitting import Measured

FOLDS = 5
BUDGETS = 20  # evenly over operating points that may be as good; more are hardly apart
WITHIN = 0.01  # of the best model's accuracy, on the inputs of the fit, where they may


@dataclasses.dataclass(frozen=True)
class AsGood:
    """The least budget tried that buys the best single model's accuracy for less than it costs."""

    budget: float
    cost: float  # of the decisions


@dataclasses.dataclass(frozen=True)
class CrossValidation:
    """A way of fitting, cross-validated: each input is decided by a fit on other parts."""

    folds: int
    router: Measured  # at the points that fits on the other parts choose
    best_name: str
    best_accuracy: float  # of the best single model on the same inputs
    best_cost: float
    as_good: AsGood | None


class CrossValidationFigures(TypedDict):
    """A ``CrossValidation`` for a script."""

    folds: int
    accuracy: float
    interval: tuple[float, float]
    cost: float
    best_single: float
    as_good_from: float | None


def can_tell(complete: _core.OutcomeTable, folds: int) -> bool:
    """Return whether inputs that every model answered have two groups for each fold."""
    return complete.group_count >= 2 * folds


def cross_validate(
    policy: _core.Policy,
    table: _core.OutcomeTable,
    *,
    budget: float | None = None,
    folds: int = FOLDS,
    seed: int = 0,
) -> CrossValidation | None:
    """Return what ``policy``, fitted on ``table``, attains on inputs left out of such a fit.

    ``budget`` is the one that its point was chosen for. None where so few inputs cannot tell, by
    ``can_tell``.

    Raises:
        ValueError: fewer than two folds, or a part that nothing can be fitted on.

    """
    complete = table.complete()
    if not can_tell(complete, folds):
        return None
    best = policy.best_single
    price, alone = policy.prices[best], complete.accuracies()[best]
    tried = _maybe_as_good(policy, alone, price)
    found = _core.cross_validate(policy, table, [budget, *tried], folds=folds, seed=seed)
    groups = np.asarray(complete.groups, np.int64)
    router = _core.bootstrap_mean(found[0].quality, seed, groups=groups)
    interval = (router.interval.low, router.interval.high)
    own = Measured(router.value, interval, found[0].cost)
    good = [np.mean(at.quality) >= alone and at.cost < price for at in found[1:]]
    as_good = None
    for place, each in enumerate(good):
        if each and all(good[place + 1 : place + 2]):  # one alone may be luck
            as_good = AsGood(tried[place], found[1 + place].cost)
            break
    return CrossValidation(folds, own, policy.models[best], alone, price, as_good)


def figures_of(found: CrossValidation) -> CrossValidationFigures:
    """Return them for a script."""
    own = found.router
    return {
        "folds": found.folds,
        "accuracy": own.accuracy,
        "interval": own.interval,
        "cost": own.cost,
        "best_single": found.best_accuracy,
        "as_good_from": None if found.as_good is None else found.as_good.budget,
    }


def lines_of(found: CrossValidation, policy: _core.Policy) -> list[str]:
    """Tell it, and the budget that buys the best model's accuracy where that is the cheaper way."""
    measure, own, kind = measure_of(policy), found.router, cost_title(policy.cost_kind)
    lines = [
        f"on inputs left out of the fit, in {found.folds} parts: "
        f"{measure.figure.format(percent_text(own.accuracy))} ({interval_text(own.interval)}) at "
        f"{cost_text(own.cost)} {kind} per input; {found.best_name} alone "
        f"{percent_text(found.best_accuracy)} at {cost_text(found.best_cost)}"
    ]
    good = found.as_good
    if good is not None and good.cost < own.cost:
        lines.append(
            f"{measure.as_good} {found.best_name} alone on those at {cost_text(good.cost)} {kind} "
            f"per input (--budget {good.budget:.6g})"
        )
    return lines


def too_few_text(table: _core.OutcomeTable, folds: int) -> str:
    """Say why nothing is told of inputs left out."""
    told = inputs_text(len(table), table.group_count)
    return f"{told} are too few to leave {folds} parts out; muxnet evaluate tells of others"


def _maybe_as_good(policy: _core.Policy, alone: float, price: float) -> list[float]:
    """Return budgets below a price that may buy an accuracy, evenly over operating points."""
    costs = [
        point.cost
        for point in policy.operating_points
        if point.cost < price and point.accuracy >= alone - WITHIN
    ]
    if not costs:
        return []
    places = np.linspace(0, len(costs) - 1, min(BUDGETS, len(costs))).round().astype(int)
    return [costs[place] * (1 + 1e-5) for place in places]  # printed, not rounded below it
