"""Classes by name: tables of the same models, whatever order and number their classes come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text


@dataclasses.dataclass(frozen=True)
class Classes:
    """Classes that a router or another table knows: how many, and the names of the first."""

    count: int = 0
    names: tuple[str, ...] = ()


def classes_of_policy(policy: _core.Policy) -> Classes:
    """Return the classes that a router knows."""
    return Classes(policy.classes, tuple(policy.class_names))


def classes_of_table(table: _core.OutcomeTable) -> Classes:
    """Return the classes of a table."""
    return Classes(table.classes, tuple(table.class_names))


def in_order(names: Iterable[str]) -> list[str]:
    """Return names in their order: numbers as such, so that 10 comes after 9."""
    found = list(names)
    numbers = all(name.isascii() and name.isdigit() for name in found)
    key: Callable[[str], tuple[int, str]] = lambda name: (int(name) if numbers else 0, name)  # noqa: E731
    return sorted(found, key=key)


def number_classes(
    where: str, labels: Sequence[str], predictions: Sequence[Sequence[str]], known: Classes
) -> tuple[list[str], list[NDArray[np.int32]]]:
    """Return the names of classes, and labels and predictions by their numbers.

    Those of ``known`` keep their numbers. A label that it does not know stands for an input on
    which every model errs, which a class that none of them predicts says as well.

    Raises:
        ConfigError: a prediction of a class that is not known.

    """
    predicted = set().union(*predictions)
    if known.names:
        if stray := in_order(predicted - set(known.names)):
            expected = f"classes among {', '.join(known.names)}"
            raise ConfigError(error_text(f"{where}, predictions", expected, ", ".join(stray)))
        names = list(known.names)
    else:
        names = in_order(predicted.union(labels))
    numbers = {name: k for k, name in enumerate(names)}
    top = [np.array([numbers[name] for name in column], np.int32) for column in predictions]
    given = np.array([numbers.get(name, -1) for name in labels], np.int32)
    for row in np.flatnonzero(given < 0):
        free = set(range(len(names))) - {int(column[row]) for column in top}
        if not free:
            expected = f"classes among {', '.join(names)}"
            raise ConfigError(
                error_text(f"{where}, label, row {row + 1}", expected, labels[int(row)])
            )
        given[row] = min(free)
    return names, [given, *top]


def with_classes(table: _core.OutcomeTable, known: Classes, where: str) -> _core.OutcomeTable:
    """Return a table with its classes numbered as ``known`` numbers them, where both have names.

    Raises:
        ConfigError: a class of the table that is not known, and more than is known.

    """
    own = list(table.class_names)
    if not known.names or not own or own == list(known.names):
        return table
    if stray := [name for name in own if name not in known.names]:
        expected = f"classes among {', '.join(known.names)}"
        raise ConfigError(error_text(where, expected, ", ".join(stray)))
    count = max(known.count, len(known.names))
    places = np.array([known.names.index(name) for name in own], np.int32)
    answers = np.zeros((*table.probabilities.shape[:2], count), np.float32)
    answers[:, :, places] = table.probabilities[:, :, : len(own)]
    if table.probabilities.shape[2] > len(own):
        expected = f"a name of each of its {table.probabilities.shape[2]} classes"
        raise ConfigError(error_text(where, expected, f"{len(own)} names"))
    labels = places[table.labels] if table.labels.size else table.labels
    return remade(table, answers=answers, labels=labels, class_names=list(known.names))


def remade(
    table: _core.OutcomeTable,
    *,
    answers: NDArray[np.float32] | None = None,
    labels: NDArray[np.int32] | None = None,
    class_names: Sequence[str] | None = None,
    costs: dict[str, list[float]] | None = None,
) -> _core.OutcomeTable:
    """Return a table with other parts in place of its own.

    Raises:
        ConfigError: other costs beside a multiplexer's own cost, which is of the table's kinds.

    """
    kinds = {kind: list(table.costs(kind)) for kind in table.cost_kinds}
    scored = table.scores.size or table.weights.size or table.offload_score.size
    if costs is not None and scored:
        raise ConfigError(error_text("costs", "the costs of the table itself", costs))
    if table.weights.size:
        raise ConfigError(
            error_text(table.source, "a table without a multiplexer's weights", "one")
        )
    own = {kind: table.multiplexer_cost(kind) for kind in kinds} if scored else {}
    return _core.OutcomeTable(
        table.models,
        table.probabilities if answers is None else answers,
        kinds if costs is None else costs,
        labels=table.labels if labels is None else labels,
        scores=table.scores,
        offload_score=table.offload_score,
        multiplexer_costs=own,
        split=table.split,
        source=table.source,
        indices=table.indices,
        features=table.features,
        class_names=list(table.class_names if class_names is None else class_names),
        inputs=table.inputs,
        encoder=table.encoder,
    )
