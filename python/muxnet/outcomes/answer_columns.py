"""Recorded answers in columns, a row per input, as an outcome table: what each column says."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import require_room
from muxnet.base.class_values import MISSING_WORDS, class_key, class_text
from muxnet.base.columns import Column, Columns
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text, name_text, told_as_config_error
from muxnet.outcomes.class_order import Known, Names, number_classes, strangers
from muxnet.outcomes.column_names import LABEL
from muxnet.outcomes.input_columns import Fields, features_of, groups_of
from muxnet.outcomes.model_columns import (
    OTHERS,
    Models,
    Part,
    classes_by_part,
    models_of,
    numbers,
    of_all,
    row_count,
    scores,
    side_by_side,
)
from muxnet.outcomes.model_costs import asked_models, costs_of
from muxnet.outcomes.probability_lists import spread
from muxnet.outcomes.seen_inputs import at_rows

SCORES = ("score", "confidence")  # the first score is the one that policies look at
LOG = logging.getLogger(__name__)


def table_of_columns(
    path: Path,
    columns: Columns,
    costs: Mapping[str, float],
    known: Known,
    part: str = "all",
) -> _core.OutcomeTable:
    """Return the table of a file's columns; those that are not of its kinds are passed over.

    Raises:
        ConfigError: a column that is missing, or holds what it cannot, by its name and row.

    """
    columns = spread(path, columns)
    models = models_of(path, columns)
    if not len(next(iter(columns.values()))):
        raise ConfigError(error_text(str(path), "a row per input", "none"))
    places, costs = asked_models(path, list(models), costs, known)
    models = {name: models[name] for name in [list(models)[place] for place in places]}
    fields = _answers(path, columns, models, known)
    fields |= _scores(path, models)
    fields |= costs_of(path, list(models), costs, _recorded_costs(path, models), known)
    refuse_unpriced(path, list(models), fields)
    fields |= groups_of(path, columns) | features_of(path, columns)
    return table_of_fields(path, list(models), fields, part)


def refuse_unpriced(path: Path, names: Sequence[str], fields: Fields) -> None:
    """Refuse an answer without its cost, where costs were recorded.

    Raises:
        ConfigError: there is one.

    """
    for kind, costs in fields.get("input_costs", {}).items():
        unknown = np.isnan(costs)
        if "predictions" in fields:
            unknown &= fields["predictions"] >= 0
        elif "quality" in fields:
            unknown &= ~np.isnan(fields["quality"])
        for row, model in np.argwhere(unknown)[:1]:
            where = f"{path}, {names[model]}, row {row + 1}"
            raise ConfigError(error_text(where, f"a {kind} of each answer", "none"))


def _answers(path: Path, columns: Columns, models: Models, known: Known) -> Fields:
    quality = of_all(path, models, "quality")
    if LABEL not in columns and not quality:
        expected = f"a column {LABEL}, or NAME:quality of each model {OTHERS}"
        raise ConfigError(error_text(str(path), expected, ", ".join(columns)))
    fields: Fields = {}
    if classes := classes_by_part(path, models):
        fields = _distributions(path, columns, models, classes)
    elif LABEL in columns and (predictions := of_all(path, models, "prediction")):
        given = {name: part.values for name, part in predictions.items()}
        fields = numbered_answers(path, columns[LABEL], given, known)
    if not fields and known.names:
        expected = f"{LABEL} and NAME:prediction of classes among {', '.join(known.names)}"
        raise ConfigError(error_text(str(path), expected, "NAME:quality alone"))
    # Of quality alone predictions may be anybody's texts, which are no classes.
    return fields | _quality(path, fields, quality) if quality else fields


def numbered_answers(
    path: Path,
    labels: Column,
    predictions: Mapping[str, Column],
    known: Known,
    own: Sequence[str] = (),
) -> Fields:
    """Return labels (n), predictions (n, N) by number, and the names of the classes.

    Where none are known they are the file's ``own``, if it gives them names.

    Raises:
        ConfigError: as ``number_classes``.

    """
    named = known if known.names else Known(known.count, tuple(own))
    found = number_classes(str(path), labels, predictions, named)
    if not known.names:
        for text in strangers(found):
            LOG.warning("%s: %s", path, text)
    return {
        "predictions": np.stack(found.predictions, axis=1),
        "labels": found.labels,
        "class_names": list(found.names),
        "classes": max(len(found.names), known.count, 1),
    }


def _quality(path: Path, fields: Fields, parts: Mapping[str, Part]) -> Fields:
    """Return what answers are worth; one that is not judged counts as one that is missing."""
    quality = side_by_side(path, parts, 0, 1)
    if "predictions" not in fields:
        return {"quality": quality}
    missing = np.isnan(quality) | (fields["predictions"] < 0)
    quality[missing] = np.nan
    return {"quality": quality, "predictions": np.where(missing, -1, fields["predictions"])}


def _distributions(
    path: Path, columns: Columns, models: Models, classes: Mapping[str, str]
) -> Fields:
    """Return probabilities of classes, by part, and the answers where some are missing."""
    probabilities, empty = _probabilities(path, models, list(classes))
    names = list(classes.values())
    fields: Fields = {"probabilities": probabilities, "class_names": names}
    if predictions := of_all(path, models, "prediction"):
        top = [numbered(path, *part, names) for part in predictions.values()]
        fields["predictions"] = np.where(empty, -1, np.stack(top, axis=1)).astype(np.int32)
    elif empty.any():
        fields["predictions"] = np.where(empty, -1, probabilities.argmax(axis=2)).astype(np.int32)
    if LABEL in columns:
        fields["labels"] = numbered(path, LABEL, columns[LABEL], names)
    return fields


def _probabilities(
    path: Path, models: Models, wanted: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return probabilities (n, N, K), and which answers (n, N) are missing, of which all are alike.

    ``wanted`` are the parts of the K classes.

    Raises:
        ConfigError: a column or a value that is missing beside others.

    """
    count = len(wanted)
    for name, parts in models.items():
        if absent := [part for part in wanted if part not in parts]:
            received = ", ".join(own.name for own in parts.values())
            expected = f"a column {name}:{absent[0]}"
            if absent[0] == "p0" and f"p{count}" in parts:
                expected += ", as classes are counted from 0"
            raise ConfigError(error_text(str(path), expected, received))
    rows = row_count(models)
    require_room(path, path.stat().st_size, 8 * rows * len(models) * count, f"{count:,} classes")
    found = np.empty((rows, len(models), count), np.float32)
    for i, parts in enumerate(models.values()):
        for k, part in enumerate(wanted):
            found[:, i, k] = numbers(path, parts[part])  # the table clips what is rounding
    nothing = np.isnan(found)
    empty: NDArray[np.bool_] = np.all(nothing, axis=2)
    for row, i, k in np.argwhere(nothing & ~empty[:, :, None])[:1]:
        where = f"{path}, {list(models)[i]}:{wanted[k]}, row {row + 1}"
        raise ConfigError(error_text(where, "a probability, as of the other classes", "none"))
    found[empty] = 1 / count
    return found, empty


