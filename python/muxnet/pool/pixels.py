"""Arrays of anybody's as images or vectors: what their axes and numbers mean, or a refusal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import ConfigError, error_text

Numbers: TypeAlias = "NDArray[np.uint8] | NDArray[np.float32]"


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


def array_of(value: object) -> NDArray[np.generic] | None:
    """Return the numbers of an array or tensor, on any device, or of lists nested as an image's.

    None: it is anything else, as flat lists and tensors of whole numbers are (tokens, say).
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.ndim == 1 and not value.is_floating_point():
            return None
        tensor = value.detach().cpu()
        # NumPy has no bfloat16.
        return np.asarray(tensor.float() if tensor.dtype == torch.bfloat16 else tensor)
    if isinstance(value, (list, tuple)):
        return _nested(value)
    # Pillow's images, which have neither, are prepared as images or given as they are.
    is_array = all(hasattr(value, name) for name in ("__array__", "dtype", "shape"))
    return np.asarray(value) if is_array else None


def _nested(value: list[object] | tuple[object, ...]) -> NDArray[np.generic] | None:
    """Return lists of lists of lists of numbers as f64, which some write with a point, some not."""
    row = value[0] if value else None
    if not isinstance(row, (list, tuple)) or not row or not isinstance(row[0], (list, tuple)):
        return None
    try:
        numbers = np.asarray(value)
    except (ValueError, TypeError):  # rows of different lengths, or what is no number
        return None
    return numbers.astype(np.float64) if numbers.dtype.kind in "fiub" else None


def stacked(values: Iterable[object]) -> NDArray[np.generic] | None:
    """Return arrays of one shape and type, images (n, ?, ?, ?) or vectors (n, d), as one array.

    None: they are anything else. Of two axes they may be grey images or anything else.
    """
    arrays: list[NDArray[np.generic]] = []
    for value in values:
        array = array_of(value)
        if array is None or not alike([*arrays[:1], array]):
            return None
        arrays.append(array)
    return np.stack(arrays) if arrays else None


def alike(arrays: Sequence[NDArray[np.generic]]) -> bool:
    """Tell whether arrays can be stacked as images or vectors, numbers of one shape and type."""
    forms = {(array.shape, array.dtype) for array in arrays}
    return len(forms) == 1 and arrays[0].ndim in (1, 3) and arrays[0].dtype.kind in "fiub"


def image_of(name: str, value: object) -> Numbers:
    """Return one image, an array (c, h, w), (h, w, c) or (h, w) or one of Pillow, as (1, c, h, w).

    Raises:
        ConfigError: it is none.

    """
    mode, convert = getattr(value, "mode", "RGB"), getattr(value, "convert", None)
    pixels = array_of(value)
    if pixels is None:
        pixels = np.asarray(value if mode in ("RGB", "L") or convert is None else convert("RGB"))
    if pixels.ndim not in (2, 3):
        raise ConfigError(error_text(name, "images, as a model wants them", type(value).__name__))
    return values_of(name, pixels[None])
