"""``muxnet serve`` with anybody's models: ONNX files and a Python function behind one router."""

import base64
import json
import threading
import time
from http.client import HTTPConnection

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import UserError
from muxnet.base.run_folder import RunFolder
from muxnet.pool import model_list
from muxnet.pool.onnx_export import export_onnx
from muxnet.pool.pools import image_format
from muxnet.pool.router import open_router
from muxnet.serve.served import Source, load
from muxnet.training.config import load_config
from muxnet.training.finished import load_models
from muxnet.training.results import read_results
from serve_requests import tensor

http = pytest.importorskip("tritonclient.http")
grpc = pytest.importorskip("tritonclient.grpc")
pytest.importorskip("onnx")

NAMES = ["mine", "first", "second"]
COSTS = [1.0, 3.0, 10.0]
POISON = 251  # a first pixel that the function cannot stand
FORMAT = ["--size", "32", "--channels", "1"]

MODULE = f"""
import numpy as np


def predict(images):
    if (np.rint(255 * images[:, 0, 0, 0]) == {POISON}).any():
        raise ValueError("does not like this one")
    mean = images.mean(axis=(1, 2, 3), keepdims=True)[:, 0, 0]
    sure = np.where(mean > 0.3, 0.95, 0.3)  # of class 3
    rest = np.repeat((1 - sure) / 9, 10, axis=1)
    return np.where(np.arange(10) == 3, sure, rest)


def pattern(images):
    found = np.exp(images[:, :, 0, :10].mean(axis=1))
    return found / found.sum(axis=1, keepdims=True)


def narrow(images):
    return np.full((len(images), 7), 1 / 7)


def logits(images):
    return 5 * predict(images)
"""


def entries(normalization, engine):
    scaled = {"mean": list(normalization.mean), "deviation": list(normalization.deviation)}
    first = {"name": "first", "onnx": "first.onnx", "cost": 3, "output": "logits", **scaled}
    second = {"name": "second", "onnx": "second.onnx", "cost": 10, "output": "logits"}
    mine = {"name": "mine", "callable": "served_models:predict", "cost": 1}
    return [mine, {**first, "engine": "openvino"}, {**second, "engine": engine}]


@pytest.fixture(scope="module")
def networks(untrained_run):
    folder = RunFolder(untrained_run)
    found = load_models(folder, load_config(folder.config), read_results(folder.results))
    return found[:2]


