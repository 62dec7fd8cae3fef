"""``muxnet serve`` spoken to by Triton's clients and by plain HTTP."""

import base64
import contextlib
import gzip
import json
import re
import shutil
import socket
import subprocess
import threading

import numpy as np
import pytest
from muxnet import _core
from muxnet.serve.served import Source, load
from serve_requests import BAD_INPUTS, body_of, call, expected, png_of, tensor, wait_for

http = pytest.importorskip("tritonclient.http")
grpc = pytest.importorskip("tritonclient.grpc")

POLICY = "hybrid_single"


@pytest.fixture(scope="module")
def ready(untrained_run, started_server, tmp_path_factory):
    decisions = tmp_path_factory.mktemp("decisions") / "decisions.jsonl"
    arguments = ["--policy", POLICY, "--shadow", "cascade", "--max-body", "0.25"]
    with started_server(untrained_run, *arguments, "--decisions", str(decisions)) as (_, said):
        yield {**said, "decisions": decisions}


@pytest.fixture(scope="module")
def served(untrained_run):
    return load(Source(untrained_run, POLICY))


def test_health_and_metadata_are_told(rest, rpc, served):
    for client in (rest, rpc):
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("router")
        assert client.is_model_ready("alexnet_small")
    found = rest.get_model_metadata("router")
    assert found["inputs"] == [
        {"name": "images", "datatype": "UINT8", "shape": [-1, *served.formats[0].shape]}
    ]
    assert found["versions"] == ["1"]
    assert {entry["name"] for entry in found["outputs"]} >= {"probabilities", "weights", "called"}
    told = rpc.get_model_metadata("router", "1")
    assert list(told.versions) == ["1"]
    assert told.inputs[0].name == "images"
    assert "FP32 in [0, 1]" in told.platform == found["platform"]
    assert rest.get_server_metadata()["name"] == "muxnet"


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_packed_bodies_of_the_version_that_is_told(rest, served, digit_images, packing):
    inputs, packed = tensor(http, digit_images[:7]), {"request_compression_algorithm": packing}
    reply = rest.infer("router", inputs, model_version="1", **packed)
    assert reply.as_numpy("classes").tolist() == expected(served, digit_images[:7]).answers


@pytest.mark.parametrize("binary", [True, False])
def test_rest_answers_as_the_router_does(rest, served, digit_images, binary):
    images = digit_images[:7]
    outputs = [
        http.InferRequestedOutput(name, binary_data=binary)
        for name in ("probabilities", "classes", "called", "cost", "weights")
    ]
    inputs = tensor(http, images, binary_data=binary)
    reply = rest.infer("router", inputs, outputs=outputs, request_id="seven")
    routed = expected(served, images)
    np.testing.assert_allclose(reply.as_numpy("probabilities"), routed.probabilities, atol=1e-5)
    assert reply.as_numpy("classes").tolist() == routed.answers
    assert reply.as_numpy("called").tolist() == routed.called
    assert reply.as_numpy("cost").tolist() == routed.costs
    np.testing.assert_allclose(reply.as_numpy("weights"), routed.weights, atol=1e-5)
    response = reply.get_response()
    assert response["id"] == "seven"
    said = response["parameters"]
    names = [[served.names[mask.bit_length() - 1]] for mask in routed.called]
    assert json.loads(said["called"]) == names
    assert json.loads(said["cost"]) == routed.costs
    assert np.shape(json.loads(said["weights"])) == (7, 3)
    assert said["policy"] == "hybrid_single"
    assert said["policy_version"] == 1


def test_outputs_default_to_what_the_client_asks_for_as_a_whole(rest, digit_images):
    reply = rest.infer("router", tensor(http, digit_images[:2]))  # asks for binary outputs
    assert reply.as_numpy("probabilities").shape == (2, 10)
    json_in = tensor(http, digit_images[:2], binary_data=False)
    mixed = [
        http.InferRequestedOutput("probabilities", binary_data=True),
        http.InferRequestedOutput("classes", binary_data=False),
    ]
    found = rest.infer("router", json_in, outputs=mixed)
    assert found.as_numpy("probabilities").argmax(1).tolist() == found.as_numpy("classes").tolist()


