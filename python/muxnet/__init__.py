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
    from muxnet.base.machine import set_threads
    from muxnet.outcomes.estimator import RouterClassifier
    from muxnet.outcomes.fitting import fit_policy
    from muxnet.outcomes.policies import evaluate_policies
    from muxnet.outcomes.table_files import read_outcomes
    from muxnet.pool.onnx_export import export_onnx
    from muxnet.pool.router import Router
    from muxnet.pool.torch_weights import from_torch
    from muxnet.run.data import dataset, load_data, load_images, split_dataset
    from muxnet.run.outcome_tables import outcome_table
    from muxnet.run.training import (
        fit_models,
        fit_multiplexer,
        frozen_outputs,
        pretrain_multiplexer,
    )
    from muxnet.run.zoo import zoo

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


# Where each name is that is not here.
_MODULES = {
    name: module
    for module, names in {
        "muxnet._core": (
            "BusyError",
            "ConnectionOptions",
            "OffloadClient",
            "OffloadOptions",
            "TrainingError",
        ),
        "muxnet.base.machine": ("set_threads",),
        "muxnet.outcomes.estimator": ("RouterClassifier",),
        "muxnet.outcomes.fitting": ("fit_policy",),
        "muxnet.outcomes.policies": ("evaluate_policies",),
        "muxnet.outcomes.table_files": ("read_outcomes",),
        "muxnet.pool.onnx_export": ("export_onnx",),
        "muxnet.pool.router": ("Router",),
        "muxnet.pool.torch_weights": ("from_torch",),
        "muxnet.run.data": ("dataset", "load_data", "load_images", "split_dataset"),
        "muxnet.run.outcome_tables": ("outcome_table",),
        "muxnet.run.training": (
            "fit_models",
            "fit_multiplexer",
            "frozen_outputs",
            "pretrain_multiplexer",
        ),
        "muxnet.run.zoo": ("zoo",),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    """Return what ``__all__`` promises from the module that defines it."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'muxnet' has no attribute '{name}'")
