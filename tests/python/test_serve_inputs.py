"""``muxnet serve`` with vectors, and a multiplexer that looks at smaller images than models."""

import json
from http.client import HTTPConnection

import muxnet
import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.serve.served import Source, load
from PIL import Image

SMALL, LARGE, OWN = 1.0, 10.0, 0.25
QUICK = ["--multiplexer-epochs", "20", "--multiplexer-pretraining-epochs", "0"]
QUICK += ["--multiplexer-learning-rate", "0.05", "--batch-size", "32", "--folds", "3"]
QUICK += ["--multiplexer-cost", str(OWN), "--models", "models.json"]

# The class is the sign of the first number, or a bright first pixel. Small is wrong where the last
# number, or the last pixel, is high.
VECTORS = """
import numpy as np


def large(inputs):
    values = inputs.reshape(len(inputs), -1)[:, 0]
    right = values > (0 if inputs.ndim == 2 else 0.5)
    return np.stack([0.9 - 0.8 * right, 0.1 + 0.8 * right], axis=1)


def small(inputs):
    right = large(inputs)
    last = inputs.reshape(len(inputs), -1)[:, -1]
    hard = last > (0 if inputs.ndim == 2 else 0.5)
    return np.where(hard[:, None], right[:, ::-1], right)
"""


def vectors(n, seed):
    """Return vectors, their labels, and which are hard."""
    values = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    return values, (values[:, 0] > 0).astype(np.int32), values[:, -1] > 0


