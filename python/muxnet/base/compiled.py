"""The one door to the compiled core, which is loaded when a name of it is first used."""

import os
import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

CORE = "muxnet._core"
# Address space that loading the core takes, measured: libraries, and OpenBLAS for each thread.
CORE_MIB = 240
THREAD_MIB = 160
MOST_THREADS = 128  # of OpenBLAS as Debian builds it

if TYPE_CHECKING:
    from muxnet import _core
else:

    class _Door:
        def __getattr__(self, name):
            if CORE not in sys.modules:
                require_address_space()
            return getattr(import_module(CORE), name)

    _core = _Door()

__all__ = ["_core"]


def require_address_space() -> None:
    """Refuse to load the core into less than it takes: OpenBLAS would ask for it for ever.

    Raises:
        MemoryError: less is allowed (``ulimit -v``).

    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    threads = openblas_threads()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() >> 20
    wanted = used + CORE_MIB + THREAD_MIB * threads
    if limit >> 20 < wanted:
        less = "" if threads == 1 else "; OMP_NUM_THREADS=1 takes less"
        raise MemoryError(
            f"expected {wanted:,} MiB of address space, for the compiled core on {threads} "
            f"threads{less}, received {limit >> 20:,} (ulimit -v)"
        )


def openblas_threads() -> int:
    """Return how many threads OpenBLAS makes room for when it is loaded."""
    first, *_ = os.environ.get("OMP_NUM_THREADS", "").split(",")
    asked = int(first) if first.strip().isdecimal() and int(first) else MOST_THREADS
    return min(asked, len(os.sched_getaffinity(0)), MOST_THREADS)
