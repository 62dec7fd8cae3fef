"""``muxnet bench serve``: a server under load, beside one that calls always the best model.

Server and generator share the machine, so that its cores are not the server's alone.
"""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import UserError, error_text
from muxnet.base.machine import cores
from muxnet.base.tables import TextTable
from muxnet.base.words import interval_text, points_text
from muxnet.bench.http_load import Tally, closed_loop, due_times, open_loop
from muxnet.bench.ideal_queue import ideal_quantiles_ms
from muxnet.bench.protocol_overhead import Overhead, measure_overhead
from muxnet.bench.server_process import Status, memory_mb, start_server
from muxnet.pool.router_folder import POLICY_FILE

IN_TURNS = 512  # requests prepared for those that are asked one at a time

Pixels = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class LoadOptions:
    """What is measured, and for how long."""

    run: Path
    policy: str
    data: str = ""
    seconds: float = 10.0
    images: int = 1  # of a request
    loads: tuple[float, ...] = (0.5, 0.8, 1.0, 1.5)
    even: bool = False  # requests come at even distances, not at random
    concurrency: int = 32
    target_ms: float = 0.0  # as of muxnet serve, for the policy that routes


@dataclasses.dataclass(frozen=True)
class LoadRow:
    """The server at one load; ``goodput`` in requests a second."""

    load: float
    rate: float
    p50_ms: float
    p99_ms: float
    ideal_p50_ms: float  # of a queue that costs nothing, with as many workers as there are cores
    ideal_p99_ms: float
    goodput: float
    refused: int
    refused_p99_ms: float
    failed: int
    accuracy: float  # of the images answered
    memory_mb: float


@dataclasses.dataclass(frozen=True)
class Side:
    """What one policy did with the whole server for itself; accuracy of all test images."""

    policy: str
    capacity: float  # images a second
    cost: float  # MACs an image
    accuracy: float
    called: dict[str, float]


@dataclasses.dataclass(frozen=True)
class LoadResult:
    """All that was measured."""

    images: int
    even: bool
    routed: Side
    best: Side
    ahead: float  # accuracy of routed above that of best
    ahead_interval: tuple[float, float]
    rows: tuple[LoadRow, ...]
    router_p50_ms: float  # one image at a time, by a router that calls always the best model
    model_p50_ms: float  # the same model by its own name
    protocols: Overhead


def measure(options: LoadOptions, say: Callable[[str], object] = print) -> LoadResult:
    """Measure everything with servers of its own.

    Raises:
        UserError: a server that does not start.
        OSError: the run or its data cannot be read.

    """
    images, labels = _test_images(options)
    chosen = np.random.default_rng(0).permutation(len(images))
    say("always-best: capacity and one request at a time")
    with _server(options, "best_single", target_ms=0.0) as status:
        requests = _requests("router", images, chosen, options.images)
        best, tally = _capacity(status, requests, options)
        single = _requests("router", images, chosen[:IN_TURNS], 1)
        called = status().called
        name = max(called, key=called.__getitem__)
        direct = _requests(name, images, chosen[:IN_TURNS], 1)
        overhead = _in_turns(status.port, (single, direct), options.seconds)
        protocols = measure_overhead(status, single, images[chosen[0]], options.seconds)
        best_right = _right(status.port, images, labels)
    say(f"{options.policy}: capacity")
    rows = []
    with _server(options, options.policy, target_ms=options.target_ms) as status:
        requests = _requests("router", images, chosen, options.images)
        routed, tally = _capacity(status, requests, options)
        capacity = tally.answered / tally.seconds
        alone = closed_loop(status.port, requests, options.seconds, 1).latencies_ms
        for load in options.loads:
            say(f"{options.policy}: {load:g} x capacity, {load * capacity:.0f} requests a second")
            due = due_times(options.seconds, load * capacity, even=options.even)
            tally = open_loop(status.port, requests, due)
            ideal = ideal_quantiles_ms(alone, due, capacity, cores())
            right = _right_of(tally, labels[chosen], options.images)
            rows.append(_row(load, load * capacity, tally, ideal, right, memory_mb(status.pid)))
        routed_right = _right(status.port, images, labels)
    ahead = _core.bootstrap_difference(routed_right, best_right)
    return LoadResult(
        options.images,
        options.even,
        dataclasses.replace(routed, accuracy=float(np.mean(routed_right))),
        dataclasses.replace(best, accuracy=float(np.mean(best_right))),
        ahead.value,
        (ahead.interval.low, ahead.interval.high),
        tuple(rows),
        *overhead,
        protocols,
    )


def _row(
    load: float,
    rate: float,
    tally: Tally,
    ideal: tuple[float, float],
    accuracy: float,
    memory_mb: float,
) -> LoadRow:
    waits = tally.refusals_ms
    return LoadRow(
        load,
        rate,
        tally.quantile_ms(0.5),
        tally.quantile_ms(0.99),
        *ideal,
        tally.in_time / tally.seconds,
        len(waits),
        float(np.quantile(waits, 0.99)) if len(waits) else 0.0,
        tally.failed,
        accuracy,
        memory_mb,
    )


def _right_of(tally: Tally, labels: NDArray[np.int32], size: int) -> float:
    """Return the share of right answers to requests of ``size`` images each, in their order."""
    right = [
        np.asarray(json.loads(body)["outputs"][0]["data"])
        == labels[(size * request + np.arange(size)) % len(labels)]
        for request, body in tally.answers
    ]
    return float(np.mean(right)) if right else float("nan")


