"""A finished run, opened again: its networks with their weights, its results, its test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.errors import UserError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.training.config import RunConfig, load_config
from muxnet.training.data import data_of
from muxnet.training.multiplexers import multiplexer_network, multiplexer_of
from muxnet.training.results import Results, read_results


@dataclass(frozen=True)
class LoadedRun:
    """A finished run with its networks and its test images."""

    folder: RunFolder
    results: Results
    models: list[_core.Model]
    test: _core.Dataset


def load_run(path: Path) -> LoadedRun:
    """Return a finished run.

    Raises:
        UserError: the folder holds none, or one that is not finished, or its data is another now.
        OSError: its data or weights cannot be read.

    """
    folder = RunFolder(path)
    if not folder.finished:
        raise UserError(error_text(str(path), "the folder of a finished run", "none"))
    config, results = load_config(folder.config), read_results(folder.results)
    test = data_of(config).test
    table = _core.OutcomeTable.load(folder.outcomes("test"))
    there, here = (
        fingerprint.of_arrays({"labels": np.asarray(labels), "places": np.asarray(places)})
        for labels, places in ((table.labels, table.indices), (test.labels, test.source_index))
    )
    fingerprint.require_same(there, here, config.data, "the test inputs of the run")
    return LoadedRun(folder, results, load_models(folder, config, results), test)


def load_models(folder: RunFolder, config: RunConfig, results: Results) -> list[_core.Model]:
    """Return a run's models with their weights; its data is not needed.

    Raises:
        OSError: the weights cannot be read.

    """
    channels, height, width = results.data.image_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=results.data.classes
    )
    models = [
        _core.make_model(name, options, projection_dim=config.projection_dim, seed=None)
        for name in config.models
    ]
    for model in models:
        model.load(folder.weights / f"{model.name}.safetensors")
    return models


def load_multiplexer(
    folder: RunFolder,
    config: RunConfig,
    models: Sequence[_core.Model],
    *,
    offload: bool = False,
) -> _core.Multiplexer:
    """Return a run's multiplexer with its weights: that of all models, or of the mobile/cloud pair.

    Raises:
        OSError: the weights cannot be read.

    """
    network = multiplexer_network(models, config, offload=offload)
    name = "offload" if offload else "multiplexer"
    network.load(folder.weights / f"{name}.safetensors")
    return multiplexer_of(network, config, [float(model.macs) for model in models])
