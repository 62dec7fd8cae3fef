"""Models hosted elsewhere as members of a pool: the KServe SDK's server, and ``muxnet serve``."""

import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import muxnet
import numpy as np
import pytest
from listed_levels import SIDE, levels, listed
from muxnet import _core, cli
from muxnet.base.errors import ConfigError, UserError
from muxnet.pool import model_list
from muxnet.pool.collect import collect
from muxnet.pool.model_identity import Identity

STUB = Path(__file__).with_name("kserve_stub.py")
MODULE = """
import numpy as np


def answers(bright):
    bright = bright.astype(np.float32)
    return np.stack([1 - bright, bright], axis=1)


def small(images):
    return answers(np.where(images.mean(axis=(1, 2, 3)) > 0.7, 0.9, 0.2))


def middle(images):
    return answers(np.where(images.mean(axis=(1, 2, 3)) > 0.6, 0.9, 0.1))


def large(images):
    return answers(np.where(images.mean(axis=(1, 2, 3)) > 0.5, 0.95, 0.05))
"""
SMALL = {"name": "small", "callable": "brightness:small", "cost": 1}
MIDDLE = {"name": "middle", "callable": "brightness:middle", "cost": 5}
LARGE = {"name": "large", "callable": "brightness:large", "cost": 10}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def get(url, body=None, seconds=10):
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=seconds) as reply:
        return json.load(reply)


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Bright:
    """The SDK's server of the large model, which can be killed and started again."""

    def __init__(self):
        self.http, self.grpc = free_port(), free_port()
        self.process = None

    def start(self):
        command = [sys.executable, "-P", str(STUB), str(self.http), str(self.grpc)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self.is_there)

    def is_there(self):
        with contextlib.suppress(OSError):
            return get(f"http://127.0.0.1:{self.http}/v2/models/bright/ready")["ready"]
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def entry(self, scheme, **more):
        url = f"grpc://127.0.0.1:{self.grpc}/bright"
        if scheme == "http":
            url = f"http://127.0.0.1:{self.http}/v2/models/bright"
        return {"name": "large", "endpoint": url, "cost": 10, **more}


@pytest.fixture(scope="module")
def server(started_server):
    del started_server  # skips where the SDK is not installed
    bright = Bright()
    bright.start()
    yield bright
    bright.kill()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "brightness.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "brightness", raising=False)
    return tmp_path


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_it_answers_as_it_would_here(scheme, server, folder):
    data = levels()
    here = collect(listed(folder, SMALL, LARGE), data, "here.safetensors", say=lambda _: None)
    elsewhere = listed(folder, SMALL, server.entry(scheme, in_flight=2))
    there = collect(elsewhere, data, "there.safetensors", say=lambda _: None)
    assert np.array_equal(here.probabilities, there.probabilities)
    identity = Identity(elsewhere[1])
    assert {"endpoint", "what it says it is"} <= set(identity.known)
    assert identity.unknown == [f"what answers at {server.entry(scheme)['endpoint']}"]
    policy = muxnet.fit_policy("best_single", there)
    routed = muxnet.Router(
        elsewhere, None, policy, images=_core.ImageFormat(height=SIDE, width=SIDE)
    ).route(data.images)
    assert routed.called.tolist() == [[False, True]] * len(data)
    assert np.array_equal(routed.probabilities, here.probabilities[:, 1])


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_one_that_says_nothing_of_itself_answers_all_the_same(scheme, server, folder):
    data = levels(40)
    silent = server.entry(scheme)
    silent["endpoint"] = silent["endpoint"].replace("bright", "silent")
    models = listed(folder, LARGE, {**silent, "name": "far"})
    table = collect(models, data, "o.safetensors", say=lambda _: None)
    assert np.array_equal(table.probabilities[:, 0], table.probabilities[:, 1])


