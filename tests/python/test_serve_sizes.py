"""``muxnet serve`` with models that want images of different sizes."""

import base64
import json
from http.client import HTTPConnection

import muxnet
import numpy as np
import pytest
from muxnet import _core, cli

SIDES = (8, 12)
MODULE = """
import numpy as np


def small(images):
    assert images.shape[1:] == (3, 8, 8), images.shape
    return corner(images)


def large(images):
    assert images.shape[1:] == (3, 12, 12), images.shape
    return corner(images)


def corner(images):
    one = images[:, 0, 0, 0]
    return np.stack([1 - one, one], axis=1)
"""


@pytest.fixture(scope="module")
def router(tmp_path_factory):
    """Return the folder of a router that always calls the larger of two models."""
    folder = tmp_path_factory.mktemp("sizes")
    (folder / "two_sizes.py").write_text(MODULE)
    entries = [
        {"name": name, "callable": f"two_sizes:{name}", "cost": side, "size": side}
        for name, side in zip(("small", "large"), SIDES, strict=True)
    ]
    (folder / "models.json").write_text(json.dumps(entries))
    random = np.random.default_rng(0)
    right = random.random((60, 2))
    answers = np.stack([np.stack([1 - right, right], axis=2)[:, i] for i in (0, 1)], axis=1)
    table = _core.OutcomeTable(
        ["small", "large"],
        answers.astype(np.float32),
        {"cost": [float(side) for side in SIDES]},
        labels=(right[:, 1] > 0.5).astype(np.int32),
        class_names=["dark", "bright"],
    )
    table.save(folder / "o.safetensors")
    fit = ["fit", str(folder / "o.safetensors"), "--policy", "best_single"]
    models = ["--models", str(folder / "models.json"), "--out", str(folder / "router")]
    assert cli.main([*fit, *models]) == 0
    return folder / "router"


@pytest.fixture(scope="module")
def server(router, started_server):
    with started_server(router) as (_, said):
        yield said


def ask(server, path, entry=None):
    connection = HTTPConnection("127.0.0.1", server["http_port"], timeout=60)
    body = None if entry is None else json.dumps({"inputs": [{"name": "images", **entry}]})
    headers = {"content-type": "application/json"}
    connection.request("GET" if entry is None else "POST", path, body, headers)
    reply = connection.getresponse()
    found = json.loads(reply.read())
    connection.close()
    return reply.status, found


def answer_of(found, name):
    return next(output["data"] for output in found["outputs"] if output["name"] == name)


def test_an_encoded_image_is_prepared_for_each_model(router, server):
    pixels = np.random.default_rng(1).integers(0, 256, (1, 3, 30, 40), dtype=np.uint8)
    content = _core.encode_image(pixels, "png")
    encoded = {"datatype": "BYTES", "shape": [1], "data": [base64.b64encode(content).decode()]}
    for path, side in (("router", 12), ("small", 8), ("large", 12)):
        wanted = _core.ImageFormat(height=side, width=side)
        ((shown,),), _ = _core.decode_images([content], [wanted])
        status, found = ask(server, f"/v2/models/{path}/infer", encoded)
        assert status == 200, found
        expected = shown[0, 0, 0] / 255
        np.testing.assert_allclose(
            answer_of(found, "probabilities"), [1 - expected, expected], atol=1e-5
        )
    (router.parent / "image.png").write_bytes(content)
    (record,) = muxnet.open_router(router).route_files([router.parent / "image.png"]).records
    assert record["class"] == ("dark", "bright")[record["answer"]]


def test_pixels_are_taken_where_all_that_may_run_want_one_size(server):
    def pixels(side):
        return {
            "datatype": "UINT8",
            "shape": [1, 3, side, side],
            "data": [255] * (3 * side * side),
        }

    status, found = ask(server, "/v2/models/router/infer", pixels(12))
    assert status == 400
    assert "BYTES, encoded images: the models want them as" in found["error"]
    assert "'n', 3, 8, 8" in found["error"]
    status, found = ask(server, "/v2/models/small/infer", pixels(8))
    assert (status, answer_of(found, "classes")) == (200, [1])
    status, found = ask(server, "/v2/models/small/infer", pixels(12))
    assert status == 400
    assert "['n', 3, 8, 8]" in found["error"]


def test_the_metadata_and_the_page_tell_the_sizes(server):
    router = ask(server, "/v2/models/router")[1]
    assert router["inputs"] == [{"name": "images", "datatype": "BYTES", "shape": [-1]}]
    small = ask(server, "/v2/models/small")[1]
    assert small["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 3, 8, 8]}]
    assert ask(server, "/status")[1]["image_shapes"] == [[3, 8, 8], [3, 12, 12]]
