"""Train a small network that picks, for each input, the cheapest model that will do."""

from muxnet._core import __version__

__all__ = ["__version__"]
