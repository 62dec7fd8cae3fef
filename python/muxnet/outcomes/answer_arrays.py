"""Recorded answers in the arrays of an npz file, as an outcome table: what each array says."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import Array
from muxnet.base.class_values import class_key, class_text, in_order, minus_one_is_class
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.outcomes.answer_columns import (
    numbered,
    numbered_answers,
    table_of_fields,
)
from muxnet.outcomes.class_order import Known, Names
from muxnet.outcomes.input_columns import Fields, group_numbers
from muxnet.outcomes.model_columns import tell_merged_scores
from muxnet.outcomes.model_costs import ONE_A_MODEL, asked_models, costs_of_arrays

# Those with a row per input.
OF_INPUTS = (
    *("probabilities", "predictions", "quality", "answer_scores", "features", "cost"),
    *("labels", "groups"),
)
# Those with a row per model, and where it stands.
OF_MODELS = {
    **dict.fromkeys(("probabilities", "predictions", "quality", "answer_scores"), 1),
    **dict.fromkeys(("macs", "cost"), -1),
}
ANSWERS = ("probabilities", "predictions", "quality")
CLASSES = ("labels", "predictions")
LOG = logging.getLogger(__name__)


def tables_of_arrays(
    path: Path,
    arrays: Mapping[str, Array],
    parts: Sequence[str],
    costs: Mapping[str, float],
    known: Known,
) -> dict[str, _core.OutcomeTable]:
    """Return the tables of a file's parts, whose arrays begin with their names, but for ``all``.

    Classes have the same numbers in all of them.

    Raises:
        ConfigError: an array that is missing, or does not fit.

    """
    prefixes = {part: "" if part == "all" else f"{part}_" for part in parts}
    owns = {part: _own(arrays, prefix) for part, prefix in prefixes.items()}
    counts = [_answers(path, own, arrays, prefixes[part]).shape[1] for part, own in owns.items()]
    _require_alike(path, "models", parts, counts)
    models = _names(path, arrays, "models", "model_", counts[0])
    places, costs = asked_models(path, models, costs, known)
    if len(places) < len(models):
        owns = {part: _of_models(own, len(models), places) for part, own in owns.items()}
        arrays = _of_models(arrays, len(models), places)
        models = [models[place] for place in places]
    each = {
        name: _numbers(f"{path}, {name}", arrays[name]) for name in ONE_A_MODEL if name in arrays
    }
    classes = _classes_of(path, owns, models, arrays, known)
    tables = {}
    for part, own in owns.items():
        numbers = {
            name: _numbers(f"{path}, {prefixes[part]}{name}", array)
            for name, array in own.items()
            if name not in (*CLASSES, "groups")
        }
        fields = _fields(path, numbers, models, arrays) | classes[part]
        fields |= _groups(f"{path}, {prefixes[part]}groups", own.get("groups"))
        own_costs = {prefixes[part] + "cost": numbers["cost"]} if "cost" in numbers else {}
        shape = (len(_answers(path, own, arrays, prefixes[part])), len(models))
        fields |= costs_of_arrays(path, models, shape, {**each, **own_costs}, costs, known)
        tables[part] = table_of_fields(path, models, fields, part)
    return tables


def _own(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name: arrays[prefix + name] for name in OF_INPUTS if prefix + name in arrays}


def _require_alike(path: Path, what: str, parts: Sequence[str], counts: Sequence[int]) -> None:
    if len(set(counts)) > 1:
        received = ", ".join(f"{n} in {part}" for part, n in zip(parts, counts, strict=True))
        raise ConfigError(error_text(str(path), f"as many {what} in each part", received))


def _fields(
    path: Path, numbers: Mapping[str, Array], models: Sequence[str], arrays: Mapping[str, Array]
) -> Fields:
    """Return what needs no classes, nor costs."""
    fields: Fields = {
        name: np.ascontiguousarray(array, np.float32)
        for name, array in numbers.items()
        if name not in ("cost", "answer_scores")
    }
    if "answer_scores" in numbers:
        fields |= _scores(path, numbers["answer_scores"], models, arrays.get("score_kinds"))
    return fields


def _of_models(arrays: Mapping[str, Array], count: int, places: Sequence[int]) -> dict[str, Array]:
    """Return arrays without those of ``count`` models that are not at these places."""
    found = dict(arrays)
    for name, axis in OF_MODELS.items():
        # One that is not of so many is refused later, by its name.
        if name in found and found[name].shape[axis:][:1] == (count,):
            found[name] = found[name].take(places, axis)
    return found


def _numbers(where: str, array: Array) -> Array:
    """Return an array of numbers, which may be written as texts.

    Raises:
        ConfigError: other values.

    """
    if array.dtype.kind in "biuf":
        return array
    try:
        if array.dtype.kind in "SU":
            return array.astype(np.float64)
        received: object = array.dtype
    except ValueError as error:
        received = error
    raise ConfigError(error_text(where, "numbers", received))


def _groups(where: str, array: Array | None) -> Fields:
    """Return groups by number; whole numbers are theirs, others are counted as in columns.

    Raises:
        ConfigError: several of an input.

    """
    if array is None:
        return {}
    if array.ndim != 1:
        raise ConfigError(error_text(where, "a group of each input, of shape (n,)", array.shape))
    whole = np.can_cast(array.dtype, np.int64) and array.dtype.kind != "b"
    return {"groups": array.astype(np.int64) if whole else group_numbers(where, array)}


def _answers(
    path: Path, own: Mapping[str, Array], arrays: Mapping[str, Array], prefix: str
) -> Array:
    """Return what models answered, which has their number."""
    answers = next((own[name] for name in ANSWERS if name in own), None)
    if answers is None:
        expected = f"an array {prefix}probabilities, {prefix}predictions or {prefix}quality"
        raise ConfigError(error_text(str(path), expected, ", ".join(arrays)))
    if "labels" not in own and "quality" not in own:
        raise ConfigError(error_text(str(path), f"an array {prefix}labels", ", ".join(arrays)))
    if answers.ndim < 2 or ("probabilities" in own and answers.dtype.kind != "f"):
        received = f"{answers.dtype} {answers.shape}"
        expected = "numbers of shape (n, N, K), or (n, N) of answers alone"
        raise ConfigError(error_text(f"{path}, {prefix}answers", expected, received))
    if "labels" in own and own["labels"].shape != answers.shape[:1]:
        expected = f"a class of each input, of shape {answers.shape[:1]}"
        raise ConfigError(error_text(f"{path}, {prefix}labels", expected, own["labels"].shape))
    return answers


def _classes_of(
    path: Path,
    owns: Mapping[str, Mapping[str, Array]],
    models: Sequence[str],
    arrays: Mapping[str, Array],
    known: Known,
) -> dict[str, Fields]:
    """Return labels and predictions by part, which are any values without probabilities."""
    names = [class_text(name) for name in arrays.get("class_names", np.array([])).ravel()]
    given = {
        part: {name: own[name] for name in CLASSES if name in own} for part, own in owns.items()
    }
    keys = _keys(own["labels"] for own in given.values() if "labels" in own)
    minus = _minus_is_class(keys, names, known)
    if not minus:
        _tell_minus(path, given)
    given = _values(path, given, names, minus)
    whole = {part: own["probabilities"] for part, own in owns.items() if "probabilities" in own}
    if not whole:
        return _answers_alone(path, given, models, names, known)
    counts = [values.shape[-1] for values in whole.values()]
    _require_alike(path, "classes", list(whole), counts)
    two = minus and not names and counts[0] == len(keys)  # as scikit-learn's models order them
    names = in_order(keys) if two else _names(path, arrays, "class_names", "", counts[0])
    found: dict[str, Fields] = {}
    for part, own in given.items():
        fields = {name: _numbered(path, part, name, own[name], names) for name in own}
        found[part] = {**fields, "class_names": names}
    return found


def _answers_alone(
    path: Path,
    given: Mapping[str, Mapping[str, Array]],
    models: Sequence[str],
    names: Sequence[str],
    known: Known,
) -> dict[str, Fields]:
    """Return labels and predictions by part, in one numbering of all parts."""
    found: dict[str, Fields] = {part: {} for part in given}  # of quality alone they may be anything
    answered = [part for part, own in given.items() if len(own) == len(CLASSES)]
    # By classes that are known each part is numbered by itself, so that errors tell its rows.
    for parts in [[part] for part in answered] if known.names else [answered]:
        if not parts:
            continue
        labels, predictions = (
            np.concatenate([given[part][name] for part in parts]) for name in CLASSES
        )
        columns = dict(zip(models, predictions.T, strict=True))
        fields = numbered_answers(path, labels, columns, known, names)
        ends = np.cumsum([len(given[part]["labels"]) for part in parts])[:-1]
        rows = {name: np.split(fields[name], ends) for name in CLASSES}
        for i, part in enumerate(parts):
            found[part] = {**fields, **{name: rows[name][i] for name in CLASSES}}
    return found


def _keys(given: Iterable[Array]) -> set[str]:
    """Return what stands for the classes in arrays."""
    return {class_key(value) for values in given for value in np.unique(values)} - {""}


def _minus_is_class(keys: set[str], names: Sequence[str], known: Known) -> bool:
    """Tell whether -1 is a class: a name, where there are names (else ``minus_one_is_class``)."""
    if names:
        return "-1" in map(class_key, names)
    return minus_one_is_class(keys, known.names)


def _is_number(values: Array) -> bool:
    return values.dtype.kind in "biuf"


def _tell_minus(path: Path, given: Mapping[str, Mapping[str, Array]]) -> None:
    """Say how often -1 is taken for none in arrays of numbers."""
    numbers = [values for own in given.values() for values in own.values() if _is_number(values)]
    if count := sum(np.count_nonzero(values == -1) for values in numbers):
        LOG.warning("%s: -1 among labels and predictions is none, %s times", path, f"{count:,}")


def _values(
    path: Path, given: Mapping[str, Mapping[str, Array]], names: Sequence[str], minus: bool
) -> dict[str, dict[str, Array]]:
    """Return classes by name where there are names, as they are else; None for none."""
    numbers = [values for own in given.values() for values in own.values() if _is_number(values)]
    named = not names or _are_names(path, _keys(numbers) - (set() if minus else {"-1"}), names)
    found: dict[str, dict[str, Array]] = {}
    for part, own in given.items():
        found[part] = {}
        for name, values in own.items():
            recorded = values if minus or not _is_number(values) else _recorded(values)
            if names:
                among = names if named or not _is_number(values) else _places(names)
                numbered = _numbered(path, part, name, recorded, among)
                recorded = np.array([*names, None], dtype=object)[numbered]
            found[part][name] = recorded
    return found


def _are_names(path: Path, keys: set[str], names: Sequence[str]) -> bool:
    """Tell whether numbers are names of classes, else they are places among these.

    Raises:
        ConfigError: they may be both, and then are other classes.

    """
    named = keys <= {class_key(name) for name in names}
    if named and keys <= set(_places(names)):
        numbers = Names(names)
        if other := [key for key in in_order(keys) if numbers.number(key) != int(key)]:
            expected = "numbers that are either names or places of classes (as texts, "
            expected += "labels.astype(str), they are names; so is class_names[labels].astype(str))"
            received = f"{other[0]}, a name and the place of {names[int(other[0])]}"
            raise ConfigError(error_text(f"{path}, class_names", expected, received))
    return named


def _places(names: Sequence[str]) -> list[str]:
    return [str(k) for k in range(len(names))]


def _numbered(
    path: Path, part: str, name: str, values: Array, names: Sequence[str]
) -> NDArray[np.int32]:
    return numbered(path, name if part == "all" else f"{part}_{name}", values, names)


def _recorded(values: Array) -> Array:
    """Return classes with None in place of -1, which an array of numbers has for none.

    So it is unless -1 is a class (``minus_one_is_class``), or names say what the numbers stand for.
    """
    if not (values == -1).any():
        return values
    return np.where(values == -1, np.array(None, dtype=object), values)


def _scores(path: Path, given: Array, models: Sequence[str], kinds: Array | None) -> Fields:
    scores = given[:, :, None] if given.ndim == 2 else given
    further = [f"score_{i}" for i in range(1, scores.shape[-1])]
    names = [class_text(kind) for kind in (["score", *further] if kinds is None else kinds)]
    shape = (len(given), len(models), len(names))
    if scores.shape != shape:
        raise ConfigError(error_text(f"{path}, answer_scores", shape, given.shape))
    for i, j in np.ndindex(shape[1:]):
        exact = np.asarray(scores[:, i, j], np.float64)
        tell_merged_scores(f"{path}, {models[i]}:{names[j]}", exact)
    return {"answer_scores": np.ascontiguousarray(scores, np.float32), "score_kinds": names}


def _names(
    path: Path, arrays: Mapping[str, Array], array: str, otherwise: str, count: int
) -> list[str]:
    """Return what an array calls ``count`` things, which are numbered where there is none."""
    names = arrays.get(array, np.array([f"{otherwise}{i}" for i in range(count)]))
    if names.shape != (count,):
        raise ConfigError(error_text(f"{path}, {array}", f"{count} names", names.shape))
    return [class_text(name) for name in names]
