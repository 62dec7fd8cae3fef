"""Functions that answer with a class of each input, sure or with a score, as probabilities."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.class_values import class_key, class_text, is_number
from muxnet.base.errors import error_text
from muxnet.base.masked import require_unmasked
from muxnet.outcomes.class_order import Names

LABELS = "labels"  # what such functions' ``output`` is called
SCORED = ("label", "score")  # keys of an answer, as Hugging Face's pipelines give it
LEAST_LEAD = 1.001  # over even shares, of the class that is said
EXPECTED = "a class of each input, (class, score) or {'label': class, 'score': score}"


def rows_of_labels(
    given: object, count: int, classes: Sequence[str], where: str
) -> NDArray[np.float32]:
    """Return labels as probabilities (n, K): the score for the class, the rest shared evenly.

    A class is named, compared as in tables; a whole number is the place of one where none of the
    names is a number. Without a score it is sure; with one below 1 / K it is still the likeliest,
    as it is what the function says. Several classes with scores for an input share what they say.

    Raises:
        ValueError: another class, a score outside [0, 1], another number of labels, no classes.

    """
    if len(classes) < 2:
        expected = "the names of its classes (`classes`), by which a label becomes a row"
        raise ValueError(error_text(where, expected, "labels alone"))
    answers = _listed(given, where)
    if len(answers) != count:
        raise ValueError(error_text(where, f"{count} labels", len(answers)))
    names, rows = _Places(classes, where), np.empty((count, len(classes)), np.float32)
    for row, answer in zip(rows, answers, strict=True):
        row[:] = _shared(names, _parts(answer, where))
    return rows


class _Places:
    """Where classes stand, by what a function calls them."""

    def __init__(self, classes: Sequence[str], where: str) -> None:
        self.classes, self.where = classes, where
        self._names = Names(classes)
        self._numbered = any(is_number(class_key(name)) for name in classes)

    def __getitem__(self, label: object) -> int:
        place = self._names.number(label)
        if place < 0 and not self._numbered and (key := class_key(label)).isdecimal():
            place = int(key) if int(key) < len(self.classes) else -1
        if place < 0:
            expected = f"classes among {', '.join(self.classes[:10])}"
            raise ValueError(error_text(self.where, expected, repr(class_text(label))[:100]))
        return place


def _shared(names: _Places, parts: Sequence[tuple[object, float]]) -> NDArray[np.float64]:
    """Return a row of what an answer's classes have, and the others of the rest."""
    count = len(names.classes)
    places = [names[label] for label, _ in parts]
    scores = np.array([score for _, score in parts], np.float64)
    if len(parts) == 1:
        scores = np.maximum(scores, LEAST_LEAD / count)
    rest = max(0.0, 1 - scores.sum())
    others = count - len(set(places))
    row = np.full(count, rest / others if others else 0.0)
    row[places] = scores
    if row.sum() <= 0 or len(set(places)) < len(places):
        expected = "scores of different classes, not all of them 0"
        raise ValueError(error_text(names.where, expected, f"{len(places)} others"))
    shared: NDArray[np.float64] = row / row.sum()
    return shared


def _listed(given: object, where: str) -> Sequence[object]:
    """Return labels (n) or (n, 1) one by one, of what NumPy reads as an array too."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(given, torch.Tensor):
        given = given.detach().cpu().numpy()
    require_unmasked(where, given)
    if hasattr(given, "__array__"):  # as columns of data frames have
        given = np.asarray(given)
        shape = given.shape
        if given.ndim == 2 and shape[1] == 1:
            given = given[:, 0]
        if given.ndim != 1:
            raise ValueError(error_text(where, EXPECTED, f"an array of shape {shape}"))
        return list(given)
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        raise ValueError(error_text(where, f"a list: {EXPECTED}", type(given).__name__))
    return given


def _parts(answer: object, where: str) -> list[tuple[object, float]]:
    """Return the classes and scores of one answer, most often one."""
    listed = answer if isinstance(answer, (list, tuple)) else ()
    if len(listed) == 1 or (listed and isinstance(listed[0], Mapping)):
        return [part for one in listed for part in _parts(one, where)]
    label, score = answer, 1.0
    if isinstance(answer, Mapping):
        if any(key not in answer for key in SCORED):
            raise ValueError(error_text(where, EXPECTED, f"the keys {', '.join(map(str, answer))}"))
        label, score = (answer[key] for key in SCORED)
    elif isinstance(answer, (tuple, list)):
        if len(answer) != 2:
            raise ValueError(error_text(where, EXPECTED, f"{len(answer)} values for an input"))
        label, score = answer
    try:
        score = float(score)
    except (TypeError, ValueError):
        raise ValueError(error_text(where, "a score in [0, 1]", repr(score)[:100])) from None
    if not 0 <= score <= 1:
        raise ValueError(error_text(where, "a score in [0, 1]", score))
    return [(label, score)]
