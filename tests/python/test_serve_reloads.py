"""``muxnet serve`` put to work with another router while it serves."""

import json
import signal
import threading
import time

import pytest
from muxnet import _core
from muxnet.base.errors import UserError
from muxnet.serve.served import Source, load
from serve_requests import call, infer_body, request, wait_until

INDEX = "/v2/repository/index"


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


def test_the_repository_lists_what_is_served(untrained_run, started_server, fitted_router):
    http = pytest.importorskip("tritonclient.http")
    grpc = pytest.importorskip("tritonclient.grpc")
    with started_server(fitted_router(0), "--run", str(untrained_run)) as (_, said):
        entry = {"version": "1", "state": "READY"}
        wanted = [{"name": name, **entry} for name in ("router", *said["models"])]
        with http.InferenceServerClient(f"127.0.0.1:{said['http_port']}") as client:
            index = client.get_model_repository_index()
            assert index == [{**model, "reason": ""} for model in wanted]
        with grpc.InferenceServerClient(f"127.0.0.1:{said['grpc_port']}") as client:
            assert client.get_model_repository_index(as_json=True) == {"models": wanted}
        for body in ("{}", '{"ready": true}', " "):
            status, _, reply = call(said, "POST", INDEX, body)
            assert (status, len(json.loads(reply))) == (200, len(wanted))
        for body in ("[]", '{"ready": 1}', "{", "[" * 9999, '{"a": "' + "x" * 4096 + '"}'):
            status, _, reply = call(said, "POST", INDEX, body)
            assert (status, json.loads(reply)["error"][:18]) == (400, "[index] expected {")
        assert call(said, "GET", INDEX)[0] == 405


def test_a_monitor_of_another_operating_point_is_refused(untrained_run, fitted_router):
    router = fitted_router(0)
    _core.DriftMonitor({"answer": [0.5]}, "other").save(router / "drift.json")
    with pytest.raises(UserError, match=r"a monitor of the router in version .*, received other"):
        load(Source(router, run=untrained_run))
