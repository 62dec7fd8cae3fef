"""Policies held against each other at equal budgets, over several seeds of their fitting.

Everything is fitted and chosen on held-out inputs and evaluated on others; each seed shuffles the
held-out inputs, so that what is learnt from parts of them comes from other parts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.base.measures import measure_of
from muxnet.outcomes.class_order import in_classes_of
from muxnet.outcomes.fitting import BASELINE, cost_kind_of, fit_policy, fitting_table
from muxnet.outcomes.seen_inputs import counts_own_rows, without_seen

BUDGETS = (0.05, 0.10, 0.20, 0.35, 0.50, 1.00)  # of the dearest model's cost
BEST_SINGLE = "best_single"
OPTIONS = ("max_models", "bins", "model")


@dataclasses.dataclass(frozen=True)
class Contender:
    """A policy with options of its own, as ``NAME:OPTION=VALUE:...``."""

    text: str
    policy: str
    options: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Interval:
    """A mean over seeds and inputs, and its 95 % interval over both."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Line:
    """A policy over budgets, fractions of the dearest model's cost.

    ``accuracy`` and ``cost`` (a share too) are as attained on the evaluation part, None where every
    setting costs more; ``area`` is the curve's mean height above random mixing up to the dearest
    model's cost, None for a policy of one operating point.
    """

    policy: str
    accuracy: dict[str, float | None]
    cost: dict[str, float | None]
    area: Interval | None


