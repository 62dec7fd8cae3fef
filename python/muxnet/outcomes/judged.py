"""What a policy is judged by: the inputs that all figures of one heading, and records, are of."""

from __future__ import annotations

from muxnet.base.compiled import _core
from muxnet.outcomes.class_order import in_classes_of
from muxnet.outcomes.seen_inputs import without_seen


def judged(policy: _core.Policy, table: _core.OutcomeTable) -> _core.OutcomeTable:
    """Return the inputs of a table that a policy has not seen and all of its models answered.

    Raises:
        ConfigError: answers of a class that it does not know.
        ValueError: no input that every model answered.

    """
    table = in_classes_of(policy, of_its_models(policy, table))
    return without_seen(policy, table).complete()


def of_its_models(policy: _core.Policy, table: _core.OutcomeTable) -> _core.OutcomeTable:
    """Return what a policy's models answered, in its order, of a table that may hold others too.

    Where one is missing, or the table has a multiplexer's scores, the table as it is.
    """
    places = {name: place for place, name in enumerate(table.models)}
    scored = table.scores.size or table.weights.size or table.offload_score.size
    if list(table.models) == list(policy.models) or scored or not set(policy.models) <= set(places):
        return table
    return table.of_models([places[name] for name in policy.models])


def beside_best(
    policy: _core.Policy, table: _core.OutcomeTable, seed: int
) -> tuple[_core.Evaluation, _core.Estimate]:
    """Return what a policy attains and what its best single model does, on the same inputs.

    Raises:
        ValueError: inputs that it was fitted on, other models.

    """
    whole = table.complete()
    found = _core.evaluate(policy, whole, seed)
    return found, _core.evaluate_models(whole, seed)[policy.best_single]
