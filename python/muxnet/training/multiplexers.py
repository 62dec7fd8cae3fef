"""Multiplexers of a pool: that of all models, and that of the mobile/cloud pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.training.config import RunConfig


def kind_of(config: RunConfig) -> _core.MultiplexerKind:
    """Return the kind of multiplexer that a configuration names.

    Raises:
        ConfigError: there is no such kind.

    """
    kinds = {kind.name: kind for kind in _core.multiplexer_kinds()}
    if config.multiplexer.kind not in kinds:
        expected = "one of " + ", ".join(kinds)
        raise ConfigError(error_text("multiplexer.kind", expected, config.multiplexer.kind))
    return kinds[config.multiplexer.kind]


def shown_to(kind: str, data: _core.Dataset) -> _core.Dataset:
    """Return a data set as a multiplexer of a kind is shown it.

    Raises:
        ValueError: images for one that is shown vectors, or the other way round.

    """
    shown = _core.shown_to_multiplexer(kind, raw_inputs(data))
    return _core.make_dataset(data.name, shown, data.labels, list(data.class_names))


def raw_inputs(data: _core.Dataset) -> NDArray[np.generic]:
    """Return the inputs of a data set: images (n, c, h, w), or vectors (n, d)."""
    images = np.asarray(data.images)
    return images.reshape(len(images), -1) if images.shape[2:] == (1, 1) else images


def multiplexer_options(
    input_shape: Sequence[int],
    models: int,
    config: RunConfig,
    *,
    classes: int = 0,
    offload: bool = False,
) -> _core.MultiplexerOptions:
    """Return the shape of a multiplexer's network for so many models."""
    own = config.multiplexer
    options = _core.MultiplexerOptions()
    options.body = kind_of(config).body
    options.channels, options.height, options.width = input_shape
    options.resolution = own.resolution
    options.filters = own.width
    options.hidden = own.hidden
    options.models = models
    options.meta_dim = own.meta_dim
    options.shared_meta = own.shared_meta
    options.classes = classes
    options.offload = offload
    return options


def multiplexer_network(
    models: Sequence[_core.Model], config: RunConfig, *, offload: bool = False
) -> _core.Model:
    """Return a multiplexer's network for networks of the zoo, with fresh weights."""
    shape, count = models[0].graph.input_shape, len(models)
    options = multiplexer_options(shape, count, config, offload=offload)
    return _core.make_multiplexer(options, seed=config.seed, normalization=models[0].normalization)


def multiplexer_of(
    network: _core.Model, config: RunConfig, costs: Sequence[float]
) -> _core.Multiplexer:
    """Return a multiplexer's network with how its scores become weights, which trade ``costs``."""
    own = config.multiplexer
    weights = _core.WeightOptions(
        formulation=_core.Formulation.__members__[own.formulation], lambda_cost=own.lambda_cost
    )
    objective = _core.Objective.__members__[own.objective]
    return _core.Multiplexer(network, objective, weights, costs=list(costs), kind=own.kind)


def device_and_cloud(models: Sequence[_core.Model]) -> tuple[int, int]:
    """Return the positions of the two models of the mobile/cloud case: cheapest and dearest."""
    return cheapest_and_dearest([model.macs for model in models])


def cheapest_and_dearest(costs: Sequence[float]) -> tuple[int, int]:
    """Return the positions of these two."""
    return int(np.argmin(costs)), int(np.argmax(costs))