def pictures(n, seed, side=16):
    """Return images, their labels, and which are hard."""
    random = np.random.default_rng(seed)
    labels, hard = random.integers(0, 2, (2, n))
    images = np.full((n, 3, side, side), 40, np.uint8)
    images[:, :, : side // 2] += (160 * labels).astype(np.uint8)[:, None, None, None]
    images[:, :, side // 2 :] += (160 * hard).astype(np.uint8)[:, None, None, None]
    return images, labels.astype(np.int32), hard.astype(bool)


def write_models(folder, **fields):
    (folder / "vector_models.py").write_text(VECTORS)
    costs = {"small": SMALL, "large": LARGE}
    entries = [
        {"name": name, "callable": f"vector_models:{name}", "cost": cost, **fields}
        for name, cost in costs.items()
    ]
    (folder / "models.json").write_text(json.dumps(entries))


@pytest.fixture(scope="module")
def of_vectors(tmp_path_factory):
    """Return a router whose models and multiplexer are shown the same vectors."""
    folder = tmp_path_factory.mktemp("vectors")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_models(folder)
        values, labels, _ = vectors(240, 1)
        np.savez("inputs.npz", features=values, labels=labels)
        assert cli.main(["collect", "--models", "models.json", "--data", "inputs.npz"]) == 0
        wanted = ["--multiplexer", "features", "--data", "inputs.npz"]
        assert cli.main(["fit", "outcomes.safetensors", *wanted, *QUICK]) == 0
    return folder / "router"


@pytest.fixture(scope="module")
def of_both(tmp_path_factory):
    """Return a router whose models are shown images, and its multiplexer vectors beside them."""
    folder = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_models(folder, size=16)
        images, labels, hard = pictures(240, 1)
        np.savez("inputs.npz", images=images, labels=labels)
        assert cli.main(["collect", "--models", "models.json", "--data", "inputs.npz"]) == 0
        table = _core.OutcomeTable.load("outcomes.safetensors")
        _core.OutcomeTable(
            table.models,
            table.probabilities,
            {"cost": list(table.costs("cost"))},
            labels=table.labels,
            features=told(hard),
            source=table.source,
            indices=table.indices,
            class_names=table.class_names,
            inputs=table.inputs,
        ).save("told.safetensors")
        assert cli.main(["fit", "told.safetensors", "--multiplexer", "features", *QUICK]) == 0
    return folder / "router"


@pytest.fixture(scope="module")
def of_smaller(tmp_path_factory):
    """Return a router whose multiplexer looks at smaller images than its models."""
    folder = tmp_path_factory.mktemp("smaller")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_models(folder, size=16)
        images, labels, _ = pictures(120, 1)
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = folder / "data" / str(label)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.transpose(1, 2, 0)).save(place / f"{i}.png")
        data = ["--data", "images:data"]
        assert cli.main(["collect", "--models", "models.json", *data]) == 0
        wanted = ["--multiplexer", "image", *data, "--multiplexer-resolution", "8"]
        assert cli.main(["fit", "outcomes.safetensors", *wanted, *QUICK]) == 0
    return folder / "router"


def told(hard):
    """Return a vector of each input that tells whether it is hard."""
    return np.stack([hard, ~hard, np.ones(len(hard))], axis=1).astype(np.float32)


def tensor(name, values):
    datatype = "UINT8" if values.dtype == np.uint8 else "FP32"
    shape, data = list(values.shape), values.ravel().tolist()
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def ask(server, path, *inputs):
    connection = HTTPConnection("127.0.0.1", server["http_port"], timeout=60)
    outputs = [{"name": "classes"}, {"name": "cost"}]
    body = json.dumps({"inputs": inputs, "outputs": outputs}) if inputs else None
    headers = {"content-type": "application/json"}
    connection.request("POST" if inputs else "GET", path, body, headers)
    reply = connection.getresponse()
    found = json.loads(reply.read())
    connection.close()
    if inputs and reply.status == 200:
        found = {output["name"]: output["data"] for output in found["outputs"]}
    return reply.status, found


def paid(hard):
    return [OWN + (LARGE if h else SMALL) for h in hard]


def test_vectors_go_to_models_and_multiplexer(of_vectors, started_server):
    values, labels, hard = vectors(20, 2)
    with started_server(of_vectors) as (_, said):
        wanted = [{"name": "features", "datatype": "FP32", "shape": [-1, 5]}]
        assert ask(said, "/v2/models/router")[1]["inputs"] == wanted
        assert ask(said, "/v2/models/small")[1]["inputs"] == wanted
        status, found = ask(said, "/v2/models/router/infer", tensor("features", values))
        assert (status, found["classes"], found["cost"]) == (200, labels.tolist(), paid(hard))
        status, found = ask(said, "/v2/models/large/infer", tensor("features", values))
        assert (status, found["classes"]) == (200, labels.tolist())
        for wrong, message in (
            (tensor("images", values), "one tensor 'features'"),
            (tensor("features", values[:, :4]), "['n', 5]"),
            (tensor("features", values.astype(np.uint8)), "FP32"),
        ):
            status, found = ask(said, "/v2/models/router/infer", wrong)
            assert status == 400
            assert message in found["error"]
    for same in (values, values.tolist(), list(values)):
        router = muxnet.open_router(of_vectors).route(same)
        assert (router.called[:, 1] == hard).all()


def test_vectors_come_beside_the_images_that_models_are_shown(of_both, started_server):
    images, labels, hard = pictures(10, 2)
    pixels, beside = tensor("images", images), tensor("features", told(hard))
    with started_server(of_both) as (_, said):
        names = [one["name"] for one in ask(said, "/v2/models/router")[1]["inputs"]]
        assert names == ["images", "features"]
        status, found = ask(said, "/v2/models/router/infer", beside, pixels)
        assert (status, found["classes"], found["cost"]) == (200, labels.tolist(), paid(hard))
        status, found = ask(said, "/v2/models/large/infer", pixels)
        assert (status, found["classes"]) == (200, labels.tolist())
        fewer = tensor("features", told(hard)[:9])
        for wrong, message in (
            ((pixels,), "2 tensors"),
            ((pixels, fewer), "[9, 3]"),
            ((pixels, beside, beside), "2 tensors"),
        ):
            status, found = ask(said, "/v2/models/router/infer", *wrong)
            assert status == 400
            assert message in found["error"]
    router = muxnet.open_router(of_both).route(images.tolist(), told(hard).tolist())
    assert (router.called[:, 1] == hard).all()


def test_the_service_makes_of_pixels_what_the_multiplexer_looks_at(of_smaller, started_server):
    images, labels, hard = pictures(10, 2)
    assert {one.shape for one in load(Source(of_smaller)).formats} == {(3, 8, 8), (3, 16, 16)}
    with started_server(of_smaller) as (_, said):
        inputs = ask(said, "/v2/models/router")[1]["inputs"]
        assert inputs == [{"name": "images", "datatype": "UINT8", "shape": [-1, 3, 16, 16]}]
        status, found = ask(said, "/v2/models/router/infer", tensor("images", images))
        assert (status, found["classes"], found["cost"]) == (200, labels.tolist(), paid(hard))
        shrunk = tensor("images", images[:, :, ::2, ::2])
        status, found = ask(said, "/v2/models/router/infer", shrunk)
        assert status == 400
        assert "['n', 3, 16, 16]" in found["error"]
    router = muxnet.open_router(of_smaller).route(images)
    assert (router.called[:, 1] == hard).all()


def test_vectors_that_are_no_numbers_are_refused(of_vectors):
    served = load(Source(of_vectors))
    service = _core.Service(served.deployment(record=False), _core.ServiceOptions())
    values, _, _ = vectors(3, 3)
    values[1, 2] = np.nan
    with pytest.raises(ValueError, match="finite numbers"):
        service.infer(_core.ServiceRequest([values]))
    service.close()
