"""Requests to ``muxnet serve``, as tests of it send them."""

import json
import resource
import struct
import time
import zlib
from http.client import HTTPConnection

import pytest
from muxnet import _core

http = pytest.importorskip("tritonclient.http")


def expected(served, images):
    """What a router in this process makes of the images."""
    pool = _core.ModelPool(served.models)
    router = _core.Router(pool, served.multiplexer, served.policy.rule())
    return router.route(_core.normalize(images, served.models[0].normalization))


def tensor(kind, images, **options):
    datatype = {"u": "UINT8", "f": "FP32", "O": "BYTES"}[images.dtype.kind]
    made = kind.InferInput("images", list(images.shape), datatype)
    made.set_data_from_numpy(images, **options)
    return [made]


def call(ready, method, path, body=None, headers=None):
    connection = HTTPConnection("127.0.0.1", ready["http_port"], timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()


def png_of(image):
    """A grey PNG, written by hand as no encoder is a dependency."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    _, height, width = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + image[0, row].tobytes() for row in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def body_of(images, **changes):
    entry = {
        "name": "images",
        "shape": list(images.shape),
        "datatype": "UINT8",
        "data": images.tolist(),
    }
    return {"inputs": [{**entry, **changes}]}


BAD_INPUTS = {
    "another name": ({"name": "pixels"}, "one tensor 'images'"),
    "another shape": ({"shape": [1, 1, 32, 31]}, "images of shape"),
    "negative extents": ({"shape": [-1, 1, 32, 32]}, "1 to 512 images"),
    "no images": ({"shape": [0, 1, 32, 32]}, "1 to 512 images"),
    "huge extents": ({"shape": [2**62, 1, 32, 32]}, "1 to 512 images"),
    "a text as shape": ({"shape": "1"}, "a list of whole numbers"),
    "an unknown datatype": ({"datatype": "FP13"}, "UINT8, FP32, BYTES"),
    "texts as pixels": ({"data": ["a"]}, "numbers of UINT8"),
    "too few pixels": ({"data": [1, 2, 3]}, "1024 numbers of UINT8"),
    "pixels too large": ({"data": [300] * 1024}, "numbers from 0 to 255"),
    "ragged pixels": ({"data": [[1, 2], [3]]}, "lists that are not alike"),
    "rows of another length": (
        {"data": [[1] * 16] * 64},
        "nested as their shape, [1, 1, 32, 32], received [64, 16]",
    ),
    "broken base64": ({"datatype": "BYTES", "shape": [1], "data": ["?"]}, "base64"),
    "no picture": ({"datatype": "BYTES", "shape": [1], "data": ["AAAA"]}, "another kind of file"),
    "no data": ({"data": None}, "numbers of UINT8"),
    "binary data that is not there": ({"parameters": {"binary_data_size": 1024}}, "either data or"),
}


def wait_for(path, text, count):
    """All lines of the file, once so many hold the text."""
    for _ in range(600):
        lines = path.read_text().splitlines()
        if sum(text in line and line.endswith("}") for line in lines) == count:
            return lines
        time.sleep(0.1)
    raise AssertionError(f"{text} did not come")


def events(said):
    return [json.loads(line) for line in said["log"].read_text().splitlines()]


def told(said, name):
    return [entry for entry in events(said) if entry["event"] == name]


def limit(process, kind, soft):
    _, hard = resource.prlimit(process.pid, kind)
    resource.prlimit(process.pid, kind, (soft, hard))


def memory_mb(pid, of="VmRSS"):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(of)) / 1024


def request(port, method="GET", path="/status", body=None, headers=None, connection=None):
    connection = connection or HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), json.loads(reply.read())
    finally:
        connection.close()


def infer_body(images):
    entry = {"name": "images", "shape": list(images.shape), "datatype": "UINT8"}
    return json.dumps({"inputs": [{**entry, "data": images.ravel().tolist()}]})


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