def test_one_that_is_down_is_named_and_what_was_recorded_is_kept(server, folder):
    data = levels(600)  # more than one call
    down = f"http://127.0.0.1:{free_port()}/v2/models/bright"
    models = listed(folder, {**server.entry("http"), "endpoint": down})
    with pytest.raises(UserError, match=r"large.* at http://127.0.0.1:\d+: .*onnect"):
        collect(models, data, "o.safetensors")
    models = listed(folder, SMALL, server.entry("grpc", timeout_ms=1500))

    def dies(images):
        if len(calls) == 1:
            server.kill()
        calls.append(len(images))
        return models[1].predict(images)

    calls = []
    dying = [models[0], dataclasses.replace(models[1], predict=dies)]
    with pytest.raises(
        UserError, match=r"large failed on input 256: .*answers of 2 models are kept"
    ):
        collect(dying, data, "o.safetensors", say=lambda _: None)
    server.start()
    models, said = listed(folder, SMALL, server.entry("grpc", timeout_ms=1500)), []
    table = collect(models, data, "o.safetensors", resume=True, say=said.append)
    assert len(table) == 600
    assert any("cannot be known to answer as before" in line for line in said)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"endpoint": "http://a:1/bright"}, "MODEL"),
        ({"endpoint": "ftp://a/bright"}, "MODEL"),
        ({"endpoint": "grpc://a:1/bright", "in_flight": 0}, "in_flight.*at least 1"),
        ({"endpoint": "grpc://a:1/bright", "timeout_ms": "1"}, "timeout_ms.*a number"),
        ({"endpoint": "grpc://a:1/bright", "engine": "opencv"}, "unknown key 'engine'"),
        (
            {"endpoint": "grpc://a:1/bright", "onnx": "a.onnx"},
            "received onnx and endpoint",
        ),
        ({"callable": "brightness:small", "in_flight": 2}, "unknown key 'in_flight'"),
    ],
)
def test_entries_that_do_not_fit_are_refused(entry, told, folder):
    with pytest.raises(ConfigError, match=told):
        listed(folder, {"name": "large", "cost": 10, **entry})


def router_of(folder, name, *entries):
    """Fit a router that always calls the best model, and return its folder."""
    models = folder / f"{name}.json"
    models.write_text(json.dumps(entries))
    table = folder / f"{name}.safetensors"
    collect(model_list.read_models(models), levels(), table, say=lambda _: None)
    command = ["fit", str(table), "--policy", "best_single", "--models", str(models)]
    assert cli.main([*command, "--out", str(folder / name)]) == 0
    return folder / name


class Load:
    """Threads that send images to a server, each with an id, until told to stop."""

    def __init__(self, port, threads=3):
        self.url = f"http://127.0.0.1:{port}"
        self.stop = threading.Event()
        self.called, self.failed, self.sent = [], [], 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        image = levels(1).images
        entry = {"name": "images", "shape": list(image.shape), "datatype": "UINT8"}
        entry["data"] = image.ravel().tolist()
        for turn in range(1_000_000):
            if self.stop.is_set():
                return
            name = f"{number}-{turn}"
            content = {"id": name, "inputs": [entry], "parameters": {"deadline_ms": 5000}}
            try:
                found = get(f"{self.url}/v2/models/router/infer", json.dumps(content).encode())
                assert found["id"] == name
                called = json.loads(found["parameters"]["called"])[0]
            except (urllib.error.HTTPError, OSError, AssertionError) as error:
                called = []
                with self.lock:
                    self.failed.append(repr(error))
            with self.lock:
                self.sent += 1
                self.called.append(called[-1] if called else "none")

    def wait_for(self, name):
        """Until a model answers what is sent from now on."""
        start = len(self.called)
        wait_until(lambda: name in self.called[start:])

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("schemes", [("http", "grpc"), ("grpc", "http")])
def test_killed_and_restarted_under_load_nothing_is_lost(schemes, server, started_server, folder):
    second = router_of(folder, "second", MIDDLE)
    size = ["--size", str(SIDE)]
    with contextlib.ExitStack() as stack:
        other, there = stack.enter_context(started_server(second, *size))
        middle = {
            "http": f"http://127.0.0.1:{there['http_port']}/v2/models/middle",
            "grpc": f"grpc://127.0.0.1:{there['grpc_port']}/middle",
        }[schemes[0]]
        far = {"name": "middle", "endpoint": middle, "cost": 5}
        entries = [SMALL, far, server.entry(schemes[1])]
        front = router_of(folder, "front", *entries)
        _, said = stack.enter_context(started_server(front, *size))
        load = Load(said["http_port"])
        stack.callback(load.end)
        load.wait_for("large")
        server.kill()
        load.wait_for("middle")
        other.kill()
        load.wait_for("small")
        here, *elsewhere = get(f"{load.url}/status")["models"]
        assert here["endpoint"] is None
        names = [model["name"] for model in elsewhere]

        def breakers():
            found = get(f"{load.url}/status")["models"]
            return {m["endpoint"]["breaker"] for m in found if m["name"] in names}

        wait_until(lambda: breakers() == {"open"})
        server.start()
        load.wait_for("large")
        load.end()
        assert load.failed == []
        status = get(f"{load.url}/status")
        assert status["images"] == load.sent == len(load.called)  # none twice
        assert status["departures"]["unreachable"] >= 1
        metrics = urllib.request.urlopen(f"{load.url}/metrics", timeout=10).read().decode()
        assert 'muxnet_endpoint_breaker{model="large"} 0.0' in metrics
        assert 'muxnet_endpoint_failures_total{model="middle"}' in metrics
