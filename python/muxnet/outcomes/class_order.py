"""Classes by name: tables of the same models, whatever order and number their classes come in."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muxnet.base.class_values import (
    BOOLEANS,
    class_key,
    class_text,
    in_order,
    is_number,
    merged_text,
    missing_words,
)
from muxnet.base.columns import Column, texts_of
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text

# What a table is made of, as its constructor names it; beside its costs.
KEPT = (
    *("probabilities", "predictions", "answer_scores", "score_kinds", "top_classes", "classes"),
    *("labels", "groups", "scores", "offload_score", "features"),
    *("split", "source", "indices", "contents", "class_names", "inputs", "encoder"),
)
TOLD = 5  # classes by name in a message
LOG = logging.getLogger(__name__)
ENOUGH = 10  # answers of which none is a label are no accident


@dataclasses.dataclass(frozen=True)
class Known:
    """What a router or another table knows: its classes, and what its models cost.

    ``count`` classes (0: not known) and the ``names`` of the first; ``costs`` by kind and model.
    """

    count: int = 0
    names: tuple[str, ...] = ()
    costs: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)


def known_to_policy(policy: _core.Policy) -> Known:
    """Return what a router knows."""
    costs = {policy.cost_kind: dict(zip(policy.models, policy.prices, strict=True))}
    return Known(_counted(policy), tuple(policy.class_names), costs)


def known_to_table(table: _core.OutcomeTable) -> Known:
    """Return what a table knows."""
    costs = {
        kind: dict(zip(table.models, table.costs(kind), strict=True)) for kind in table.cost_kinds
    }
    return Known(_counted(table), tuple(table.class_names), costs)


def _counted(of: _core.Policy | _core.OutcomeTable) -> int:
    """Return how many classes there are; 0: of quality alone answers are of none."""
    return 0 if of.by_quality and not of.class_names else of.classes


@dataclasses.dataclass(frozen=True)
class Numbered:
    """Labels (n) and each model's predictions (n) by the numbers of classes, -1 where none is."""

    names: tuple[str, ...]
    labels: NDArray[np.int32]
    predictions: list[NDArray[np.int32]]


class Names:
    """Classes by name: exactly as it is written, else by what stands for it (``class_key``)."""

    def __init__(self, names: Sequence[str]) -> None:
        self._exact = {name: k for k, name in enumerate(names)}
        self._by_key: dict[str, int] = {}
        for k, name in enumerate(names):
            self._by_key.setdefault(class_key(name), k)

    def number(self, value: object) -> int:
        """Return the number of a class; -1: there is none of this name."""
        exact = self._exact.get(class_text(value))
        return self._by_key.get(class_key(value), -1) if exact is None else exact


def number_classes(
    where: str, labels: Column, predictions: Mapping[str, Column], known: Known
) -> Numbered:
    """Return labels, and predictions by model, by the numbers of their classes.

    Those of ``known`` keep their numbers, others are counted in their order. A label that is not
    known stands for an input on which every model errs, which a class that none of them predicts
    says as well.

    Raises:
        ConfigError: a prediction of a class that is not known; predictions that are none of the
            labels, however often.

    """
    columns = [_values(column) for column in (labels, *predictions.values())]
    keys = _keys(set(columns[0]), set().union(*columns[1:]), known)
    written, *said = (_written(column, keys) for column in columns)
    if known.names:
        every = {key: text for own in said for key, text in own.items()}
        refuse_strays(f"{where}, predictions", every, known.names)
    names = list(known.names) or _names(keys)
    numbers = Names(names)
    by_value = {value: numbers.number(value) if key else -1 for value, key in keys.items()}
    given, *top = (
        np.fromiter((by_value[value] for value in column), np.int32, len(column))
        for column in columns
    )
    _tell_merged(where, dict(zip(("label", *predictions), columns, strict=True)), by_value)
    refuse_other_words(where, written, dict(zip(predictions, said, strict=True)), top)
    for row in np.flatnonzero(given < 0):
        if key := keys[columns[0][row]]:
            said_here = [int(column[row]) for column in top]
            given[row] = _unsaid(where, int(row), written[key], said_here, names)
    return Numbered(tuple(names), given, top)


