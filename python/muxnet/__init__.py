"""Train a small network that picks, for each input, the cheapest model that will do.

The compiled core is loaded when one of its names is first used, so that ``import muxnet`` is quick.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from muxnet.config import MultiplexerConfig, RunConfig, load_config

if TYPE_CHECKING:
    from muxnet._core import (
        BusyError,
        ConnectionOptions,
        OffloadClient,
        OffloadOptions,
        TrainingError,
    )
    from muxnet.api import (
        Router,
        dataset,
        evaluate_policies,
        fit_models,
        fit_multiplexer,
        fit_policy,
        frozen_outputs,
        load_data,
        load_images,
        outcome_table,
        pretrain_multiplexer,
        set_threads,
        split_dataset,
        zoo,
    )
    from muxnet.estimator import RouterClassifier
    from muxnet.onnx_export import export_onnx
    from muxnet.outcome_files import read_outcomes
    from muxnet.torch_weights import from_torch

try:
    __version__ = metadata.version("muxnet")
except metadata.PackageNotFoundError:  # run from a source folder that was never installed
    __version__ = "0+source"

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
    "dataset",
    "evaluate_policies",
    "export_onnx",
    "fit_models",
    "fit_multiplexer",
    "fit_policy",
    "from_torch",
    "frozen_outputs",
    "load_config",
    "load_data",
    "load_images",
    "outcome_table",
    "pretrain_multiplexer",
    "read_outcomes",
    "set_threads",
    "split_dataset",
    "zoo",
]


# Where the names are that are not in muxnet.api.
_MODULES = {
    "RouterClassifier": "muxnet.estimator",
    "BusyError": "muxnet._core",
    "ConnectionOptions": "muxnet._core",
    "OffloadClient": "muxnet._core",
    "OffloadOptions": "muxnet._core",
    "TrainingError": "muxnet._core",
    "export_onnx": "muxnet.onnx_export",
    "read_outcomes": "muxnet.outcome_files",
    "from_torch": "muxnet.torch_weights",
}


def __getattr__(name: str) -> Any:
    """Return what ``__all__`` promises from the module that defines it."""
    if name in __all__:
        return getattr(import_module(_MODULES.get(name, "muxnet.api")), name)
    raise AttributeError(f"module 'muxnet' has no attribute '{name}'")
