"""A router of two Python functions, for Ray Serve: a small model that knows what it does not know,
and a large one that is always right and takes its time."""

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
from muxnet import cli

SIDE, CLASSES = 8, 3
INFER = "/v2/models/router/infer"
JSON_BODY = {"content-type": "application/json"}
# The large model's seconds for an image stand in a file beside it; so does who answered.
MODULE = """
import os, pathlib, time
import numpy as np

HERE = pathlib.Path(__file__).parent
SECONDS = float((HERE / "seconds").read_text())
(HERE / f"opened-{os.getpid()}").touch()


def right(images):
    return images[:, 0, :, :3].mean(axis=1).argmax(axis=1)


def small(images):
    sure = images[:, 0, 0, 7] < 0.5
    answers = np.full((len(images), 3), 1 / 3)
    answers[sure] = 0.01
    answers[np.flatnonzero(sure), right(images)[sure]] = 0.98
    return answers


def large(images):
    end = time.perf_counter() + SECONDS * len(images)
    while time.perf_counter() < end:
        pass
    if (images[:, 0, 7] > 0.99).all(axis=1).any():
        raise ValueError("does not like this one")
    answers = np.full((len(images), 3), 0.005)
    answers[np.arange(len(images)), right(images)] = 0.99
    return answers
"""


def make_images(count: int, seed: int = 0, hard: float = 0.5) -> np.ndarray:
    """Images u8 (n, 1, 8, 8), of which the share ``hard`` is for the large model."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 90, (count, 1, SIDE, SIDE), dtype=np.uint8)
    images[np.arange(count), 0, :, random.integers(0, CLASSES, count)] += 100
    images[:, 0, 0, SIDE - 1] = np.where(random.random(count) < hard, 250, 10)
    return images


def labels_of(images: np.ndarray) -> np.ndarray:
    return images[:, 0, :, :CLASSES].mean(axis=1).argmax(axis=1)


def is_hard(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0, SIDE - 1] > 127


def write_router(folder: Path, seconds: float = 0.002, name: str = "router") -> Path:
    """Lay models and a fitted router into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "functions.py").write_text(MODULE)
    (folder / "seconds").write_text("0")
    shown = {"size": [SIDE, SIDE], "colour": "grey"}
    entries = [
        {"name": model, "callable": f"functions:{model}", "cost": cost, "input": shown}
        for model, cost in (("small", 1.0), ("large", 10.0))
    ]
    (folder / "models.json").write_text(json.dumps(entries))
    images = make_images(240)
    np.savez(folder / "inputs.npz", images=images, labels=labels_of(images))
    table, router = str(folder / "outcomes.safetensors"), folder / name
    models = ["--models", str(folder / "models.json")]
    assert cli.main(["collect", *models, "--data", str(folder / "inputs.npz"), "--out", table]) == 0
    assert cli.main(["fit", table, *models, "--out", str(router)]) == 0
    (folder / "seconds").write_text(str(seconds))
    return router


def body_of(images: np.ndarray, **parameters: object) -> bytes:
    entry = {"name": "images", "shape": list(images.shape), "datatype": "UINT8"}
    fields: dict[str, object] = {"inputs": [{**entry, "data": images.ravel().tolist()}]}
    if parameters:
        fields["parameters"] = parameters
    return json.dumps(fields).encode()


def call(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    token: str = "",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the answer to one request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=90)
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request(method, path, body, {**JSON_BODY, **bearer, **(headers or {})})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()


def infer(port: int, images: np.ndarray, token: str = "", prefix: str = ""):
    """Return the status of an answer of the router, and its outputs and parameters by name."""
    status, _, answer = call(port, "POST", prefix + INFER, body_of(images), token=token)
    try:
        fields = json.loads(answer)
    except ValueError:  # of the proxy
        return status, {"error": answer.decode()}
    found = {output["name"]: output["data"] for output in fields.get("outputs", [])}
    told = fields.get("parameters", {})
    for name in ("called", "departures"):
        if name in told:
            found[name] = json.loads(told[name])
    return status, {**told, **found, "error": fields.get("error")}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
