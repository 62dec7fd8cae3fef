"""Policies on recorded answers: fitted, and evaluated beside the best single model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from muxnet.base.compiled import _core
from muxnet.base.errors import told_as_config_error
from muxnet.base.measures import measure_of
from muxnet.base.words import cost_title
from muxnet.outcomes.details import Details, details_of
from muxnet.outcomes.judged import beside_best, judged

BASELINE = "random_mixing"  # blind to the input: what any router must beat


@dataclasses.dataclass(frozen=True)
class Measured:
    """Accuracy with its 95 % interval, and mean cost per input."""

    accuracy: float
    interval: tuple[float, float]
    cost: float


@dataclasses.dataclass(frozen=True)
class Answered:
    """What a router that abstains answers by itself: how many inputs, which share, how well."""

    inputs: int
    groups: int
    coverage: float
    accuracy: float
    interval: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """A policy on inputs that it has not seen, beside the best single model."""

    policy: str
    cost_kind: str
    measure: str  # what accuracies are: a name of MEASURES
    inputs: int
    groups: int  # that they stand in; each input its own: as many
    router: Measured
    answered: Answered | None  # None: it leaves nothing to a person
    best_name: str
    best_single: Measured
    called: dict[str, float]
    models_per_input: float
    details: Details


def cost_kind_of(table: _core.OutcomeTable, wanted: str = "") -> str:
    """Return the kind of cost to trade: the one wanted, else MACs, else the first by name.

    Raises:
        ConfigError: the table has no such costs.

    """
    with told_as_config_error():
        return table.traded_cost(wanted)


def unasked_kind(table: _core.OutcomeTable, wanted: str = "") -> str:
    """Return which kind of cost is traded where none was asked for and there are several."""
    kind = cost_kind_of(table, wanted)
    others = [other for other in table.cost_kinds if other != kind]
    if wanted or not others:
        return ""
    return f"costs are {cost_title(kind)}; --cost-kind takes {' or '.join(others)} as well"


def fit_policy(
    name: str,
    table: _core.OutcomeTable,
    *,
    cost_kind: str = "",
    seed: int = 0,
    budget: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> _core.Policy:
    """Return the policy ``name``, its operating points chosen on held-out outcomes.

    Args:
        name: one of ``muxnet._core.policies()``.
        table: an outcome table with labels.
        cost_kind: the costs to trade against accuracy (default: MACs, else the first by name).
        seed: for policies that draw.
        budget: greatest mean cost of the chosen point.
        options: further settings of ``PolicyOptions``.

    Raises:
        ConfigError: an unknown kind of cost.
        ValueError: an unknown policy, a test table, or what the policy looks at is missing; a
            budget below every operating point.

    >>> policy = muxnet.fit_policy("cascade", table, budget=2e6)
    >>> policy.point.cost <= 2e6
    True

    """
    kind = cost_kind_of(table, cost_kind)
    wanted = _core.PolicyOptions(cost_kind=kind, seed=seed, **(options or {}))
    policy = _core.make_policy(name, wanted)
    policy.fit(table)
    if budget is not None:
        policy.choose_for_budget(budget)
    return policy


def fitting_table(name: str, parts: Mapping[str, _core.OutcomeTable]) -> _core.OutcomeTable:
    """Return the part of recorded outcomes that suits a policy; where it is not there, held_out.

    Raises:
        ValueError: an unknown policy.

    """
    return parts.get(_core.make_policy(name).fitting_part, parts["held_out"])


def area_above_mixing(
    policy: _core.Policy,
    held_out: _core.OutcomeTable,
    test: _core.OutcomeTable,
    *,
    up_to: float,
    seed: int = 0,
) -> _core.Estimate | None:
    """Return the mean height of a policy's curve above random mixing fitted on the same table.

    Up to a cost, with its 95 % interval; None for a policy of one operating point and for random
    mixing itself.

    Raises:
        ConfigError: classes that are not known to the policy.
        ValueError: no other inputs than it was fitted on, other models.

    """
    test = judged(policy, test)
    baseline = fit_policy(BASELINE, held_out, cost_kind=policy.cost_kind, seed=seed)
    return _core.area_above(policy, baseline, test, seed, up_to=up_to)


def evaluate_policy(policy: _core.Policy, table: _core.OutcomeTable, *, seed: int = 0) -> Evaluated:
    """Return what a fitted policy does with other inputs, whose classes it knows by name.

    Those that it was fitted on are left out, and said, and those that some model did not answer.

    Raises:
        ConfigError: answers of a class that it does not know.
        ValueError: no other inputs than it was fitted on, other models.

    """
    return evaluate_judged(policy, judged(policy, table), seed=seed)


def evaluate_judged(policy: _core.Policy, table: _core.OutcomeTable, *, seed: int = 0) -> Evaluated:
    """Return the same of a table of such inputs alone, as ``judged`` gives it.

    Raises:
        ValueError: inputs that it was fitted on, other models.

    """
    kind, names, best = policy.cost_kind, policy.models, policy.best_single
    found, alone = beside_best(policy, table, seed)
    return Evaluated(
        policy=policy.name,
        cost_kind=kind,
        measure=measure_of(table).name,
        inputs=found.inputs,
        groups=found.groups,
        router=_measured(found.accuracy, found.costs[kind].mean.value),
        answered=_answered(_core.evaluate_answered(policy, table, seed)),
        best_name=names[best],
        best_single=_measured(alone, table.costs(kind)[best]),
        called=dict(zip(names, found.called_shares, strict=True)),
        models_per_input=found.models_per_input,
        details=details_of(_core.look_closely(policy, table, found), names, table.class_names),
    )


def _answered(found: _core.Answered | None) -> Answered | None:
    if found is None:
        return None
    own = found.accuracy
    interval = (own.interval.low, own.interval.high)
    return Answered(found.inputs, found.groups, found.coverage, own.value, interval)


def _measured(accuracy: _core.Estimate, cost: float) -> Measured:
    return Measured(accuracy.value, (accuracy.interval.low, accuracy.interval.high), cost)
