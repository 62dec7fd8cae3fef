"""Algorithm 1 in PyTorch: its losses, the multiplexer, and training on any device."""

import importlib.util

from muxnet.base.errors import MissingPackageError

if importlib.util.find_spec("torch") is None:
    raise MissingPackageError("muxnet.torch", "torch", "torch")
