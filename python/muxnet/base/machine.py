"""The machine that numbers are measured on."""

import logging
import os
import platform
import sysconfig
from pathlib import Path

from muxnet.base.compiled import _core

LOG = logging.getLogger(__name__)
# Where the interpreter keeps what is installed, as opposed to what a user writes.
INSTALLED = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")
)


def cpu_name(path: str | os.PathLike[str] = "/proc/cpuinfo") -> str:
    """Return the processor's name, or its architecture where the system does not tell."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def cores() -> int:
    """Return how many cores this process may use, within its CPU quota."""
    return _core.usable_cores()


def set_threads(threads: int) -> None:
    """Set the threads of every computation; 0 means the cores this process may use.

    More than these wait for each other, which is said: they can take many times as long.

    Raises:
        ValueError: a negative number.

    >>> muxnet.set_threads(2)

    """
    _core.set_threads(threads)
    if threads > cores():
        told = (
            "%s threads on the %s cores that this process may use wait for each other (0: as many)"
        )
        LOG.warning(told, f"{threads:,}", f"{cores():,}")


def versions() -> dict[str, str]:
    """Return the versions of the libraries behind the core."""
    return _core.versions()
