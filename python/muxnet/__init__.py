"""Train a small network that picks, for each input, the cheapest model that will do.

The compiled core is loaded when one of its names is first used, so that ``import muxnet`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from muxnet.base.version import __version__ as __version__
from muxnet.run.config import MultiplexerConfig, RunConfig, load_config

if TYPE_CHECKING:
    from muxnet._core import (
        BusyError,
        ConnectionOptions,
        OffloadClient,
        OffloadOptions,
        TrainingError,
    )
    from muxnet.outcomes.estimator import RouterClassifier
    from muxnet.outcomes.table_files import read_outcomes
    from muxnet.pool.onnx_export import export_onnx
    from muxnet.pool.torch_weights import from_torch
    from muxnet.run.api import (
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


# Where the names are that are not in muxnet.run.api.
_MODULES = {
    "RouterClassifier": "muxnet.outcomes.estimator",
    "BusyError": "muxnet._core",
    "ConnectionOptions": "muxnet._core",
    "OffloadClient": "muxnet._core",
    "OffloadOptions": "muxnet._core",
    "TrainingError": "muxnet._core",
    "export_onnx": "muxnet.pool.onnx_export",
    "read_outcomes": "muxnet.outcomes.table_files",
    "from_torch": "muxnet.pool.torch_weights",
}


def __getattr__(name: str) -> Any:
    """Return what ``__all__`` promises from the module that defines it."""
    if name in __all__:
        return getattr(import_module(_MODULES.get(name, "muxnet.run.api")), name)
    raise AttributeError(f"module 'muxnet' has no attribute '{name}'")
