"""HTTP/1.1 within limits: heads, bodies and trailers end in time, or the connection does."""

import asyncio
import enum
from collections import deque

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from muxnet.serve.answers import FULL, NO_ROOM, App, Message, answering, as_sent, refuse_full
from muxnet.serve.guard import Guard

HEAD_BYTES = 32 * 1024
TRAILER_BYTES = 16 * 1024
LEAST_CHUNK_BYTES = 16  # on average, beyond FREE_CHUNKS
FREE_CHUNKS = 4096
MOST_AT_ONCE = 1000  # requests in one piece of what comes
LINGER_BYTES = 4 << 20  # ignored of a request that was refused


class Reading(enum.Enum):
    """What a connection is amid."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


class Body:
    """A request's body as ASGI's ``receive``: in pieces, since to join them takes its time."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._receive = cycle.receive
        self._given = False
        self.pieces: deque[bytes] = deque()
        cycle.receive = self  # type: ignore[method-assign]

    async def __call__(self) -> Message:
        """Return the next piece, or wait for the end of the connection."""
        if self._given or self._cycle.disconnected:
            self._cycle.message_event.clear()
            ended: Message = await self._receive()
            return ended
        piece = self.pieces.popleft() if self.pieces else b""
        self._given = not self.pieces
        return {"type": "http.request", "body": piece, "more_body": not self._given}


