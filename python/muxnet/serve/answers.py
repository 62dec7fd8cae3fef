"""Short answers from before the endpoints: refusals, in the protocol's form of an error."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson

# Of ASGI; uvicorn and Starlette have types of their own for it, which do not fit each other.
Message = Any
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

FULL = "[server] expected fewer requests at a time"


async def answer(send: Send, status: int, text: str, *, close: bool = True) -> None:
    """Answer a request; an empty text: the server is live."""
    headers, body = _response(status, text, close)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answering(status: int, text: str) -> App:
    """Return an application that gives one answer, and ends the connection."""

    async def app(_scope: object, _receive: object, send: Send) -> None:
        await answer(send, status, text)

    return app


async def refuse_full(_scope: object, _receive: object, send: Send) -> None:
    """Answer that too many requests are inside."""
    await answer(send, 503, FULL, close=False)


def as_sent(status: int, text: str, *, close: bool = True) -> bytes:
    """Return a whole answer as it goes over the wire."""
    headers, body = _response(status, text, close)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


def _response(status: int, text: str, close: bool) -> tuple[list[tuple[bytes, bytes]], bytes]:
    body = orjson.dumps({"error": text} if text else {"live": True})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    if close:
        headers.append((b"connection", b"close"))  # the rest of the request is not wanted
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers, body


NO_ROOM = as_sent(503, FULL, close=False)
