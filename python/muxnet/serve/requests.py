"""Requests of the Open Inference Protocol: decoded, checked, and turned into limits.

The core reads both forms, REST and gRPC, with the same limits, while other threads run; bytes of
tensors stay where they lie. The KServe SDK's own decoders keep every number as an object of Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.serve.answers import Receive
from muxnet.serve.kserve_parts import RequestedOutput
from muxnet.serve.labels import MOST_LABELS

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
