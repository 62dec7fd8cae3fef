"""The offload client against a server that fails in every way, over real sockets.

MUXNET_FAULT_REQUESTS sets the requests of each stream (10,000 for the whole claim; takes minutes).
"""

import os
import socket
import threading
import time
import zlib
from typing import Any

import numpy as np
import pytest
from muxnet import _core

IMAGE, CLASSES = (1, 28, 28), 10
REQUESTS = int(os.environ.get("MUXNET_FAULT_REQUESTS", "60"))
DEADLINE_MS = 2000.0  # more than a busy machine needs
WAITED_MS = 150.0  # where it is waited for the deadline
# How late an answer may be by the client's account: what a busy machine, which also runs the server
# and the test, keeps a thread from its processor. Without other load there is none.
JITTER_MS = 1000.0
RECOVERY_S = 30.0

# What a machine that is too busy may add to what the fault itself leads to.
SLOW = {"link_down", "too_slow", "timed_out"}
FAULTS = {
    "hang": {"timed_out"},
    "half_open": {"timed_out"},
    "slow": {"timed_out"},
    "error": {"refused"},
    "busy": {"refused"},
    "garbage": {"invalid"},
    "nonsense": {"failed", "invalid", "cut"},
    "not_finite": {"invalid"},
    "other_id": {"invalid"},
    "endless": {"invalid"},
    "cut_upload": {"cut"},
    "cut_answer": {"cut"},
    "reset": {"cut"},
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other make a busy machine's answers late."""
    before = _core.threads()
    _core.set_threads(1)
    yield
    _core.set_threads(before)


@pytest.fixture(scope="module")
def networks() -> tuple[Any, Any]:
    """A multiplexer and a small model that were never trained."""
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = IMAGE
    options.models, options.offload = 2, True
    channels, height, width = IMAGE
    shape = _core.NetworkOptions(channels=channels, height=height, width=width, classes=CLASSES)
    some = _core.make_dataset("some", images(10)[:, 0], np.arange(10, dtype=np.int32))
    seen = _core.measure_normalization(some)
    return (
        _core.make_multiplexer(options, seed=1, normalization=seen),
        _core.make_model("alexnet_small", shape, seed=2, normalization=seen),
    )


@pytest.fixture(scope="module", params=["http", "grpc"])
def protocol(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def cloud(make_cloud, protocol) -> Any:
    return make_cloud(IMAGE, CLASSES, protocol)


@pytest.fixture
def make_client(networks):
    """Make clients that send everything: ``make_client(url, payload="raw")``."""

    def make(url: str, payload: str = "raw", deadline_ms: float = DEADLINE_MS) -> Any:
        options = _core.OffloadOptions()
        options.endpoint.model, options.endpoint.payload = "large", payload
        options.objective.threshold = 0
        options.deadline_ms = deadline_ms
        options.breaker.cooldown_ms, options.breaker.max_cooldown_ms = 20, 200
        options.probe_timeout_ms, options.refresh_ms = 200, 100
        return _core.OffloadClient(*networks, _core.ConnectionOptions(url), options)

    return make


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, *IMAGE), dtype=np.uint8)


class Stream:
    """Images one after another, each answer held against what it has to be."""

    def __init__(self, client: Any, networks: tuple[Any, Any]) -> None:
        self.client, self.small = client, networks[1]
        self.predictor = _core.Predictor(self.small, 1)
        self.images = images(1000)
        self.sent = 0
        self.reasons: dict[str, int] = {}

    def once(self) -> str:
        image = self.images[self.sent % len(self.images)]
        self.sent += 1
        answer = self.client.answer(image)
        prepared = _core.normalize(image, self.small.normalization)
        if answer.route == "offloaded":
            expected = zlib.crc32(prepared.tobytes()) % CLASSES
        else:
            expected = int(self.predictor.output(prepared, "logits").argmax())
        assert answer.answer == expected
        assert answer.probabilities.shape == (1, CLASSES)
        assert answer.lateness_ms <= JITTER_MS
        self.reasons[answer.reason] = self.reasons.get(answer.reason, 0) + 1
        return answer.reason

    def run(self, count: int) -> set[str]:
        return {self.once() for _ in range(count)}

    def until(self, reasons: set[str]) -> None:
        limit = time.monotonic() + RECOVERY_S
        while self.once() not in reasons:
            assert time.monotonic() < limit
            time.sleep(0.002)

    def check(self) -> None:
        """Nothing was lost, nothing answered twice."""
        account = self.client.account
        assert account.answers == self.sent
        assert {name: n for name, n in account.by_reason.items() if n} == self.reasons
        assert account.local + account.offloaded + account.fell_back == self.sent
        assert account.worst_lateness_ms <= JITTER_MS
        print(f"{account.answers} answers, {account.late} late, {account.worst_lateness_ms:.1f} ms")
        print(self.reasons)


