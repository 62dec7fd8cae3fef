"""Arrays of anybody's as images or vectors: what their axes and numbers mean, or a refusal."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.masked import require_unmasked

if TYPE_CHECKING:
    from PIL.Image import Image

Numbers: TypeAlias = "NDArray[np.uint8] | NDArray[np.float32]"

PILLOW = "PIL.Image"
XMP = ("xmp", "XML:com.adobe.xmp")  # as Pillow calls it
DEEP = ("PNG", "PPM")  # files of at most 16 bits, where Pillow calls pixels of more than 8 "I"
AS_THEY_ARE = ("RGB", "L", "I", "F")  # modes of Pillow; and I;16, I;16B, ...


@dataclasses.dataclass(frozen=True)
class Greatest:
    """The greatest pixels of all images of a data set, by which each of them is read alike.

    In floating point they are of 0 to 1 where none is above 1. Those of 16 bits are of 16 bits,
    however dark; a data set that has none above 255 may hold eight bits, and is refused.
    """

    floats: float = 0.0
    deep: int = 0

    def beside(self, value: object) -> Greatest:
        """Return the greatest of these and another image's, or array's of images."""
        array = np.asarray(value) if getattr(value, "mode", "") == "F" else array_of(value)
        if array is None or not array.size:
            return self
        if array.dtype.kind == "f":
            most = np.fmax.reduce(array, axis=None)  # NaN is refused where it is read
            return dataclasses.replace(self, floats=float(np.fmax(self.floats, most)))
        if _is_deep(array):
            return dataclasses.replace(self, deep=max(self.deep, int(array.max())))
        return self


def greatest_of(values: Iterable[object]) -> Greatest:
    """Return the greatest pixels of images, or of whole arrays of them."""
    found = Greatest()
    for value in values:
        found = found.beside(value)
    return found


def _is_deep(array: NDArray[np.generic]) -> bool:
    """Tell whether numbers are u16, in either order of bytes."""
    return array.dtype.kind == "u" and array.dtype.itemsize == 2


def values_of(name: str, values: NDArray[np.generic], greatest: Greatest | None = None) -> Numbers:
    """Return an array of images as u8 or f32 (n, c, h, w), of vectors as f32 (n, d).

    Images have 1 or 3 channels, first or last, or no axis for them; bits, integers of 0 to 255, of
    0 to 65535 (u16, of which the upper eight bits are taken), or numbers of 0 to 1 or whole ones
    of 0 to 255. ``greatest`` are the pixels of the data set that they are of; None: of none.

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
    pixels = _pixels(name, _channels_first(name, values), greatest)
    return pixels if pixels.flags.c_contiguous else pixels.copy()


def _channels_first(name: str, values: NDArray[np.generic]) -> NDArray[np.generic]:
    if values.ndim == 3 and 0 not in values.shape:
        return values[:, None]
    if values.ndim != 4 or 0 in values.shape:
        expected = "images (n, c, h, w), (n, h, w, c) or (n, h, w), or vectors (n, d)"
        raise ConfigError(error_text(name, expected, values.shape))
    first, last = (values.shape[axis] in (1, 3) for axis in (1, 3))
    if first == last:
        expected = "images with 1 or 3 channels, as their second or as their last axis"
        raise ConfigError(error_text(name, expected, values.shape))
    return values if first else values.transpose(0, 3, 1, 2)


def _pixels(name: str, values: NDArray[np.generic], greatest: Greatest | None) -> Numbers:
    kind = values.dtype.kind
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    if kind == "b":
        return 255 * values.astype(np.uint8)
    if kind not in "fiu":
        raise ConfigError(error_text(name, "pixels", values.dtype))
    if _is_deep(values):
        if greatest is not None and 0 < greatest.deep <= 255:
            expected = "pixels of 16 bits, some above 255 (uint8, where they are of 8)"
            raise ConfigError(error_text(name, expected, f"uint16 of at most {greatest.deep}"))
        return np.right_shift(values.astype(np.uint16), 8).astype(np.uint8)
    least, most = float(values.min()), float(values.max())
    if kind == "f" and (most if greatest is None else greatest.floats) <= 1:
        if least >= 0 and most <= 1:
            return values.astype(np.float32, copy=False)
    elif least >= 0 and most <= 255 and (kind != "f" or not (values % 1).any()):
        return values.astype(np.uint8)
    expected = "whole pixels of 0 to 255, or in floating point of 0 to 1, all images alike"
    raise ConfigError(error_text(name, expected, f"{values.dtype} of {least:g} to {most:g}"))


def array_of(value: object) -> NDArray[np.generic] | None:
    """Return the numbers of an array or tensor, on any device, or of lists nested as an image's.

    None: it is anything else, as flat lists and tensors of whole numbers are (tokens, say).

    Raises:
        ConfigError: masked numbers.

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
    require_unmasked("inputs", value)
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


def images_of(
    name: str, values: Iterable[object], shown: _core.ImageFormat, greatest: Greatest | None
) -> Numbers:
    """Return images, arrays (c, h, w), (h, w, c) or (h, w) or of Pillow, as a format wants them.

    Those of Pillow are prepared as files are; ``greatest`` as of ``values_of``.

    Raises:
        ConfigError: one that is none.

    """
    images = [
        _core.format_images(_image(name, value, greatest, upright=shown.upright), shown)
        for value in values
    ]
    if len({image.dtype for image in images}) == 1:
        return cast("Numbers", np.concatenate(images))
    units = [np.float32(255 if image.dtype == np.uint8 else 1) for image in images]
    floats = [image.astype(np.float32) for image in images]
    return np.concatenate([image / unit for image, unit in zip(floats, units, strict=True)])


def _image(name: str, value: object, greatest: Greatest | None, *, upright: bool) -> Numbers:
    """Return one image as (1, c, h, w)."""
    pixels = array_of(value)
    if pixels is None:
        pixels = _stored(value, upright=upright)
    if pixels.ndim not in (2, 3):
        raise ConfigError(error_text(name, "images, as a model wants them", type(value).__name__))
    return values_of(name, pixels[None], greatest)


def _stored(value: object, *, upright: bool) -> NDArray[np.generic]:
    """Return the pixels of an image of Pillow; of anything else what NumPy makes of it.

    ``upright``: turned as its EXIF data say.
    """
    pillow = sys.modules.get(PILLOW)
    if pillow is None or not isinstance(value, pillow.Image):
        return np.asarray(value)
    mode, deep = value.mode, value.mode == "I" and value.format in DEEP
    if upright:
        value = _turned(value)
    kept = mode in AS_THEY_ARE or mode.startswith("I;16")
    pixels = np.asarray(value if kept else value.convert("RGB"))
    return pixels.astype(np.uint16) if deep else pixels


def _turned(image: Image) -> Image:
    """Return an image of Pillow turned as its EXIF data say, which Pillow takes from XMP too."""
    from PIL import ImageOps

    image.load()  # some formats have either behind the pixels
    if any(key in image.info for key in XMP):
        image = image.copy()  # which reads its EXIF data anew
        for key in XMP:
            image.info.pop(key, None)
    return ImageOps.exif_transpose(image)
