"""Does multiplexing pay for these models? Answered from what they were recorded to answer.

Everything is fitted and chosen on one part of the inputs and evaluated on the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from muxnet.base.compiled import _core
from muxnet.base.errors import told_as_config_error
from muxnet.base.measures import measure_of
from muxnet.base.words import policy_title
from muxnet.outcomes.class_order import in_classes_of
from muxnet.outcomes.details import by_share, details_of
from muxnet.outcomes.fitting import cost_kind_of
from muxnet.outcomes.seen_inputs import without_seen
from muxnet.outcomes.study_results import (
    DEFAULT,
    Choice,
    Diversity,
    ModelStudy,
    PolicyStudy,
    Study,
)
from muxnet.outcomes.study_verdict import backward_scores, sentences
from muxnet.outcomes.table_files import PARTS


def split_outcomes(
    table: _core.OutcomeTable, fraction: float = 0.5, seed: int = 0
) -> tuple[_core.OutcomeTable, _core.OutcomeTable]:
    """Return two random parts of a table, the first with ``fraction`` of its inputs.

    Raises:
        ConfigError: a part would be empty.

    >>> table = muxnet.read_outcomes("answers.csv", {"small": 0.3e9, "large": 4.1e9})["all"]
    >>> held_out, test = muxnet.split_outcomes(table, 0.25)
    >>> len(held_out), len(test)
    (50, 150)

    """
    with told_as_config_error():
        return _core.divide(table, fraction, seed)


def divided(
    tables: Mapping[str, _core.OutcomeTable], fraction: float = 0.5, seed: int = 0
) -> tuple[_core.OutcomeTable, _core.OutcomeTable]:
    """Return what to fit on and what to evaluate on: a file's own parts, else ``split_outcomes``.

    Raises:
        ConfigError: a part would be empty.

    """
    if "all" in tables:
        return split_outcomes(tables["all"], fraction, seed)
    held_out, test = (tables[part] for part in PARTS)
    return held_out, test


def study(
    held_out: _core.OutcomeTable,
    test: _core.OutcomeTable,
    *,
    source: str = "",
    cost_kind: str = "",
    seed: int = 0,
) -> Study:
    """Fit every policy on ``held_out``, evaluate it on ``test``, and say whether routing pays.

    Raises:
        ConfigError: an unknown kind of cost; answers on ``test`` of classes that ``held_out`` does
            not name.
        ValueError: fewer than two models; tables that do not fit each other, or of the same inputs.

    >>> table = muxnet.read_outcomes("answers.csv", {"small": 0.3e9, "large": 4.1e9})["all"]
    >>> found = muxnet.study(*muxnet.split_outcomes(table))
    >>> found.best_single.name
    'large'

    """
    held_out, test = held_out.complete(), test.complete()  # that figures stand on
    test = without_seen(held_out, in_classes_of(held_out, test))
    kind = cost_kind_of(held_out, cost_kind)
    found = _core.study(held_out, test, cost_kind=kind, policy=DEFAULT, seed=seed)
    models = tuple(
        ModelStudy(
            entry.name,
            entry.accuracy.value,
            (entry.accuracy.interval.low, entry.accuracy.interval.high),
            entry.cost,
            entry.only_right,
        )
        for entry in found.models
    )
    policies = tuple(_policy(entry) for entry in found.policies)
    best, diversity = models[found.best_single], _diversity(found.diversity)
    saving, gain = _choice(found.saving, test.models), _choice(found.gain, test.models)
    measure = measure_of(test)
    words = sentences(best, diversity, policies, saving, gain, measure)
    details = details_of(found.details, test.models, test.class_names)
    return Study(
        source=source,
        fitted_on=len(held_out),
        fitted_groups=held_out.group_count,
        evaluated_on=len(test),
        evaluated_groups=test.group_count,
        cost_kind=kind,
        measure=measure.name,
        seed=seed,
        best_single=best,
        models=models,
        policies=policies,
        at_best_accuracy_cost=details.recovered["1.00"],
        saving=saving,
        gain=gain,
        diversity=diversity,
        verdict=found.verdict.name.replace("_", " "),
        sentences=(*words, *backward_scores(details), *_left_out(found.left_out)),
        details=details,
    )


def _policy(found: _core.PolicyStudy) -> PolicyStudy:
    area = found.area
    return PolicyStudy(
        name=found.name,
        area=None if area is None else area.value,
        area_interval=None if area is None else (area.interval.low, area.interval.high),
        curve=found.curve,
        accuracy_at=by_share(found.accuracy_at),
        recovered=by_share(found.recovered),
    )


def _choice(found: _core.Choice | None, models: Sequence[str]) -> Choice | None:
    if found is None:
        return None
    difference, multiplexed = found.difference, found.multiplexed
    return Choice(
        cost=found.cost,
        accuracy=found.accuracy,
        difference=difference.value,
        interval=(difference.interval.low, difference.interval.high),
        multiplexed=multiplexed.value,
        multiplexed_interval=(multiplexed.interval.low, multiplexed.interval.high),
        alone=None if found.alone is None else models[found.alone],
    )


def _diversity(found: _core.Diversity) -> Diversity:
    shares = {field.name: getattr(found, field.name) for field in dataclasses.fields(Diversity)}
    return Diversity(**shares)


def _left_out(policies: Sequence[_core.LeftOut]) -> tuple[str, ...]:
    """Return a word on the policies that the table does not suffice for."""
    titles: dict[str, list[str]] = {}
    for entry in policies:
        titles.setdefault(entry.want, []).append(policy_title(entry.policy))
    words = [f"{' and '.join(some)} for want of {want}" for want, some in titles.items()]
    return (f"Left out: {'; '.join(words)}.",) if words else ()
