"""Requests that ask for more work than they are, sent to ``muxnet serve`` from outside."""

import json
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
from hostile_bodies import entry, field, grpc_messages, rest, rest_bodies
from serve_requests import memory_mb

grpc = pytest.importorskip("grpc")

SIZE = 2 * 2**20
METHOD = "/inference.GRPCInferenceService/ModelInfer"
MOST_MEMORY_MB = 100  # more than before, for two megabytes
SLOWEST_HEALTH_S = 5.0  # 50 ms on an idle machine, 1 s beside ten busy ones; the square: minutes


@pytest.fixture(scope="module")
def ready(untrained_run, started_server):
    with started_server(untrained_run, "--policy", "hybrid_single") as (process, said):
        yield {**said, "pid": process.pid}


def ask(ready, method, path, body=None):
    connection = HTTPConnection("127.0.0.1", ready["http_port"], timeout=60)
    try:
        connection.request(method, path, body, {"content-type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


class Health:
    """Asks for the server's health again and again, and keeps the longest wait."""

    def __init__(self, ready):
        self._ready = ready
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.slowest = 0.0

    def _ask(self):
        while not self._end.is_set():
            began = time.monotonic()
            assert ask(self._ready, "GET", "/v2/health/live")[0] == 200
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.005)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()


@pytest.fixture
def unmoved(ready):
    """Holds the server to its health and memory while a test runs."""
    before = memory_mb(ready["pid"])
    Path(f"/proc/{ready['pid']}/clear_refs").write_text("5")  # the highest counts from here
    with Health(ready) as health:
        yield
    assert health.slowest < SLOWEST_HEALTH_S
    assert memory_mb(ready["pid"], "VmHWM") - before < MOST_MEMORY_MB


@pytest.mark.parametrize("name", rest_bodies(64))
@pytest.mark.usefixtures("unmoved")
def test_rest_refuses_in_proportion(ready, name):
    status, reply = ask(ready, "POST", "/v2/models/router/infer", rest_bodies(SIZE)[name])
    assert status == 400
    error = json.loads(reply)["error"]
    assert error.startswith("[")
    assert len(error) < 300


@pytest.mark.parametrize("name", grpc_messages(64))
@pytest.mark.usefixtures("unmoved")
def test_grpc_refuses_in_proportion(ready, name):
    with grpc.insecure_channel(f"127.0.0.1:{ready['grpc_port']}") as channel:
        call = channel.unary_unary(METHOD)
        with pytest.raises(grpc.RpcError) as refused:
            call(grpc_messages(SIZE)[name])
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details().startswith("[")
    assert len(refused.value.details()) < 300


@pytest.mark.parametrize("path", ["/labels", "/v2/models/router/versions/1/infer"])
@pytest.mark.usefixtures("unmoved")
def test_other_bodies_are_refused_in_proportion(ready, path):
    for body in (b"[]," * 10**5, b"[" * 10**5, b"[" + b"[]," * (SIZE // 3) + b"[]]"):
        status, reply = ask(ready, "POST", path, body)
        assert status == 400
        assert json.loads(reply)["error"].startswith("[")


def test_both_protocols_have_the_same_limits(ready):
    """One input, output, axis or parameter too many, or a name too long; and none of them."""
    shape = field(3, b"\x01\x01\x20\x20")
    tensor = field(1, b"images") + field(2, b"UINT8") + shape
    image, raw = field(5, tensor), field(7, bytes(1024))
    outputs = ["probabilities", "classes", "called", "cost"]
    cases = [
        (entry(), {}, image + raw, True),
        (entry(), {"outputs": [{"name": name} for name in outputs]},
         image + raw + b"".join(field(6, field(1, name.encode())) for name in outputs), True),
        (entry(), {"id": "x" * 4096}, image + raw + field(3, b"x" * 4096), True),
        (entry(), {"id": "x" * 4097}, image + raw + field(3, b"x" * 4097), False),
        (entry(name="x" * 257), {}, field(5, field(1, b"x" * 257) + shape) + raw, False),
        (entry(shape=[1] * 17), {}, field(5, tensor + field(3, b"\x01" * 13)) + raw, False),
        (entry(), {"parameters": {f"p{i}": True for i in range(64)}},
         image + raw + b"".join(field(4, field(1, b"p%d" % i)) for i in range(64)), True),
        (entry(), {"parameters": {f"p{i}": True for i in range(65)}},
         image + raw + b"".join(field(4, field(1, b"p%d" % i)) for i in range(65)), False),
        (entry(), {"outputs": [{"name": "classes"}] * 17},
         image + raw + field(6, field(1, b"classes")) * 17, False),
        (entry(shape=[513, 1, 32, 32]), {},
         field(5, field(1, b"images") + field(2, b"UINT8") + field(3, b"\x81\x04\x01\x20\x20"))
         + raw, False),
    ]  # fmt: skip
    with grpc.insecure_channel(f"127.0.0.1:{ready['grpc_port']}") as channel:
        call = channel.unary_unary(METHOD)
        for tensor_entry, more, message, right in cases:
            status, reply = ask(
                ready, "POST", "/v2/models/router/infer", rest(tensor_entry, **more)
            )
            try:
                call(field(1, b"router") + message)
                told = ""
            except grpc.RpcError as error:
                told = error.details()
            assert (status == 200, not told) == (right, right), (more, reply, told)
            if not right:
                assert json.loads(reply)["error"] == told
