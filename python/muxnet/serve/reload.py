"""Hot reload: what is served is read again when its files change, and until that has worked."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from muxnet.base.errors import UserError, error_text
from muxnet.serve.background import Background
from muxnet.serve.endpoint import Endpoint
from muxnet.serve.requests import RequestError
from muxnet.serve.served import Served, Source

LONGEST_PAUSE = 60.0  # seconds between two tries, the first two of which are a second apart
READ_SECONDS = 120.0  # that reading the source may take

LOG = logging.getLogger("muxnet.serve")

Stamps = dict[Path, tuple[int, int, int]]


class Reloader:
    """Puts what the source holds in place, whole or not at all.

    A reload that failed is tried again, with pauses that grow, whether its files change or not:
    what it lacked may have been a file's other half, memory, or descriptors.
    """

    def __init__(
        self,
        source: Source,
        read: Callable[[], Served],
        seen: Stamps,
        endpoint: Endpoint,
        background: Background,
    ) -> None:
        """Begin with what was ``seen`` before ``read`` read the source."""
        self._source = source
        self._read_source = read
        self._endpoint = endpoint
        self._background = background
        self._one_at_a_time = asyncio.Lock()
        self._reading: asyncio.Future[Served] | None = None
        self._stamps = seen
        self._wanted = False
        self._pause = 1.0
        self._again = float("inf")  # when

    def want(self) -> None:
        """Let the next step read the source, changed or not."""
        self._wanted = True

    async def step(self) -> None:
        """Reload where the files have changed, it was wanted, or it is time to try again."""
        found = await self._background.in_thread(stamps, self._source)
        changed = found != self._stamps
        if not (changed or self._wanted or time.monotonic() >= self._again):
            return
        self._stamps, self._wanted = found, False
        if changed:
            self._pause = 1.0
        with contextlib.suppress(RequestError):  # it is in the log, counted and tried again
            await self.reload()

    async def reload(self) -> None:
        """Read the source and put it in place.

        Raises:
            RequestError: what is there cannot be served.

        """
        reloads = self._endpoint.reloads
        async with self._one_at_a_time:
            try:
                served = await self._read()
                version = await self._endpoint.deploy(served)
            except Exception as error:
                reloads.failed += 1
                reloads.failing = True
                self._again = time.monotonic() + self._pause
                fields = {"reason": _told(error), "again_in": self._pause}
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
                LOG.warning("reload refused", extra={"fields": fields})
                text = error_text("reload", "what can be served", "something else; see the log")
                raise RequestError(400, text) from error
            reloads.done += 1
            reloads.failing = False
            self._pause, self._again = 1.0, float("inf")
            fields = {"version": version, "policy": served.policy.name}
            LOG.info("reloaded", extra={"fields": fields})

    async def _read(self) -> Served:
        if self._reading is not None and not self._reading.done():
            text = error_text("reload", "an earlier one that ends", "one that still reads")
            raise UserError(text)
        self._reading = asyncio.ensure_future(self._background.in_thread(self._read_source))
        try:
            return await asyncio.wait_for(asyncio.shield(self._reading), READ_SECONDS)
        finally:
            if self._reading.done():
                self._reading = None


def stamps(source: Source) -> Stamps:
    """Return what tells whether the files of a source have changed.

    Raises:
        OSError: that cannot be told now.

    """
    found = {}
    for path in source.files():
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return error_text("reload", f"a source that is read within {READ_SECONDS:g} s", "none")
    return str(error) or type(error).__name__
