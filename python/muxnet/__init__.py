"""Train a small network that picks, for each input, the cheapest model that will do.

The compiled core is loaded when one of its names is first used, so that ``import muxnet`` is quick.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from muxnet.config import MultiplexerConfig, RunConfig, load_config

if TYPE_CHECKING:
    from muxnet._core import TrainingError
    from muxnet.api import (
        Router,
        dataset,
        evaluate_policies,
        fit_models,
        fit_multiplexer,
        fit_policy,
        frozen_outputs,
        load_data,
        outcome_table,
        set_threads,
        split_dataset,
        zoo,
    )

try:
    __version__ = metadata.version("muxnet")
except metadata.PackageNotFoundError:  # run from a source folder that was never installed
    __version__ = "0+source"

__all__ = [
    "MultiplexerConfig",
    "Router",
    "RunConfig",
    "TrainingError",
    "dataset",
    "evaluate_policies",
    "fit_models",
    "fit_multiplexer",
    "fit_policy",
    "frozen_outputs",
    "load_config",
    "load_data",
    "outcome_table",
    "set_threads",
    "split_dataset",
    "zoo",
]


def __getattr__(name: str) -> Any:
    """Return what ``__all__`` promises from the module that defines it."""
    if name == "TrainingError":
        return import_module("muxnet._core").TrainingError
    if name in __all__:
        return getattr(import_module("muxnet.api"), name)
    raise AttributeError(f"module 'muxnet' has no attribute '{name}'")
