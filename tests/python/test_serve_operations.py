"""``muxnet serve`` over time: tokens, TLS, full queues, reloads, draining."""

import contextlib
import json
import socket
import ssl
import threading
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import UserError
from muxnet.base.files import write_text
from muxnet.serve.served import Source, load
from serve_requests import infer_body, request, wait_until

RpcError = pytest.importorskip("grpc").RpcError
grpc = pytest.importorskip("tritonclient.grpc")
ExportTraceServiceRequest = pytest.importorskip(
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
).ExportTraceServiceRequest

TOKEN = "correct horse"
JSON = {"content-type": "application/json"}


def test_only_the_token_opens_and_all_is_encrypted(
    untrained_run, started_server, certificate, tmp_path, digit_images
):
    chain, key = certificate
    token_file = tmp_path / "token"
    write_text(token_file, TOKEN + "\n")
    arguments = ["--token-file", str(token_file), "--certificate", str(chain), "--key", str(key)]
    with started_server(untrained_run, *arguments) as (_, said):
        trusting = ssl.create_default_context(cafile=str(chain))

        def ask(**options):
            port = said["http_port"]
            secure = HTTPSConnection("127.0.0.1", port, timeout=60, context=trusting)
            return request(port, connection=secure, **options)

        assert ask(path="/v2/health/ready")[0] == 200
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}):
            status, answered, body = ask(headers=headers)
            assert (status, answered["www-authenticate"]) == (401, "Bearer")
            assert "bearer token" in body["error"]
        assert ask(headers={"authorization": f"Bearer {TOKEN}"})[0] == 200

        place = f"127.0.0.1:{said['grpc_port']}"
        with grpc.InferenceServerClient(place, ssl=True, root_certificates=str(chain)) as client:
            assert client.is_server_ready()
            inputs = grpc.InferInput("images", [1, *digit_images.shape[1:]], "UINT8")
            inputs.set_data_from_numpy(digit_images[:1])
            with pytest.raises(Exception, match="UNAUTHENTICATED"):
                client.infer("router", [inputs])
            headers = {"authorization": f"Bearer {TOKEN}"}
            reply = client.infer("router", [inputs], headers=headers)
            assert reply.as_numpy("probabilities").shape == (1, 10)
            client.load_model("router", headers=headers)
            with pytest.raises(Exception, match="received nobody"):
                client.load_model("nobody", headers=headers)


def test_labels_that_come_back_tell_the_accuracy(untrained_run, started_server, digit_images):
    with started_server(untrained_run) as (_, said):
        port, path = said["http_port"], "/v2/models/router/infer"
        _, _, reply = request(port, "POST", path, infer_body(digit_images[:5]))
        answers = next(o["data"] for o in reply["outputs"] if o["name"] == "classes")
        first = reply["parameters"]["first_input"]

        def tell(inputs, labels):
            body = json.dumps({"inputs": inputs, "labels": labels})
            status, _, told = request(port, "POST", "/labels", body, JSON)
            return status, told

        inputs = [first, first + 1, first + 3]
        wrong = (answers[3] + 1) % 10
        assert tell(inputs, [*answers[:2], wrong]) == (200, {"known": 3, "unknown": 0})
        assert tell([first, first + 5], [0, 0]) == (200, {"known": 0, "unknown": 2})
        assert request(port)[2]["labels"] == {"labelled": 3, "right": 2}
        for inputs, labels, error in (
            ([1, 2], [3], "[labels] expected 2 of them, received 1"),
            ([1], [10], "[labels] expected classes below 10, received 10"),
        ):
            assert tell(inputs, labels) == (400, {"error": error})
        for body in ({"inputs": [-1], "labels": [0]}, {"inputs": [2**63], "labels": [0]}, []):
            status, _, told = request(port, "POST", "/labels", json.dumps(body), JSON)
            assert status == 400
            assert told["error"]
        assert 'muxnet_right_labels_total{version="1"} 2.0' in metrics(port)


