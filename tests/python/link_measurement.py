"""Table I over a link that is slowed down, beside Eq. 9 to 13 for that link; prints JSON.

``python link_measurement.py rate MBPS SIDE``: in a network namespace of its own whose loopback a
token bucket (``tc tbf``) limits. ``python link_measurement.py delay MS SIDE``: through a proxy that
delays each way by half of MS. The networks were never trained: what is measured is time.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from muxnet import _core
from muxnet.paper import offload
from muxnet.paper.pairs import Pair
from muxnet.paper.stream import Stream, make_stream
from muxnet.pool.labelled import labelled

CLASSES = 10
IMAGES = 20
STUB = Path(__file__).with_name("inference_stub.py")
FAST_MBPS = 10_000.0  # of a loopback: its time is not seen


def networks(image: tuple[int, int, int]) -> Pair:
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = image
    options.resolution, options.models, options.offload = 16, 2, True
    random = np.random.default_rng(1).integers(0, 256, (10, *image), dtype=np.uint8)
    some = _core.make_dataset("some", random, np.arange(10, dtype=np.int32))
    seen = _core.measure_normalization(some)
    multiplexer = _core.make_multiplexer(options, seed=1, normalization=seen)
    channels, height, width = image
    shape = _core.NetworkOptions(channels=channels, height=height, width=width, classes=CLASSES)
    small = _core.make_model("alexnet_small", shape, seed=2, normalization=seen)
    hosted = _core.HostedModel(small)
    return Pair(_core.Multiplexer(multiplexer), hosted, hosted)


def stream_of(image: tuple[int, int, int]) -> Stream:
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, *image), dtype=np.uint8)
    return make_stream(labelled("random", images), range(IMAGES))


def link_profile(mbps: float, rtt_ms: float) -> Any:
    """Return a link of this rate and round trip, nothing known of its radio."""
    names = ("upload_mw_per_mbps", "download_mw_per_mbps", "base_mw", "tail_ms", "tail_mw")
    content: dict[str, Any] = {"format": "muxnet-link-1", "name": "as set", **dict.fromkeys(names)}
    for name, value in (("upload_mbps", mbps), ("download_mbps", mbps), ("rtt_ms", rtt_ms)):
        content[name] = {"value": value, "origin": "modelled", "source": "as set"}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        return _core.LinkProfile.load(file.name)


def start_proxy(target: int, way_ms: float) -> int:
    """Serve a port whose bytes arrive at ``target`` and back ``way_ms`` later."""
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(_proxy(target, way_ms / 1000))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return int(listening.sockets[0].getsockname()[1])


async def _proxy(target: int, way_s: float) -> Any:
    async def carry(reader: Any, writer: Any) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(1 << 16):
            loop.call_later(way_s, writer.write, data)
        loop.call_later(way_s, writer.close)

    async def connected(reader: Any, writer: Any) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))

    return await asyncio.start_server(connected, "127.0.0.1", 0)


def measure(port: int, side: int, mbps: float) -> dict[str, Any]:
    """Return each row's measured and predicted milliseconds."""
    image = (3, side, side)
    pair, stream = networks(image), stream_of(image)
    server = _core.ConnectionOptions(f"http://127.0.0.1:{port}")
    look = _core.OffloadClient(pair.multiplexer, pair.small, server, _core.OffloadOptions())
    scores = [look.score(stream.image(row)) for row in range(IMAGES)]

    def options() -> Any:
        made = _core.OffloadOptions()
        made.endpoint.model = "large"
        made.objective.threshold = float(np.median(scores))
        return made

    # What the server's own HTTP takes is part of the round trip.
    quick = _core.OffloadClient(pair.multiplexer, pair.small, server, options())
    assert quick.connect() == ""
    rtt_ms = quick.link.rtt_ms.value
    link = link_profile(mbps, rtt_ms)

    def given() -> Any:
        made = options()
        made.link = link
        return made

    costs = offload.measured_costs(pair, server, stream)
    found = offload.measure(pair, costs, server, given, stream, say=lambda _: None)
    return {
        row.setup: {
            "measured_ms": row.latency_mean_ms,
            "p50_ms": row.latency_p50_ms,
            "predicted_ms": row.predicted_ms,
            "local": row.local,
        }
        for row in found.rows
    }


def main() -> None:
    kind, value, side = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    _core.set_threads(1)
    command = [sys.executable, "-P", str(STUB), "http", "0", "3", *[str(side)] * 2, str(CLASSES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdout is not None
        port = int(stub.stdout.readline())
        try:
            if kind == "rate":
                found = measure(port, side, value)
            else:
                found = measure(start_proxy(port, value / 2), side, FAST_MBPS)
        finally:
            stub.kill()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
