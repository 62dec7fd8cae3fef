"""Images of data sets as models are shown them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core

Images = NDArray[np.uint8] | NDArray[np.float32]  # raw: of 0 to 255, of 0 to 1


def raw_pixels(data: _core.Dataset, start: int, end: int) -> NDArray[np.uint8]:
    """Return images of a data set as u8.

    Raises:
        ValueError: images in floating point that are not from 0 to 1.

    """
    images = np.asarray(data.images[start:end])
    if images.dtype != np.uint8:
        _core.check_pixels(images, f"{data.name}, images")
        images = np.clip(np.rint(255 * images), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(images)