def test_grpc_answers_as_the_router_does(rpc, served, digit_images):
    images = digit_images[3:8]
    reply = rpc.infer("router", tensor(grpc, images))
    routed = expected(served, images)
    np.testing.assert_allclose(reply.as_numpy("probabilities"), routed.probabilities, atol=1e-5)
    said = reply.get_response().parameters
    assert said["policy_version"].int64_param == 1
    assert len(json.loads(said["called"].string_param)) == 5


def test_each_model_answers_by_its_own_name(rest, rpc, served, digit_images):
    images = digit_images[:4].astype(np.float32) / 255
    pool = _core.ModelPool(served.models)
    for index, model in enumerate(served.models):
        own = pool.probabilities(index, _core.normalize(images, model.normalization))
        for kind, client in ((http, rest), (grpc, rpc)):
            reply = client.infer(model.name, tensor(kind, images))
            np.testing.assert_allclose(reply.as_numpy("probabilities"), own, atol=1e-5)


def test_encoded_images_are_decoded(rest, rpc, served, ready, digit_images):
    png = png_of(digit_images[0])
    encoded = np.array([png, png], dtype=np.object_)
    raw = rest.infer("router", tensor(http, digit_images[:1])).as_numpy("probabilities")
    for kind, client in ((http, rest), (grpc, rpc)):
        found = client.infer("router", tensor(kind, encoded)).as_numpy("probabilities")
        np.testing.assert_allclose(found, np.repeat(raw, 2, axis=0), atol=1e-5)
    body = {"inputs": [{"name": "images", "datatype": "BYTES", "shape": [1]}]}
    body["inputs"][0]["data"] = [base64.b64encode(png).decode()]
    status, _, reply = call(ready, "POST", "/v2/models/router/infer", json.dumps(body))
    assert status == 200
    np.testing.assert_allclose(json.loads(reply)["outputs"][0]["data"], raw[0], atol=1e-5)


def test_a_decision_alone_calls_no_model(rest, served, digit_images):
    images = digit_images[:3]
    before = model_images(rest)
    reply = rest.infer("router", tensor(http, images), parameters={"decide_only": True})
    assert model_images(rest) == before
    said = reply.get_response()["parameters"]
    assert json.loads(said["called"]) == [[], [], []]
    wanted = [[served.names[m.bit_length() - 1]] for m in expected(served, images).called]
    assert json.loads(said["wanted"]) == wanted
    assert json.loads(said["cost"]) == [float(served.multiplexer.macs)] * 3


def model_images(rest):
    reply = rest._get("status", None, None)
    return [model["images"] for model in json.loads(reply.read())["models"]]