def numbered(path: Path, name: str, values: Column, names: Sequence[str]) -> NDArray[np.int32]:
    """Return classes (of any shape) by number, -1 where none is.

    Raises:
        ConfigError: one that is none of ``names``.

    """
    places, array = Names(names), np.asarray(values)
    texts = [class_text(value) for value in array.ravel()]
    keys = {text: class_key(text) for text in set(texts)}
    by_text = {text: places.number(text) if key else -1 for text, key in keys.items()}
    found = np.array([by_text[text] for text in texts], np.int32)
    for row in np.flatnonzero(found < 0):
        text = texts[row]
        if keys[text] and keys[text] not in MISSING_WORDS:
            expected = f"a class of {names[0]} .. {names[-1]}"
            where = f"{path}, {name}, row {row + 1}"
            raise ConfigError(error_text(where, expected, text))
    return found.reshape(array.shape)


def _scores(path: Path, models: Models) -> Fields:
    """Return all scores as they are; ``confidence`` is called ``score`` where there is none."""
    parts = dict.fromkeys(part for own in models.values() for part in own)
    others = sorted(part for part in parts if part.startswith("score."))
    kinds = [*(part for part in SCORES if part in parts), *others]
    if not kinds:
        return {}
    found = np.full((row_count(models), len(models), len(kinds)), np.nan, np.float32)
    for i, own in enumerate(models.values()):
        for j, part in enumerate(kinds):
            if part in own:
                found[:, i, j] = scores(path, own[part])
    return {"answer_scores": found, "score_kinds": [k.removeprefix("score.") for k in kinds]}


def _recorded_costs(path: Path, models: Models) -> dict[str, NDArray[np.float32]]:
    """Return what calls cost, by kind: of ``cost`` that name, of ``cost.KIND`` that kind."""
    parts = [part for own in models.values() for part in own if part.split(".")[0] == "cost"]
    found = {}
    for part in dict.fromkeys(parts):
        found[part.removeprefix("cost.")] = side_by_side(path, of_all(path, models, part), 0)
    return found


def table_of_fields(
    path: Path, models: Sequence[str], fields: Fields, part: str
) -> _core.OutcomeTable:
    """Return a table of the inputs with a label, where there are labels, and say how many are not.

    Answers of each model that were not recorded are counted, in a message.

    Raises:
        ConfigError: no input has one; a field that does not fit, by its row.

    """
    kept = fields.get("labels", np.zeros(1, np.int32)) >= 0
    if not kept.any():
        raise ConfigError(error_text(f"{path}, {LABEL}", "a label of some input", "none"))
    where = str(path)
    if not kept.all():
        left_out = f"{np.count_nonzero(~kept):,} of {len(kept):,}"
        LOG.warning("%s: %s inputs left out: no label", path, left_out)
        fields, where = _rows_of(fields, kept), f"{path}, rows with a label"
    split = "" if part == "all" else part
    with told_as_config_error(where):
        source = f"{name_text(path.name)}/{part}"
        table = _core.OutcomeTable(models, **fields, split=split, source=source)
    if not kept.all():
        table = at_rows(table, np.flatnonzero(kept))
    _tell_missing(path, table)
    return table


def _rows_of(fields: Fields, kept: NDArray[np.bool_]) -> Fields:
    costs = {kind: values[kept] for kind, values in fields.get("input_costs", {}).items()}
    rows = {name: fields[name][kept] for name in fields if isinstance(fields[name], np.ndarray)}
    return {**fields, **rows, **({"input_costs": costs} if costs else {})}


def _tell_missing(path: Path, table: _core.OutcomeTable) -> None:
    """Say how many answers of each model were not recorded."""
    missing = np.count_nonzero(table.predictions < 0, axis=0)
    if missing.any():
        counts = zip(table.models, missing, strict=True)
        text = ", ".join(f"{name} {count:,}" for name, count in counts if count)
        whole = np.count_nonzero(np.all(table.predictions >= 0, axis=1))
        told = "%s: answers missing of %s inputs: %s; used are the %s that every model answered"
        LOG.warning(told, path, f"{len(table):,}", text, f"{whole:,}")
