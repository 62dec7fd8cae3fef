"""What a queue would do that costs nothing itself: the tails that no server can be without."""

import heapq

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]


def ideal_latencies(due: Times, service: Times, workers: int) -> Times:
    """Return how long each request takes, first come, first served, by so many ``workers``.

    ``due`` (n), rising, is when they come, ``service`` (n) what each takes of a worker alone; all
    in one unit. Source: Lindley's recursion, for several servers.
    """
    free = [0.0] * workers  # when each worker is, a heap
    ended = np.empty_like(due)
    for i, (start, takes) in enumerate(zip(due.tolist(), service.tolist(), strict=True)):
        ended[i] = max(start, free[0]) + takes
        heapq.heapreplace(free, ended[i])
    return ended - due


def ideal_quantiles_ms(
    alone_ms: Times, due_s: Times, capacity: float, workers: int
) -> tuple[float, float]:
    """Return p50 and p99 of requests that come at ``due_s``, in ms.

    Requests take what they took ``alone_ms``, one after the other, in the proportion that lets all
    ``workers`` together answer ``capacity`` a second.
    """
    service_ms = np.resize(alone_ms, len(due_s)) * (1000 * workers / capacity) / alone_ms.mean()
    found = ideal_latencies(1000 * due_s, service_ms, workers)
    return float(np.quantile(found, 0.5)), float(np.quantile(found, 0.99))
