"""Requests of the Open Inference Protocol: decoded, checked, and turned into images and limits.

The KServe SDK's classes carry them. Its own decoder of the binary tensor extension is not used: it
turns every tensor into a list of Python numbers, which takes most of the 49 ms that a
1 x 3 x 224 x 224 image needs there; here the bytes stay where they are.
"""

import base64
import binascii
import dataclasses
import math
import struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from muxnet.errors import error_text
from muxnet.serve.answers import Receive
from muxnet.serve.kserve_parts import (
    InferInput,
    InferRequest,
    RequestedOutput,
    to_http_parameters,
)
from muxnet.serve.labels import MOST_LABELS

INPUT_NAME = "images"
DTYPES: dict[str, Any] = {"UINT8": np.uint8, "FP32": np.float32}
LABELS_BYTES = 512 * 1024
MOST_INPUTS = 16  # entries of a list that a request may have; one image tensor is wanted


class RequestError(Exception):
    """A request that is refused: HTTP ``status``, and how long to wait where that helps."""

    def __init__(self, status: int, text: str, retry_after_s: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s


def bad_request(where: str, expected: object, received: object) -> RequestError:
    """Return the error of a request that does not fit the protocol or the model."""
    text = str(received)
    return RequestError(400, error_text(where, expected, text[:80] + "..." * (len(text) > 80)))


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one request may hold."""

    images: int
    pixels: int  # of an encoded image


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a request asks for beside its images."""

    deadline_ms: float | None = None
    max_cost: float | None = None
    accuracy: float | None = None
    decide_only: bool = False


def decode(body: bytes, header_length: str | None, model_name: str) -> InferRequest:
    """Return the request of a REST body; ``header_length`` is that of the binary extension.

    Raises:
        RequestError: it is not one.

    """
    length = len(body)
    if header_length is not None:
        if not header_length.isascii() or not header_length.isdigit():
            raise bad_request("Inference-Header-Content-Length", "a number", header_length)
        length = int(header_length)
        if length > len(body):
            expected = f"at most the {len(body)} bytes of the body"
            raise bad_request("Inference-Header-Content-Length", expected, length)
    try:
        fields = orjson.loads(memoryview(body)[:length])
    except orjson.JSONDecodeError as error:
        raise bad_request("request", "JSON", error) from error
    if not isinstance(fields, dict):
        raise bad_request("request", "an object", type(fields).__name__)
    outputs = [_output(entry) for entry in _list(fields, "outputs")]
    return InferRequest(
        model_name=model_name,
        request_id=_text(fields, "id", ""),
        infer_inputs=_inputs(fields, memoryview(body)[length:]),
        parameters=_parameters(fields),
        request_outputs=outputs or None,
    )


def labels_of(body: bytes, classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of inputs and their labels, ``{"inputs": [...], "labels": [...]}``.

    Raises:
        RequestError: they are not that, or too many.

    """
    if len(body) > LABELS_BYTES:
        raise bad_request("labels", f"at most {LABELS_BYTES} bytes", len(body))
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request("labels", "JSON", error) from error
    found = []
    for key in ("inputs", "labels"):
        numbers: object = fields.get(key) if isinstance(fields, dict) else None
        if not isinstance(numbers, list) or not all(
            type(n) is int and 0 <= n < 2**63 for n in numbers
        ):
            raise bad_request(key, "a list of whole numbers from 0", "something else")
        if not 1 <= len(numbers) <= MOST_LABELS:
            raise bad_request(key, f"1 to {MOST_LABELS} numbers", len(numbers))
        found.append(np.array(numbers, np.int64))
    inputs, labels = found
    if len(inputs) != len(labels):
        raise bad_request("labels", f"{len(inputs)} of them", len(labels))
    if labels.max() >= classes:
        raise bad_request("labels", f"classes below {classes}", labels.max())
    return inputs, labels


async def whole_body(receive: Receive) -> bytes:
    """Return the body of a request, which has come whole."""
    pieces = []
    while (message := await receive())["type"] == "http.request":
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)
    raise RequestError(400, error_text("body", "all of it", "a part"))  # the peer has gone


def _inputs(fields: dict[str, Any], binary: memoryview) -> list[InferInput]:
    inputs, start = [], 0
    for entry in _list(fields, "inputs"):
        if not isinstance(entry, dict):
            raise bad_request("inputs", "objects", type(entry).__name__)
        shape = entry.get("shape")
        if not isinstance(shape, list) or not all(type(extent) is int for extent in shape):
            raise bad_request("shape", "a list of whole numbers", shape)
        parameters = _parameters(entry)
        tensor = InferInput(
            _text(entry, "name"), shape, _text(entry, "datatype"), parameters=parameters
        )
        size = parameters.get("binary_data_size")
        if ("data" in entry) == (size is not None):
            raise bad_request(tensor.name, "either data or binary_data_size", "both or neither")
        if size is None:
            tensor.data = entry["data"]
        else:
            if type(size) is not int or not 0 <= size <= len(binary) - start:
                expected = f"0 to {len(binary) - start}, the bytes that follow"
                raise bad_request(f"{tensor.name}, binary_data_size", expected, size)
            tensor._raw_data = binary[start : start + size]
            start += size
        inputs.append(tensor)
    if start != len(binary):
        raise bad_request("binary data", f"{start} bytes", len(binary))
    return inputs


def _output(entry: Any) -> RequestedOutput:
    if not isinstance(entry, dict):
        raise bad_request("outputs", "objects", type(entry).__name__)
    return RequestedOutput(_text(entry, "name"), _parameters(entry))


def _list(fields: dict[str, Any], key: str) -> list[Any]:
    value = fields.get(key, [])
    if not isinstance(value, list) or len(value) > MOST_INPUTS:
        raise bad_request(key, f"a list of at most {MOST_INPUTS}", type(value).__name__)
    return value


def _text(fields: dict[str, Any], key: str, default: str | None = None) -> str:
    value = fields.get(key, default)
    if not isinstance(value, str):
        raise bad_request(key, "a text", value)
    return value


def _parameters(fields: dict[str, Any]) -> dict[str, Any]:
    value = fields.get("parameters") or {}
    if not isinstance(value, dict):
        raise bad_request("parameters", "an object", type(value).__name__)
    return value


def asked_of(request: InferRequest) -> Asked:
    """Return the limits among a request's parameters; numbers may come as texts.

    Raises:
        RequestError: one has a wrong type or range.

    """
    given = to_http_parameters(request.parameters) if request.parameters else {}
    numbers: dict[str, float] = {}
    for key in ("deadline_ms", "max_cost", "accuracy"):
        if key not in given:
            continue
        try:
            numbers[key] = float(given[key])
        except (TypeError, ValueError) as error:
            raise bad_request(key, "a number", given[key]) from error
        if isinstance(given[key], bool) or not 0 < numbers[key] < float("inf"):
            raise bad_request(key, "a number above 0", given[key])
    decide_only = given.get("decide_only", False)
    if not isinstance(decide_only, bool):
        raise bad_request("decide_only", "true or false", decide_only)
    return Asked(**numbers, decide_only=decide_only)


def images_of(
    request: InferRequest, image_shape: tuple[int, int, int], limits: Limits, resize: int = 0
) -> NDArray[Any]:
    """Return the images u8 or f32 (n, c, h, w) of a request; ``resize``: see ``ImageFormat``.

    Raises:
        RequestError: another tensor than ``images``, of a wrong datatype, shape or size.

    """
    if len(request.inputs) != 1 or request.inputs[0].name != INPUT_NAME:
        names = [tensor.name for tensor in request.inputs]
        raise bad_request("inputs", f"one tensor '{INPUT_NAME}'", names)
    tensor = request.inputs[0]
    count = tensor.shape[0] if tensor.shape else 0
    if not 1 <= count <= limits.images:
        raise bad_request("shape", f"1 to {limits.images} images", list(tensor.shape))
    if tensor.datatype == "BYTES":
        return _decoded(_contents(tensor, count), image_shape, limits, resize)
    if tensor.datatype not in DTYPES:
        raise bad_request("datatype", ", ".join([*DTYPES, "BYTES"]), tensor.datatype)
    if tuple(tensor.shape[1:]) != image_shape:
        expected = f"images of shape {['n', *image_shape]}"
        raise bad_request("shape", expected, list(tensor.shape))
    return _values(tensor, DTYPES[tensor.datatype]).reshape(tensor.shape)


def _values(tensor: InferInput, dtype: Any) -> NDArray[Any]:
    size = math.prod(tensor.shape)
    if tensor._raw_data is not None:
        wanted = size * np.dtype(dtype).itemsize
        if len(tensor._raw_data) != wanted:
            raise bad_request(tensor.name, f"{wanted} bytes", len(tensor._raw_data))
        return np.frombuffer(tensor._raw_data, dtype)
    try:
        values = np.asarray(tensor.data)
        wrong = values.dtype.kind not in ("iu" if dtype is np.uint8 else "iuf")
        if wrong or values.size != size:
            raise bad_request(tensor.name, f"{size} numbers of {tensor.datatype}", values.shape)
        if dtype is np.uint8 and (values.min() < 0 or values.max() > 255):
            raise bad_request(tensor.name, "numbers from 0 to 255", "others")
        return values.astype(dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise bad_request(tensor.name, f"numbers of {tensor.datatype}", error) from error


def _contents(tensor: InferInput, count: int) -> list[bytes]:
    """Return encoded images: length-prefixed in binary form, base64 in JSON, bytes in gRPC."""
    if math.prod(tensor.shape) != count:
        raise bad_request("shape", "[n] or [n, 1] encoded images", list(tensor.shape))
    contents: list[bytes] = []
    if tensor._raw_data is not None:
        raw, start = memoryview(tensor._raw_data), 0
        while start < len(raw) and len(contents) < count:
            if start + 4 > len(raw):
                break
            (length,) = struct.unpack_from("<I", raw, start)
            if start + 4 + length > len(raw):
                break
            contents.append(bytes(raw[start + 4 : start + 4 + length]))
            start += 4 + length
        if start != len(raw):
            raise bad_request(tensor.name, f"{count} elements with their lengths", "truncated ones")
    else:
        data = tensor.data
        while isinstance(data, list) and len(data) == 1 and isinstance(data[0], list):
            data = data[0]
        for value in data if isinstance(data, list) else []:
            contents.append(value if isinstance(value, bytes) else _base64(tensor.name, value))
    if len(contents) != count:
        raise bad_request(tensor.name, f"{count} encoded images", len(contents))
    return contents


def _base64(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise bad_request(name, "JPEG or PNG in base64", error) from error


def _decoded(
    contents: list[bytes], image_shape: tuple[int, int, int], limits: Limits, resize: int
) -> NDArray[Any]:
    from muxnet import _core

    channels, height, width = image_shape
    if height != width or channels not in (1, 3):
        raise bad_request("datatype", "FP32 or UINT8 for images that are no squares", "BYTES")
    try:
        decoded = _core.decode_images(contents, channels, height, resize, limits.pixels)
    except OSError as error:
        raise RequestError(400, str(error)) from error
    return np.asarray(decoded)
