"""Recorded answers in the arrays of an npz file, as an outcome table: what each array says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from muxnet.base.class_values import class_key, in_order, minus_one_is_class
from muxnet.base.columns import Array
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.outcomes.answer_columns import (
    costs_of,
    numbered,
    numbered_answers,
    table_of_fields,
)
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.input_columns import Fields
from muxnet.outcomes.model_columns import tell_merged_scores

# Those with a row per input.
OF_INPUTS = {
    **{"probabilities": np.float32, "predictions": np.int32, "quality": np.float32},
    **{"answer_scores": np.float32, "features": np.float32, "cost": np.float32},
    **{"labels": np.int32, "groups": np.int64},
}
LABELS = ("labels", "held_out_labels", "test_labels")  # those of all parts
ANSWERS = ("probabilities", "predictions", "quality")


def table_of_arrays(
    path: Path,
    part: str,
    arrays: Mapping[str, Array],
    prefix: str,
    costs: Mapping[str, float],
    known: Known,
) -> _core.OutcomeTable:
    """Return the table of a part's arrays, whose names begin with ``prefix``.

    Raises:
        ConfigError: an array that is missing, or does not fit.

    """
    own = {name: arrays[prefix + name] for name in OF_INPUTS if prefix + name in arrays}
    answers = _answers(path, own, arrays, prefix)
    models = _names(path, arrays, "models", "model_", answers.shape[1])
    fields: Fields = {
        name: np.ascontiguousarray(own[name], dtype)
        for name, dtype in OF_INPUTS.items()
        if name in own and name not in ("labels", "predictions", "cost", "answer_scores")
    }
    fields |= _classes_of(path, own, models, arrays, known)
    if "answer_scores" in own:
        fields |= _scores(path, own["answer_scores"], models, arrays.get("score_kinds"))
    fields |= _costs(path, models, arrays.get("macs"), own.get("cost"), costs, known)
    return table_of_fields(path, models, fields, part)


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
    own: Mapping[str, Array],
    models: Sequence[str],
    arrays: Mapping[str, Array],
    known: Known,
) -> Fields:
    """Return labels and predictions, which are any values where there are no probabilities."""
    given = {name: own[name] for name in ("labels", "predictions") if name in own}
    labels = [arrays[name] for name in LABELS if name in arrays]
    keys = {class_key(value) for part in labels for value in np.unique(part)} - {""}
    minus = "class_names" not in arrays and minus_one_is_class(keys, known.names)
    if not minus:
        given = {name: _recorded(values) for name, values in given.items()}
    if "class_names" in arrays:
        names = [str(name) for name in arrays["class_names"].ravel()]
        given = {name: _named(path, name, values, names) for name, values in given.items()}
    if "probabilities" in own:
        count = own["probabilities"].shape[-1]
        two = minus and count == len(keys)  # as scikit-learn's models order them
        names = in_order(keys) if two else _names(path, arrays, "class_names", "", count)
        fields = {name: numbered(path, name, values, names) for name, values in given.items()}
        return {**fields, "class_names": names}
    if len(given) < 2:  # quality alone: predictions may be anything
        return {}
    columns = dict(zip(models, given["predictions"].T, strict=True))
    return numbered_answers(path, given["labels"], columns, known)


def _recorded(values: Array) -> Array:
    """Return classes with None in place of -1, which an array of numbers has for none.

    So it is unless -1 is a class (``minus_one_is_class``), or names say what the numbers stand for.
    """
    if values.dtype.kind != "i" or not (values == -1).any():
        return values
    return np.where(values == -1, np.array(None, dtype=object), values)


def _named(path: Path, array: str, values: Array, names: Sequence[str]) -> Array:
    """Return classes by name of an array of names, or of places among them."""
    if values.dtype.kind not in "iufO":
        return values
    places = numbered(path, array, values, [str(k) for k in range(len(names))])
    return np.array([*names, None], dtype=object)[places]


def _scores(path: Path, given: Array, models: Sequence[str], kinds: Array | None) -> Fields:
    scores = given[:, :, None] if given.ndim == 2 else given
    further = [f"score_{i}" for i in range(1, scores.shape[-1])]
    names = [str(kind) for kind in (["score", *further] if kinds is None else kinds)]
    shape = (len(given), len(models), len(names))
    if scores.shape != shape:
        raise ConfigError(error_text(f"{path}, answer_scores", shape, given.shape))
    for i, j in np.ndindex(shape[1:]):
        exact = np.asarray(scores[:, i, j], np.float64)
        tell_merged_scores(f"{path}, {models[i]}:{names[j]}", exact)
    return {"answer_scores": np.ascontiguousarray(scores, np.float32), "score_kinds": names}


def _costs(
    path: Path,
    models: Sequence[str],
    macs: Array | None,
    cost: Array | None,
    costs: Mapping[str, float],
    known: Known,
) -> Fields:
    if macs is not None and not costs:
        return {"costs": {"macs": [float(value) for value in np.ravel(macs)]}}
    recorded = {} if cost is None else {"cost": np.ascontiguousarray(cost, np.float32)}
    return costs_of(path, models, costs, recorded, known)


def _names(
    path: Path, arrays: Mapping[str, Array], array: str, otherwise: str, count: int
) -> list[str]:
    """Return what an array calls ``count`` things, which are numbered where there is none."""
    names = arrays.get(array, np.array([f"{otherwise}{i}" for i in range(count)]))
    if names.shape != (count,):
        raise ConfigError(error_text(f"{path}, {array}", f"{count} names", names.shape))
    return [str(name) for name in names]
