"""The embedded data set: scikit-learn's 1,797 handwritten digits, real images in 8 x 8 pixels."""

import numpy as np
from numpy.typing import NDArray

CLASSES = 10
SIDE = 32


def load_digits() -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return images (1797, 1, 32, 32) of 0..255 and labels (1797,) of 0..9.

    The 8 x 8 images of 0..16 are scaled to the full range and resized bilinearly, because the
    networks need at least 28 pixels.
    """
    from sklearn.datasets import load_digits as load

    pixels, labels = load(return_X_y=True)
    images = resize_bilinear(pixels.reshape(-1, 8, 8) * (255.0 / 16.0), SIDE)
    rounded = np.ascontiguousarray(np.rint(images).astype(np.uint8)[:, None])
    return rounded, labels.astype(np.int32)


def resize_bilinear(images: NDArray[np.floating], side: int) -> NDArray[np.float64]:
    """Return square ``images`` (n, s, s) as (n, side, side), pixel centres aligned, edges held."""
    weights = _weights(images.shape[-1], side)
    resized: NDArray[np.float64] = np.einsum(
        "ir,nrc,jc->nij", weights, images, weights, optimize=True
    )
    return resized


def _weights(source: int, target: int) -> NDArray[np.float64]:
    """Return (target, source): how much each source pixel adds to each target pixel."""
    centres = (np.arange(target) + 0.5) * source / target - 0.5
    centres = np.clip(centres, 0, source - 1)
    left = np.minimum(centres.astype(int), source - 2)
    share = centres - left
    weights = np.zeros((target, source))
    rows = np.arange(target)
    weights[rows, left] = 1 - share
    weights[rows, left + 1] += share
    return weights