class LimitedHttp(HttpToolsProtocol):
    """HTTP for a Guard, whose ``connections`` tell the limits.

    A request becomes work when all of it has come: a slow one takes no room from others. What is
    refused amid its request is answered at once, and what still comes of it is ignored for a
    while, so that the peer, who may read only after sending, gets the answer.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._guard: Guard = self.app
        self._group = self._guard.connections
        self.began = 0.0  # what the connection is amid
        self._reading = Reading.NOTHING
        self._waiting: tuple[RequestResponseCycle, App] | None = (
            None  # a request whose body is not whole
        )
        self._held: deque[int] = deque()  # bytes of the bodies of requests not answered
        self._body: Body  # of the request that is read
        self._ended = False  # nothing is heard any more
        self._begun = self._chunks = self._head_bytes = self._trailer_bytes = self._ignored = 0
        self._unsent, self._unsent_since = 0, 0.0

    # What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note a new connection."""
        super().connection_made(transport)
        self.began = self.loop.time()
        self._group.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._group.remove(self)
        self._group.release(sum(self._held))
        self._held.clear()
        self._ended, self._waiting = True, None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; hang up on what has no end."""
        if self._ended:
            self._ignored += len(data)
            if self._ignored > LINGER_BYTES:
                self.transport.abort()
            return
        self._group.wake(self)
        self._unset_keepalive_if_required()
        self._begun, chunks = 0, self._chunks
        held = self._held[-1] if self._held else 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # no other protocol is spoken
        except httptools.HttpParserError:
            self._refuse(400, "[http] expected requests, received something else", "malformed")
        if self._reading is Reading.HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(400, f"[http] expected a head of {HEAD_BYTES} bytes", "head_large")
        elif self._reading is Reading.BODY and not self._begun:
            # Neither bytes of the body nor a chunk's head: trailers, or extensions without end.
            if chunks == self._chunks and held == self._held[-1]:
                self._trailer_bytes += len(data)
            if self._trailer_bytes > TRAILER_BYTES:
                self._refuse(400, "[http] expected the end of the body", "trailers_large")

    # What the parser finds; an error in here is one of the request

    def on_message_begin(self) -> None:
        """Count anew."""
        self._begun += 1
        if self._ended or self._begun > MOST_AT_ONCE:
            raise ValueError("too many requests in one piece")
        self._reading = Reading.HEAD
        self._chunks = self._head_bytes = self._trailer_bytes = 0
        self.began = self.loop.time()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers are of no use."""
        if self._reading is Reading.HEAD:
            super().on_header(name, value)
            return
        self._trailer_bytes += len(name) + len(value)
        if self._trailer_bytes > TRAILER_BYTES:
            raise ValueError("trailers without end")

    def on_headers_complete(self) -> None:
        """Refuse a request by its head, or let its body come."""
        self._reading, before = Reading.BODY, self.cycle
        self._held.append(0)
        super().on_headers_complete()
        cycle = self.cycle
        self._body = Body(cycle)
        if self._group.draining_since is not None:
            if before is not None and not before.response_started:
                before.keep_alive = True  # it is the last answer that ends the connection
            cycle.keep_alive = False
        refused = self._guard.refusal(cycle.scope)
        if refused is not None:
            self._refuse(*refused)
        elif cycle.waiting_for_100_continue and not self.pipeline:
            cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_chunk_header(self) -> None:
        """Refuse a body in crumbs: each costs more than it brings."""
        self._chunks += 1
        if self._chunks - FREE_CHUNKS > self._held[-1] // LEAST_CHUNK_BYTES:
            raise ValueError("a body in crumbs")

    def on_body(self, body: bytes) -> None:
        """Keep a piece."""
        if self._ended:
            return
        self._body.pieces.append(body)
        self._held[-1] += len(body)
        if self._held[-1] > self._guard.body_bytes:
            self._refuse(413, self._guard.too_large, "body_large")
        else:
            self._group.hold(len(body))

    def on_message_complete(self) -> None:
        """Start the request's work if it is its turn."""
        if self._ended:
            return
        self._reading = Reading.NOTHING
        super().on_message_complete()
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self._start_asgi_task(*waiting)

    # Answers

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: App) -> None:
        """Start a request's work, or refuse it at once: at overload there is no time for more."""
        if app is not self.app:
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self._waiting = (cycle, app)
        elif self._guard.has_room(len(self.tasks), cycle.scope["path"]):
            super()._start_asgi_task(cycle, app)
        else:
            self._group.refusals.add("busy", self._peer)
            if self.pipeline:  # each refusal would start the next one, without end
                super()._start_asgi_task(cycle, refuse_full)
                return
            self.transport.write(NO_ROOM)
            cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()

    def on_response_complete(self) -> None:
        """Let the next request begin, or wait for one."""
        if self._held:
            self._group.release(self._held.popleft())
        self.began = self.loop.time()  # what waited behind the answer had no turn before
        super().on_response_complete()
        if self._reading is Reading.NOTHING and not self._ended and not self._working:
            self._group.rest(self)

    def _refuse(self, status: int, text: str, reason: str) -> None:
        """Answer what has not come whole, after the answers before it, and hear no more."""
        if self._ended:
            return
        self._group.refusals.add(reason, self._peer)
        self._group.wake(self)
        working, self._ended, self.began = self._working, True, self.loop.time()
        if self._reading is Reading.BODY:
            self._group.release(self._held[-1])
            self._held[-1] = 0
            self._body.pieces.clear()
        if working and self._reading is Reading.BODY:
            self.pipeline[0] = (self.cycle, answering(status, text))
        elif working:
            self.cycle.keep_alive = False
        else:
            self._waiting = None
            if self.cycle is not None:
                self.cycle.response_complete = True
            self.transport.write(as_sent(status, text))
            if self.transport.can_write_eof():
                self.transport.write_eof()

    @property
    def _working(self) -> bool:
        """Whether requests before the one that is read are not answered yet."""
        if self._reading is Reading.BODY:
            return bool(self.pipeline)
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _peer(self) -> str:
        return str(self.client[0]) if self.client else ""

    # For those who look after all connections

    @property
    def unfinished(self) -> bool:
        """Whether a request has begun to come, and has not come by its peer's own doing."""
        return self._reading is not Reading.NOTHING and not self._ended and not self._working

    def check(self, now: float) -> None:
        """End what has taken too long."""
        limits, waited = self._group.limits, now - self.began
        if self._stalled(now):
            self._group.refusals.add("answer_late", self._peer)
            self.transport.abort()
        elif self._working:
            return
        elif self._ended:
            if waited > limits.linger_seconds:
                self.transport.abort()
        elif self._reading is Reading.HEAD:
            if waited > limits.head_seconds:
                text = f"[http] expected a head within {limits.head_seconds:g} s"
                self._refuse(408, text, "head_late")
        elif self._reading is Reading.BODY:
            if waited > limits.body_seconds + self._held[-1] / limits.body_rate:
                text = f"[http] expected a body within {limits.body_seconds:g} s"
                self._refuse(408, text, "body_late")
        elif self._group.has_waited(self.began, now):
            self._group.wake(self)  # until all that is unsent has gone, or does not go
            self.transport.close()

    def evict(self, reason: str) -> None:
        """Make room for others: answer if the peer waits for an answer, and hang up."""
        if self.unfinished:
            self._refuse(503, FULL, reason)
        else:
            self._group.refusals.add(reason, self._peer)
            self._group.wake(self)
        if not self._working:
            self.transport.close()

    def shutdown(self) -> None:
        """End the connection with the next answer; a silent one has some time for a request."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def _stalled(self, now: float) -> bool:
        """Whether the peer has long taken nothing of its answer."""
        unsent = self.transport.get_write_buffer_size()
        if not self._unsent or unsent < self._unsent:
            self._unsent_since = now
        self._unsent = unsent
        return unsent > 0 and now - self._unsent_since > self._group.limits.answer_seconds
