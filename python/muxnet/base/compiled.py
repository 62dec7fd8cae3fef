"""The one door to the compiled core, which is loaded when a name of it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muxnet import _core
else:

    class _Door:
        def __getattr__(self, name):
            return getattr(import_module("muxnet._core"), name)

    _core = _Door()

__all__ = ["_core"]