def metrics(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


def test_inputs_unlike_those_of_the_calibration_raise_an_alarm(
    untrained_run, started_server, fitted_router, digit_images
):
    router = fitted_router(2)
    policy = _core.Policy.load(router / "policy.json")
    table = _core.OutcomeTable.load(untrained_run / "outcomes-calibration.safetensors")
    monitor = _core.DriftMonitor(_core.monitored_values(policy, table), policy.version)
    monitor.save(router / "drift.json")
    with started_server(router, "--run", str(untrained_run)) as (_, said):
        port, path = said["http_port"], "/v2/models/router/infer"
        drift = request(port)[2]["drift"]
        assert (drift["alarm"], drift["observed"]) == (False, 0)
        assert "muxnet_drift_alarm 0.0" in metrics(port)
        models = load(Source(router, run=untrained_run)).models
        given = _core.normalize(digit_images, models[2].normalization)
        surest = np.asarray(_core.ModelPool(models).probabilities(2, given)).max(axis=1).argmax()
        same = infer_body(np.repeat(digit_images[surest : surest + 1], 64, axis=0))
        for _ in range(8):
            assert request(port, "POST", path, same)[0] == 200
        drift = request(port)[2]["drift"]
        assert (drift["alarm"], drift["observed"]) == (True, 512)
        assert drift["e_value"] >= 1 / drift["alpha"]
        assert "muxnet_drift_alarm 1.0" in metrics(port)


class Collector(BaseHTTPRequestHandler):
    """Keeps the spans that it is sent."""

    spans: ClassVar[list[Any]] = []

    def do_POST(self):
        content = self.rfile.read(int(self.headers["content-length"]))
        sent = ExportTraceServiceRequest.FromString(content)
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_traces_show_the_models_that_ran(untrained_run, started_server, digit_images):
    Collector.spans.clear()
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = {"traceparent": f"00-{trace}-{parent}-01"}
    url = f"http://127.0.0.1:{collector.server_port}"
    with started_server(untrained_run, "--policy", "hybrid_single", "--traces", url) as (_, said):
        port, path = said["http_port"], "/v2/models/{}/infer"
        _, _, reply = request(
            port, "POST", path.format("router"), infer_body(digit_images[:4]), headers
        )
        named = said["models"][1]
        body = infer_body(digit_images[:1])
        assert request(port, "POST", path.format(named), body)[0] == 200
        wrong = json.dumps({"inputs": []})
        assert request(port, "POST", path.format("router"), wrong, headers)[0] == 400
    collector.shutdown()  # the server has sent everything before it ended
    thread.join()
    collector.server_close()

    routed, alone, refused = [span for span in Collector.spans if span.name.startswith("infer ")]
    assert (routed.trace_id.hex(), routed.parent_span_id.hex()) == (trace, parent)
    assert (alone.name, alone.parent_span_id) == (f"infer {named}", b"")
    assert refused.status.message.startswith("[")
    parts = [span for span in Collector.spans if span.parent_span_id == routed.span_id]
    called = {name for names in json.loads(reply["parameters"]["called"]) for name in names}
    assert {span.name for span in parts} == {"multiplexer", *called}
    began, ended = routed.start_time_unix_nano, routed.end_time_unix_nano
    for span in parts:
        assert began <= span.start_time_unix_nano <= span.end_time_unix_nano <= ended
        assert span.trace_id == routed.trace_id


def test_a_server_told_to_stop_answers_what_it_has_begun(
    untrained_run, started_server, digit_images
):
    arguments = ["--policy", "best_single", "--fill-ms", "3000", "--batch", "64"]
    with started_server(untrained_run, *arguments) as (process, said):
        replies = []

        def ask():
            body = infer_body(digit_images[:2])
            replies.append(request(said["http_port"], "POST", "/v2/models/router/infer", body))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: sum(m["waiting"] for m in request(said["http_port"])[2]["models"]) == 8)
        process.terminate()
        for thread in threads:
            thread.join()
        assert [status for status, _, _ in replies] == [200] * 4
        assert process.wait(timeout=60) == 0
        events = [json.loads(line)["event"] for line in said["log"].read_text().splitlines()]
        assert events == ["ready", "draining", "stopped"]


