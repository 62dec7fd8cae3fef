"""What the front tells: requests handed over, answers to record and trace, refusals to log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import orjson

from muxnet.base.compiled import _core
from muxnet.serve.decision_log import names_of
from muxnet.serve.endpoint import Endpoint
from muxnet.serve.requests import RequestError
from muxnet.serve.routes import Reply, Routes

LOG = logging.getLogger("muxnet.serve")
OWN_ERROR = "[server] an error of its own; the log says more"


class FrontEvents:
    """Works on a front's events, on one event loop.

    Before there are ``routes`` the front hands nothing over.
    """

    def __init__(self, front: _core.Front, loop: asyncio.AbstractEventLoop) -> None:
        self._front = front
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: dict[int, asyncio.Future[_core.AskedAnswer]] = {}
        self._endpoint: Endpoint | None = None
        self._routes: Routes | None = None
        loop.add_reader(front.descriptor, self.deliver)

    def open(self, endpoint: Endpoint, routes: Routes) -> None:
        """Let requests be answered, and answers be kept."""
        self._endpoint, self._routes = endpoint, routes

    async def ask(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> _core.AskedAnswer:
        """Return the front's answer to a request that another server has received."""
        ticket = self._front.ask(method, path, list(headers), body)
        answer: asyncio.Future[_core.AskedAnswer] = self._loop.create_future()
        self._asked[ticket] = answer
        try:
            return await answer
        finally:
            del self._asked[ticket]

    def close(self) -> None:
        """Work on what is left, and hear no more."""
        self._loop.remove_reader(self._front.descriptor)
        self.deliver()

    def deliver(self) -> None:
        """Work on all that waits."""
        for event in self._front.take():
            try:
                self._work(event)
            except Exception:
                LOG.exception("front event failed")

    def _work(self, event: object) -> None:
        if isinstance(event, _core.HandedRequest):
            task = self._loop.create_task(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(event, _core.AskedAnswer):
            # Whoever asked may have gone.
            asked = self._asked.get(event.ticket)
            if asked is not None and not asked.done():
                asked.set_result(event)
        elif isinstance(event, _core.AnsweredRequest):
            self._keep(event)
        elif isinstance(event, _core.RefusalsTold):
            fields = {"reason": event.reason, "count": event.count}
            client = {"client": event.client} if event.client else {}
            LOG.warning("refused", extra={"fields": {**fields, **client}})
        elif isinstance(event, _core.FailureTold):
            LOG.error(event.event, extra={"fields": {"reason": event.reason}})
        elif isinstance(event, _core.RecordsLost) and self._endpoint and self._endpoint.log:
            self._endpoint.log.lose(event.count, "more answers than can be recorded")

    async def _answer(self, request: _core.HandedRequest) -> None:
        assert self._routes is not None
        try:
            reply = await self._routes.answer(request)
        except RequestError as error:
            reply = _refusal(error.status, str(error))
        except Exception:
            LOG.exception("request failed")
            reply = _refusal(500, OWN_ERROR)
        headers = list(reply.headers)
        self._front.answer(request.ticket, reply.status, reply.content_type, reply.body, headers)

    def _keep(self, answered: _core.AnsweredRequest) -> None:
        """Record and trace what was answered."""
        endpoint = self._endpoint
        assert endpoint is not None
        if endpoint.log is not None and answered.routed and not answered.error:
            names = endpoint.served.names  # the same for every version
            shadow = [names_of(mask, names) for mask in answered.answer.shadow]
            endpoint.log.write(answered.id, answered.answer, shadow)
        if endpoint.traces is not None:
            endpoint.traces.add_request(answered, endpoint.served.names)


def _refusal(status: int, text: str) -> Reply:
    return Reply(orjson.dumps({"error": text}).decode(), status)
