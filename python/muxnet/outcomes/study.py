"""Does multiplexing pay for these models? Answered from what they were recorded to answer.

Everything is fitted and chosen on one part of the inputs and evaluated on the other.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.words import policy_title
from muxnet.outcomes.details import Details, look_closely, recovered
from muxnet.outcomes.fitting import (
    BASELINE,
    at_point,
    cheapest_as_good,
    cost_kind_of,
    fit_policy,
    point_within,
)
from muxnet.outcomes.study_results import (
    DEFAULT,
    SHARES,
    Choice,
    Diversity,
    ModelFigures,
    PolicyFigures,
    Study,
)
from muxnet.outcomes.study_verdict import sentences, verdict
from muxnet.outcomes.table_files import PARTS

# Policy in the study: policy of the core, and its options.
POLICIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "random_mixing": ("random_mixing", {}),
    "cascade_2": ("cascade", {"max_models": 2}),
    "cascade": ("cascade", {"max_models": 3}),
    "margin_cascade": ("margin_cascade", {}),
    "entropy_cascade": ("entropy_cascade", {}),
    "agreement_cascade": ("agreement_cascade", {}),
    "logistic_deferral": ("logistic_deferral", {}),
    "learned_cascade": ("learned_cascade", {}),
    "average_ensemble": ("average_ensemble", {}),
    "oracle": ("oracle", {}),
}
ROUTED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "hybrid_single": ("argmax", {}),
    "hybrid_ensemble": ("threshold_ensemble", {}),
}
FEATURED: Mapping[str, tuple[str, dict[str, Any]]] = {"knn": ("knn", {})}


def split_outcomes(table: Any, share: float = 0.5, seed: int = 0) -> tuple[Any, Any]:
    """Return two random parts of a table, the first with ``share`` of its inputs.

    Raises:
        ConfigError: a part would be empty.

    """
    order = np.random.default_rng(seed).permutation(len(table))
    count = round(share * len(table))
    if not 0 < count < len(table):
        expected = f"two parts of {len(table)} inputs"
        raise ConfigError(error_text("study", expected, f"a share of {share}"))
    parts = np.sort(order[:count]), np.sort(order[count:])
    first, second = (part.tolist() for part in parts)
    return table.subset(first, "held_out"), table.subset(second, "test")


def divided(tables: Mapping[str, Any], share: float = 0.5, seed: int = 0) -> tuple[Any, Any]:
    """Return what to fit on and what to evaluate on: a file's own parts, else ``split_outcomes``.

    Raises:
        ConfigError: a part would be empty.

    """
    if "all" in tables:
        return split_outcomes(tables["all"], share, seed)
    held_out, test = (tables[part] for part in PARTS)
    return held_out, test


def study(
    held_out: Any, test: Any, *, source: str = "", cost_kind: str = "", seed: int = 0
) -> Study:
    """Fit every policy on ``held_out``, evaluate it on ``test``, and say whether routing pays.

    Raises:
        ConfigError: fewer than two models, an unknown kind of cost.
        ValueError: tables that do not fit each other or share inputs.

    """
    kind = cost_kind_of(held_out, cost_kind)
    if len(held_out.models) < 2:
        raise ConfigError(error_text("study", "two or more models", held_out.models))
    best = fit_policy("best_single", held_out, cost_kind=kind, seed=seed)
    index = best.best_single
    models = _models(test, kind)
    plane = _Plane(test, kind, models[index].cost, seed)
    alone = plane.evaluate(best, best.point).correct

    fitted, left_out = _fitted(held_out, kind, seed)
    figures = tuple(
        plane.figures(name, policy, fitted[BASELINE]) for name, policy in fitted.items()
    )
    default = fitted[DEFAULT]
    default_curve = next(entry.curve for entry in figures if entry.name == DEFAULT)
    saving = cheapest_as_good(default, best.point.accuracy)
    found = {
        "saving": plane.choice(default, saving, alone),
        "gain": plane.choice(default, point_within(default, plane.unit), alone),
    }
    diversity = _diversity(test, index)
    return Study(
        source=source,
        fitted_on=len(held_out),
        evaluated_on=len(test),
        cost_kind=kind,
        seed=seed,
        best_single=models[index],
        models=models,
        policies=figures,
        at_best_accuracy_cost=_reaches(default_curve, models[index].accuracy),
        diversity=diversity,
        verdict=verdict(**found),
        sentences=(*sentences(models[index], diversity, figures, **found), *left_out),
        details=plane.details(default, default.point),
        **found,
    )


@dataclasses.dataclass(frozen=True)
class _Plane:
    """Accuracy against cost on the evaluation part, costs as shares of ``unit``."""

    table: Any
    kind: str
    unit: float
    seed: int

    def evaluate(self, policy: Any, point: Any) -> Any:
        with at_point(policy, point):
            return _core.evaluate(policy, self.table, self.seed)

    def figures(self, name: str, policy: Any, baseline: Any) -> PolicyFigures:
        points = _core.accuracy_cost_curve(policy, self.table)
        accuracies = [float(value) for value in self.table.correct.mean(axis=0)]
        costs = self.table.costs(self.kind)
        area = None
        if len(points) > 1 and name not in (BASELINE, "oracle"):
            area = _core.area_between(policy, baseline, self.table, self.seed, up_to=self.unit)
        accuracy_at: dict[str, float | None] = {}
        for share in SHARES:
            point = point_within(policy, share * self.unit)
            accuracy_at[f"{share:.2f}"] = (
                None if point is None else self.evaluate(policy, point).accuracy.value
            )
        return PolicyFigures(
            name=name,
            area=None if area is None else area.value,
            area_interval=None if area is None else (area.interval.low, area.interval.high),
            curve=[(point.cost / self.unit, point.accuracy) for point in points],
            accuracy_at=accuracy_at,
            recovered=recovered(points, accuracies, costs, policy.best_single),
        )

    def details(self, policy: Any, point: Any) -> Details:
        with at_point(policy, point):
            return look_closely(policy, self.table, self.evaluate(policy, point))

    def choice(self, policy: Any, point: Any | None, against: Sequence[int]) -> Choice | None:
        if point is None:
            return None
        found = self.evaluate(policy, point)
        right, alone = ([float(value) for value in rows] for rows in (found.correct, against))
        difference = _core.bootstrap_difference(right, alone, self.seed)
        return Choice(
            cost=found.costs[self.kind].mean.value / self.unit,
            accuracy=found.accuracy.value,
            difference=difference.value,
            interval=(difference.interval.low, difference.interval.high),
        )


def _fitted(table: Any, kind: str, seed: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return policies by name, and what is said of those left out."""
    known, left_out = _policies(table)
    fitted = {
        name: fit_policy(policy, table, cost_kind=kind, seed=seed, options=options)
        for name, (policy, options) in known.items()
    }
    return fitted, left_out


