"""Running ours and a peer in turns, each in a process of its own."""

import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from muxnet.base.errors import UserError
from muxnet.bench.works import Work

# A run time's threads spin for a while after their work; the other side must not pay for it.
PAUSE_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class Row:
    """One measured comparison."""

    work: str
    precision: str
    batch: int
    ours_ms: float
    peer: str  # empty: none does it, and there are no numbers of it
    peer_ms: float | None
    ratio: float | None  # ours / peer, of the medians
    ours_peak_mb: float  # of the whole process
    peer_peak_mb: float | None
    rounds: int
    busy: int = 0  # processes that counted beside both sides


class Side:
    """A process that does one piece of work each time it is asked."""

    def __init__(self, side: str, work: Work, threads: int) -> None:
        task = json.dumps({"side": side, "threads": threads, "work": dataclasses.asdict(work)})
        self.name = side
        self._process = subprocess.Popen(
            [sys.executable, "-m", "muxnet.bench.worker", task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )
        self.peak_mb = 0.0
        try:
            self._answer()
        except UserError:
            self.close()
            raise

    def once(self) -> float:
        """Have the work done once; return its milliseconds."""
        time.sleep(PAUSE_SECONDS)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the missing answer tells
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> float:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise UserError(
                f"[bench] expected {self.name} to do its work, received exit status "
                f"{self._process.wait()}; its own message is above"
            )
        answer = json.loads(line)
        self.peak_mb = float(answer["peak_mb"])
        return float(answer["ms"])


@contextlib.contextmanager
def running(side: str, work: Work, threads: int) -> Iterator[Side]:
    """Yield a side, ended when the block is left."""
    process = Side(side, work, threads)
    try:
        yield process
    finally:
        process.close()


def compare(work: Work, peer: str, *, threads: int, rounds: int, warm_up: int = 3) -> Row:
    """Measure ``work`` in turns, ours first and second alternately; alone without a peer.

    Raises:
        UserError: a side ended instead of working.

    """
    names = ("ours", peer) if peer else ("ours",)
    rounds = min(rounds, work.most_rounds)
    times: dict[str, list[float]] = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(running(name, work, threads)) for name in names]
        for side in sides:
            for _ in range(min(warm_up, work.most_rounds - 1)):
                side.once()
        for turn in range(rounds):
            for side in sides if turn % 2 == 0 else reversed(sides):
                times[side.name].append(side.once())
        peaks = {side.name: side.peak_mb for side in sides}
    ours_ms = statistics.median(times["ours"])
    peer_ms = statistics.median(times[peer]) if peer else None
    return Row(
        work=work.name,
        precision=work.precision,
        batch=work.batch,
        ours_ms=ours_ms,
        peer=peer,
        peer_ms=peer_ms,
        ratio=None if peer_ms is None else ours_ms / peer_ms,
        ours_peak_mb=peaks["ours"],
        peer_peak_mb=peaks.get(peer),
        rounds=rounds,
    )