@dataclasses.dataclass(frozen=True)
class Difference:
    """Accuracy of the first policy minus another's at the same budget, and of their areas.

    The best single model is met at its own cost, whatever the budget.
    """

    against: str
    accuracy: dict[str, Interval | None]
    area: Interval | None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Policies against each other, on one table or on several of models trained alike."""

    table: str
    fitted_on: int
    fitted_groups: int  # that these inputs stand in; each its own: as many
    evaluated_on: int
    evaluated_groups: int
    seeds: int
    cost_kind: str
    measure: str  # what accuracies are: a name of MEASURES
    dearest_cost: float
    best_single: str
    lines: tuple[Line, ...]
    differences: tuple[Difference, ...]


def parse_contenders(text: str) -> tuple[Contender, ...]:
    """Return ``NAME:OPTION=VALUE:...,...`` as policies with their options.

    Raises:
        UsageError: fewer than two, one twice, an unknown policy or option, no whole number.

    """
    names = [entry.name for entry in _core.policies()]
    found = []
    for item in filter(None, map(str.strip, text.split(","))):
        name, *given = item.split(":")
        if name not in names:
            raise UsageError(error_text("--policies", f"one of {', '.join(names)}", name))
        options = {}
        for pair in given:
            key, _, value = pair.partition("=")
            if key not in OPTIONS or not value.isdecimal():
                expected = f"OPTION=NUMBER with one of {', '.join(OPTIONS)}"
                raise UsageError(error_text(f"--policies, {name}", expected, pair))
            options[key] = int(value)
        found.append(Contender(item, name, options))
    if len({contender.text for contender in found}) < max(2, len(found)):
        raise UsageError(error_text("--policies", "two or more different policies", text))
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Zoo:
    """Recorded answers of one training of the models: parts to fit on by name, and one to test."""

    parts: Mapping[str, _core.OutcomeTable]
    test: _core.OutcomeTable

    @property
    def held_out(self) -> _core.OutcomeTable:
        """The part to fit on, where a policy needs no other."""
        return self.parts["held_out"]


def compare(
    held_out: _core.OutcomeTable,
    test: _core.OutcomeTable,
    policies: str,
    *,
    source: str = "",
    seeds: int = 5,
    budgets: Sequence[float] = BUDGETS,
    cost_kind: str = "",
) -> Comparison:
    """Fit policies with every seed on ``held_out``, and compare the first with the others.

    Args:
        held_out: outcomes to fit on, each seed in another order.
        test: outcomes of other inputs, to evaluate on.
        policies: ``NAME:OPTION=VALUE:...,...``.
        source: where the tables are from.
        seeds: fits of each policy.
        budgets: fractions of the dearest model's cost.
        cost_kind: the costs to trade against accuracy (default: MACs, else the first by name).

    Raises:
        ConfigError: an unknown kind of cost; answers of classes that the first table does not name.
        UsageError: fewer than two policies, or an unknown one.
        ValueError: what a policy looks at is missing; tables that do not fit each other.

    >>> table = muxnet.read_outcomes("answers.csv", {"small": 0.3e9, "large": 4.1e9})["all"]
    >>> held_out, test = muxnet.split_outcomes(table)
    >>> found = muxnet.compare(held_out, test, "cascade,random_mixing", seeds=2, budgets=[0.5])
    >>> [line.policy for line in found.lines]
    ['cascade', 'random_mixing']

    """
    return compare_zoos(
        [Zoo({"held_out": held_out}, test)],
        parse_contenders(policies),
        source=source,
        seeds=seeds,
        budgets=budgets,
        cost_kind=cost_kind,
    )


def compare_zoos(
    zoos: Sequence[Zoo],
    contenders: Sequence[Contender],
    *,
    source: str = "",
    seeds: int = 5,
    budgets: Sequence[float] = BUDGETS,
    cost_kind: str = "",
) -> Comparison:
    """Fit all policies with every seed on every zoo, and compare the first with the others.

    Raises:
        ConfigError: an unknown kind of cost; answers of classes that the first table does not name.
        UsageError: zoos of other models, costs or test inputs than the first.
        ValueError: what a policy looks at is missing; tables that do not fit each other.

    """
    zoos = [_alike(zoos[0].held_out, zoo) for zoo in zoos]
    held_out, test = zoos[0].held_out, zoos[0].test
    kind = cost_kind_of(held_out, cost_kind)
    for zoo in zoos[1:]:
        _require_alike(zoos[0], zoo, kind)
    arena = _Arena(tuple(zoos), kind, seeds, max(test.costs(kind)))
    families = [arena.fitted(contender) for contender in contenders]
    attained = [arena.attained(family, budgets) for family in families]
    mixing = arena.fitted(Contender(BASELINE, BASELINE, {}))
    lines = tuple(
        Line(
            contender.text,
            {share: None if rows is None else rows.accuracy for share, rows in found.items()},
            {share: None if rows is None else rows.cost for share, rows in found.items()},
            None if contender.policy == BASELINE else arena.area(family, mixing),
        )
        for contender, family, found in zip(contenders, families, attained, strict=True)
    )
    first = attained[0]
    differences = [
        Difference(contender.text, arena.differences(first, found), arena.area(families[0], family))
        for contender, family, found in zip(contenders[1:], families[1:], attained[1:], strict=True)
    ]
    alone, fitted = arena.alone(families[0]), held_out.complete()
    against = arena.differences(first, dict.fromkeys(first, alone))
    differences.append(Difference(BEST_SINGLE, against, None))
    return Comparison(
        table=source,
        fitted_on=len(fitted),
        fitted_groups=fitted.group_count,
        evaluated_on=len(test),
        evaluated_groups=test.group_count,
        seeds=seeds * len(zoos),
        cost_kind=kind,
        measure=measure_of(test).name,
        dearest_cost=arena.unit,
        best_single=" or ".join(dict.fromkeys(p.models[p.best_single] for p in families[0])),
        lines=lines,
        differences=tuple(differences),
    )


@dataclasses.dataclass(frozen=True)
class _Attained:
    """What answers are worth at a budget, a row per zoo and seed, and the mean cost as a share."""

    worth: NDArray[np.floating]
    cost: float

    @property
    def accuracy(self) -> float:
        """The mean over seeds and inputs."""
        return float(self.worth.mean())


def _alike(first: _core.OutcomeTable, zoo: Zoo) -> Zoo:
    """Return a zoo with its classes numbered as the first one's, and what all of it answered."""
    parts = {name: in_classes_of(first, part) for name, part in zoo.parts.items()}
    test = in_classes_of(first, zoo.test.complete())
    return Zoo(parts, reduce(lambda rest, part: without_seen(part, rest), parts.values(), test))


