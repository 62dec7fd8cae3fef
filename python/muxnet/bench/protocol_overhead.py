"""What REST and gRPC add to a call of the service, by clients in C++, one request at a time."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.bench.http_load import closed_loop
from muxnet.bench.server_process import Status

TURN_SECONDS = 0.05
EMPTY = b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class Overhead:
    """Medians in ms: of the service, from a request's images to its answer, and of what is added.

    By REST the service's time is that of the same request, which its answer tells; by gRPC it is
    the median of those by REST. ``empty_ms`` is what a request takes that asks for no work.
    """

    service_ms: float
    rest_ms: float
    grpc_ms: float
    empty_ms: float

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"one image at a time: the service takes {self.service_ms:.3f} ms (p50), "
            f"REST adds {1000 * self.rest_ms:.0f} us, gRPC {1000 * self.grpc_ms:.0f} us; "
            f"an empty request of REST takes {1000 * self.empty_ms:.0f} us"
        )


def measure_overhead(
    status: Status, requests: Sequence[bytes], image: NDArray[np.uint8], seconds: float
) -> Overhead:
    """Ask a server's router for one image at a time, by both protocols in turns."""
    options = _core.RemoteModelOptions(
        name="bench serve",
        server=_core.ConnectionOptions(f"grpc://127.0.0.1:{status.grpc_port}"),
        endpoint=_core.EndpointOptions(model="router"),
    )
    client = _core.open_endpoint(options)
    pixels = np.ascontiguousarray(image[None], np.float32) / 255
    client.answer(pixels)  # what the model is has been asked by now
    service: list[float] = []
    rest: list[float] = []
    grpc: list[float] = []
    empty: list[float] = []
    for _ in range(max(4, int(seconds / TURN_SECONDS / 2))):
        tally = closed_loop(status.port, requests, TURN_SECONDS, 1)
        inside = [json.loads(body)["parameters"]["server_ms"] for _, body in tally.answers]
        service += inside
        rest += (tally.latencies_ms - inside).tolist()
        empty += closed_loop(status.port, [EMPTY], TURN_SECONDS / 4, 1).latencies_ms.tolist()
        end = time.perf_counter() + TURN_SECONDS
        while (began := time.perf_counter()) < end:
            client.answer(pixels)
            grpc.append(1000 * (time.perf_counter() - began))
    own = float(np.median(service))
    by_grpc = float(np.median(grpc)) - own
    return Overhead(own, float(np.median(rest)), by_grpc, float(np.median(empty)))
