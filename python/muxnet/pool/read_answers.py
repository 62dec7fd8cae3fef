"""What a function gave for a batch, as rows of numbers: arrays, columns by name, one of several."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import error_text, shortened
from muxnet.outcomes.class_order import Names
from muxnet.pool.calls import as_answers

LOG = logging.getLogger(__name__)

LOGITS = "logits"  # what models call their output who give several, as those of transformers
ABOVE_ZERO = 1e-2  # of a logarithm of a probability, by rounding to 16 bits
SUM = 1e-3  # how far probabilities' is from 1, by the same
SURE_ROWS = 4  # of numbers that are probabilities by no accident
SHOWN = 100  # characters of what was received


def read_answers(
    given: object, count: int, classes: Sequence[str], output: str, where: str
) -> NDArray[np.float32]:
    """Return answers (n, K) as f32, whatever they came in.

    Arrays, tensors and lists are read as they are; a data frame, and an object of numbers by class
    for each input, by the names of ``classes``, those of the model or of the data. Of several
    outputs (a tuple, a mapping, an object with ``logits``) it is ``logits`` where ``output`` says
    so, else the only one that can be (n, K).

    Raises:
        ValueError: none of these.

    """
    chosen = _chosen(given, count, classes, output, where)
    names = _column_names(chosen)
    rows = _rows_by_name(chosen)
    try:
        if names is not None:
            numbers = as_answers(chosen.to_numpy(), where)  # type: ignore[attr-defined]
            return _ordered(numbers, names, classes, where)
        if rows:
            names = list(rows[0])
            values = [[row[name] for name in names] for row in rows]
            return _ordered(as_answers(values, where), names, classes, where)
        return as_answers(chosen, where)
    except (TypeError, ValueError, KeyError) as error:
        if isinstance(error, ValueError) and str(error).startswith("["):
            raise
        hint = ' (texts are "output": "labels")' if _has_texts(chosen) else ""
        expected = f"answers ({count}, K), a number of each class{hint}"
        raise ValueError(error_text(where, expected, _told(chosen))) from error


def require_kind(answers: NDArray[np.float32], output: str, where: str, said: set[str]) -> None:
    """Refuse numbers that are certainly no ``output``; say once what they rather are.

    Raises:
        ValueError: logarithms of probabilities above 0.

    """
    if output == "log_probabilities" and answers.size and (most := answers.max()) > ABOVE_ZERO:
        expected = 'log_probabilities, which are at most 0 ("output" says what they are)'
        raise ValueError(error_text(where, expected, f"{most:g}"))
    if output != LOGITS or where in said or answers.ndim != 2 or len(answers) < SURE_ROWS:
        return
    within = bool(((answers >= 0) & (answers <= 1)).all())
    if within and answers.shape[1] > 1 and (np.abs(answers.sum(axis=1) - 1) < SUM).all():
        said.add(where)
        text = 'its "logits" are of [0, 1] and sum to 1, as probabilities do ("output" says which)'
        LOG.warning("%s: %s", where, text)


def _chosen(given: object, count: int, classes: Sequence[str], output: str, where: str) -> object:
    """Return the one of several outputs that answers; what is one is itself."""
    if _column_names(given) is not None:
        return given
    held: object = getattr(given, LOGITS, None)
    if isinstance(given, Mapping):
        held = given.get(LOGITS)
    if held is not None:
        if output != LOGITS:
            expected = f'{output}, or "output": "logits" of what calls its answers so'
            raise ValueError(error_text(where, expected, LOGITS))
        return held
    if isinstance(given, list) and given and _of_one_input(given[0]):  # each by itself
        return [_chosen(one, 1, classes, output, where) for one in given]
    outputs = _outputs(given)
    if not outputs:
        return given
    fits = [value for value in outputs if len(_shape(value)) == 2 and _shape(value)[0] == count]
    if len(fits) > 1 and classes:
        fits = [value for value in fits if _shape(value)[1] == len(classes)]
    if len(fits) != 1:
        of = f", {len(classes)} classes," if classes else ""
        expected = f'one output ({count}, K){of} among those of a model, or one called "logits"'
        raise ValueError(error_text(where, expected, _told(given)))
    return fits[0]


def _of_one_input(given: object) -> bool:
    return (isinstance(given, Mapping) and LOGITS in given) or hasattr(given, LOGITS)


def _outputs(given: object) -> list[object]:
    """Return the outputs of a model that gives several; a tuple of rows or numbers is none."""
    if isinstance(given, Mapping):
        return list(given.values())
    if isinstance(given, tuple) and any(len(_shape(value)) > 1 for value in given):
        return list(given)
    return []


def _shape(value: object) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _column_names(given: object) -> list[object] | None:
    """Return the names of a data frame's columns; None: it is none, or they are but numbers."""
    columns = getattr(given, "columns", None)
    if columns is None or not callable(getattr(given, "to_numpy", None)):
        return None
    return list(columns)


def _rows_by_name(given: object) -> list[Mapping[object, object]]:
    """Return an object of numbers by class for each input; none: they are others."""
    if not isinstance(given, (list, tuple)) or not given:
        return []
    rows = [row for row in given if isinstance(row, Mapping)]
    whole = len(rows) == len(given) and all(row.keys() == rows[0].keys() for row in rows)
    return rows if whole else []


def _ordered(
    numbers: NDArray[np.float32], names: Sequence[object], classes: Sequence[str], where: str
) -> NDArray[np.float32]:
    """Return columns by name in the order of the classes."""
    if [*names] == [*range(len(names))]:  # as a data frame calls columns without names
        return numbers
    # Classes that are but numbers, of which a model may know more, and columns that are called so.
    numbered = [*classes] == [str(k) for k in range(len(classes))]
    wanted = [str(k) for k in range(max(len(classes), len(names)))] if numbered else classes
    known = Names(wanted)
    places = [known.number(name) for name in names]
    if sorted(places) != [*range(len(wanted))]:
        listed = ", ".join(classes[:10]) or "`classes` in its entry says, in their order"
        expected = f"columns of the classes, each once: {listed}"
        raise ValueError(error_text(where, expected, ", ".join(map(str, names))))
    return np.ascontiguousarray(numbers[:, np.argsort(places)])


def _has_texts(given: object) -> bool:
    kind = getattr(getattr(given, "dtype", None), "kind", "")
    listed = isinstance(given, (list, tuple)) and bool(given)
    return kind in ("U", "S") or (listed and isinstance(given[0], (str, bytes)))  # type: ignore[index]


def _told(given: object) -> str:
    """Return what was received, in words."""
    if isinstance(given, Mapping):
        return ", ".join(f"{key} {_told(value)}" for key, value in given.items())
    if isinstance(given, tuple) and _outputs(given):
        return ", ".join(map(_told, given))
    if shape := _shape(given):
        return f"{type(given).__name__} of shape {shape}"
    return f"{type(given).__name__}: {shortened(repr(given), SHOWN)}"
