"""``muxnet bench serve``: a server under load, beside one that calls always the best model.

Server and generator share the machine, so that its cores are not the server's alone.
"""

import asyncio
import contextlib
import dataclasses
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import uvloop
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import UserError, error_text
from muxnet.bench.http_load import Client, Tally, closed_loop, open_loop
from muxnet.pool.router_folder import POLICY_FILE

IN_TURNS = 512  # requests prepared for those that are asked one at a time
CONNECTIONS = 2048  # most that are open: more than a server lets in at a time


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
    server: tuple[str, ...] = ()  # further arguments of muxnet serve


@dataclasses.dataclass(frozen=True)
class LoadRow:
    """The server at one load; ``goodput`` and ``capacity`` in requests a second."""

    load: float
    rate: float
    p50_ms: float
    p99_ms: float
    goodput: float
    refused: int
    refused_p99_ms: float
    failed: int
    memory_mb: float


@dataclasses.dataclass(frozen=True)
class Side:
    """What one policy did with the whole server for itself; accuracy of all test images."""

    policy: str
    capacity: float  # images a second
    macs: float
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


def measure(options: LoadOptions, say: Any = print) -> LoadResult:
    """Measure everything with servers of its own.

    Raises:
        UserError: a server that does not start.
        OSError: the run or its data cannot be read.

    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(options, say))


async def _measure(options: LoadOptions, say: Any) -> LoadResult:
    images, labels = _test_images(options)
    gc.freeze()  # the generator's own pauses are not the server's
    chosen = np.random.default_rng(0).permutation(len(images))
    say("always-best: capacity and one request at a time")
    async with _server(options, "best_single") as (client, status):
        requests = _requests("router", images, chosen, options.images)
        best, tally = await _capacity(client, status, requests, options)
        single = _requests("router", images, chosen[:IN_TURNS], 1)
        name = max(status()["models"], key=lambda model: model["called"])["name"]
        direct = _requests(name, images, chosen[:IN_TURNS], 1)
        overhead = await _in_turns(client, (single, direct), options.seconds)
        best_right = await _right(client, images, labels)
    say(f"{options.policy}: capacity")
    rows = []
    async with _server(options, options.policy) as (client, status):
        requests = _requests("router", images, chosen, options.images)
        routed, tally = await _capacity(client, status, requests, options)
        capacity = tally.answered / tally.seconds
        for load in options.loads:
            say(f"{options.policy}: {load:g} x capacity, {load * capacity:.0f} requests a second")
            rate = load * capacity
            tally = await open_loop(client, requests, options.seconds, rate, even=options.even)
            rows.append(_row(load, rate, tally, _memory_mb(status.pid)))
        routed_right = await _right(client, images, labels)
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
    )


def _row(load: float, rate: float, tally: Tally, memory_mb: float) -> LoadRow:
    waits = tally.refusals_ms
    return LoadRow(
        load,
        rate,
        tally.quantile_ms(0.5),
        tally.quantile_ms(0.99),
        tally.in_time / tally.seconds,
        tally.refused,
        float(np.quantile(waits, 0.99)) if waits else 0.0,
        tally.failed,
        memory_mb,
    )


async def _capacity(
    client: Client, status: "_Status", requests: Sequence[bytes], options: LoadOptions
) -> tuple[Side, Tally]:
    await closed_loop(client, requests, min(1.0, options.seconds), options.concurrency)
    tally = await closed_loop(client, requests, options.seconds, options.concurrency)
    if tally.failed or not tally.answered:
        raise UserError(error_text("bench serve", "answers", f"{tally.failed} failures"))
    found = status()
    called = {model["name"]: model["called"] / found["images"] for model in found["models"]}
    rate = tally.answered * options.images / tally.seconds
    return Side(found["policy"], rate, found["macs"] / found["images"], 0.0, called), tally


async def _in_turns(
    client: Client, sides: tuple[Sequence[bytes], Sequence[bytes]], seconds: float
) -> tuple[float, float]:
    """Return the median latency of both, asked one at a time and in turns."""
    tallies = (Tally(), Tally())
    for turn in range(max(4, int(20 * seconds))):
        for requests, tally in zip(sides, tallies, strict=True):
            part = await closed_loop(client, requests[turn % 8 :], 0.025, 1)
            tally.latencies_ms += part.latencies_ms
    return tallies[0].quantile_ms(0.5), tallies[1].quantile_ms(0.5)


async def _right(client: Client, images: NDArray[Any], labels: NDArray[Any]) -> list[float]:
    """Return 1 for every image answered with its label, and 0 for the others."""
    right: list[float] = []
    size = 64
    for start in range(0, len(images), size):
        rows = slice(start, start + size)
        status, body = await client.ask(_request("router", images[rows], binary=False))
        if status != 200:
            raise UserError(error_text("bench serve", "answers", f"HTTP {status}"))
        outputs = {output["name"]: output["data"] for output in orjson.loads(body)["outputs"]}
        right += (np.asarray(outputs["classes"]) == labels[rows]).astype(float).tolist()
    return right


def _test_images(options: LoadOptions) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    from muxnet.base.images import raw_pixels
    from muxnet.base.run_folder import RunFolder
    from muxnet.run import api
    from muxnet.run.config import load_config

    config = load_config(RunFolder(options.run).config)
    data = api.load_data(
        options.data or config.data,
        held_out_fraction=config.held_out_fraction,
        test_fraction=config.test_fraction,
        seed=config.seed,
    ).test
    return raw_pixels(data, 0, len(data)), np.asarray(data.labels)


def _requests(model: str, images: NDArray[np.uint8], order: NDArray[Any], size: int) -> list[bytes]:
    starts = range(0, max(len(order) - size, 0) + 1, size)
    return [
        _request(model, images[order[np.arange(start, start + size) % len(order)]])
        for start in starts
    ]


def _request(model: str, images: NDArray[np.uint8], *, binary: bool = True) -> bytes:
    content = np.ascontiguousarray(images).tobytes()
    tensor = {
        "name": "images",
        "shape": list(images.shape),
        "datatype": "UINT8",
        "parameters": {"binary_data_size": len(content)},
    }
    head = orjson.dumps({"inputs": [tensor], "parameters": {"binary_data_output": binary}})
    lines = (
        f"POST /v2/models/{model}/infer HTTP/1.1",
        "Host: localhost",
        f"Inference-Header-Content-Length: {len(head)}",
        f"Content-Length: {len(head) + len(content)}",
        "Content-Type: application/octet-stream",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + head + content


class _Status:
    """What a server tells of itself."""

    def __init__(self, port: int, pid: int) -> None:
        self._port = port
        self.pid = pid

    def __call__(self) -> dict[str, Any]:
        from http.client import HTTPConnection

        with contextlib.closing(HTTPConnection("127.0.0.1", self._port, timeout=10)) as http:
            http.request("GET", "/status")
            found: dict[str, Any] = json.loads(http.getresponse().read())
            return found


@contextlib.asynccontextmanager
async def _server(options: LoadOptions, policy: str) -> AsyncIterator[tuple[Client, _Status]]:
    source, beside = options.run, ["--policy", policy]
    if (Path(policy) / POLICY_FILE).is_file():
        source, beside = Path(policy), ["--run", str(options.run)]
    with start_server(source, *beside, *options.server) as (process, ready):
        client = Client(ready["http_port"], connections=CONNECTIONS)
        try:
            yield client, _Status(ready["http_port"], process.pid)
        finally:
            client.close()


@contextlib.contextmanager
def start_server(
    run: Path, *arguments: str, within: Sequence[str] = ()
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield a server process on free ports, and what it said when it was ready, with its ``log``.

    ``within``: the start of a command that starts another, such as ``prlimit --nofile=256``.

    Raises:
        UserError: it ended before.

    """
    command = [*within, sys.executable, "-P", "-m", "muxnet", "serve", str(run)]
    ports = ["--port", "0", "--grpc-port", "0"]
    with (
        tempfile.NamedTemporaryFile(prefix="muxnet-serve-", suffix=".log") as out,
        open(out.name, encoding="utf-8") as log,
        subprocess.Popen([*command, *ports, *arguments], stderr=out) as process,
    ):
        try:
            yield process, {**_wait_until_ready(process, log), "log": Path(log.name)}
        finally:
            process.terminate()


def _wait_until_ready(process: Any, log: Any) -> dict[str, Any]:
    said = ""
    while True:
        ended = process.poll() is not None
        for line in log:
            said = line.strip() or said
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == "ready":
                    return entry
        if ended:
            raise UserError(error_text("bench serve", "a server that starts", said))
        time.sleep(0.05)


def _memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return float(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
