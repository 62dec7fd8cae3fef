"""What a policy is judged by: the inputs that all figures of one heading, and records, are of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from muxnet.base.compiled import _core
from muxnet.outcomes.class_order import in_classes_of
from muxnet.outcomes.seen_inputs import without_seen

ROWS = 2048  # whose records are held at a time


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


def records_of(policy: _core.Policy, table: _core.OutcomeTable) -> Iterator[str]:
    """Yield a decision record of each input, which it names by its place in the table's source.

    So that rows that were left out before do not count. The number that a decision was drawn by,
    where some of it was, is ``drawn_by``, for ``to_replay``.

    Raises:
        ValueError: other models.

    """
    whole = table.complete()
    places = np.asarray(whole.indices).tolist() or list(range(len(whole)))
    for start in range(0, len(whole), ROWS):
        rows = range(start, min(start + ROWS, len(whole)))
        for row, line in zip(rows, _core.record_decisions(policy, whole, rows), strict=True):
            record = json.loads(line)
            if "propensity" in record:
                record["drawn_by"] = record["input"]
            record["input"] = places[row]
            yield _line_of(record)


def to_replay(lines: Sequence[str]) -> list[str]:
    """Return records as ``replay_records`` reads them, which draws by ``input``.

    What is no record stays as it is, for it to refuse.
    """
    return [_as_drawn(line) if '"drawn_by"' in line else line for line in lines]


def _as_drawn(line: str) -> str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if not isinstance(record, dict) or "drawn_by" not in record:
        return line
    record["input"] = record.pop("drawn_by")
    return _line_of(record)


def _line_of(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
