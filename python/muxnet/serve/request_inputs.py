"""What a request brings: images, encoded or as pixels, and vectors, in the formats wanted."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.images import Images
from muxnet.serve.requests import Limits, Request, RequestError, bad_request
from muxnet.serve.wanted import INPUT_NAME, VECTORS_NAME, Vectors, Wanted

DTYPES: dict[str, type[np.uint8] | type[np.float32]] = {"UINT8": np.uint8, "FP32": np.float32}
NO_IMAGES = np.empty(0, np.uint8)  # in place of those that a single model is not shown


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
