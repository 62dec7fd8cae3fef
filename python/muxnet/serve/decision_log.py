"""Decision records in a file, one line of JSON for each image."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import threading
import time
from pathlib import Path

import orjson

from muxnet.base.compiled import _core
from muxnet.base.errors import OutputError

HEAD = b'{"time":'
ROOM_BYTES = 8 * 2**20  # of records that wait to be written; those that find none are lost

LOG = logging.getLogger("muxnet.serve")


def names_of(mask: int, models: list[str]) -> list[str]:
    """Return the models whose bits are set."""
    return [name for index, name in enumerate(models) if mask >> index & 1]


class DecisionLog:
    """Appends the records that the service made of a request, as ``muxnet replay`` reads them.

    ``write`` never fails and never waits; ``flush``, on another thread, writes. What cannot be
    written is lost and counted, and leaves no half line behind.

    Raises:
        OutputError: the file cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        if path.exists() and not path.is_file():  # a pipe, say
            flags = flags & ~os.O_RDWR | os.O_WRONLY
        try:
            self._file = os.open(path, flags, 0o666)
            self._regular = stat.S_ISREG(os.fstat(self._file).st_mode)
            self._torn = self._regular and not _ends_whole(self._file)
        except OSError as error:
            raise OutputError(f"[decisions] {path}: cannot be written: {error.strerror}") from error
        self._lock = threading.Lock()  # of the lines that wait
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self.recorded = 0
        self.lost = 0
        self.failing = ""  # why the last records could not be written

    def write(self, request_id: str, answer: _core.ServiceAnswer, shadow: list[list[str]]) -> None:
        """Add one request's; ``shadow`` names the models that the shadow wanted, where one is."""
        try:
            lines = _lines(request_id, answer, shadow)
        except Exception as error:  # an answer goes out whatever its record is
            self.lose(len(answer.records), f"{type(error).__name__}: {error}")
            return
        with self._lock:
            full = self._waiting_bytes > ROOM_BYTES
            if not full:
                self._waiting += lines
                self._waiting_bytes += sum(map(len, lines))
        if full:
            self.lose(len(lines), "more records than can be written")

    def flush(self) -> None:
        """Write what waits; one thread at a time."""
        with self._lock:
            lines, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not lines:
            return
        done, reason = 0, ""
        try:
            self._mend()
            done = self._append(b"".join(lines))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            done = getattr(error, "lines", 0)
        self.recorded += done
        if reason:
            self.lose(len(lines) - done, reason)
        elif self.failing:
            self.failing = ""
            LOG.info("decisions are recorded again", extra={"fields": {"lost": self.lost}})

    def state(self) -> dict[str, int | str]:
        """Return how many records were written and lost, and why the last ones were lost."""
        return {"recorded": self.recorded, "lost": self.lost, "failing": self.failing}

    def close(self) -> None:
        """Write out and close."""
        self.flush()
        os.close(self._file)

    def _append(self, content: bytes) -> int:
        """Write whole lines, all of them; return how many.

        Raises:
            OSError: as many as its ``lines`` say are written.

        """
        start = os.fstat(self._file).st_size
        written = 0
        try:
            while written < len(content):
                written += os.write(self._file, memoryview(content)[written:])
        except OSError as error:
            whole = content.rfind(b"\n", 0, written) + 1
            self._torn = whole != written and not self._cut(start + whole, start + written)
            error.lines = content.count(b"\n", 0, whole)  # type: ignore[attr-defined]
            raise
        return content.count(b"\n")

    def _cut(self, size: int, end: int) -> bool:
        """Take the half line behind ``size`` back; return whether that could be done."""
        if not self._regular or os.fstat(self._file).st_size != end:  # another's lines follow
            return False
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, size)
            return True
        return False

    def _mend(self) -> None:
        """End a half line, so that what comes is not part of it."""
        if self._torn:
            os.write(self._file, b"\n")
            self._torn = False

    def lose(self, count: int, reason: str) -> None:
        """Count records that are lost."""
        with self._lock:
            self.lost += count
            first, self.failing = not self.failing, reason
        if first:
            fields = {"reason": reason, "lost": self.lost}
            LOG.error("decisions are not recorded", extra={"fields": fields})


def _lines(request_id: str, answer: _core.ServiceAnswer, shadow: list[list[str]]) -> list[bytes]:
    head = {
        "time": time.time(),
        "id": request_id,
        "deployment": answer.version,
        "milliseconds": answer.total_ms,
    }
    lines = []
    for row, record in enumerate(answer.records):
        if shadow:
            head["shadow"] = shadow[row]
        # Both are objects, and neither is empty.
        lines.append(orjson.dumps(head)[:-1] + b"," + record.encode()[1:] + b"\n")
    return lines


def _ends_whole(file: int) -> bool:
    """Drop the half line that a process left when it was killed; return whether that went well."""
    size = os.fstat(file).st_size
    if size == 0 or os.pread(file, 1, size - 1) == b"\n":
        return True
    start = max(0, size - ROOM_BYTES)
    tail = os.pread(file, size - start, start)
    whole = tail.rfind(b"\n") + 1
    with contextlib.suppress(orjson.JSONDecodeError):
        orjson.loads(tail[whole:])
        return False  # it is whole but for its end, which comes before what follows
    if not tail[whole:].startswith(HEAD) or (whole == 0 and start > 0):
        return False  # none of ours
    os.ftruncate(file, start + whole)
    return True
