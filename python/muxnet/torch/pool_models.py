"""Models to train by name: networks of the zoo, timm's, and what anybody's functions make."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.torch.graph import to_torch
from muxnet.torch.projection import WithProjection


@dataclasses.dataclass(frozen=True)
class PoolModel:
    """A model in training: images to {"logits", "projected"}."""

    name: str
    module: nn.Module
    macs: float  # counted, of one image
    network: _core.Model | None = None  # of the zoo, which takes the weights when they are trained


def open_models(
    names: Sequence[str],
    data: _core.Dataset,
    normalization: _core.Normalization,
    *,
    projection_dim: int,
    seed: int,
) -> list[PoolModel]:
    """Return the models ``names`` with fresh weights, for the images of ``data``.

    A name is one of the zoo's, one of timm's, or ``package.module:function``, a function that
    returns an ``nn.Module`` and is called, as timm's are, with ``num_classes`` and ``in_chans``.
    Weights depend on ``seed``, name and place alone.

    Raises:
        ConfigError: a name that is none of these.
        MissingPackageError: a name that timm may know, which is not installed.

    """
    zoo = {entry.name for entry in _core.networks()}
    found = []
    for place, name in enumerate(names):
        torch.manual_seed(seed + place)
        if name in zoo:
            found.append(_network(name, data, normalization, projection_dim, seed))
            continue
        classes, channels = len(data.class_names), data.image_shape[0]
        own = _made(name, classes, channels)
        module = WithProjection(own, projection_dim)
        found.append(PoolModel(name.replace(":", "."), module, count_macs(own, data.image_shape)))
    return found


def count_macs(module: nn.Module, image_shape: Sequence[int]) -> float:
    """Count the multiply-accumulates of one image, half of PyTorch's operations."""
    was_training = module.training
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module.eval()(torch.zeros(1, *image_shape))
    module.train(was_training)
    return float(counter.get_total_flops()) / 2


def _network(
    name: str, data: _core.Dataset, normalization: _core.Normalization, dim: int, seed: int
) -> PoolModel:
    channels, height, width = data.image_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=len(data.class_names)
    )
    network = _core.make_model(
        name, options, projection_dim=dim, seed=seed, normalization=normalization
    )
    return PoolModel(name, to_torch(network), float(network.macs), network)


def _made(name: str, num_classes: int, in_chans: int) -> nn.Module:
    source, colon, function = name.partition(":")
    if not colon:
        return _of_timm(name, num_classes, in_chans)
    try:
        make = getattr(importlib.import_module(source), function)
    except (ImportError, AttributeError) as error:
        raise ConfigError(error_text("models", f"a function {name}", error)) from error
    module = make(num_classes=num_classes, in_chans=in_chans)
    if not isinstance(module, nn.Module):
        expected = f"a torch.nn.Module of {name}"
        raise ConfigError(error_text("models", expected, type(module).__name__))
    return module


def _of_timm(name: str, num_classes: int, in_chans: int) -> nn.Module:
    try:
        timm = importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise MissingPackageError(f"models, {name}", "timm", "timm") from error
    if not timm.is_model(name):
        expected = "a network of the zoo or of timm, or module:function"
        raise ConfigError(error_text("models", expected, name))
    module: nn.Module = timm.create_model(name, num_classes=num_classes, in_chans=in_chans)
    return module