def strangers(found: Numbered) -> list[str]:
    """Return in words which classes are often labels and never answers, or the other way round."""
    count = len(found.names)
    labels, answers = (
        np.bincount(numbers[numbers >= 0], minlength=count)
        for numbers in (found.labels, np.concatenate(found.predictions))
    )
    texts = []
    for what, own, other in (
        ("labels that no model answers", labels, answers),
        ("answers that no label says", answers, labels),
    ):
        if len(strange := np.flatnonzero((own >= ENOUGH) & (other == 0))):
            most = strange[np.argsort(-own[strange], kind="stable")][:TOLD]
            text = ", ".join(f"{found.names[k]!r} ({own[k]:,} times)" for k in most)
            more = f" and {len(strange) - TOLD:,} more" if len(strange) > TOLD else ""
            texts.append(f"{what}: {text}{more}")
    return texts


def _tell_merged(
    where: str, columns: Mapping[str, Sequence[object]], numbers: Mapping[object, int]
) -> None:
    """Say where a column has several spellings of a class: of the first such column."""
    for name, column in columns.items():
        if told := merged_text((value, numbers[value]) for value in dict.fromkeys(column)):
            LOG.warning("%s, %s: %s", where, name, told)
            return


def refuse_strays(where: str, said: Mapping[str, str], names: Sequence[str]) -> None:
    """Refuse classes, by what stands for them and as they are written, that have no name.

    Raises:
        ConfigError: there are some.

    """
    if stray := in_order(said.keys() - {class_key(name) for name in names}):
        expected = f"classes among {', '.join(names)}"
        raise ConfigError(error_text(where, expected, ", ".join(said[key] for key in stray)))


def refuse_other_words(
    where: str,
    labels: Mapping[str, str],
    predictions: Mapping[str, Mapping[str, str]],
    numbers: Sequence[NDArray[np.int32]],
) -> None:
    """Refuse a model whose predictions are no labels, nor what a model says whose are.

    Labels, and predictions by model, are what stands for them and as they are written there;
    ``numbers`` are those of each model's predictions.

    Raises:
        ConfigError: there is one, of at least ``ENOUGH`` answers: its classes are other words.

    """
    spelled = dict(labels)
    for said in predictions.values():
        if said.keys() & labels.keys():
            spelled = {**said, **spelled}
    for (model, said), own in zip(predictions.items(), numbers, strict=True):
        if spelled and said and not said.keys() & spelled.keys():
            if np.count_nonzero(own >= 0) < ENOUGH:
                continue
            expected = f"some of the labels, such as {spelled[in_order(spelled)[0]]!r}"
            received = f"none of them, such as {said[in_order(said)[0]]!r}"
            raise ConfigError(error_text(f"{where}, predictions of {model}", expected, received))


def _written(column: Sequence[object], keys: Mapping[object, str]) -> dict[str, str]:
    """Return what stands for a column's classes, and as they are written there."""
    return {keys[value]: class_text(value) for value in dict.fromkeys(column) if keys[value]}


def _values(column: Column) -> list[object]:
    """Return each value by itself: of an array of one type as a text, which compares with all."""
    plain = isinstance(column, np.ndarray) and column.dtype.kind != "O"
    return list(texts_of(column) if plain else column)


def _keys(labels: set[object], predictions: set[object], known: Known) -> dict[object, str]:
    """Return what stands for each value as a class; the empty text: it is none."""
    keys = {value: class_key(value) for value in labels | predictions}
    met = ({keys[value] for value in values} for values in (labels, predictions))
    words = missing_words(*met) - set(known.names)
    return {value: "" if key in words else key for value, key in keys.items()}


def _names(keys: Mapping[object, str]) -> list[str]:
    """Return names of classes in their order; truth values have theirs where no number is met."""
    texts = {class_text(value).lower() for value in keys}
    truth = {} if any(map(is_number, texts)) else {key: word for word, key in BOOLEANS.items()}
    return [truth.get(key, key) for key in in_order({*keys.values()} - {""})]


def _unsaid(
    where: str, row: int, label: str, predicted: Iterable[int], names: Sequence[str]
) -> int:
    """Return a class that no model predicts for an input."""
    free = set(range(len(names))).difference(predicted)
    if not free:
        expected = f"classes among {', '.join(names)}"
        raise ConfigError(error_text(f"{where}, label, row {row + 1}", expected, label))
    return min(free)


