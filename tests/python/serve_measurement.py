"""What others notice of hostile clients of ``muxnet serve``; prints a table.

``python serve_measurement.py RUN [MEGABYTES]``: health and the latency of single images, alone,
beside 300 slow bodies, beside 2,000 idle connections, and while each hostile body is worked on.
"""

import contextlib
import json
import resource
import socket
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from hostile_bodies import entry, grpc_messages, rest, rest_bodies
from muxnet.bench.server_process import start_server
from serve_requests import memory_mb

HEAD = "POST /v2/models/router/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n"


def ask(port: int, method: str, path: str, body: bytes | None = None) -> int:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=120)) as http:
        http.request(method, path, body, {"content-type": "application/json"})
        reply = http.getresponse()
        reply.read()
        return reply.status


class Watch(threading.Thread):
    """Asks the same again and again until told to stop; keeps how long each took, in ms."""

    def __init__(self, port: int, method: str, path: str, body: bytes | None = None) -> None:
        super().__init__()
        self._asked = (port, method, path, body)
        self._end = threading.Event()
        self.waits: list[float] = []
        self.failed = 0

    def run(self) -> None:
        while not self._end.wait(0.002):
            began = time.perf_counter()
            try:
                self.failed += ask(*self._asked) != 200
            except OSError:
                self.failed += 1
            self.waits.append(1000 * (time.perf_counter() - began))

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextlib.contextmanager
def watched(what: str, port: int, pid: int) -> Any:
    image = rest(entry())
    watches = [
        Watch(port, "GET", "/v2/health/live"),
        Watch(port, "POST", "/v2/models/router/infer", image),
    ]
    before = memory_mb(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    for watch in watches:
        watch.start()
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    for watch in watches:
        watch.stop()
    health, images = (np.array(watch.waits) for watch in watches)
    more = memory_mb(pid, "VmHWM") - before
    print(
        f"{what:44} {seconds:6.2f} s  health max {health.max():6.1f} ms  images p50 "
        f"{np.median(images):5.1f} p99 {np.quantile(images, 0.99):6.1f} ms  failed "
        f"{sum(watch.failed for watch in watches)}  memory +{more:.0f} MB"
    )


def beside_connections(port: int, pid: int, seconds: float) -> None:
    with watched("alone", port, pid):
        time.sleep(seconds)
    for what, count, begun in (
        ("300 slow bodies", 300, HEAD.format(60_000_000).encode() + b" " * 100_000),
        ("2,000 idle connections", 2000, b""),
    ):
        with contextlib.ExitStack() as stack, watched(what, port, pid):
            for _ in range(count):
                place = ("127.0.0.1", port)
                stack.enter_context(socket.create_connection(place)).sendall(begun)
            time.sleep(seconds)


def beside_bodies(said: dict[str, Any], pid: int, size: int) -> None:
    port = said["http_port"]
    for name, body in rest_bodies(size).items():
        with watched(f"REST, {len(body) / 2**20:.1f} MiB: {name}", port, pid):
            with contextlib.suppress(ConnectionError):  # told before the end of the body
                ask(port, "POST", "/v2/models/router/infer", body)
            time.sleep(0.1)
    most = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{said['grpc_port']}", options=most) as channel:
        call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        for name, message in grpc_messages(size).items():
            with watched(f"gRPC, {len(message) / 2**20:.1f} MiB: {name}", port, pid):
                with contextlib.suppress(grpc.RpcError):
                    call(message)
                time.sleep(0.1)


def main() -> None:
    run, megabytes = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))
    with start_server(run, "--policy", "hybrid_single") as (process, said):
        beside_connections(said["http_port"], process.pid, 5.0)
        beside_bodies(said, process.pid, int(megabytes * 2**20))
        print(json.dumps(said["log"].read_text(encoding="utf-8").splitlines()[-3:], indent=1))


if __name__ == "__main__":
    main()
