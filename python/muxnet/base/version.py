"""The version that is installed."""

from importlib import metadata

try:
    __version__ = metadata.version("muxnet")
except metadata.PackageNotFoundError:  # run from a source folder that was never installed
    __version__ = "0+source"
