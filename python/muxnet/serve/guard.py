"""What stands before the endpoints: size limits and the bearer token."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEAD_BYTES = 32 * 1024
FULL = "[server] expected fewer requests at a time"
OPEN_PATHS = ("/v2/health/live", "/v2/health/ready")


def token_matches(header: str, token: str) -> bool:
    """Return whether an Authorization header carries the token, in a time that tells nothing."""
    return hmac.compare_digest(header.encode(), f"Bearer {token}".encode())


class LimitedHttp(HttpToolsProtocol):
    """HTTP for a Guard: heads end within ``HEAD_BYTES``, and only so many requests are let in."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Take what came; hang up on a head without end."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("Request head too large.")

    def on_message_begin(self) -> None:
        """Count anew."""
        self._head_bytes, self._in_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting."""
        self._in_head = False
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Start a request's work, or refuse it at once: at overload there is no time for more."""
        if self.app.has_room(len(self.tasks), cycle.scope["path"]):
            super()._start_asgi_task(cycle, app)
        elif self.pipeline:  # each refusal would start the next one, without end
            super()._start_asgi_task(cycle, _refuse)
        else:
            self.transport.write(NO_ROOM)
            cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()


class Guard:
    """Refuses what is too large, too much at a time, or without the token.

    The health endpoints need no token. Until there is an ``app`` the server is live and not ready.
    """

    def __init__(self, body_bytes: int, token: str, requests: int) -> None:
        self.app: App | None = None
        self._requests = requests
        self._body_bytes = body_bytes
        self._token = token

    def has_room(self, inside: int, path: str) -> bool:
        """Return whether a request may come to those inside."""
        return inside < self._requests or path in OPEN_PATHS

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        if self._token and scope["path"] not in OPEN_PATHS:
            given = headers.get(b"authorization", b"").decode("latin-1")
            if not token_matches(given, self._token):
                await _answer(send, 401, "[authorization] expected the bearer token")
                return
        text = f"[body] expected at most {self._body_bytes} bytes, received more"
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._body_bytes:
            await _answer(send, 413, text)
            return
        if self.app is None:
            live = scope["path"] == OPEN_PATHS[0]
            await _answer(send, 200 if live else 503, "" if live else "[server] not ready yet")
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._body_bytes:
                raise HTTPException(413, text)
            return message

        await self.app(scope, counted, send)


async def _refuse(_scope: Any, _receive: Any, send: Any) -> None:
    await _answer(send, 503, FULL)


async def _answer(send: Send, status: int, text: str) -> None:
    headers, body = _response(status, text)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _response(status: int, text: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    body = orjson.dumps({"error": text} if text else {"live": True})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    else:
        headers.append((b"connection", b"close"))  # the rest of the request is not wanted
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers, body


def _as_sent(status: int, text: str) -> bytes:
    headers, body = _response(status, text)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


NO_ROOM = _as_sent(503, FULL)