def _require_alike(first: Zoo, other: Zoo, kind: str) -> None:
    where = "--together"
    if list(other.test.models) != list(first.test.models):
        expected = f"the models {', '.join(first.test.models)}"
        raise UsageError(error_text(where, expected, ", ".join(other.test.models)))
    if list(other.test.costs(kind)) != list(first.test.costs(kind)):
        raise UsageError(error_text(where, f"models of the same {kind}", "others"))
    for one, another in zip(_inputs(first.test), _inputs(other.test), strict=True):
        if not np.array_equal(one, another):
            raise UsageError(error_text(where, "the same inputs to evaluate on", "others"))


def _inputs(table: _core.OutcomeTable) -> tuple[NDArray[np.generic], ...]:
    """Return what a table tells of its inputs; a source counts only with places in it."""
    source = "" if counts_own_rows(table) else table.source
    return table.labels, np.asarray(source), table.indices, table.groups


@dataclasses.dataclass(frozen=True)
class _Arena:
    """What all policies are fitted on and evaluated with."""

    zoos: tuple[Zoo, ...]
    kind: str
    seeds: int
    unit: float  # cost of the dearest model

    @property
    def tests(self) -> list[_core.OutcomeTable]:
        """The table that each policy of a family is evaluated on."""
        return [zoo.test for zoo in self.zoos for _ in range(self.seeds)]

    def fitted(self, contender: Contender) -> list[_core.Policy]:
        """Return a family: a policy per zoo and seed."""
        name, options = contender.policy, contender.options
        return [
            fit_policy(
                name, _core.shuffle(part, seed), cost_kind=self.kind, seed=seed, options=options
            )
            for part in (fitting_table(name, zoo.parts) for zoo in self.zoos)
            for seed in range(self.seeds)
        ]

    def attained(
        self, family: Sequence[_core.Policy], budgets: Sequence[float]
    ) -> dict[str, _Attained | None]:
        """Return what is attained at points chosen for each budget."""
        return {_name(budget): self._at(family, budget) for budget in budgets}

    def alone(self, family: Sequence[_core.Policy]) -> _Attained:
        """Return what the best single model attains, the same for each seed of a zoo."""
        both = list(zip(family, self.tests, strict=True))
        worth = [np.asarray(test.quality)[:, policy.best_single] for policy, test in both]
        costs = [test.costs(self.kind)[policy.best_single] for policy, test in both]
        return _Attained(np.stack(worth), float(np.mean(costs)) / self.unit)

    def differences(
        self, first: Mapping[str, _Attained | None], other: Mapping[str, _Attained | None]
    ) -> dict[str, Interval | None]:
        """Return accuracies minus others, paired by seed and input."""
        found: dict[str, Interval | None] = {}
        for share, rows in first.items():
            against = other[share]
            found[share] = None
            if rows is not None and against is not None:
                difference = rows.worth.astype(float) - against.worth.astype(float)
                groups = self.tests[0].groups
                found[share] = _interval(
                    _core.bootstrap_replicates(difference.tolist(), groups=groups)
                )
        return found

    def area(
        self, family: Sequence[_core.Policy], others: Sequence[_core.Policy]
    ) -> Interval | None:
        """Return the mean height of one curve above another up to the dearest model's cost."""
        if len(family[0].operating_points) < 2:
            return None
        found = _core.area_between(list(family), list(others), self.tests, up_to=self.unit)
        return _interval(found)

    def _at(self, family: Sequence[_core.Policy], share: float) -> _Attained | None:
        worth, costs = [], []
        for policy, test in zip(family, self.tests, strict=True):
            point = policy.within(share * self.unit)
            if point is None:
                return None
            found = _core.evaluate(policy, point, test)
            worth.append(np.asarray(found.quality))
            costs.append(found.costs[self.kind].mean.value / self.unit)
        return _Attained(np.stack(worth), float(np.mean(costs)))


def _name(share: float) -> str:
    return f"{share:.2f}" if round(share, 2) == share else f"{share:.4g}"


def _interval(estimate: _core.Estimate) -> Interval:
    return Interval(estimate.value, estimate.interval.low, estimate.interval.high)