def test_a_full_queue_is_refused_at_once_and_memory_stays(
    untrained_run, started_server, digit_images
):
    arguments = ["--policy", "best_single", "--workers", "1", "--queue", "8", "--fill-ms", "3000"]
    with started_server(untrained_run, *arguments) as (_, said):
        port, body = said["http_port"], infer_body(digit_images[:6])
        replies = []

        def ask():
            replies.append(request(port, "POST", "/v2/models/router/infer", body))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda: any(model["waiting"] for model in request(port)[2]["models"]))
        with grpc.InferenceServerClient(f"127.0.0.1:{said['grpc_port']}") as client:
            ask_by_grpc = client._client_stub.ModelInfer
            with pytest.raises(RpcError) as busy:
                ask_by_grpc(grpc_request(digit_images[:6]))
        assert busy.value.code().name == "UNAVAILABLE"
        assert int(dict(busy.value.trailing_metadata())["grpc-retry-pushback-ms"]) >= 1000
        for thread in threads:
            thread.join()
        statuses = sorted(status for status, _, _ in replies)
        assert statuses[0] == 200
        assert statuses[-1] == 503
        refused = next(reply for reply in replies if reply[0] == 503)
        assert int(refused[1]["retry-after"]) >= 1
        assert "room in the queue" in refused[2]["error"]
        too_many = infer_body(np.repeat(digit_images[:1], 9, axis=0))
        status, _, reply = request(port, "POST", "/v2/models/router/infer", too_many)
        assert (status, "1 to 8 images" in reply["error"]) == (400, True)


def grpc_request(images):
    asked = grpc.service_pb2.ModelInferRequest(model_name="router")
    asked.inputs.add(name="images", datatype="UINT8", shape=images.shape)
    asked.raw_input_contents.append(images.tobytes())
    return asked


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["NOTHING"], 1, "the folder of a finished run"),
        (["RUN", "--host", "0.0.0.0"], 2, "a token beside 0.0.0.0"),
        (["RUN", "--certificate", "x.pem"], 2, "both --certificate and --key"),
        (["ROUTER"], 1, "--models, or models.json beside"),
        (["ROUTER", "--run", "RUN", "--size", "8"], 2, "a run, which has its own"),
        (["ROUTER", "--size", "0"], 2, "--size: expected an integer at least 1"),
        (["ROUTER", "--size", "8", "--resize", "7"], 2, "at least 8"),
        (["ROUTER", "--resize", "8"], 2, "--size beside them"),
        (["ROUTER", "--policy", "cascade"], 2, "no --policy beside a router"),
        (["RUN", "--models", "models.json"], 2, "a run, which has its own"),
        (["RUN", "--run", "RUN"], 2, "a router with policy.json"),
        (["RUN", "--deadline-ms", "0"], 2, "above 0, at most 3600000"),
        (["RUN", "--stuck", "nan"], 2, "above 0, at most 3600"),
        (["RUN", "--drain", "-1"], 2, "at least 0"),
    ],
)
def test_a_command_line_that_does_not_fit_is_told(
    untrained_run, fitted_router, tmp_path, capsys, arguments, status, message
):
    places = {"RUN": untrained_run, "NOTHING": tmp_path / "nothing", "ROUTER": fitted_router(0)}
    words = [str(places.get(word, word)) for word in arguments]
    assert cli.main(["serve", *words]) == status
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy", "no_such"], "always, best_single, hybrid_single"),
        (["--name", "alexnet_small"], "another than the models'"),
        (["--port", "PORT"], "cannot be listened on"),
    ],
)
def test_what_cannot_be_served_is_told(untrained_run, started_server, arguments, message):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = [port if word == "PORT" else word for word in arguments]
        with pytest.raises(UserError, match=message), started_server(untrained_run, *words):
            pass
