"""An HTTP client for load: prepared requests on kept connections, each reply timed."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Sequence
from typing import cast

import numpy as np

from muxnet.base.errors import UserError, error_text

SEND_ALL = 30.0  # seconds for the replies that are still out when the last request was sent


@dataclasses.dataclass
class Tally:
    """What came of a series of requests; latencies in ms, of those answered."""

    seconds: float = 0.0  # in which requests were sent
    in_time: int = 0  # answers that came in these seconds
    sent: int = 0
    refused: int = 0
    failed: int = 0
    latencies_ms: list[float] = dataclasses.field(default_factory=list)
    refusals_ms: list[float] = dataclasses.field(default_factory=list)

    @property
    def answered(self) -> int:
        """Requests with an answer."""
        return len(self.latencies_ms)

    def quantile_ms(self, quantile: float) -> float:
        """Return a quantile of the latencies; NaN without answers."""
        return float(np.quantile(self.latencies_ms, quantile)) if self.answered else float("nan")


class Connection(asyncio.Protocol):
    """One kept connection with one request at a time."""

    def __init__(self) -> None:
        self._reply: asyncio.Future[tuple[int, bytes]] | None = None
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.usable = True  # for another request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        """Complete the reply when its whole body is here."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._reply is None:
            return
        head = bytes(self._buffer[:end]).lower()
        _, found, rest = head.partition(b"content-length:")
        length = int(rest.split(b"\r\n")[0]) if found else 0
        if not found or b"\r\nconnection: close" in head:
            self.usable = False
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        if not self._reply.done():
            self._reply.set_result((int(head.split(b" ")[1]), body))

    def connection_lost(self, _: Exception | None) -> None:
        """Fail the reply that will not come."""
        self.usable = False
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(ConnectionError("the server hung up"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the reply.

        Raises:
            ConnectionError: the server hung up.

        """
        assert self._transport is not None
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._reply

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Client:
    """Connections to one server, opened when first needed."""

    def __init__(self, port: int, connections: int) -> None:
        self._port = port
        self._idle: list[Connection] = []
        self._free = asyncio.Semaphore(connections)
        self._all: list[Connection] = []

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the reply to a prepared request.

        Raises:
            OSError: no connection.

        """
        async with self._free:
            self._idle = [connection for connection in self._idle if connection.usable]
            connection = self._idle.pop() if self._idle else await self._open()
            reply = await connection.ask(request)
            if connection.usable:
                self._idle.append(connection)
            return reply

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, "127.0.0.1", self._port)
        self._all.append(connection)
        return connection

    def close(self) -> None:
        """Close all connections."""
        for connection in self._all:
            connection.close()


async def closed_loop(
    client: Client, requests: Sequence[bytes], seconds: float, concurrency: int
) -> Tally:
    """Ask ``concurrency`` at a time, each as soon as one is answered: the server's capacity."""
    tally = Tally()
    start = time.perf_counter()

    async def worker(first: int) -> None:
        at = first
        while time.perf_counter() - start < seconds:
            await _timed(client, requests[at % len(requests)], time.perf_counter(), tally)
            at += concurrency

    await asyncio.gather(*(worker(i) for i in range(concurrency)))
    tally.seconds = time.perf_counter() - start
    tally.in_time = tally.answered
    return tally


async def open_loop(
    client: Client,
    requests: Sequence[bytes],
    seconds: float,
    rate: float,
    *,
    even: bool = False,
    seed: int = 0,
) -> Tally:
    """Ask ``rate`` times a second, at random times or evenly, however long the answers take.

    A latency counts from the moment that the request was due.

    Raises:
        UserError: a rate that would not be bounded.

    """
    if not 0 < rate * seconds <= 1e6:
        raise UserError(error_text("load", "at most a million requests", f"{rate * seconds:.0f}"))
    count = int(rate * seconds)
    gaps = np.ones(count) if even else np.random.default_rng(seed).exponential(size=count)
    due = np.cumsum(gaps) / rate
    tally, tasks = Tally(), set()
    start = time.perf_counter()
    for number, offset in enumerate(due):
        wait = start + offset - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        work = _timed(client, requests[number % len(requests)], start + offset, tally)
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    tally.seconds = time.perf_counter() - start
    tally.in_time = tally.answered
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=SEND_ALL)
        for task in late:
            task.cancel()
        tally.failed += len(late)
    return tally


async def _timed(client: Client, request: bytes, due: float, tally: Tally) -> None:
    tally.sent += 1
    with contextlib.suppress(asyncio.CancelledError):
        try:
            status, _ = await client.ask(request)
        except (OSError, ValueError, IndexError):
            tally.failed += 1
            return
        passed = 1000 * (time.perf_counter() - due)
        if status == 200:
            tally.latencies_ms.append(passed)
        elif status == 503:
            tally.refused += 1
            tally.refusals_ms.append(passed)
        else:
            tally.failed += 1