def test_a_request_limits_its_cost_and_its_time(rest, rpc, served, digit_images):
    cheapest = min(model.cost for model in served.models)
    limit = int(cheapest + served.multiplexer.macs)
    for kind, client in ((http, rest), (grpc, rpc)):
        inputs = tensor(kind, digit_images[:6])
        reply = client.infer("router", inputs, parameters={"max_cost": limit})
        assert (reply.as_numpy("probabilities").sum(axis=1) > 0.99).all()
        with pytest.raises(Exception, match="max_cost that some model keeps to"):
            client.infer("router", inputs, parameters={"max_cost": 10})
        with pytest.raises(Exception, match="deadline that can be kept"):
            client.infer("router", inputs, parameters={"deadline_ms": "0.0001"})
        with pytest.raises(Exception, match=r"accuracy\] expected at most"):
            client.infer("router", inputs, parameters={"accuracy": "0.999"})
    found = rest.infer("router", tensor(http, digit_images[:6]), parameters={"max_cost": limit})
    macs = json.loads(found.get_response()["parameters"]["cost"])
    assert max(macs) <= limit


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_what_does_not_fit_is_told_in_the_protocols_form(ready, digit_images, name):
    changes, message = BAD_INPUTS[name]
    body = json.dumps(body_of(digit_images[:1], **changes))
    status, _, reply = call(ready, "POST", "/v2/models/router/infer", body)
    assert status == 400
    assert message in json.loads(reply)["error"]
    assert "/" not in json.loads(reply)["error"].replace("JPEG/PNG", "")
    assert call(ready, "GET", "/v2/health/live")[0] == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"", {}, 400),
        (b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}, 400),
        (b'{"inputs": [1]}', {}, 400),
        (b'{"inputs": [], "outputs": {}}', {}, 400),
        (b"{}" + bytes(10), {"Inference-Header-Content-Length": "2"}, 400),
        (b"{}", {"Inference-Header-Content-Length": "3"}, 400),
        (b"{}", {"Inference-Header-Content-Length": "-1"}, 400),
        (bytes(2**18 + 1), {}, 413),
        (gzip.compress(bytes(2**18 + 1)), {"Content-Encoding": "gzip"}, 413),
        (b"{}", {"Content-Encoding": "gzip"}, 400),
        (b"{}", {"Content-Encoding": "br"}, 415),
    ],
)
def test_broken_bodies_are_refused(ready, body, headers, status):
    found, _, reply = call(ready, "POST", "/v2/models/router/infer", body, headers)
    assert found == status
    assert json.loads(reply)["error"].startswith("[")
    assert call(ready, "GET", "/v2/health/ready")[0] == 200


def test_truncated_binary_tensors_are_refused(ready):
    for size, sent in ((1024, 1023), (1024, 1025), (10**12, 64), (-1, 0), ("64", 64)):
        tensor_entry = {
            "name": "images",
            "shape": [1, 1, 32, 32],
            "datatype": "UINT8",
            "parameters": {"binary_data_size": size},
        }
        head = json.dumps({"inputs": [tensor_entry]}).encode()
        headers = {"Inference-Header-Content-Length": str(len(head))}
        body = head + bytes(sent)
        status, _, reply = call(ready, "POST", "/v2/models/router/infer", body, headers)
        assert status == 400
        assert "expected" in json.loads(reply)["error"]


def test_unknown_names_and_ways_are_refused(ready, rpc, digit_images):
    for method, path, status in (
        ("POST", "/v2/models/nobody/infer", 404),
        ("GET", "/v2/models/nobody", 404),
        ("GET", "/v2/models/nobody/ready", 404),
        ("GET", "/v2/nothing", 404),
        ("GET", "/etc/passwd", 404),
        ("POST", "/v2/repository", 404),
        ("POST", "/v2/models/router/versions/2/infer", 404),
        ("GET", "/v2/models/router/versions/2", 404),
        ("POST", "/v2/repository/models/router/unload", 400),
        ("POST", "/v2/repository/models/nobody/load", 404),
        ("DELETE", "/v2/models/router", 405),
    ):
        found, _, reply = call(ready, method, path, "{}" if method == "POST" else None)
        assert (found, "error" in json.loads(reply)) == (status, True), path
    with pytest.raises(Exception, match="NOT_FOUND"):
        rpc.infer("router", tensor(grpc, digit_images[:1]), model_version="2")
    with pytest.raises(Exception, match="NOT_FOUND"):
        rpc.infer("nobody", tensor(grpc, digit_images[:1]))
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        rpc.infer("router", tensor(grpc, digit_images[:1].reshape(1, 1, 16, 64)))
    assert rpc.is_server_live()


