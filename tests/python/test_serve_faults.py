"""``muxnet serve`` when what it stands on fails: models that hang, full disks, broken files."""

import json
import os
import resource
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import ClassVar

import pytest
from muxnet import _core, cli
from muxnet.base.files import write_text
from serve_requests import limit, memory_mb, told, wait_until

NAMES = ["small", "large"]
FORMAT = ["--size", "8", "--channels", "1"]
PATIENCE = 60  # seconds, for a busy machine
MODULE = """
import ctypes
import pathlib
import time

import numpy as np

HERE = pathlib.Path(__file__).parent


def small(images):
    return np.tile([0.4, 0.2, 0.2, 0.2], (len(images), 1))


def large(images):
    while (HERE / "hang").exists():
        time.sleep(0.02)
    if (HERE / "seize").exists():
        ctypes.PyDLL(None).sleep(600)  # and nobody else runs Python
    return np.tile([0.1, 0.7, 0.1, 0.1], (len(images), 1))
"""


@pytest.fixture
def folder(answers, tmp_path):
    """Two functions, the dearer of which hangs as long as a file is there, and their cascade."""
    (tmp_path / "hanging_models.py").write_text(MODULE)
    listed = [
        {"name": name, "callable": f"hanging_models:{name}", "cost": 1 + 9 * i}
        for i, name in enumerate(NAMES)
    ]
    write_text(tmp_path / "models.json", json.dumps(listed))
    probabilities, labels = answers(accuracies=(0.6, 0.95))
    table = _core.OutcomeTable(NAMES, probabilities, {"cost": [1.0, 10.0]}, labels=labels)
    table.save(tmp_path / "held_out.safetensors")
    command = ["fit", str(tmp_path / "held_out.safetensors"), "--policy", "cascade"]
    models = ["--models", str(tmp_path / "models.json")]
    assert cli.main([*command, "--out", str(tmp_path / "router"), *models]) == 0
    return tmp_path


class Client:
    """One kept connection, which needs no new descriptors of the server."""

    opened: ClassVar[list[HTTPConnection]] = []

    def __init__(self, port):
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.opened.append(self._connection)

    def ask(self, path, body=None):
        method = "GET" if body is None else "POST"
        self._connection.request(method, path, None if body is None else json.dumps(body))
        reply = self._connection.getresponse()
        content = reply.read()
        return reply.status, content.decode() if path == "/metrics" else json.loads(content)

    def infer(self, model, **parameters):
        tensor = {"name": "images", "shape": [1, 1, 8, 8], "datatype": "UINT8", "data": [7] * 64}
        body = {"inputs": [tensor], "parameters": parameters}
        return self.ask(f"/v2/models/{model}/infer", body)

    def status(self):
        return self.ask("/status")[1]


@pytest.fixture(autouse=True)
def _closed():
    yield
    while Client.opened:
        Client.opened.pop().close()


def test_a_function_that_hangs_costs_its_worker_and_no_request_waits(folder, started_server):
    arguments = [*FORMAT, "--workers", "2", "--stuck", "0.3"]
    with started_server(folder / "router", *arguments) as (_, said):
        client = Client(said["http_port"])
        assert client.infer("large")[0] == 200
        (folder / "hang").touch()
        assert client.infer("large", deadline_ms=300)[0] == 504
        wait_until(lambda: client.ask("/v2/health/ready")[0] == 503)
        health = client.ask("/v2/health/ready")[1]
        assert (health["workers"], health["workers_left"]) == (2, 1)
        assert health["stuck"][0]["model"] == "large"
        assert time.time() - PATIENCE < health["stuck"][0]["since"] < time.time()
        assert client.ask("/v2/health/live")[0] == 200
        assert client.ask("/v2/models/large/ready")[0] == 503
        assert client.ask("/v2/models/small/ready")[0] == 200
        for _ in range(4):  # more than there are workers
            assert client.infer("small")[0] == 200
            status, refused = client.infer("large")
            assert (status, "one that is stuck" in refused["error"]) == (504, True)
            status, reply = client.infer("router")
            assert (status, reply["parameters"]["called"]) == (200, '[["small"]]')
        found = client.status()
        assert found["stuck"][0]["model"] == "large"
        assert found["departures"]["stuck"] == 4
        metrics = client.ask("/metrics")[1]
        assert 'muxnet_stuck_workers{model="large"} 1.0' in metrics
        assert "muxnet_workers_left 1.0" in metrics
        wait_until(lambda: told(said, "worker stuck"))
        assert told(said, "worker stuck")[0]["model"] == "large"

        (folder / "hang").unlink()
        wait_until(lambda: client.ask("/v2/health/ready")[0] == 200)
        assert client.infer("large")[0] == 200
        wait_until(lambda: told(said, "worker came back"))


