"""``muxnet serve`` put to work with another router while it serves."""

import json
import signal
import threading
import time

import pytest
from muxnet import _core
from muxnet.base.errors import UserError
from muxnet.serve.served import Source, load
from serve_requests import infer_body, request, wait_until


def wait_for_version(port, version):
    wait_until(lambda: request(port)[2]["version"] >= version)


def test_a_router_is_reloaded_while_requests_run(
    untrained_run, started_server, fitted_router, digit_images
):
    router = fitted_router(0)
    arguments = ["--run", str(untrained_run), "--workers", "2"]
    with started_server(router, *arguments) as (process, said):
        port = said["http_port"]
        body, stop, seen, wrong = infer_body(digit_images[:3]), threading.Event(), set(), []

        def ask():
            while not stop.is_set():
                status, _, reply = request(port, "POST", "/v2/models/router/infer", body)
                said_of = reply["parameters"]
                version = said_of["policy_version"]
                names = {name for called in json.loads(said_of["called"]) for name in called}
                seen.add(version)
                # Version v calls model v - 1.
                if status != 200 or names != {said["models"][version - 1]}:
                    wrong.append((status, version, names))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        fitted_router(1)  # noticed by its file
        wait_for_version(port, 2)
        (router / "policy.json").write_text("{")  # is refused, and changes nothing
        time.sleep(1.5)
        assert request(port, "POST", "/v2/repository/models/router/load")[0] == 400
        fitted_router(2)
        process.send_signal(signal.SIGHUP)
        wait_for_version(port, 3)
        time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert {1, 2, 3} <= seen


def test_a_monitor_of_another_operating_point_is_refused(untrained_run, fitted_router):
    router = fitted_router(0)
    _core.DriftMonitor({"answer": [0.5]}, "other").save(router / "drift.json")
    with pytest.raises(UserError, match=r"a monitor of the router in version .*, received other"):
        load(Source(router, run=untrained_run))
