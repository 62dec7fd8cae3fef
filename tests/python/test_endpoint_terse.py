"""A model hosted elsewhere, by a server that tells little of it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from listed_levels import levels, listed
from muxnet import _core, cli


class Terse(BaseHTTPRequestHandler):
    """One that tells its model's name alone, knows JSON alone, and takes 16 inputs at a time."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply(200, {"name": "bright", "inputs": None})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["content-type"] == "application/json":
            (sent,) = json.loads(body)["inputs"]
            self.answer(np.asarray(sent["data"], np.float64).reshape(sent["shape"]))
        else:
            self.reply(500, "Internal Server Error")

    def answer(self, inputs):
        if len(inputs) > 16:
            self.reply(400, {"error": "inference request batch-size must be <= 16"})
            return
        bright = (inputs.reshape(len(inputs), -1).mean(axis=1) > 0.5).astype(int)
        scores = np.stack([1 - bright, bright], axis=1) * 0.9 + 0.05
        outputs = [
            {"name": "label", "datatype": "INT64", "shape": [len(inputs), 1]},
            {"name": "scores", "datatype": "FP64", "shape": list(scores.shape)},
        ]
        for output, values in zip(outputs, (bright, scores), strict=True):
            output["data"] = values.ravel().tolist()
        self.reply(200, {"id": None, "parameters": None, "outputs": outputs})

    def reply(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def terse():
    with ThreadingHTTPServer(("127.0.0.1", 0), Terse) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield {
            "name": "terse",
            "endpoint": f"http://127.0.0.1:{serving.server_address[1]}/v2/models/bright",
            "cost": 1,
        }
        serving.shutdown()
        thread.join()


def test_one_of_few_words_is_found_out(terse, tmp_path):
    labels = {**terse, "name": "labels", "output_tensor": "label", "classes": ["dark", "bright"]}
    scores = {**terse, "classes": ["dark", "bright"]}
    images = levels(100).images
    one, other = listed(tmp_path, scores, labels)
    bright = images.mean(axis=(1, 2, 3)) > 127.5
    expected = np.stack([~bright, bright], axis=1)
    assert np.array_equal(other.probabilities(images), expected)
    np.testing.assert_allclose(one.probabilities(images), expected * 0.9 + 0.05, rtol=1e-6)
    nameless = listed(tmp_path, {**labels, "classes": None})[0]
    with pytest.raises(_core.EndpointError, match="by which a label"):
        nameless.probabilities(images)


def test_vectors_go_as_they_are(terse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vectors = np.random.default_rng(1).random((50, 7), dtype=np.float32)
    labels = (vectors.mean(axis=1) > 0.5).astype(np.int32)
    np.savez("vectors.npz", features=vectors, labels=labels)
    (tmp_path / "models.json").write_text(json.dumps([terse]))
    command = ["collect", "--data", "vectors.npz", "--models", "models.json"]
    assert cli.main([*command, "--out", "o.safetensors"]) == 0
    table = _core.OutcomeTable.load("o.safetensors")
    assert np.array_equal(table.probabilities[:, 0].argmax(axis=1), labels)
