"""``muxnet serve`` against the published OpenAPI description of the Open Inference Protocol.

``MUXNET_OPENAPI`` names that file, ``specification/protocol/open_inference_rest.yaml`` of
github.com/kserve/open-inference-protocol; ``schemathesis`` is on the PATH.
"""

import json
import math
import os
import shutil
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

DESCRIPTION = os.environ.get("MUXNET_OPENAPI", "")
pytestmark = [
    pytest.mark.skipif(not DESCRIPTION, reason="MUXNET_OPENAPI names no OpenAPI description"),
    pytest.mark.skipif(
        shutil.which("schemathesis") is None, reason="schemathesis is not on the PATH"
    ),
]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
VERSIONED = "/v2/models/${MODEL_NAME}/versions/${MODEL_VERSION}"


@pytest.fixture(scope="module")
def ready(untrained_run, started_server):
    with started_server(untrained_run, "--policy", "hybrid_single") as (_, said):
        yield said


def call(ready, method, path, body=None):
    connection = HTTPConnection("127.0.0.1", ready["http_port"], timeout=60)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        reply = connection.getresponse()
        assert reply.status == 200
        return json.loads(reply.read())
    finally:
        connection.close()


def readable(description, example):
    """Return the description as its own text means it.

    Its paths hold the $ of ``${MODEL_NAME}`` as a letter, and the version that the text calls
    optional; its errors of a model's metadata and readiness are in the text alone. An example is
    added, as hardly a random request is one of images.
    """
    refused = {
        "description": "Bad Request",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/inference_error_response"}
            }
        },
    }
    names = {
        "name": "MODEL_NAME",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": ["router", "alexnet_small", "nobody"]},
    }
    paths = {}
    for path, item in description["paths"].items():
        if path.startswith(VERSIONED):
            item["parameters"] = [names]
            for method in item.keys() - {"parameters"}:
                item[method]["responses"] |= {"400": refused, "404": refused}
        paths[path.replace(VERSIONED, "/v2/models/{MODEL_NAME}")] = item
    body = paths["/v2/models/{MODEL_NAME}/infer"]["post"]["requestBody"]
    body["content"]["application/json"]["example"] = example
    return {**description, "paths": paths}


def test_answers_are_those_of_the_published_description(ready, tmp_path):
    yaml = pytest.importorskip("yaml")
    _, *shape = call(ready, "GET", "/v2/models/router")["inputs"][0]["shape"]
    data = [0] * math.prod(shape)
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, *shape], "data": data}
    example = {"id": "one", "inputs": [tensor]}
    assert call(ready, "POST", "/v2/models/router/infer", example)["id"] == "one"
    published = yaml.safe_load(Path(DESCRIPTION).read_text(encoding="utf-8"))
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(readable(published, example)))
    url = f"http://127.0.0.1:{ready['http_port']}"
    arguments = ["--url", url, "--checks", ",".join(CHECKS), "--seed", "1", "--no-color"]
    found = subprocess.run(
        ["schemathesis", "run", str(file), *arguments, "--max-examples", "20"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert found.returncode == 0, found.stdout
