"""Requests of the Open Inference Protocol: decoded, checked, and turned into images and limits.

The core reads both forms, REST and gRPC, with the same limits, while other threads run; bytes of
tensors stay where they lie. The KServe SDK's own decoders keep every number as an object of Python.
"""

from __future__ import annotations

import dataclasses
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.base.images import Images
from muxnet.serve.answers import Receive
from muxnet.serve.kserve_parts import RequestedOutput
from muxnet.serve.labels import MOST_LABELS

INPUT_NAME = "images"
VECTORS_NAME = "features"
DTYPES: dict[str, type[np.uint8] | type[np.float32]] = {"UINT8": np.uint8, "FP32": np.float32}
NO_IMAGES = np.empty(0, np.uint8)  # in place of those that a single model is not shown
LABELS_BYTES = 512 * 1024
# What is read and checked in less than it takes to ask another thread.
QUICK_TEXT_BYTES = 16 * 1024
QUICK_BYTES = 1 << 20


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
class Vectors:
    """Vectors of so many numbers."""

    length: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one."""
        return (self.length,)


Format: TypeAlias = _core.ImageFormat | Vectors


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a request has to bring.

    ``formats`` are those that its inputs are made to, None for those that nobody looks at;
    ``pixels`` the shapes that models want images of: tensors of pixels are taken where it is one,
    and what only the multiplexer looks at is made of them.
    """

    formats: tuple[Format | None, ...]
    pixels: tuple[tuple[int, int, int], ...]

    @property
    def images(self) -> list[_core.ImageFormat | None]:
        """Those of images, None for others."""
        return [None if isinstance(one, Vectors) else one for one in self.formats]

    @property
    def vectors(self) -> list[Vectors]:
        """Those of vectors, of which there are none or one."""
        return [one for one in self.formats if isinstance(one, Vectors)]

    @property
    def names(self) -> list[str]:
        """The tensors that hold all that."""
        images = [INPUT_NAME] if any(one is not None for one in self.images) else []
        return images + [VECTORS_NAME] * len(self.vectors)


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


@dataclasses.dataclass(frozen=True)
class Request:
    """A ModelInfer request, whichever way it came; ``body`` holds the bytes of its tensors."""

    model_name: str
    id: str
    model_version: str
    parameters: Mapping[str, bool | int | float | str]
    inputs: list[_core.InputTensor]
    outputs: list[RequestedOutput]
    body: bytes
    from_grpc: bool

    @property
    def binary_outputs(self) -> bool:
        """Whether outputs are bytes where the request does not say so of each."""
        if self.from_grpc:
            return any(tensor.raw is not None for tensor in self.inputs)
        return bool(self.parameters.get("binary_data_output"))

    @property
    def is_quick(self) -> bool:
        """Whether its images are made in no time; a few encoded bytes may be a large picture."""
        encoded = any(tensor.datatype.upper() == "BYTES" for tensor in self.inputs)
        return len(self.body) <= QUICK_BYTES and not encoded


def json_length_of(size: int, header: str | None) -> int:
    """Return how many bytes of a REST body are JSON, by the header of the binary extension.

    Raises:
        RequestError: no number, or a larger one than there are.

    """
    if header is None:
        return size
    if not header.isascii() or not header.isdigit():
        raise bad_request("Inference-Header-Content-Length", "a number", header)
    if len(header) > 18 or int(header) > size:
        expected = f"at most the {size} bytes of the body"
        raise bad_request("Inference-Header-Content-Length", expected, header)
    return int(header)


def is_quick(size: int, text_bytes: int) -> bool:
    """Return whether a body is read in no time; its bytes of tensors are not looked at."""
    return text_bytes <= QUICK_TEXT_BYTES and size <= QUICK_BYTES


def read_rest(
    pieces: Sequence[bytes], json_length: int, model_name: str, limits: Limits
) -> Request:
    """Return the request of a REST body, which comes in pieces.

    Raises:
        RequestError: it is none, or beyond the limits.

    """
    body = b"".join(pieces)  # large ones without Python's lock
    return _request(
        lambda: _core.read_rest_request(body, json_length, limits.images), body, model_name
    )


def read_grpc(message: bytes, limits: Limits) -> Request:
    """Return the request of a gRPC message.

    Raises:
        RequestError: it is none, or beyond the limits.

    """
    return _request(lambda: _core.read_grpc_request(message, limits.images), message, None)


def _request(
    read: Callable[[], _core.InferenceRequest], body: bytes, model_name: str | None
) -> Request:
    try:
        found = read()
        return Request(
            found.model_name if model_name is None else model_name,
            found.id,
            found.model_version,
            found.parameters,
            found.inputs,
            [RequestedOutput(output.name, output.parameters) for output in found.outputs],
            body,
            from_grpc=model_name is None,
        )
    except UnicodeDecodeError as error:
        raise bad_request("request", "texts in UTF-8", "other bytes") from error
    except ValueError as error:
        raise RequestError(400, str(error)) from error


