"""Networks of the zoo: what they are made for, made for some data, measured and saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.training.config import SMALL_ZOO

SMALL_IMAGES = (3, 32, 32)
IMAGENET_IMAGES = (3, 224, 224)


def image_shape(name: str) -> tuple[int, int, int]:
    """Return the shape of the images that a network of the zoo is made for."""
    return SMALL_IMAGES if name.endswith("_small") else IMAGENET_IMAGES


def options_for(name: str) -> _core.NetworkOptions:
    """Return the options that a network is listed with: small images, or ImageNet's."""
    channels, height, width = image_shape(name)
    classes = 10 if name.endswith("_small") else 1000
    return _core.NetworkOptions(channels=channels, height=height, width=width, classes=classes)


def zoo(
    names: Sequence[str] = SMALL_ZOO,
    train: _core.Dataset | None = None,
    *,
    seed: int = 0,
    projection_dim: int = 32,
) -> list[_core.Model]:
    """Return the networks ``names`` with fresh weights, built for the images of ``train``.

    Raises:
        ValueError: no data set, a network that is not in the zoo.

    >>> [model.name for model in muxnet.zoo(["alexnet_small", "mobilenet_v2_small"], data.train)]
    ['alexnet_small', 'mobilenet_v2_small']

    """
    if train is None:
        raise ValueError(error_text("zoo", "train, the data set to build networks for", "none"))
    channels, height, width = train.image_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=len(train.class_names)
    )
    normalization = _core.measure_normalization(train)
    return [
        _core.make_model(
            name, options, projection_dim=projection_dim, seed=seed, normalization=normalization
        )
        for name in names
    ]


def save_weights(model: _core.Model | _core.Multiplexer, path: str | os.PathLike[str]) -> None:
    """Write the weights of a model or a multiplexer, making the folder.

    Raises:
        OSError: it cannot be written.

    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    _network(model).save(path)


def measure_latency(
    model: _core.Model | _core.Multiplexer, batch: int = 1, *, turns: int = 30
) -> _core.Latency:
    """Return the milliseconds of one inference pass of a model or a multiplexer."""
    return _core.measure_latency(_network(model), batch, turns)


def _network(model: _core.Model | _core.Multiplexer) -> _core.Model:
    return model.model if isinstance(model, _core.Multiplexer) else model
