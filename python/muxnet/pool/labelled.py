"""Labelled inputs made of what people have in memory: pairs, arrays, texts, paths."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Protocol, cast, overload

import numpy as np
from numpy.typing import NDArray

from muxnet.base.class_values import (
    class_key,
    class_text,
    in_order,
    is_number,
    merged_text,
    minus_one_is_class,
)
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.masked import require_unmasked
from muxnet.outcomes.class_order import Names
from muxnet.pool.inputs import ArrayInputs, FileInputs, Inputs, Labels, ValueInputs
from muxnet.pool.pixels import Greatest, Numbers, alike, array_of, greatest_of, stacked, values_of
from muxnet.training.multiplexers import raw_inputs

LOG = logging.getLogger(__name__)
PAIRS = "a data set, or a sequence of (input, label), such as list(zip(X, y))"
MOST_CLASSES = 1_000_000


class Pairs(Protocol):
    """Inputs with their labels, by number: a list, a dataset of PyTorch."""

    def __len__(self) -> int:
        """Return how many."""

    def __getitem__(self, i: int, /) -> tuple[object, object]:
        """Return an input and its label."""


class _Firsts(Sequence[object]):
    """The inputs of pairs, made when they are asked for; the rest as in ``ValueInputs``."""

    def __init__(self, pairs: Pairs, *, arrays: bool, greatest: Greatest) -> None:
        self._pairs = pairs
        self.arrays = arrays
        self.greatest = greatest

    def __len__(self) -> int:
        return len(self._pairs)

    @overload
    def __getitem__(self, at: int, /) -> object: ...
    @overload
    def __getitem__(self, at: slice, /) -> Sequence[object]: ...
    def __getitem__(self, at: int | slice, /) -> object:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        return self._pairs[int(at)][0]


def inputs_of(data: Inputs | _core.Dataset | Pairs, known: Sequence[str] = ()) -> Inputs:
    """Return a data set, or any sequence of (input, label), as inputs.

    An input is a path (``os.PathLike``), an array or tensor, a text, or anything that the models
    take; images of Pillow and arrays of one image are prepared as models want them, arrays of one
    shape stacked. A label is a class's number or name, or None; ``known`` classes as in
    ``labels_of``. What is no list is read for its labels once, and its inputs are not kept.

    Raises:
        ConfigError: something else than pairs by number, labels that do not fit, or no inputs.

    """
    if isinstance(data, _core.Dataset):
        places = np.asarray(data.source_index, dtype=np.int64)
        values = cast("Numbers", raw_inputs(data))
        if values.ndim == 4:
            _core.check_pixels(values, f"{data.name}, images")
        return ArrayInputs(data.name, np.asarray(data.labels), data.class_names, places, values)
    if hasattr(data, "identity"):
        return cast("Inputs", data)
    if not hasattr(data, "__getitem__") or not hasattr(data, "__len__"):
        expected = f"{PAIRS} (list(...) of a generator, the dataset of a DataLoader)"
        raise ConfigError(error_text("data", expected, type(data).__name__))
    pairs: Pairs = data
    if isinstance(data, (list, tuple)):
        both = [_pair(pairs, i) for i in range(len(data))]
        shown, given = [value for value, _ in both], [label for _, label in both]
        return labelled("values", shown, given, known=known)
    firsts, labels = _looked_through(pairs)
    return labelled(type(data).__name__, firsts, labels, known=known)


def _looked_through(pairs: Pairs) -> tuple[_Firsts, list[object]]:
    """Return inputs that are not kept, and their labels."""
    labels: list[object] = []
    first, arrays, greatest = None, len(pairs) > 0, Greatest()
    for i in range(len(pairs)):
        value, label = _pair(pairs, i)
        labels.append(label)
        greatest = greatest.beside(value)
        if arrays:
            array = array_of(value)
            first = array if first is None else first
            arrays = array is not None and first is not None and alike([first, array])
    return _Firsts(pairs, arrays=arrays, greatest=greatest), labels


def _pair(pairs: Pairs, i: int) -> tuple[object, object]:
    """Return an input and its label."""
    try:
        pair: object = pairs[i]
    except KeyError as error:  # of a mapping, or a table by column
        raise ConfigError(error_text("data", PAIRS, type(pairs).__name__)) from error
    if isinstance(pair, (tuple, list)) and len(pair) == 2:
        return pair[0], pair[1]
    received = type(pair).__name__
    if isinstance(pair, Mapping):
        received = f"{received} of {', '.join(map(str, pair))}"
    elif isinstance(pair, (tuple, list)):
        received = f"{received} of {len(pair)}"
    raise ConfigError(error_text("data", PAIRS, f"{received} as item {i}"))


def labelled(
    name: str,
    values: Sequence[object] | NDArray[np.generic],
    labels: Sequence[object] | NDArray[np.generic] | None = None,
    *,
    class_names: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Inputs:
    """Return inputs of paths, arrays, texts or other values; ``labels`` as in ``labels_of``.

    Raises:
        ConfigError: of several kinds, none, or labels that do not fit.

    """
    numbers, classes = labels_of(name, len(values), labels, class_names, known=known)
    places = np.arange(len(values), dtype=np.int64)
    if isinstance(values, np.ndarray):
        pixels = values_of(name, values, greatest_of([values]))
        return ArrayInputs(name, numbers, classes, places, pixels)
    if not values:
        raise ConfigError(error_text(name, "at least one input", "none"))
    if isinstance(values, _Firsts):
        arrays, greatest = values.arrays, values.greatest
        return ValueInputs(name, numbers, classes, places, values, arrays=arrays, greatest=greatest)
    if all(isinstance(value, os.PathLike) for value in values):
        return FileInputs(name, numbers, classes, places, [str(value) for value in values])
    greatest = greatest_of(values)
    if (array := stacked(values)) is not None:
        return ArrayInputs(name, numbers, classes, places, values_of(name, array, greatest))
    return ValueInputs(name, numbers, classes, places, values, greatest=greatest)


def labels_of(
    name: str,
    count: int,
    labels: Sequence[object] | NDArray[np.generic] | None,
    class_names: Sequence[str] = (),
    known: Sequence[str] = (),
) -> tuple[Labels, Sequence[str]]:
    """Return labels as numbers, -1 where there is none (None, "", NaN, -1), and the classes.

    Numbers are classes' numbers; names are numbered in their order, or as in ``class_names``, and
    compared as ``class_key`` says. -1 is a class beside 1 alone, and where ``known`` classes, such
    as a model's, have it: then all labels are names.

    Raises:
        ConfigError: another count than the inputs', names and numbers, an unknown class.

    """
    if labels is None:
        return np.full(count, -1, np.int32), class_names
    require_unmasked(f"{name}, labels", labels)
    values = np.asarray(labels, dtype=object)
    if len(labels) != count or values.size != count:  # a column (n, 1) is one an input
        expected = f"({count},), one an input"
        raise ConfigError(error_text(f"{name}, labels", expected, values.shape))
    given = [_label(label) for label in values.ravel()]
    texts = dict.fromkeys(label for label in given if isinstance(label, str))
    numbered = {text: class_key(text) for text in texts if is_number(text)}  # a file's are texts
    whole = len(numbered) == len(texts) and "." not in "".join(numbered.values())
    keys = {numbered.get(str(label), str(label)) for label in given if label is not None}
    if not class_names and minus_one_is_class(keys, known):
        numbers, classes = _by_name(name, given, in_order(keys))
    elif not texts or (whole and not class_names):
        numbers = [-1 if x is None else int(numbered.get(str(x), x)) for x in given]
        if told := merged_text((text, int(key)) for text, key in numbered.items()):
            LOG.warning("%s, labels: %s", name, told)
        most = max(numbers, default=-1)
        if most >= MOST_CLASSES:  # each costs a text: a stray number is an error
            raise ConfigError(error_text(f"{name}, labels", f"below {MOST_CLASSES:,}", most))
        classes = class_names or [str(k) for k in range(most + 1)]
    else:
        met = {str(label) for label in given if label is not None}
        numbers, classes = _by_name(name, given, class_names or in_order(met))
    if min(numbers, default=0) < -1 or max(numbers, default=-1) >= max(len(classes), 1):
        expected = f"classes of 0 to {len(classes) - 1}, or -1 where it is not known"
        received = (min(numbers), max(numbers))
        raise ConfigError(error_text(f"{name}, labels", expected, received))
    return np.array(numbers, np.int32), classes


def _by_name(
    name: str, given: Sequence[int | str | None], classes: Sequence[str]
) -> tuple[list[int], Sequence[str]]:
    """Return labels by their places among the names of classes, and these."""
    places = Names(classes)
    numbers = [-1 if x is None else places.number(x) for x in given]
    for x, number in zip(given, numbers, strict=True):
        if x is not None and number < 0:
            expected = f"one of {len(classes):,} classes"
            raise ConfigError(error_text(f"{name}, labels", expected, x))
    return numbers, classes


def _label(label: object) -> int | str | None:
    """Return a label as a number or a name; None: it is not known."""
    key = class_key(label)
    if not key or isinstance(label, (str, bytes)):
        return class_text(label) if key else None
    return int(key) if key.lstrip("-").isdigit() else key
