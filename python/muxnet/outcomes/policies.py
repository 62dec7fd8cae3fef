"""Policies by name: fitted on held-out outcomes, held against each other on test outcomes."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.outcomes.fitting import at_point, fit_policy

# Name in results.json: policy of the core.
POLICIES: Mapping[str, str] = {
    "best_single": "best_single",
    "hybrid_single": "argmax",
    "hybrid_ensemble": "threshold_ensemble",
    "random_mixing": "random_mixing",
    "cascade": "cascade",
    "learned_cascade": "learned_cascade",
    "average_ensemble": "average_ensemble",
    "oracle": "oracle",
}
# The mobile/cloud case, of two models.
OFFLOAD = "offload"
CURVES: Mapping[str, str] = {
    "multiplexer": "hybrid_single",
    "cascade": "cascade",
    "learned_cascade": "learned_cascade",
    "random_mixing": "random_mixing",
}
COMPARED = ("random_mixing", "cascade")


def evaluate_policies(
    calibration: tuple[Any, Any], test: tuple[Any, Any], held_out: Any = None, *, seed: int = 0
) -> SimpleNamespace:
    """Fit every policy on held-out outcomes and evaluate it on test outcomes.

    ``calibration`` and ``test`` are (table of all models, table of the mobile/cloud case).
    Policies that look at the multiplexer are fitted on the calibration part, from which it has
    learnt nothing; all others on ``held_out``, the whole of it, where given.
    """
    whole = calibration[0] if held_out is None else held_out
    fitted = {
        name: fit_for_run(name, calibration, whole, seed=seed) for name in (*POLICIES, OFFLOAD)
    }
    policies = {name: fitted[name] for name in POLICIES}
    found: dict[str, Any] = {
        name: _core.evaluate(policy, test[0], seed) for name, policy in policies.items()
    }
    offload = _core.evaluate(fitted[OFFLOAD], test[1], seed)
    names = list(test[0].models)
    found[OFFLOAD] = _over_all_models(offload, list(test[1].models), names)
    singles = [
        _core.evaluate(
            fit_policy("always", whole, seed=seed, options={"model": i}), test[0], seed
        ).accuracy
        for i in range(len(names))
    ]
    hybrid = policies["hybrid_single"]
    routed = {name for name, policy in policies.items() if policy.uses_router} | {OFFLOAD}
    return SimpleNamespace(
        policies=found,
        fitted=fitted,
        routed=routed,
        notes={name: found[name].collapse for name in routed if found[name].collapse},
        singles=singles,
        curves={
            name: _core.accuracy_cost_curve(policies[kind], test[0])
            for name, kind in CURVES.items()
        },
        area=_core.area_between(hybrid, policies["random_mixing"], test[0], seed),
        comparisons={
            name: _compare(found["hybrid_single"], hybrid.point.cost, policies[name], test[0], seed)
            for name in COMPARED
        },
        hardness=_core.hardness_levels(test[0], hybrid.decide(test[0])),
        right_wrong_matrix=np.reshape(
            _core.right_wrong_matrix(test[0]), (len(names), len(names))
        ).tolist(),
        auroc=_auroc(test[0]),
    )


def fit_for_run(name: str, calibration: tuple[Any, Any], held_out: Any, *, seed: int = 0) -> Any:
    """Return a policy by its name in results.json, fitted on the outcomes that suit it."""
    if name == OFFLOAD:
        return fit_policy(name, calibration[1], seed=seed)
    policy = _core.make_policy(POLICIES[name], _core.PolicyOptions(seed=seed, bins=50))
    policy.fit(calibration[0] if policy.uses_router else held_out)
    return policy


def _compare(hybrid: Any, budget: float, other: Any, table: Any, seed: int) -> SimpleNamespace:
    """Compare with ``other`` at the cost that the hybrid was chosen to have."""
    with at_point(other):
        other.choose_for_budget(budget)
        rival = _core.evaluate(other, table, seed)
    estimate = _core.bootstrap_difference(
        [float(right) for right in hybrid.correct], [float(right) for right in rival.correct], seed
    )
    return SimpleNamespace(
        value=estimate.value, interval=estimate.interval, macs=rival.costs["macs"].mean.value
    )


def _over_all_models(entry: Any, pair: Sequence[str], names: Sequence[str]) -> SimpleNamespace:
    """Return an evaluation of two models with called shares for the whole pool."""
    shares = dict(zip(pair, entry.called_shares, strict=True))
    return SimpleNamespace(
        accuracy=entry.accuracy,
        costs=entry.costs,
        models_per_input=entry.models_per_input,
        called_shares=[shares.get(name, 0.0) for name in names],
        parameters=entry.parameters,
        collapse=entry.collapse,
    )


def _auroc(table: Any) -> list[float | None]:
    """Return how well the multiplexer tells each model's right answers from its wrong ones."""
    if not (table.scores.size or table.weights.size):
        raise ValueError(error_text("auroc", "a table with the multiplexer's scores", "none"))
    return [entry.multiplexer for entry in _core.failure_prediction(table)]
