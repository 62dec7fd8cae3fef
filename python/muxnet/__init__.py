"""Train a small network that picks, for each input, the cheapest model that will do.

All names are loaded when they are first used, so that ``import muxnet`` is quick. Two are what to
catch: a loss that diverges, and an object that another thread is changing.

>>> issubclass(muxnet.TrainingError, RuntimeError), issubclass(muxnet.BusyError, RuntimeError)
(True, True)

A device answers easy inputs itself and sends the others to a server of the Open Inference Protocol.

>>> server = muxnet.ConnectionOptions("http://127.0.0.1:8080")
>>> options = muxnet.OffloadOptions()
>>> options.deadline_ms = 100
>>> client = muxnet.OffloadClient(offload, models[0], server, options)
>>> client.answer(data.test.images[:1], placement="device").route
'local'
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base.levels import core_folders

__path__[:0] = core_folders(Path(__file__).parent)

if TYPE_CHECKING:
    from muxnet._core import (
        BusyError,
        ConnectionOptions,
        OffloadClient,
        OffloadOptions,
        TrainingError,
    )
    from muxnet.base.machine import set_threads
    from muxnet.base.version import __version__ as __version__
    from muxnet.outcomes.compare import compare
    from muxnet.outcomes.estimator import RouterClassifier
    from muxnet.outcomes.fitting import fit_policy
    from muxnet.outcomes.study import split_outcomes, study
    from muxnet.outcomes.table_files import read_outcomes
    from muxnet.pool.adapters import from_module
    from muxnet.pool.collect import collect
    from muxnet.pool.onnx_export import export_onnx
    from muxnet.pool.router import Router, open_router
    from muxnet.pool.torch_weights import from_torch
    from muxnet.training.config import RunConfig
    from muxnet.training.data import dataset, load_data, load_images, split_dataset
    from muxnet.training.multiplexer_config import MultiplexerConfig
    from muxnet.training.outcome_tables import outcome_table
    from muxnet.training.training import (
        fit_models,
        fit_multiplexer,
        frozen_outputs,
        pretrain_multiplexer,
    )
    from muxnet.training.zoo import zoo
else:
    _NAMES = {
        "_core": "BusyError ConnectionOptions OffloadClient OffloadOptions TrainingError",
        "base.machine": "set_threads",
        "base.version": "__version__",
        "outcomes.compare": "compare",
        "outcomes.estimator": "RouterClassifier",
        "outcomes.fitting": "fit_policy",
        "outcomes.study": "split_outcomes study",
        "outcomes.table_files": "read_outcomes",
        "pool.adapters": "from_module",
        "pool.collect": "collect",
        "pool.onnx_export": "export_onnx",
        "pool.router": "Router open_router",
        "pool.torch_weights": "from_torch",
        "training.config": "RunConfig",
        "training.multiplexer_config": "MultiplexerConfig",
        "training.data": "dataset load_data load_images split_dataset",
        "training.outcome_tables": "outcome_table",
        "training.training": "fit_models fit_multiplexer frozen_outputs pretrain_multiplexer",
        "training.zoo": "zoo",
    }
    _MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

    def __getattr__(name):
        """Return a public name from the module that defines it."""
        if name in _MODULES:
            return getattr(import_module(f"muxnet.{_MODULES[name]}"), name)
        raise AttributeError(f"module 'muxnet' has no attribute '{name}'")


__all__ = [
    "BusyError",
    "ConnectionOptions",
    "MultiplexerConfig",
    "OffloadClient",
    "OffloadOptions",
    "Router",
    "RouterClassifier",
    "RunConfig",
    "TrainingError",
    "collect",
    "compare",
    "dataset",
    "export_onnx",
    "fit_models",
    "fit_multiplexer",
    "fit_policy",
    "from_module",
    "from_torch",
    "frozen_outputs",
    "load_data",
    "load_images",
    "open_router",
    "outcome_table",
    "pretrain_multiplexer",
    "read_outcomes",
    "set_threads",
    "split_dataset",
    "split_outcomes",
    "study",
    "zoo",
]
