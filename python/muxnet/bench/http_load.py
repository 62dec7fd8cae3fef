"""Load on a server of this machine: prepared requests on kept connections, each reply timed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import UserError, error_text


@dataclasses.dataclass(frozen=True)
class Tally:
    """What came of a series of requests; latencies in ms, of those answered."""

    seconds: float  # in which requests were sent
    in_time: int  # answers that came in these seconds
    failed: int
    latencies_ms: NDArray[np.float64]
    refusals_ms: NDArray[np.float64]
    answers: list[tuple[int, bytes]]  # which request, and what came

    @property
    def answered(self) -> int:
        """Requests with an answer."""
        return len(self.latencies_ms)

    def quantile_ms(self, quantile: float) -> float:
        """Return a quantile of the latencies; NaN without answers."""
        return float(np.quantile(self.latencies_ms, quantile)) if self.answered else float("nan")


def closed_loop(port: int, requests: Sequence[bytes], seconds: float, concurrency: int) -> Tally:
    """Ask ``concurrency`` at a time, each as soon as one is answered: the server's capacity."""
    load = _core.HttpLoad(port=port, seconds=seconds, at_once=concurrency)
    return _tally(_core.run_load(requests, load))


def due_times(
    seconds: float, rate: float, *, even: bool = False, seed: int = 0
) -> NDArray[np.float64]:
    """Return when requests are due that come ``rate`` times a second, at random or evenly.

    Raises:
        UserError: a rate that would not be bounded.

    """
    if not 1 <= rate * seconds <= 1e6:
        raise UserError(error_text("load", "1 to a million requests", f"{rate * seconds:.0f}"))
    count = int(rate * seconds)
    gaps = np.ones(count) if even else np.random.default_rng(seed).exponential(size=count)
    return np.cumsum(gaps) / rate


def open_loop(port: int, requests: Sequence[bytes], due_s: NDArray[np.float64]) -> Tally:
    """Ask at the times of ``due_times``, however long the answers take.

    A latency counts from the moment that the request was due.
    """
    return _tally(_core.run_load(requests, _core.HttpLoad(port=port, due_s=due_s.tolist())))


def _tally(found: _core.LoadTally) -> Tally:
    status, latencies = np.asarray(found.status), np.asarray(found.latency_ms)
    answered, refused = status == 200, status == 503
    came = zip(found.request, found.body, answered.tolist(), strict=False)
    return Tally(
        found.seconds,
        int(np.sum(answered & (np.asarray(found.ended_s) <= found.seconds))),
        int(np.sum(~(answered | refused))),
        latencies[answered],
        latencies[refused],
        [(request, body) for request, body, whole in came if whole],
    )
