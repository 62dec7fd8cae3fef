"""Entries that are networks of the zoo: one with its weights, or all of a finished run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

import numpy as np

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.run_folder import RunFolder
from muxnet.base.schema import needed, option
from muxnet.pool.adapters import COST, ForeignModel, Hosting
from muxnet.pool.entries import Entry, Place
from muxnet.pool.input_files import InputKeys
from muxnet.pool.model_input import ModelInput, resolve
from muxnet.training.config import load_config
from muxnet.training.finished import load_models
from muxnet.training.results import read_results
from muxnet.training.zoo import image_shape

PROJECTION = "projection.weight"  # of networks that were trained with the contrastive loss


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkEntry(Entry):
    """A network of the zoo with its weights."""

    marker: ClassVar[str] = "network"

    network: str = option(
        "", "its name in the zoo: %(choices)s", names=lambda: (n.name for n in _core.networks())
    )
    weights: str = needed(str, "its weights, safetensors; they tell its classes")
    name: str = option("", "of the model, in tables and routers (default: the network's)")
    cost: float | None = option(None, "of one input (default: its MACs)", above=0.0)

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the one model."""
        path = place.file("weights", self.weights)
        try:
            network = _network(place, self.network, path, self.input)
        except ValueError as error:
            raise place.refused("weights", f"those of {self.network}", error) from error
        if self.cost is None:
            require_macs(place, self.cost_kind)
        return [_model(place, network, self.input, path, self.name, self.cost)]

    def files(self, folder: Path) -> list[Path]:
        """Return the file of the weights."""
        return [folder / self.weights]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunEntry(Entry):
    """All models of a finished run."""

    marker: ClassVar[str] = "run"

    run: str = needed(str, "the folder that muxnet run left")

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the run's models."""
        require_macs(place, self.cost_kind)
        folder = RunFolder(place.folder / self.run)
        if not folder.config.is_file() or not folder.results.is_file():
            raise place.refused("run", "the folder of a finished run", folder.path)
        networks = load_models(folder, load_config(folder.config), read_results(folder.results))
        return [
            _model(place, network, self.input, folder.weights / f"{network.name}.safetensors")
            for network in networks
        ]

    def files(self, folder: Path) -> list[Path]:
        """Return the files of all weights."""
        return sorted(RunFolder(folder / self.run).weights.glob("*.safetensors"))


def require_macs(place: Place, cost_kind: str) -> None:
    """Refuse a network that does not say its cost, where costs are no MACs.

    Raises:
        ConfigError: they are not.

    """
    if cost_kind not in ("", COST, "macs"):
        raise place.refused("cost", f"its cost in {cost_kind}", "none, which means MACs")


def _network(place: Place, name: str, path: Path, keys: InputKeys | None) -> _core.Model:
    """Return a network of the zoo as the shapes of its weights tell.

    Raises:
        ValueError: weights of another network.

    """
    tensors, _ = _core.load_safetensors(path)
    shapes = {key: list(values.shape) for key, values in tensors.items()}
    dim = shapes.pop(PROJECTION, [0])[0]
    channels, height, width = image_shape(name)
    shown = resolve(place.where, keys, place.folder, None).images
    if shown is not None:
        height, width = shown.height, shown.width
    channels = next((s[1] for s in shapes.values() if len(s) == 4), channels)
    options = _core.NetworkOptions(
        channels=channels,
        height=height,
        width=width,
        classes=_core.class_count(list(shapes.items())),
    )
    network = _core.make_model(name, options, projection_dim=dim, seed=None)
    network.load(path)
    return network


def _model(
    place: Place,
    network: _core.Model,
    keys: InputKeys | None,
    path: Path,
    name: str = "",
    cost: float | None = None,
) -> ForeignModel:
    pool = _core.ModelPool([_core.HostedModel(network)])

    def predict(images: object) -> object:
        return pool.probabilities(0, np.asarray(images, np.float32))

    def host(name: str, hosting: Hosting) -> _core.HostedModel:
        return _core.HostedModel.network(name, network, **hosting)

    return ForeignModel(
        name or network.name,
        float(network.macs if cost is None else cost),
        predict,
        input=_shown(place, network, keys),
        concurrent=True,
        host=host,
        parts=lambda: {"network": network.name, "weights": fingerprint.of_path(path)},
        network=network,
    )


def _shown(place: Place, network: _core.Model, keys: InputKeys | None) -> ModelInput:
    """Return what a network is shown: numbers as in its weights, unless the entry gives others."""
    channels, height, width = network.graph.input_shape
    shown = resolve(place.where, keys, place.folder, (channels, height, width))
    own = network.normalization
    if not own.mean or (keys is not None and (keys.mean is not None or keys.config)):
        return shown
    return dataclasses.replace(shown, mean=tuple(own.mean), deviation=tuple(own.deviation))