def test_a_head_without_end_is_cut_off(ready):
    with socket.create_connection(("127.0.0.1", ready["http_port"]), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        with contextlib.suppress(OSError):  # it may hang up in between
            for _ in range(64):
                connection.sendall(b"a" * 1024)
        assert connection.recv(1024).startswith(b"HTTP/1.1 400")


def test_many_clients_are_each_answered_with_their_own(rest, ready, served, digit_images):
    routed = expected(served, digit_images)
    wrong = []

    def ask(first):
        with http.InferenceServerClient(f"127.0.0.1:{ready['http_port']}") as client:
            for start in range(first, 300, 60):
                inputs = tensor(http, digit_images[start : start + 5])
                found = client.infer("router", inputs).as_numpy("probabilities")
                if not np.allclose(found, routed.probabilities[start : start + 5], atol=1e-5):
                    wrong.append(start)

    threads = [threading.Thread(target=ask, args=(5 * i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_metrics_and_decisions_tell_what_was_called(ready, rest, served, digit_images):
    rest.infer("router", tensor(http, digit_images[:9]), request_id="nine")
    status, headers, text = call(ready, "GET", "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    values = dict(
        line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#")
    )
    images = float(values["muxnet_images_total"])
    called = [float(values[f'muxnet_called_images_total{{model="{n}"}}']) for n in served.names]
    assert images >= 9
    assert sum(called) >= images
    assert float(values['muxnet_requests_total{status="ok"}']) >= 1
    assert float(values["muxnet_request_seconds_count"]) >= 1
    saved = float(values['muxnet_saved_cost{kind="macs"}'])
    spent = float(values['muxnet_cost_total{kind="macs"}'])
    assert saved + spent == pytest.approx(float(values['muxnet_reference_cost_total{kind="macs"}']))
    lines = [line for line in wait_for(ready["decisions"], '"id":"nine"', 9) if '"nine"' in line]
    routed = expected(served, digit_images[:9])
    records = [json.loads(line) for line in lines]
    assert [record["answer"] for record in records] == list(routed.answers)
    called = [
        [name for i, name in enumerate(served.names) if mask >> i & 1] for mask in routed.called
    ]
    assert [record["called"] for record in records] == called
    scores = [record["seen"]["scores"] for record in records]
    np.testing.assert_allclose(scores, routed.scores, atol=1e-5)
    assert all(record["shadow"] and record["milliseconds"] > 0 for record in records)
    assert all(again.same for again in _core.replay_records(served.policy, lines))


def test_records_tell_where_the_rule_was_not_followed(ready, rest, rpc, served, digit_images):
    costs = [float(model.cost) for model in served.models]
    limit = {"max_cost": min(costs) + float(served.multiplexer.macs)}
    routed = expected(served, digit_images)
    dear = np.flatnonzero(np.array(routed.called) != 1 << int(np.argmin(costs)))[0]
    chosen = digit_images[[dear, *range(8)]]
    rest.infer("router", tensor(http, chosen), request_id="cheap", parameters=limit)
    asked = {"accuracy": served.policy.operating_points[0].accuracy}
    rest.infer("router", tensor(http, digit_images[:9]), request_id="modest", parameters=asked)
    lines = wait_for(ready["decisions"], '"id":"modest"', 9)
    kept = [line for line in lines if '"cheap"' in line or '"modest"' in line]
    records = [json.loads(line) for line in kept]
    assert any(record.get("departure", {}).get("reason") == "cost" for record in records[:9])
    assert all(record["point"] == served.policy.cheapest_as_good(**asked) for record in records[9:])
    assert all(again.same for again in _core.replay_records(served.policy, kept))


def test_the_status_page_needs_nothing_from_elsewhere(ready):
    status, headers, page = call(ready, "GET", "/")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert b"http://" not in page
    assert b"https://" not in page
    found = json.loads(call(ready, "GET", "/status")[2])
    assert found["router"] == "router"
    assert [model["name"] for model in found["models"]]


def test_a_browser_shows_what_was_called(ready, rest, served, digit_images, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("Chromium is not installed")
    rest.infer("router", tensor(http, digit_images[:5]))
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000"]
    place = f"http://127.0.0.1:{ready['http_port']}/"
    command = [browser, *options, f"--user-data-dir={tmp_path}", "--dump-dom", place]
    page = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert '<span id="policy">hybrid_single</span>' in page
    rows = re.search(r'<tbody id="models">(.*?)</tbody>', page, re.S).group(1)
    assert re.findall(r"<tr><td>(\w+)</td>", rows) == served.names
    shares = [float(share) for share in re.findall(r"([\d.]+) %", rows)]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    assert ">ready<" in page
