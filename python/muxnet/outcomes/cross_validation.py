"""What a fitted router attains on inputs that were left out of its fit."""

from __future__ import annotations

import dataclasses
from typing import TypedDict

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.measures import measure_of
from muxnet.base.words import cost_text, cost_title, interval_text, percent_text
from muxnet.outcomes.fitting import Measured

FOLDS = 5
BUDGETS = 40  # evenly over the operating points; more are hardly apart


@dataclasses.dataclass(frozen=True)
class CrossValidation:
    """A way of fitting, cross-validated: each input is decided by a fit on other parts."""

    folds: int
    router: Measured  # within what the chosen operating point costs
    best_single: float  # accuracy of the best single model on the same inputs
    as_good_from: float | None  # the budget from which on it is not below that; None: none is less


class CrossValidationFigures(TypedDict):
    """A ``CrossValidation`` for a script."""

    folds: int
    accuracy: float
    interval: tuple[float, float]
    cost: float
    best_single: float
    as_good_from: float | None


def cross_validate(
    policy: _core.Policy, table: _core.OutcomeTable, *, folds: int = FOLDS, seed: int = 0
) -> CrossValidation | None:
    """Return what ``policy``, fitted on ``table``, attains on inputs left out of such a fit.

    None where so few inputs cannot tell: fewer than two groups for each fold.

    Raises:
        ValueError: fewer than two folds, or a part that nothing can be fitted on.

    """
    complete = table.complete()
    if complete.group_count < 2 * folds:
        return None
    best = policy.best_single
    budgets = [policy.point.cost, *_below(policy, policy.prices[best])]
    found = _core.cross_validate(policy, complete, budgets, folds=folds, seed=seed)
    groups = np.asarray(complete.groups, np.int64)
    router = _core.bootstrap_mean(found[0].quality, seed, groups=groups)
    alone = complete.accuracies()[best]
    as_good_from = None
    for budget, at in reversed(list(zip(budgets[1:], found[1:], strict=True))):
        if np.mean(at.quality) < alone:
            break  # dearer ones were no luck, all of them
        as_good_from = budget
    interval = (router.interval.low, router.interval.high)
    return CrossValidation(
        folds, Measured(router.value, interval, found[0].cost), alone, as_good_from
    )


def figures_of(found: CrossValidation) -> CrossValidationFigures:
    """Return them for a script."""
    own = found.router
    return {
        "folds": found.folds,
        "accuracy": own.accuracy,
        "interval": own.interval,
        "cost": own.cost,
        "best_single": found.best_single,
        "as_good_from": found.as_good_from,
    }


def lines_of(found: CrossValidation, policy: _core.Policy) -> list[str]:
    """Tell it, and the budget that buys the best model's accuracy where that is the cheaper way."""
    measure, own, kind = measure_of(policy), found.router, cost_title(policy.cost_kind)
    lines = [
        f"on inputs left out of the fit, in {found.folds} parts: "
        f"{measure.figure.format(percent_text(own.accuracy))} ({interval_text(own.interval)}) at "
        f"{cost_text(own.cost)} {kind} per input; {policy.models[policy.best_single]} alone "
        f"{percent_text(found.best_single)}"
    ]
    budget = found.as_good_from
    if budget is not None and budget < policy.point.cost:
        lines.append(
            f"{measure.as_good} {policy.models[policy.best_single]} alone on those: from "
            f"{cost_text(budget)} {kind} per input on (--budget {budget:.6g})"
        )
    return lines


def _below(policy: _core.Policy, price: float) -> list[float]:
    """Return costs of operating points that are less than a price, evenly over them."""
    costs = [point.cost for point in policy.operating_points if point.cost < price]
    if not costs:
        return []
    places = np.linspace(0, len(costs) - 1, min(BUDGETS, len(costs))).round().astype(int)
    return [costs[place] * (1 + 1e-5) for place in places]  # printed, not rounded below it
