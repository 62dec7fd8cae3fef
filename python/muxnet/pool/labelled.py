"""Labelled inputs made of what people have in memory: pairs, arrays, texts, paths."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.pool.inputs import ArrayInputs, FileInputs, Inputs, Labels, Numbers, ValueInputs

MOST_CLASSES = 1_000_000


def inputs_of(data: Inputs | _core.Dataset | Sequence[tuple[object, object]]) -> Inputs:
    """Return a data set, or any sequence of (input, label), as inputs.

    An input is a path (``os.PathLike``), an array of one shape for all, a text, or anything that
    the models take. A label is a class's number or name, or None.

    Raises:
        ConfigError: pairs of several kinds, or none.

    """
    if isinstance(data, _core.Dataset):
        places = np.asarray(data.source_index, dtype=np.int64)
        images = np.asarray(data.images)
        return ArrayInputs(data.name, np.asarray(data.labels), data.class_names, places, images)
    if not isinstance(data, Sequence):
        return data
    pairs = [data[i] for i in range(len(data))]
    return labelled("values", [value for value, _ in pairs], [label for _, label in pairs])


def labelled(
    name: str,
    values: Sequence[object] | NDArray[np.generic],
    labels: Sequence[object] | NDArray[np.generic] | None = None,
    *,
    class_names: Sequence[str] = (),
) -> Inputs:
    """Return inputs of paths, arrays, texts or other values; ``labels`` as in ``labels_of``.

    Raises:
        ConfigError: of several kinds, none, or labels that do not fit.

    """
    numbers, classes = labels_of(name, len(values), labels, class_names)
    places = np.arange(len(values), dtype=np.int64)
    if isinstance(values, np.ndarray):
        return ArrayInputs(name, numbers, classes, places, values_of(name, values))
    if not values:
        raise ConfigError(error_text(name, "at least one input", "none"))
    if all(isinstance(value, os.PathLike) for value in values):
        return FileInputs(name, numbers, classes, places, [str(value) for value in values])
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    if len(arrays) == len(values) and len({(a.shape, a.dtype) for a in arrays}) == 1:
        return ArrayInputs(name, numbers, classes, places, values_of(name, np.stack(arrays)))
    return ValueInputs(name, numbers, classes, places, values)


def labels_of(
    name: str,
    count: int,
    labels: Sequence[object] | NDArray[np.generic] | None,
    class_names: Sequence[str] = (),
) -> tuple[Labels, Sequence[str]]:
    """Return labels as numbers, -1 where there is none (None, "", NaN, -1), and the classes.

    Numbers are classes' numbers; names are numbered in sorted order, or as in ``class_names``.

    Raises:
        ConfigError: another count than the inputs', names and numbers, an unknown class.

    """
    if labels is None:
        return np.full(count, -1, np.int32), class_names
    if len(labels) != count:
        raise ConfigError(error_text(f"{name}, labels", f"{count:,}, one an input", len(labels)))
    given = [_label(label) for label in np.asarray(labels, dtype=object).ravel()]
    texts = {label for label in given if isinstance(label, str)}
    try:
        numbered = {text: int(text) for text in texts}  # a file's numbers are texts
    except ValueError:
        numbered = {}
    if not texts or (len(numbered) == len(texts) and not class_names):
        numbers = [-1 if x is None else int(x) for x in given]
        most = max(numbers, default=-1)
        if most >= MOST_CLASSES:  # each costs a text: a stray number is an error
            raise ConfigError(error_text(f"{name}, labels", f"below {MOST_CLASSES:,}", most))
        classes = class_names or [str(k) for k in range(most + 1)]
    else:
        classes = class_names or sorted({str(label) for label in given if label is not None})
        places = {text: k for k, text in enumerate(classes)}
        stray = next((x for x in given if x is not None and str(x) not in places), None)
        if stray is not None:
            expected = f"one of {len(classes):,} classes"
            raise ConfigError(error_text(f"{name}, labels", expected, stray))
        numbers = [-1 if x is None else places[str(x)] for x in given]
        most = max(numbers, default=-1)
    if min(numbers, default=0) < -1 or most >= max(len(classes), 1):
        expected = f"classes of 0 to {len(classes) - 1}, or -1 where it is not known"
        raise ConfigError(error_text(f"{name}, labels", expected, (min(numbers), most)))
    return np.array(numbers, np.int32), classes


def values_of(name: str, values: NDArray[np.generic]) -> Numbers:
    """Return an array of images as u8 or f32 (n, c, h, w), of vectors as f32 (n, d).

    Images have 1 or 3 channels, first or last, or no axis for them; bits, integers of 0 to 255, of
    0 to 65535 (u16, of which the upper eight bits are taken), or numbers of 0 to 1 or whole ones
    of 0 to 255.

    Raises:
        ConfigError: another shape, or numbers that may mean several things.

    """
    if values.ndim == 2:
        if values.dtype.kind not in "fiub":
            raise ConfigError(error_text(name, "vectors of numbers", values.dtype))
        vectors = np.ascontiguousarray(values, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise ConfigError(error_text(name, "finite numbers", "NaN or infinity"))
        return vectors
    pixels = _pixels(name, _channels_first(name, values))
    return pixels if pixels.flags.c_contiguous else pixels.copy()


def _channels_first(name: str, values: NDArray[np.generic]) -> NDArray[np.generic]:
    if values.ndim == 3:
        return values[:, None]
    if values.ndim != 4 or 0 in values.shape:
        expected = "images (n, c, h, w), (n, h, w, c) or (n, h, w), or vectors (n, d)"
        raise ConfigError(error_text(name, expected, values.shape))
    first, last = (values.shape[axis] in (1, 3) for axis in (1, 3))
    if first == last:
        expected = "images with 1 or 3 channels, as their second or as their last axis"
        raise ConfigError(error_text(name, expected, values.shape))
    return values if first else values.transpose(0, 3, 1, 2)


def _pixels(name: str, values: NDArray[np.generic]) -> Numbers:
    kind = values.dtype.kind
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    if kind == "b":
        return 255 * values.astype(np.uint8)
    if kind not in "fiu":
        raise ConfigError(error_text(name, "pixels", values.dtype))
    least, most = float(values.min()), float(values.max())
    if kind == "f" and least >= 0 and most <= 1:
        return values.astype(np.float32, copy=False)
    if least >= 0 and most <= 255 and (kind != "f" or not (values % 1).any()):
        return values.astype(np.uint8)
    if values.dtype == np.uint16:
        return np.right_shift(values.astype(np.uint16), 8).astype(np.uint8)
    expected = "pixels of 0 to 255, or in floating point of 0 to 1"
    raise ConfigError(error_text(name, expected, f"{values.dtype} of {least:g} to {most:g}"))


def _label(label: object) -> int | str | None:
    """Return a label as a number or a name; None: it is not known."""
    if isinstance(label, (str, bytes)):
        text = label.decode() if isinstance(label, bytes) else label
        return text.strip() or None
    if label is None or (isinstance(label, (float, np.floating)) and np.isnan(label)):
        return None
    if isinstance(label, (int, float, np.integer, np.floating)) and int(label) == label:
        return int(label)
    return str(label)