def _capacity(
    status: Status, requests: Sequence[bytes], options: LoadOptions
) -> tuple[Side, Tally]:
    closed_loop(status.port, requests, min(1.0, options.seconds), options.concurrency)
    tally = closed_loop(status.port, requests, options.seconds, options.concurrency)
    if tally.failed or not tally.answered:
        raise UserError(error_text("bench serve", "answers", f"{tally.failed} failures"))
    found = status()
    called = {name: count / found.images for name, count in found.called.items()}
    rate = tally.answered * options.images / tally.seconds
    return Side(found.policy, rate, found.cost / found.images, 0.0, called), tally


def _in_turns(
    port: int, sides: tuple[Sequence[bytes], Sequence[bytes]], seconds: float
) -> tuple[float, float]:
    """Return the median latency of both, asked one at a time and in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(max(4, int(20 * seconds))):
        for requests, latencies in zip(sides, found, strict=True):
            latencies += closed_loop(port, requests[turn % 8 :], 0.025, 1).latencies_ms.tolist()
    return float(np.median(found[0])), float(np.median(found[1]))


def _right(port: int, images: Pixels, labels: NDArray[np.int32]) -> list[float]:
    """Return 1 for every image answered with its label, and 0 for the others."""
    right: list[float] = []
    size = 64
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=60)) as http:
        for start in range(0, len(images), size):
            rows = slice(start, start + size)
            body, headers = _body(images[rows])
            http.request("POST", "/v2/models/router/infer", body, headers)
            reply = http.getresponse()
            content = reply.read()
            if reply.status != 200:
                raise UserError(error_text("bench serve", "answers", f"HTTP {reply.status}"))
            classes = json.loads(content)["outputs"][0]["data"]
            right += (np.asarray(classes) == labels[rows]).astype(float).tolist()
    return right


def _test_images(options: LoadOptions) -> tuple[Pixels, NDArray[np.int32]]:
    from muxnet.base.images import raw_pixels
    from muxnet.base.run_folder import RunFolder
    from muxnet.training.config import load_config
    from muxnet.training.data import data_of

    config = load_config(RunFolder(options.run).config)
    data = data_of(dataclasses.replace(config, data=options.data or config.data)).test
    return raw_pixels(data, 0, len(data)), np.asarray(data.labels)


def _requests(model: str, images: Pixels, order: NDArray[np.int64], size: int) -> list[bytes]:
    starts = range(0, max(len(order) - size, 0) + 1, size)
    return [
        _request(model, images[order[np.arange(start, start + size) % len(order)]])
        for start in starts
    ]


def _request(model: str, images: Pixels) -> bytes:
    body, headers = _body(images)
    lines = (
        f"POST /v2/models/{model}/infer HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _body(images: Pixels) -> tuple[bytes, dict[str, str]]:
    """Return the body of a request for classes, which are answered as JSON, and its headers."""
    content = np.ascontiguousarray(images).tobytes()
    tensor = {
        "name": "images",
        "shape": list(images.shape),
        "datatype": "UINT8",
        "parameters": {"binary_data_size": len(content)},
    }
    head = json.dumps({"inputs": [tensor], "outputs": [{"name": "classes"}]}).encode()
    return head + content, {
        "Inference-Header-Content-Length": str(len(head)),
        "Content-Type": "application/octet-stream",
    }


@contextlib.contextmanager
def _server(options: LoadOptions, policy: str, *, target_ms: float) -> Iterator[Status]:
    source, beside = options.run, ["--policy", policy]
    if (Path(policy) / POLICY_FILE).is_file():
        source, beside = Path(policy), ["--run", str(options.run)]
    with start_server(source, *beside, "--target-ms", str(target_ms)) as (process, ready):
        yield Status(ready["http_port"], process.pid, ready["grpc_port"])


def load_table(result: LoadResult) -> TextTable:
    """Return the loads as text."""
    latency = ("p50 ms", "p99 ms", "p99 / p50", "of an ideal queue")
    refusals = ("refused", "refusals p99 ms", "failed")
    columns = ("load", "per s", *latency, "answered / s", *refusals, "right %", "MB")
    rows = tuple(
        (
            f"{row.load:g}",
            f"{row.rate:.0f}",
            f"{row.p50_ms:.2f}",
            f"{row.p99_ms:.2f}",
            f"{row.p99_ms / row.p50_ms:.1f}",
            f"{row.ideal_p99_ms / row.ideal_p50_ms:.1f}",
            f"{row.goodput:.0f}",
            str(row.refused),
            f"{row.refused_p99_ms:.0f}",
            str(row.failed),
            f"{100 * row.accuracy:.2f}",
            f"{row.memory_mb:.0f}",
        )
        for row in result.rows
    )
    how = "evenly" if result.even else "at random"
    title = f"{result.routed.policy}, {result.images} images a request, which come {how}"
    return TextTable(title, columns, rows)


def comparison(result: LoadResult) -> list[str]:
    """Return what routing gained, in words."""
    routed, best = result.routed, result.best
    lines = [
        f"{side.policy}: {side.capacity:.0f} images/s, {side.cost / 1e6:.2f} M MACs an image, "
        f"{100 * side.accuracy:.2f} % right"
        for side in (routed, best)
    ]
    ahead = f"{points_text(result.ahead)} points ({interval_text(result.ahead_interval)})"
    added = 1000 * (result.router_p50_ms - result.model_p50_ms)
    return [
        *lines,
        f"routed against always-best: {routed.capacity / best.capacity:.2f} x the throughput, "
        f"{best.cost / routed.cost:.2f} x less compute, {ahead}",
        f"one image at a time, the same model: {result.router_p50_ms:.3f} ms by the router, "
        f"{result.model_p50_ms:.3f} ms by its own name: {added:+.0f} us",
        str(result.protocols),
    ]
