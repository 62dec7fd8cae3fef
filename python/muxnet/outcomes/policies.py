"""Policies by name: fitted on held-out outcomes, held against each other on test outcomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.outcomes.fitting import fit_policy, fitting_table
from muxnet.outcomes.reliability import ModelReliability, reliability_of

# The mobile/cloud case, of two models.
OFFLOAD = "offload"
CURVES: Mapping[str, str] = {
    "multiplexer": "hybrid_single",
    "cascade": "cascade",
    "learned_cascade": "learned_cascade",
    "random_mixing": "random_mixing",
}
COMPARED = ("random_mixing", "cascade")


@dataclasses.dataclass(frozen=True)
class AtEqualCost:
    """Accuracy of a policy minus another's at the cost that the first was chosen to have.

    ``cost``: what the other then costs.
    """

    value: float
    interval: _core.Interval
    cost: float


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """Every policy of a run, by its name in results.json; costs are of ``cost_kind``.

    ``routed``: those that look at the multiplexer, ``notes``: of these, in words, which collapsed.
    ``singles`` (N), accuracies of the models alone; ``reliability`` (N), of their confidences;
    ``area``: of the multiplexer above random mixing; ``comparisons``: hybrid_single against others;
    ``hardness``: under hybrid_single.
    """

    cost_kind: str
    policies: dict[str, _core.Evaluation]
    fitted: dict[str, _core.Policy]
    routed: set[str]
    notes: dict[str, str]
    singles: list[_core.Estimate]
    curves: dict[str, list[_core.CurvePoint]]
    area: _core.Estimate
    comparisons: dict[str, AtEqualCost]
    hardness: list[_core.HardnessLevel]
    right_wrong_matrix: list[list[float]]
    auroc: list[float | None]
    reliability: list[ModelReliability]


def reported_policies() -> tuple[str, ...]:
    """Return the names of the policies that a run fits and reports."""
    return tuple(entry.name for entry in _core.policies() if entry.reported)


def evaluate_policies(
    parts: Mapping[str, _core.OutcomeTable],
    table: _core.OutcomeTable,
    pair: _core.OutcomeTable | None = None,
    *,
    cost_kind: str = "",
    seed: int = 0,
) -> Evaluations:
    """Fit every policy on held-out outcomes and evaluate it on test outcomes.

    Args:
        parts: outcomes by part. Policies that look at the multiplexer are fitted on
            ``calibration``, whose scores are of inputs from which it has learnt nothing, all others
            on ``held_out``, the whole of it, and that of the mobile/cloud case on
            ``offload-calibration``, where there is one.
        table: the test outcomes of all models.
        pair: those of the mobile/cloud case.
        cost_kind: the costs to trade (default: MACs, else the first by name).
        seed: of policies that draw, and of the intervals.

    """
    names = [name for name in reported_policies() if name != OFFLOAD or pair is not None]
    fitted = {
        name: fit_policy(name, fitting_table(name, parts), cost_kind=cost_kind, seed=seed)
        for name in names
    }
    found = {
        name: _core.evaluate(policy, table, seed)
        for name, policy in fitted.items()
        if name != OFFLOAD
    }
    if pair is not None:
        offload = _core.evaluate(fitted[OFFLOAD], pair, seed)
        found[OFFLOAD] = _core.in_pool(offload, pair.models, table.models)
    hybrid, mixing = fitted["hybrid_single"], fitted["random_mixing"]
    routed = {name for name, policy in fitted.items() if policy.uses_multiplexer}
    return Evaluations(
        cost_kind=hybrid.cost_kind,
        policies=found,
        fitted=fitted,
        routed=routed,
        notes={name: found[name].collapse for name in routed if found[name].collapse},
        singles=_core.evaluate_models(table, seed),
        curves={
            name: _core.accuracy_cost_curve(fitted[kind], table) for name, kind in CURVES.items()
        },
        area=_core.area_between(hybrid, mixing, table, seed),
        comparisons={
            name: _compare(found["hybrid_single"], hybrid.point.cost, fitted[name], table, seed)
            for name in COMPARED
        },
        hardness=_core.hardness_levels(table, hybrid.decide(table)),
        right_wrong_matrix=_rows(_core.right_wrong_matrix(table), len(table.models)),
        auroc=_auroc(table),
        reliability=reliability_of(_core.model_reliability(parts["held_out"], table)),
    )


def _rows(values: list[float], width: int) -> list[list[float]]:
    return [values[at : at + width] for at in range(0, len(values), width)]


def _compare(
    hybrid: _core.Evaluation,
    budget: float,
    other: _core.Policy,
    table: _core.OutcomeTable,
    seed: int,
) -> AtEqualCost:
    """Compare with ``other`` at the cost that the hybrid was chosen to have."""
    point = other.within(budget)
    if point is None:
        raise ValueError(error_text(other.name, "a setting for what the hybrid costs", budget))
    rival = _core.evaluate(other, point, table, seed)
    estimate = _core.bootstrap_difference(
        hybrid.quality, rival.quality, seed, groups=table.complete().groups
    )
    return AtEqualCost(estimate.value, estimate.interval, rival.costs[other.cost_kind].mean.value)


def _auroc(table: _core.OutcomeTable) -> list[float | None]:
    """Return how well the multiplexer tells each model's right answers from its wrong ones."""
    if not (table.scores.size or table.weights.size):
        raise ValueError(error_text("auroc", "a table with the multiplexer's scores", "none"))
    return [entry.multiplexer for entry in _core.failure_prediction(table)]