def labels_of(pieces: Sequence[bytes], classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers of inputs and their labels, ``{"inputs": [...], "labels": [...]}``.

    Raises:
        RequestError: they are not that, or too many.

    """
    size = sum(map(len, pieces))
    if size > LABELS_BYTES:
        raise bad_request("labels", f"at most {LABELS_BYTES} bytes", size)
    try:
        fields = orjson.loads(b"".join(pieces))
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


async def body_of(receive: Receive) -> list[bytes]:
    """Return the pieces of a request's body, which has come whole."""
    pieces = []
    while (message := await receive())["type"] == "http.request":
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return pieces
    raise RequestError(400, error_text("body", "all of it", "a part"))  # the peer has gone


def asked_of(request: Request) -> Asked:
    """Return the limits among a request's parameters; numbers may come as texts.

    Raises:
        RequestError: one has a wrong type or range.

    """
    given = request.parameters
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


def inputs_of(request: Request, wanted: Wanted, limits: Limits) -> list[Images]:
    """Return what a request brings in each format: images u8 or f32 (n, c, h, w), vectors (n, d).

    None is made for a format None.

    Raises:
        RequestError: other tensors than are wanted, of a wrong datatype, shape or size; pixels for
            models that want images of different sizes.

    """
    given = {tensor.name: tensor for tensor in request.inputs}
    if sorted(given) != sorted(wanted.names) or len(given) < len(request.inputs):
        names = [tensor.name for tensor in request.inputs]
        count = "one tensor" if len(wanted.names) == 1 else f"{len(wanted.names)} tensors"
        expected = f"{count} " + " and ".join(f"'{name}'" for name in wanted.names)
        raise bad_request("inputs", expected, names)
    counts = {tensor.shape[0] if len(tensor.shape) else 0 for tensor in given.values()}
    if len(counts) > 1 or not 1 <= max(counts) <= limits.images:
        shapes = " and ".join(str(list(tensor.shape)) for tensor in given.values())
        raise bad_request("shape", f"1 to {limits.images} images", shapes)
    found: list[Images] = [NO_IMAGES for _ in wanted.formats]
    if INPUT_NAME in given:
        found = _images(request, given[INPUT_NAME], wanted, limits)
    for one in wanted.vectors:
        found[wanted.formats.index(one)] = _vectors(request, given[VECTORS_NAME], one)
    return found


def _images(
    request: Request, tensor: _core.InputTensor, wanted: Wanted, limits: Limits
) -> list[Images]:
    """Return the images of a request in each format."""
    shape, datatype = list(tensor.shape), tensor.datatype.upper()
    if datatype == "BYTES":
        return _decoded(_contents(request, tensor), wanted.images, limits)
    if datatype not in DTYPES:
        raise bad_request("datatype", ", ".join([*DTYPES, "BYTES"]), tensor.datatype)
    if len(wanted.pixels) != 1:
        sizes = " and ".join(str(["n", *one]) for one in sorted(wanted.pixels))
        expected = f"BYTES, encoded images: the models want them as {sizes}"
        raise bad_request("datatype", expected, tensor.datatype)
    if tuple(shape[1:]) != wanted.pixels[0]:
        raise bad_request("shape", f"images of shape {['n', *wanted.pixels[0]]}", shape)
    images = _values(request, tensor, datatype).reshape(shape)
    return [_made(images, one) for one in wanted.images]


def _made(images: Images, wanted: _core.ImageFormat | None) -> Images:
    """Return images in another size, where they are of another."""
    if wanted is None:
        return NO_IMAGES
    return images if images.shape[1:] == wanted.shape else _core.format_images(images, wanted)


def _vectors(request: Request, tensor: _core.InputTensor, wanted: Vectors) -> Images:
    """Return the vectors of a request."""
    if tensor.datatype.upper() != "FP32":
        raise bad_request(f"{tensor.name}, datatype", "FP32", tensor.datatype)
    if list(tensor.shape[1:]) != [wanted.length]:
        raise bad_request(tensor.name, f"shape {['n', wanted.length]}", list(tensor.shape))
    return _values(request, tensor, "FP32").reshape(tensor.shape)


def _raw(request: Request, tensor: _core.InputTensor) -> memoryview | None:
    """Return the bytes of an input, where it came as bytes."""
    raw = tensor.raw
    return None if raw is None else memoryview(request.body)[raw[0] : raw[1]]


def _values(request: Request, tensor: _core.InputTensor, datatype: str) -> Images:
    size, dtype, raw = math.prod(tensor.shape), DTYPES[datatype], _raw(request, tensor)
    if raw is not None:
        wanted = size * np.dtype(dtype).itemsize
        if len(raw) != wanted:
            raise bad_request(tensor.name, f"{wanted} bytes", len(raw))
        if dtype is np.uint8:
            return np.frombuffer(raw, np.uint8)
        return np.frombuffer(raw, np.float32)
    values: NDArray[np.float32] = tensor.numbers
    if values.size != size:
        raise bad_request(tensor.name, f"{size} numbers of {datatype}", values.size)
    if dtype is np.float32:
        return values
    if not tensor.whole:
        raise bad_request(tensor.name, f"numbers of {datatype}", "fractions")
    if values.min() < 0 or values.max() > 255:
        raise bad_request(tensor.name, "numbers from 0 to 255", "others")
    return values.astype(np.uint8)


def _contents(request: Request, tensor: _core.InputTensor) -> list[bytes]:
    """Return encoded images: length-prefixed in binary form, base64 in JSON, bytes in gRPC."""
    shape, raw = list(tensor.shape), _raw(request, tensor)
    count = shape[0]
    if any(extent != 1 for extent in shape[1:]):
        raise bad_request("shape", "[n] or [n, 1] encoded images", shape)
    contents: list[bytes] = []
    if raw is None:
        contents = tensor.images
    else:
        start = 0
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
    if len(contents) != count:
        raise bad_request(tensor.name, f"{count} encoded images", len(contents))
    return contents


def _decoded(
    contents: list[bytes], formats: Sequence[_core.ImageFormat | None], limits: Limits
) -> list[Images]:
    wanted = [one for one in formats if one is not None]
    images, errors = _core.decode_images(contents, wanted, limits.pixels)
    if wrong := next(filter(None, errors), ""):
        raise RequestError(400, wrong)
    found = iter(images)
    return [NO_IMAGES if one is None else next(found) for one in formats]
