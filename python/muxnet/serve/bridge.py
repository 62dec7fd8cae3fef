"""From an event loop to the core's service and back, without a thread that waits."""

from __future__ import annotations

import asyncio
import itertools

from muxnet.base.compiled import _core

# Above, images are copied and checked on another thread than the event loop's.
LARGE_IMAGES = 1 << 20


class Bridge:
    """Answers requests on one event loop; the core's threads run the models."""

    def __init__(self, service: _core.Service, loop: asyncio.AbstractEventLoop) -> None:
        self.service = service
        self._loop = loop
        self._waiting: dict[int, asyncio.Future[_core.ServiceAnswer]] = {}
        self._tickets = itertools.count()
        loop.add_reader(service.descriptor, self._deliver)

    async def answer(self, request: _core.ServiceRequest, size: int) -> _core.ServiceAnswer:
        """Return the service's answer to ``request``, whose images have ``size`` values.

        Raises:
            ValueError: images that do not fit.

        """
        ticket = next(self._tickets)
        future: asyncio.Future[_core.ServiceAnswer] = self._loop.create_future()
        self._waiting[ticket] = future
        try:
            if size > LARGE_IMAGES:
                await asyncio.to_thread(self.service.submit, ticket, request)
            else:
                self.service.submit(ticket, request)
            return await future
        finally:
            del self._waiting[ticket]

    async def close(self, within_seconds: float) -> bool:
        """Let the service answer what it holds, and stop; False: some thread did not come back.

        What comes later is refused, by the same way.
        """
        return await asyncio.to_thread(self.service.close, 1000 * within_seconds)

    def _deliver(self) -> None:
        for ticket, answer in self.service.take():
            future = self._waiting.get(ticket)
            if future is not None and not future.done():
                future.set_result(answer)
