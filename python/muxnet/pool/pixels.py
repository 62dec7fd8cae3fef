"""Arrays of anybody's as images or vectors: what their axes and numbers mean, or a refusal."""

from __future__ import annotations

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


def image_of(name: str, value: object) -> Numbers:
    """Return one image, an array (c, h, w), (h, w, c) or (h, w) or one of Pillow, as (1, c, h, w).

    Raises:
        ConfigError: it is none.

    """
    mode, convert = getattr(value, "mode", "RGB"), getattr(value, "convert", None)
    pixels = np.asarray(value if mode in ("RGB", "L") or convert is None else convert("RGB"))
    if pixels.ndim not in (2, 3):
        raise ConfigError(error_text(name, "images, as a model wants them", type(value).__name__))
    return values_of(name, pixels[None])