def _policies(table: Any) -> tuple[dict[str, tuple[str, dict[str, Any]]], tuple[str, ...]]:
    """Return the policies that a table has what they look at for, and a word on the others."""
    known, words = dict(POLICIES), []
    routed = bool(table.scores.size or table.weights.size)
    for there, more, wanted in (
        (routed, ROUTED, "a multiplexer's scores"),
        (bool(table.features.size), FEATURED, "features of the inputs"),
    ):
        if there:
            known.update(more)
        else:
            words.append(f"{' and '.join(map(policy_title, more))} for want of {wanted}")
    return known, (f"Left out: {'; '.join(words)}.",) if words else ()


def _models(table: Any, kind: str) -> tuple[ModelFigures, ...]:
    right = np.asarray(table.correct, dtype=bool)
    alone = right.sum(axis=1) == 1
    costs = table.costs(kind)
    return tuple(
        ModelFigures(name, float(right[:, i].mean()), float(costs[i]), _share(right[:, i] & alone))
        for i, name in enumerate(table.models)
    )


def _reaches(curve: Sequence[tuple[float, float]], accuracy: float) -> float | None:
    """Return the least cost on a curve at which it is as accurate."""
    return min((cost for cost, attained in curve if attained >= accuracy), default=None)


def _diversity(table: Any, best: int) -> Diversity:
    right = np.asarray(table.correct, dtype=bool)
    answers = np.asarray(table.predictions)
    pairs = list(combinations(range(right.shape[1]), 2))
    return Diversity(
        disagreement=float(np.mean([_share(answers[:, a] != answers[:, b]) for a, b in pairs])),
        double_fault=float(np.mean([_share(~right[:, a] & ~right[:, b]) for a, b in pairs])),
        all_wrong=_share(~right.any(axis=1)),
        oracle_gain=_share(~right[:, best] & right.any(axis=1)),
    )


def _share(condition: Any) -> float:
    return float(np.mean(condition))
