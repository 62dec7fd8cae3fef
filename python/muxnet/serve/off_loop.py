"""Work that is too long for the event loop, which has to answer others meanwhile."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

# Not asyncio's own threads: reloads and the like do not wait behind requests.
_WORKERS = ThreadPoolExecutor(
    max_workers=max(2, len(os.sched_getaffinity(0))), thread_name_prefix="muxnet-requests"
)
P = ParamSpec("P")
T = TypeVar("T")


async def off_loop(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Return what ``function`` returns, from another thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_WORKERS, lambda: function(*arguments, **options))