@pytest.mark.parametrize("mode", FAULTS)
def test_a_stream_survives_every_fault(mode, cloud, make_client, networks) -> None:
    cloud.order()
    waited = "timed_out" in FAULTS[mode]
    client = make_client(cloud.url, deadline_ms=WAITED_MS if waited else DEADLINE_MS)
    assert client.connect() == ""
    stream = Stream(client, networks)
    stream.until({"offloaded"})
    stream.run(REQUESTS // 3)
    if mode == "slow":
        cloud.order("answer", delay=3 * WAITED_MS / 1000)
    else:
        cloud.order(mode)
    stream.until(FAULTS[mode])
    stream.until({"link_down"})  # the breaker has opened
    assert stream.run(REQUESTS // 3) <= FAULTS[mode] | SLOW
    cloud.order()
    stream.until({"offloaded"})
    stream.run(REQUESTS // 3)
    stream.check()


def test_a_killed_server_is_found_again(make_cloud, protocol, make_client, networks) -> None:
    cloud = make_cloud(IMAGE, CLASSES, protocol)
    client = make_client(cloud.url)
    assert client.connect() == ""
    stream = Stream(client, networks)
    stream.until({"offloaded"})
    stream.run(REQUESTS // 3)
    cloud.kill()
    stream.until({"unreachable", "cut"})
    stream.until({"link_down"})
    assert stream.run(REQUESTS) <= {"unreachable", "cut", *SLOW}
    cloud.start()
    stream.until({"offloaded"})
    stream.check()


def test_a_server_that_dies_under_a_request(make_cloud, protocol, make_client, networks) -> None:
    cloud = make_cloud(IMAGE, CLASSES, protocol)
    client = make_client(cloud.url)
    assert client.connect() == ""
    cloud.order("answer", delay=10)
    stream = Stream(client, networks)
    killer = threading.Timer(DEADLINE_MS / 10 / 1000, cloud.kill)
    killer.start()
    assert stream.once() in ("cut", "unreachable", "timed_out")
    killer.join()
    cloud.start()
    stream.until({"offloaded"})
    stream.check()


def test_a_name_that_is_not_known_costs_no_time(protocol, make_client, networks) -> None:
    client = make_client(f"{protocol}://no-such-host.invalid:8000")
    assert client.connect(1000) != ""
    stream = Stream(client, networks)
    assert stream.run(REQUESTS) == {"link_down"}
    stream.check()
    assert client.account.probes > 0


def test_a_server_that_never_accepts(protocol, make_client, networks) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        client = make_client(f"{protocol}://127.0.0.1:{listener.getsockname()[1]}")
        assert client.connect(50) == "[server] no answer within 50 ms"
        stream = Stream(client, networks)
        assert stream.run(REQUESTS) == {"link_down"}
        stream.check()


@pytest.mark.parametrize(("payload", "magic"), [("png", b"\x89PNG"), ("jpeg", b"\xff\xd8\xff")])
def test_images_go_encoded(payload, magic, cloud, make_client) -> None:
    cloud.order()
    client = make_client(cloud.url, payload)
    assert client.connect() == ""
    image = np.full((1, *IMAGE), 77, np.uint8)
    answer = client.answer(image)
    assert answer.route == "offloaded"
    # The server's class is the checksum of the very file.
    encoded = _core.encode_image(image, payload, 90)
    assert encoded.startswith(magic)
    assert answer.answer == zlib.crc32(encoded) % CLASSES
    assert answer.sent_bytes < 4 * image.size


def test_confidential_images_stay(cloud, make_client) -> None:
    client = make_client(cloud.url)
    assert client.connect() == ""
    answer = client.answer(images(1)[0], placement="device")
    assert (answer.route, answer.reason, answer.sent_bytes) == ("local", "confidential", 0)
    with pytest.raises(ValueError, match=r"\[placement\] expected decide, device or cloud"):
        client.answer(images(1)[0], placement="moon")


def test_threads_share_a_client(cloud, make_client) -> None:
    cloud.order()
    client = make_client(cloud.url)
    assert client.connect() == ""

    def work() -> None:
        for image in images(20):
            client.answer(image)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.account.answers == 80


def test_what_cannot_be_is_refused(networks, make_client) -> None:
    with pytest.raises(ValueError, match=r"\[server\] expected a URL"):
        make_client("ftp://host")
    with pytest.raises(ValueError, match=r"a URL grpc\(s\)://HOST:PORT, received grpc://host"):
        make_client("grpc://host")
    with pytest.raises(ValueError, match="one of raw, png, jpeg, received gif"):
        make_client("http://127.0.0.1:1", payload="gif")
    client = make_client("http://127.0.0.1:1")
    with pytest.raises(ValueError, match=r"an image \(1, 1, 28, 28\)"):
        client.answer(np.zeros((1, 3, 28, 28), np.uint8))
    server = _core.ConnectionOptions("http://127.0.0.1:1")
    server.bearer_token = "two words\r\n"
    with pytest.raises(ValueError, match="bearer token"):
        _core.OffloadClient(*networks, server, _core.OffloadOptions())
