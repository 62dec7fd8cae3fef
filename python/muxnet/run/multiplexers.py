"""Multiplexers of a pool: that of all models, and that of the mobile/cloud pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from muxnet.base.compiled import _core
from muxnet.run.config import RunConfig


def multiplexer_network(
    models: Sequence[_core.Model], config: RunConfig, *, classes: int = 0, offload: bool = False
) -> _core.Model:
    """Return a multiplexer's network for a pool, with fresh weights."""
    own = config.multiplexer
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = models[0].graph.input_shape
    options.resolution = own.resolution
    options.filters = own.width
    options.models = len(models)
    options.meta_dim = own.meta_dim
    options.shared_meta = own.shared_meta
    options.classes = classes
    options.offload = offload
    return _core.make_multiplexer(options, seed=config.seed, normalization=models[0].normalization)


def multiplexer_of(network: _core.Model, config: RunConfig) -> _core.Multiplexer:
    """Return a multiplexer's network with how its scores become weights."""
    own = config.multiplexer
    weights = _core.WeightOptions(
        formulation=_core.Formulation.__members__[own.formulation], lambda_cost=own.lambda_cost
    )
    return _core.Multiplexer(network, _core.Objective.__members__[own.objective], weights)


def device_and_cloud(models: Sequence[_core.Model]) -> tuple[int, int]:
    """Return the positions of the two models of the mobile/cloud case: cheapest and dearest."""
    costs = [model.macs for model in models]
    return int(np.argmin(costs)), int(np.argmax(costs))
