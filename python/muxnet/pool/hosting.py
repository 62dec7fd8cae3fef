"""What a model of any kind is called by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from muxnet.base.compiled import _core

Predict = Callable[[NDArray[np.float32]], ArrayLike]


class Hosting(TypedDict):
    """What a model is hosted with, whatever runs it."""

    cost: float
    image_shape: tuple[int, int, int]
    classes: int
    normalization: _core.Normalization
    logits: bool


Host = Callable[[str, Hosting], "_core.HostedModel"]
Parts = Callable[[], dict[str, str]]
