"""Connections that share what the process has: descriptors, memory, time."""

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Protocol

from muxnet.serve.refusals import Refusals

SWEEP_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class ConnectionLimits:
    """How long a peer may take, and how much all of them may hold together."""

    head_seconds: float = 10.0  # from the first byte of a request to the last of its head
    body_seconds: float = 30.0  # of a body, and a second more for every ``body_rate`` bytes
    body_rate: int = 64 * 2**10
    # Longer than devices are silent: a new connection costs them round trips, and one that is
    # closed just when a request comes costs the request.
    idle_seconds: int = 60
    answer_seconds: float = 30.0  # without a byte of the answer taken
    linger_seconds: float = 2.0  # for a peer that was refused amid its request to read why
    drain_seconds: float = 3.0  # of silence on a kept connection, when the server ends
    held_bytes: int = 512 * 2**20  # of bodies whose requests are not answered yet
    connections: int = 4096


class Connection(Protocol):
    """What ``Connections`` knows of each."""

    began: float  # when what it is in began: silence, a head, a body

    @property
    def unfinished(self) -> bool:
        """Whether a request has begun to come, and has not come."""

    def check(self, now: float) -> None:
        """End what has taken too long."""

    def evict(self, reason: str) -> None:
        """Make room for others: answer if the peer waits for one, and hang up."""


class Connections:
    """All connections of one protocol; the longest silent, then the slowest, make room."""

    def __init__(
        self, limits: ConnectionLimits | None = None, refusals: Refusals | None = None
    ) -> None:
        self.limits = limits or ConnectionLimits()
        self.refusals = refusals or Refusals()
        self.draining_since: float | None = None
        self.held = 0  # bytes of bodies
        self._busy: set[Connection] = set()
        self._silent: dict[Connection, None] = {}  # the longest silent first
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._busy) + len(self._silent)

    def add(self, connection: Connection) -> None:
        """Take a new one, which is silent."""
        self._silent[connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget one."""
        self._busy.discard(connection)
        self._silent.pop(connection, None)

    def has_waited(self, began: float, now: float) -> bool:
        """Return whether one has been silent for too long; while draining that comes sooner."""
        if self.draining_since is None:
            return now - began > self.limits.idle_seconds
        return now - max(began, self.draining_since) > self.limits.drain_seconds

    def wake(self, connection: Connection) -> None:
        """Note that one is silent no more."""
        self._silent.pop(connection, None)
        self._busy.add(connection)

    def rest(self, connection: Connection) -> None:
        """Note that one is silent, from now on."""
        self._busy.discard(connection)
        self._silent[connection] = None

    def hold(self, size: int) -> None:
        """Count bytes of a body; while all bodies hold too many, the slowest request ends."""
        self.held += size
        while self.held > self.limits.held_bytes and self._evict_slowest("memory"):
            pass

    def release(self, size: int) -> None:
        """Count bytes that are held no more."""
        self.held -= size

    def make_room(self, coming: int) -> bool:
        """Return whether one more may come beside those ``coming``; another may have to go."""
        if len(self) + coming < self.limits.connections:
            return True
        if self._silent:
            next(iter(self._silent)).evict("connections")
            return True
        return self._evict_slowest("connections")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look after all of them from now on."""

        def sweep() -> None:
            self._timer = loop.call_later(SWEEP_SECONDS, sweep)  # first: an error ends nothing
            self._sweep(loop.time())

        self._timer = loop.call_later(SWEEP_SECONDS, sweep)

    def stop(self) -> None:
        """Look after them no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _sweep(self, now: float) -> None:
        for connection in list(self._busy):
            connection.check(now)
        for connection in list(self._silent):
            if not self.has_waited(connection.began, now):
                break  # nor have those after it
            connection.check(now)
        self.refusals.tell()

    def _evict_slowest(self, reason: str) -> bool:
        slowest = min(self._unfinished(), key=lambda one: one.began, default=None)
        if slowest is not None:
            slowest.evict(reason)
        return slowest is not None

    def _unfinished(self) -> Iterator[Connection]:
        return (one for one in self._busy if one.unfinished)
