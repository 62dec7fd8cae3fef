"""The HTTP side of the process: accepts connections, within its descriptors, and ends them."""

import asyncio
import contextlib
import dataclasses
import errno
import os
import resource
import socket
from pathlib import Path

import uvicorn

from muxnet.serve.answers import FULL, as_sent
from muxnet.serve.connections import ConnectionLimits
from muxnet.serve.guard import Guard
from muxnet.serve.http_protocol import LimitedHttp

MOST_DESCRIPTORS = 65536
SPARE_DESCRIPTORS = 64  # for files that are read and written
MOST_CONNECTIONS = 16384
ACCEPTED_AT_ONCE = 32
RETRY_SECONDS = 0.1


@dataclasses.dataclass(frozen=True)
class Shares:
    """How many connections each protocol may have."""

    http: int
    grpc: int


def share_descriptors() -> Shares:
    """Ask the system for descriptors, and divide those that are free."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    most = MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    free = most - len(os.listdir("/proc/self/fd")) - SPARE_DESCRIPTORS
    grpc = max(free // 4, 8)
    return Shares(min(max(free - grpc, 8), MOST_CONNECTIONS), min(grpc, MOST_CONNECTIONS))


class HttpServer:
    """uvicorn's server, for connections that are accepted here."""

    def __init__(
        self,
        guard: Guard,
        listening: socket.socket,
        *,
        certificate: tuple[Path, Path] | None,
        drain_seconds: float,
    ) -> None:
        self._connections = guard.connections
        self._listening = listening
        self._coming: set[asyncio.Task[None]] = set()
        self._config = uvicorn.Config(
            guard,
            http=LimitedHttp,
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=int(drain_seconds),
            timeout_keep_alive=self._connections.limits.idle_seconds,
            ssl_certfile=certificate[0] if certificate else None,
            ssl_keyfile=certificate[1] if certificate else None,
        )
        self._uvicorn = uvicorn.Server(self._config)
        # Signals are those of the process: both protocols end together.
        self._uvicorn.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]

    async def serve(self) -> None:
        """Serve until ``drain``, then answer what has come."""
        loop = asyncio.get_running_loop()
        self._config.load()
        self._connections.start(loop)
        loop.add_reader(self._listening, self._accept)
        try:
            await self._uvicorn.serve(sockets=[])
        finally:
            self._connections.stop()

    async def drain(self) -> None:
        """Take no more connections; those there are end with their next answer."""
        loop = asyncio.get_running_loop()
        self._connections.draining_since = loop.time()
        loop.remove_reader(self._listening)
        while self._accept():  # who is connected already would lose a request
            pass
        self._listening.close()
        await asyncio.gather(*self._coming)
        self._uvicorn.should_exit = True

    def _accept(self) -> bool:
        """Accept some of those that wait; return whether there may be more."""
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = self._listening.accept()
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self._pause()
                return False
            if not self._connections.make_room(len(self._coming)):
                self._connections.refusals.add("connections", str(address[0]))
                with contextlib.suppress(OSError):
                    if not self._config.is_ssl:
                        accepted.send(as_sent(503, FULL))
                accepted.close()
                continue
            task = asyncio.get_running_loop().create_task(self._connect(accepted))
            self._coming.add(task)
            task.add_done_callback(self._coming.discard)
        return True

    def _pause(self) -> None:
        """Let the system recover: what waits stays in its queue."""
        self._connections.refusals.add("descriptors")
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)

        def go_on() -> None:
            if self._listening.fileno() >= 0:
                loop.add_reader(self._listening, self._accept)

        loop.call_later(RETRY_SECONDS, go_on)

    async def _connect(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        state = self._uvicorn.server_state
        limits: ConnectionLimits = self._connections.limits
        secure = {"ssl_handshake_timeout": limits.head_seconds} if self._config.is_ssl else {}
        with contextlib.suppress(OSError, ConnectionError):  # it has gone, or speaks no TLS
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: LimitedHttp(config=self._config, server_state=state, app_state={}),
                accepted,
                ssl=self._config.ssl,
                **secure,
            )