def test_at_the_deadline_the_answer_at_hand_is_given(folder, started_server):
    with started_server(folder / "router", *FORMAT, "--deadline-ms", "400") as (_, said):
        client = Client(said["http_port"])
        assert client.infer("router")[1]["parameters"]["called"] == '[["small","large"]]'
        (folder / "hang").touch()
        status, reply = client.infer("router")
        assert (status, reply["parameters"]["called"]) == (200, '[["small"]]')
        assert reply["parameters"]["wanted"] == '[["small","large"]]'
        assert client.status()["departures"]["deadline"] == 1
        (folder / "hang").unlink()


@pytest.mark.parametrize("requests", [1, 3])
def test_sigterm_ends_it_within_the_time_to_end_whatever_hangs(folder, started_server, requests):
    arguments = [*FORMAT, "--workers", "2", "--drain", "3"]
    with started_server(folder / "router", *arguments) as (process, said):
        (folder / "hang").touch()
        replies = []
        threads = [
            threading.Thread(
                target=lambda: replies.append(Client(said["http_port"]).infer("large")[0])
            )
            for _ in range(requests)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        process.terminate()
        for thread in threads:
            thread.join()
        assert process.wait(timeout=PATIENCE) == 0
        assert time.monotonic() - began < 10
        assert replies == [504] * requests
        assert told(said, "stopped")[0]["stuck"] == ["large"]


def test_the_second_sigterm_ends_it_at_once(folder, started_server):
    with started_server(folder / "router", *FORMAT, "--drain", "600") as (process, said):
        (folder / "hang").touch()
        thread = threading.Thread(target=hurry, args=(said,))
        thread.start()
        time.sleep(0.5)
        process.terminate()
        wait_until(lambda: told(said, "draining"))
        process.terminate()
        assert process.wait(timeout=PATIENCE) == -signal.SIGTERM
        thread.join()


def hurry(said):
    with pytest.raises((OSError, HTTPException)):
        Client(said["http_port"]).infer("large", deadline_ms=500_000)


def test_sigterm_ends_it_though_a_function_holds_all_of_python(folder, started_server):
    with started_server(folder / "router", *FORMAT, "--drain", "2") as (process, said):
        (folder / "seize").touch()
        replies = []
        thread = threading.Thread(
            target=lambda: replies.append(Client(said["http_port"]).infer("large")[0])
        )
        thread.start()
        time.sleep(1)
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 1
        assert told(said, "ended by force: its time to end is over")
        thread.join()
        assert replies == [504]  # what refuses it needs no Python


def test_a_model_that_hangs_is_not_put_in_place(folder, started_server):
    with started_server(folder / "router", *FORMAT, "--warm-up", "0.5") as (_, said):
        client = Client(said["http_port"])
        (folder / "hang").touch()
        os.utime(folder / "models.json")
        os.utime(folder / "router" / "models.json")
        wait_until(lambda: told(said, "reload refused"))
        assert (
            "[large] expected an answer within 0.5 s" in told(said, "reload refused")[0]["reason"]
        )
        assert client.infer("small")[0] == 200
        assert client.status()["version"] == 1
        (folder / "hang").unlink()
        wait_until(lambda: client.status()["version"] == 2)  # no file has changed


def test_decisions_on_a_full_disk_are_lost_and_counted_and_resume(folder, started_server, capsys):
    path = folder / "decisions.jsonl"
    with started_server(folder / "router", *FORMAT, "--decisions", str(path)) as (process, said):
        client = Client(said["http_port"])
        asked = 0

        def ask(times):
            nonlocal asked
            for _ in range(times):
                assert client.infer("router")[0] == 200
            asked += times

        def written(count):
            wait_until(lambda: client.status()["decisions"]["recorded"] >= count)

        ask(60)  # more than the log holds, to which the limit is one too
        written(60)
        limit(process, resource.RLIMIT_FSIZE, path.stat().st_size + 700)
        ask(3)
        wait_until(lambda: client.status()["decisions"]["lost"] > 0)
        found = client.status()
        assert found["decisions"]["failing"]
        assert "decisions" in found["failing"]
        assert client.ask("/v2/health/ready")[0] == 200
        before = found["decisions"]["lost"]
        ask(2)
        wait_until(lambda: client.status()["decisions"]["lost"] > before)
        assert "muxnet_decisions_failing 1.0" in client.ask("/metrics")[1]
        lost = client.status()["decisions"]["lost"]
        limit(process, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
        ask(5)
        written(asked - lost)
        assert client.status()["decisions"] == {
            "recorded": asked - lost,
            "lost": lost,
            "failing": "",
        }
        metrics = client.ask("/metrics")[1]
        assert f'muxnet_decisions_total{{result="lost"}} {lost}.0' in metrics
        assert len(told(said, "decisions are not recorded")) == 1
        assert len(told(said, "decisions are recorded again")) == 1
    assert len(path.read_text().splitlines()) == asked - lost
    assert cli.main(["replay", str(folder / "router"), str(path)]) == 0
    assert f"{asked - lost} records, 0 decided otherwise" in capsys.readouterr().out


BROKEN = {
    "a NUL": b'[{"name": "small", "callable": "hanging_models:small", "path": "a\\u0000b"}]',
    "deep nesting": b"[" * 200_000,
    "bad UTF-8": b'[{"name": "\xff\xfe"}]',
    "no list": b"{}",
    "a missing file": None,
    "a module that ends the process": b'[{"name": "small", "callable": "exiting:f", "cost": 1}]',
}


def test_no_list_of_models_ends_the_watch(folder, started_server):
    (folder / "exiting.py").write_text("import sys\nsys.exit(3)\n")
    path = folder / "models.json"
    good = path.read_bytes()
    arguments = [*FORMAT, "--models", str(path)]
    with started_server(folder / "router", *arguments) as (process, said):
        client = Client(said["http_port"])
        for content in BROKEN.values():
            failed = client.status()["reloads"]["failed"]
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
            process.send_signal(signal.SIGHUP)  # sooner than it is noticed
            wait_until(lambda failed=failed: client.status()["reloads"]["failed"] > failed)
            assert client.infer("router")[0] == 200
            assert client.ask("/v2/health/ready") == (
                200,
                client.ask("/v2/health/ready")[1] | {"failing": ["reload"]},
            )
        assert client.status()["version"] == 1
        path.write_bytes(good)
        wait_until(lambda: client.status()["version"] == 2)
        assert client.ask("/v2/health/ready")[1]["failing"] == []
        assert 'muxnet_reloads_total{result="done"} 1.0' in client.ask("/metrics")[1]
        assert len(told(said, "reload refused")) >= len(BROKEN)


def test_a_reload_that_found_no_descriptors_is_tried_again(folder, started_server):
    with started_server(folder / "router", *FORMAT) as (process, said):
        client = Client(said["http_port"])
        client.status()
        os.utime(folder / "router" / "policy.json")
        limit(process, resource.RLIMIT_NOFILE, 3)
        wait_until(lambda: told(said, "reload refused") or told(said, "background task failed"))
        assert client.infer("router")[0] == 200
        limit(process, resource.RLIMIT_NOFILE, 256)
        wait_until(lambda: client.status()["version"] == 2)


def test_a_monitor_of_other_streams_is_refused_once_and_not_with_every_request(
    folder, started_server
):
    policy = _core.Policy.load(folder / "router" / "policy.json")
    with started_server(folder / "router", *FORMAT) as (_, said):
        client = Client(said["http_port"])
        monitor = _core.DriftMonitor({"elsewhere": [0.5]}, policy.version)
        monitor.save(folder / "router" / "drift.json")
        wait_until(lambda: told(said, "reload refused"))
        assert "expected values of elsewhere" in told(said, "reload refused")[0]["reason"]
        assert client.infer("router")[0] == 200
        assert client.status()["drift"] is None


def test_reloads_leave_no_memory_behind(untrained_run, started_server, digit_images):
    arguments = ["--policy", "hybrid_single", "--workers", "2", "--batch", "16"]
    with started_server(untrained_run, *arguments) as (process, said):
        client = Client(said["http_port"])
        entry = {"name": "images", "datatype": "UINT8", "shape": list(digit_images[:16].shape)}
        body = {"inputs": [{**entry, "data": digit_images[:16].ravel().tolist()}]}
        sizes = [memory_mb(process.pid)]
        for version in range(2, 14):
            process.send_signal(signal.SIGHUP)
            wait_until(lambda version=version: client.status()["version"] == version)
            assert client.ask("/v2/models/router/infer", body)[0] == 200
            sizes.append(memory_mb(process.pid))
        print(sizes)
        assert sizes[-1] < 1.5 * sizes[1]
