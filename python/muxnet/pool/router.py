"""Images in memory routed among trained models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core


class Router:
    """Routes images among models: ``route(images)`` gives probabilities and the models called.

    Threads may call it at once, and run side by side.

    Args:
        models: the model pool.
        multiplexer: from ``fit_multiplexer``.
        policy: from ``fit_policy``, which decides by the multiplexer's scores.

    """

    def __init__(
        self,
        models: Sequence[_core.Model],
        multiplexer: _core.Multiplexer,
        policy: _core.Policy,
    ) -> None:
        self._normalization = models[0].normalization
        pool = _core.ModelPool([_core.HostedModel(model) for model in models])
        self._router = _core.Router(pool, multiplexer, policy.rule())
        self._models = len(models)

    def route(self, images: NDArray[np.generic]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return probabilities (n, K) and called (n, N) for raw images u8 or f32 (n, c, h, w).

        Raises:
            ValueError: images of another shape, or with NaN.
            BusyError: another thread trains one of the models.

        """
        routed = self._router.route(_core.normalize(images, self._normalization))
        masks = np.asarray(routed.called, dtype=np.uint64)[:, None]
        bits = np.left_shift(np.uint64(1), np.arange(self._models, dtype=np.uint64))
        return routed.probabilities, (masks & bits) != 0