@pytest.fixture(scope="module")
def folder(networks, answers, tmp_path_factory):
    """Models, the list of them, and a cascade fitted on recorded answers with their names."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("models")
    (folder / "served_models.py").write_text(MODULE)
    for name, network in zip(NAMES[1:], networks, strict=True):
        export_onnx(network, folder / f"{name}.onnx", outputs=["logits"])
    listed = entries(networks[0].normalization, "onnxruntime")
    (folder / "models.json").write_text(json.dumps(listed))
    probabilities, labels = answers(classes=10)
    table = _core.OutcomeTable(NAMES, probabilities, {"cost": COSTS}, labels=labels)
    table.save(folder / "held_out.safetensors")
    for policy, out in (("cascade", "router"), ("best_single", "shadow")):
        command = ["fit", str(folder / "held_out.safetensors"), "--policy", policy]
        models = ["--models", str(folder / "models.json")]
        assert cli.main([*command, "--out", str(folder / out), *models]) == 0
    return folder


@pytest.fixture(scope="module")
def ready(folder, started_server):
    arguments = [*FORMAT, "--shadow", str(folder / "shadow"), "--workers", "2"]
    with started_server(folder / "router", *arguments, "--fill-ms", "20") as (_, said):
        yield said


@pytest.fixture
def clients(rest, rpc):
    return (http, rest), (grpc, rpc)


def of(images):
    entry = {"name": "images", "shape": list(images.shape), "datatype": "UINT8"}
    return {**entry, "data": images.ravel().tolist()}


def ask(ready, path, entry=None):
    """Return the status and the body of a plain request."""
    body = None if entry is None else json.dumps({"inputs": [entry]})
    connection = HTTPConnection("127.0.0.1", ready["http_port"], timeout=60)
    try:
        connection.request("GET" if body is None else "POST", path, body)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def harmless(digit_images):
    images = digit_images[:24].copy()
    images[:, 0, 0, 0] = 0
    return images


def routed(folder, images):
    """What ``muxnet route`` decides in this process."""
    return open_router(folder / "router", images=load_source(folder).images).route(images)


def load_source(folder):
    return Source(folder / "router", images=image_format(1, 32, 32))


def test_the_service_answers_as_route_does(folder, clients, harmless):
    found = routed(folder, harmless)
    called = [[name for name, ran in zip(NAMES, row, strict=True) if ran] for row in found.called]
    assert len({tuple(names) for names in called}) > 1
    for kind, client in clients:
        reply = client.infer("router", tensor(kind, harmless))
        np.testing.assert_allclose(reply.as_numpy("probabilities"), found.probabilities, atol=1e-5)
        assert reply.as_numpy("classes").tolist() == found.probabilities.argmax(axis=1).tolist()
    found = clients[0][1].infer("router", tensor(http, harmless))
    said = found.get_response()["parameters"]
    assert json.loads(said["called"]) == called
    costs = dict(zip(NAMES, COSTS, strict=True))
    assert json.loads(said["cost"]) == [sum(costs[name] for name in row) for row in called]


def test_each_model_sees_images_as_it_wants_them(clients, networks, harmless):
    plain = _core.Normalization([0.0], [1.0])
    for network, name, scale in zip(
        networks, NAMES[1:], (networks[0].normalization, plain), strict=True
    ):
        own = _core.Predictor(network).output(_core.normalize(harmless, scale), "probabilities")
        for kind, client in clients:
            reply = client.infer(name, tensor(kind, harmless))
            np.testing.assert_allclose(reply.as_numpy("probabilities"), own, atol=1e-5)
            floats = harmless.astype(np.float32) / 255
            reply = client.infer(name, tensor(kind, floats))
            np.testing.assert_allclose(reply.as_numpy("probabilities"), own, atol=1e-5)


def test_encoded_images_limits_and_decisions_go_as_with_networks_of_a_run(ready, clients, harmless):
    png = base64.b64encode(_core.encode_image(harmless[:1], "png")).decode()
    entry = {"name": "images", "datatype": "BYTES", "shape": [1], "data": [png]}
    encoded = ask(ready, "/v2/models/mine/infer", entry)[1]["outputs"][0]["data"]
    raw = ask(ready, "/v2/models/mine/infer", of(harmless[:1]))[1]["outputs"][0]["data"]
    np.testing.assert_allclose(encoded, raw, atol=1e-5)
    for kind, client in clients:
        reply = client.infer("router", tensor(kind, harmless), parameters={"max_cost": 1})
        assert reply.as_numpy("classes").shape == (24,)
        reply = client.infer("router", tensor(kind, harmless), parameters={"decide_only": True})
        assert reply.as_numpy("called").tolist() == [0] * 24
        with pytest.raises(Exception, match="max_cost that some model keeps to"):
            client.infer("router", tensor(kind, harmless), parameters={"max_cost": "0.5"})
        with pytest.raises(Exception, match=r"accuracy\] expected at most"):
            client.infer("router", tensor(kind, harmless), parameters={"accuracy": "0.9999"})
    status = ask(ready, "/status")[1]
    assert status["cost_title"] == "cost"
    assert [model["cost"] for model in status["models"]] == COSTS
    assert status["shadow_images"] > 0
    assert status["class_names"] == [str(k) for k in range(10)]


@pytest.mark.parametrize("resize", [0, 40])
def test_encoded_images_are_shown_to_models_as_route_shows_them(
    resize, folder, started_server, tmp_path
):
    patterned = [{"name": name, "callable": "served_models:pattern", "cost": 1} for name in NAMES]
    (folder / "patterned.json").write_text(json.dumps(patterned))
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 60, 90), dtype=np.uint8)
    content = _core.encode_image(pixels, "png")
    (tmp_path / "image.png").write_bytes(content)
    wanted = _core.ImageFormat(channels=3, height=32, width=32, resize=resize)
    ((shown,),), _ = _core.read_images([tmp_path / "image.png"], [wanted])
    arguments = ["--models", str(folder / "patterned.json"), "--size", "32"]
    arguments += ["--resize", str(resize)] if resize else []
    with started_server(folder / "shadow", *arguments) as (_, said):
        encoded = base64.b64encode(content).decode()
        entry = {"name": "images", "datatype": "BYTES", "shape": [1], "data": [encoded]}
        answers = ask(said, "/v2/models/first/infer", entry)[1]["outputs"][0]["data"]
    expected = np.exp(shown[:, 0, :10].astype(float).mean(axis=0) / 255)
    np.testing.assert_allclose(answers, expected / expected.sum(), rtol=1e-5)


def test_a_function_that_raises_fails_its_request_and_no_other(ready, clients, harmless):
    poisoned = harmless[:2].copy()
    poisoned[1, 0, 0, 0] = POISON
    found = {}

    def send(i):
        found[i] = ask(ready, "/v2/models/mine/infer", of(poisoned if i == 5 else harmless[:2]))

    for _ in range(2):  # within 20 ms they run together
        threads = [threading.Thread(target=send, args=(i,)) for i in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [i for i, (status, _) in sorted(found.items()) if status != 200] == [5]
        status, reply = found[5]
        assert status == 500
        assert reply == {"error": "[service] a model failed; the server's log says more"}
    with pytest.raises(grpc.InferenceServerException, match="a model failed"):
        clients[1][1].infer("mine", tensor(grpc, poisoned))
    assert ask(ready, "/v2/health/ready")[0] == 200
    log = ready["log"].read_text()
    assert "[mine] expected an answer, received ValueError: does not like this one" in log
    assert "served_models.py" in log


def test_a_list_that_changes_is_served_anew(folder, started_server, networks, harmless, tmp_path):
    for name in ("first.onnx", "second.onnx", "served_models.py"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    listed = entries(networks[0].normalization, "openvino")
    path = tmp_path / "models.json"
    path.write_text(json.dumps(listed))
    arguments = ["--models", str(path), *FORMAT, "--workers", "1"]
    with started_server(folder / "router", *arguments) as (_, said):

        def answers():
            return ask(said, "/v2/models/second/infer", of(harmless))[1]["outputs"][0]["data"]

        def version(at_least):
            end = time.monotonic() + 60
            while ask(said, "/status")[1]["version"] < at_least:
                assert time.monotonic() < end
                time.sleep(0.05)

        before = answers()
        export_onnx(networks[0], tmp_path / "second.onnx", outputs=["logits"])
        version(2)  # noticed by the network's file
        after = answers()
        plain = _core.normalize(harmless, _core.Normalization([0.0], [1.0]))
        own = _core.Predictor(networks[0]).output(plain, "probabilities")
        np.testing.assert_allclose(np.reshape(after, own.shape), own, atol=1e-5)
        assert np.abs(np.subtract(after, before)).max() > 1e-3
        path.write_text(json.dumps(listed[:2]))  # is refused, and changes nothing
        time.sleep(1.5)
        assert answers() == after
        listed[0]["cost"] = 2  # only the policy's costs count
        path.write_text(json.dumps(listed))
        version(3)
        assert ask(said, "/status")[1]["models"][0]["cost"] == 1
        assert "the router's models mine, first, second" in said["log"].read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"callable": "served_models:narrow"}, r"mine\] expected answers of shape \(1, 10\)"),
        ({"callable": "served_models:logits"}, r"mine\] expected probabilities in \[0, 1\]"),
        ({"callable": "served_models:absent"}, "that can be imported"),
        ({"name": "other"}, "the router's models mine, first, second"),
        ({"name": "first"}, "models with different names"),
        (
            {"mean": [0.0, 0.0]},
            r"mine, mean\] expected 1 or 1 numbers, one per channel, received 2",
        ),
    ],
)
def test_models_that_do_not_fit_are_told_at_the_start(folder, networks, change, message, tmp_path):
    listed = entries(networks[0].normalization, "openvino")
    listed[0] |= change
    for entry in listed:
        entry["path"] = str(folder)
    (tmp_path / "models.json").write_text(json.dumps(listed))
    source = Source(
        folder / "router", models=tmp_path / "models.json", images=image_format(1, 32, 32)
    )

    def start():
        _core.Service(load(source).deployment(record=False), _core.ServiceOptions())

    with pytest.raises((UserError, ValueError), match=message):
        start()


def test_a_size_that_nothing_tells_is_asked_for(folder, started_server):
    served = started_server(folder / "router")
    told = r"mine.* expected the size of its images: --size, or input in the list of models"
    with pytest.raises(UserError, match=told), served:
        pass


def test_a_policy_that_wants_a_multiplexer_is_refused_without_one(folder, untrained_run, tmp_path):
    table = _core.OutcomeTable.load(untrained_run / "outcomes-calibration.safetensors")
    policy = _core.make_policy("hybrid_single")
    policy.fit(table)
    policy.save(tmp_path / "policy.json")
    listed = [
        {**entry, "path": str(folder)} for entry in json.loads((folder / "models.json").read_text())
    ]
    for entry, name in zip(listed, policy.models, strict=True):
        entry["name"] = name
    (tmp_path / "models.json").write_text(json.dumps(listed))
    with pytest.raises(UserError, match=r"multiplexer\.json \(muxnet fit --multiplexer\)"):
        load(Source(tmp_path))
    with pytest.raises(UserError, match="shadow"):
        load(Source(folder / "router", shadow=str(tmp_path)))


def test_an_onnx_file_is_hosted_without_python(folder):
    listed = model_list.read_models(folder / "models.json")
    assert [model.host is not None for model in listed] == [False, True, True]
    assert [model.concurrent for model in listed] == [False, True, True]