def in_classes_of(
    reference: _core.Policy | _core.OutcomeTable, table: _core.OutcomeTable
) -> _core.OutcomeTable:
    """Return a table with its classes numbered as those of a policy or of another table.

    So by name where both have names; else by number, as they are, if they are as many.

    Raises:
        ConfigError: as ``with_classes``.

    """
    if isinstance(reference, _core.Policy):
        known = known_to_policy(reference)
    else:
        known = known_to_table(reference)
    return with_classes(table, known, table.source or "table")


def with_classes(table: _core.OutcomeTable, known: Known, where: str) -> _core.OutcomeTable:
    """Return a table with its classes numbered as ``known`` numbers them, where both have names.

    A label that is not known stands for an input on which every model errs (``number_classes``).

    Raises:
        ConfigError: an answer of a class that is not known, and more than is known; probabilities
            of more or fewer classes than are known, of which names do not say which they are.

    """
    own = list(table.class_names)
    if not known.names or not own or own == list(known.names):
        # Answers alone may lack classes; columns of others may be anybody's.
        if _whole(table) and known.count not in (0, table.classes):
            expected = f"probabilities of {known.count} classes, or names of the table's classes"
            raise ConfigError(error_text(where, expected, f"{table.classes} classes"))
        return table
    if table.classes > len(own):
        expected = f"a name of each of its {table.classes} classes"
        raise ConfigError(error_text(where, expected, f"{len(own)} names"))
    refuse_strays(where, {class_key(own[k]): own[k] for k in answered(table)}, known.names)
    numbers = Names(known.names)
    places = np.array([*map(numbers.number, own), -1], np.int32)  # the last of missing answers
    met = places[places >= 0]
    if len(set(met)) < len(met):
        raise ConfigError(error_text(where, "different classes", ", ".join(own)))
    count = max(known.count, len(known.names))
    answers, top = table.probabilities, table.top_classes
    if top.size:
        top = places[top]
    elif answers.size:
        answers = np.zeros((*answers.shape[:2], count), np.float32)
        answers[:, :, places[:-1]] = table.probabilities
    predictions = places[table.predictions]
    return remade(
        table,
        probabilities=answers,
        top_classes=top,
        predictions=predictions,
        labels=_placed(where, table, places, predictions, known.names),
        classes=count,
        class_names=list(known.names),
    )


def _whole(table: _core.OutcomeTable) -> bool:
    return bool(table.probabilities.size and not table.top_classes.size)


def answered(table: _core.OutcomeTable) -> set[int]:
    """Return the classes that answers speak of: of whole probabilities all."""
    if _whole(table):
        return set(range(table.classes))
    said = table.top_classes if table.top_classes.size else table.predictions
    return set(np.unique(said).tolist()) - {-1}


def _placed(
    where: str,
    table: _core.OutcomeTable,
    places: NDArray[np.int32],
    predictions: NDArray[np.int32],
    names: Sequence[str],
) -> NDArray[np.int32]:
    """Return labels by the new places of classes; of those that have none one unsaid."""
    given: NDArray[np.int32] = table.labels
    if not given.size:
        return given
    labels = places[given]
    for row in np.flatnonzero((labels < 0) & (given >= 0)):
        label = table.class_names[given[row]]
        labels[row] = _unsaid(where, int(row), label, predictions[row].tolist(), names)
    return labels


def remade(
    table: _core.OutcomeTable, *, costs: dict[str, list[float]] | None = None, **parts: Any
) -> _core.OutcomeTable:
    """Return a table with other parts, by their names as of the table, in place of its own.

    Raises:
        ConfigError: other costs beside a multiplexer's own cost, which is of the table's kinds.

    """
    kinds = {kind: list(table.costs(kind)) for kind in table.cost_kinds}
    scored = table.scores.size or table.weights.size or table.offload_score.size
    if costs is not None and scored:
        own_kinds = f"its own costs ({', '.join(kinds)}), in which its multiplexer's is told"
        raise ConfigError(error_text(f"{table.source}, costs", own_kinds, ", ".join(costs)))
    if table.weights.size:
        raise ConfigError(
            error_text(table.source, "a table without a multiplexer's weights", "one")
        )
    own = {name: getattr(table, name) for name in KEPT}
    own["multiplexer_costs"] = {kind: table.multiplexer_cost(kind) for kind in kinds if scored}
    own["costs"], own["input_costs"] = (kinds, table.input_costs) if costs is None else (costs, {})
    own["quality"] = table.recorded_quality
    return _core.OutcomeTable(table.models, **{**own, **parts})
