"""A request to a model elsewhere, by our client and by Triton's, straight or through a server."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import MissingPackageError, UserError, error_text
from muxnet.bench.works import Work

FREE = 32  # the extent of an axis that the model leaves open
DTYPES = {"FP32": np.float32, "FP16": np.float16, "FP64": np.float64, "UINT8": np.uint8}

Once = Callable[[], object]


def call(work: Work) -> Once:
    """Return a call by our client, which waits for the answer."""
    options = _options(work.endpoint)
    asked = _core.open_endpoint(options)
    inputs = _inputs(_input(options), work.batch)
    return lambda: asked.answer(inputs)


def plain_call(work: Work, url: str) -> Once:
    """Return the same by Triton's client, of the model at ``url``.

    Raises:
        MissingPackageError: it is not installed.
        UserError: a model that it cannot be shown.

    """
    options = _options(url)
    listed, place = _input(options), _core.parse_endpoint(url)
    scheme, _, address = place.server.partition("://")
    try:
        if scheme == "grpc":
            import tritonclient.grpc as triton
        else:
            import tritonclient.http as triton
    except ModuleNotFoundError as error:
        raise MissingPackageError("bench", "tritonclient", "bench") from error
    if listed.datatype not in DTYPES:
        raise UserError(
            error_text("bench hop", f"an input of {', '.join(DTYPES)}", listed.datatype)
        )
    values = _inputs(listed, work.batch)
    scale = 255 if listed.datatype == "UINT8" else 1
    client = triton.InferenceServerClient(address)
    tensor = triton.InferInput(listed.name, list(values.shape), listed.datatype)
    tensor.set_data_from_numpy((values * scale).astype(DTYPES[listed.datatype]))
    return lambda: client.infer(place.model, [tensor], model_version=place.version)


def _options(url: str) -> _core.RemoteModelOptions:
    place = _core.parse_endpoint(url)
    options = _core.RemoteModelOptions(
        name="bench hop", server=_core.ConnectionOptions(place.server)
    )
    options.endpoint = _core.EndpointOptions(model=place.model, version=place.version)
    return options


def _input(options: _core.RemoteModelOptions) -> _core.TensorSpec:
    try:
        found = _core.read_metadata(options).inputs
    except _core.EndpointError as error:
        raise UserError(str(error)) from error
    if not found or not found[0].shape:
        raise UserError(
            error_text("bench hop", "a model that tells the shape of its input", "none")
        )
    return found[0]


def _inputs(listed: _core.TensorSpec, batch: int) -> NDArray[np.float32]:
    first, *rest = listed.shape
    shape = (batch if first < 0 else first, *(FREE if extent < 0 else extent for extent in rest))
    return np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
