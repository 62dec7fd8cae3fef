"""What the core answered as a response of the Open Inference Protocol."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.serve.kserve_parts import InferOutput, InferResponse, RequestedOutput
from muxnet.serve.requests import Request, RequestError, bad_request

DATATYPES = {"f": "FP32", "d": "FP64", "q": "INT64", "l": "INT64"}

# Name, datatype, and extent beside the images': K classes, N models, or none.
OUTPUTS = (
    ("probabilities", "FP32", "K"),
    ("classes", "INT64", ""),
    ("called", "INT64", ""),
    ("cost", "FP64", ""),
    ("weights", "FP32", "N"),
)
DEFAULT_OUTPUTS = ("probabilities", "classes")

# HTTP status by that of the service.
STATUSES = {
    "full": 503,
    "closing": 503,
    "late": 504,
    "stuck": 504,
    "cost": 400,
    "failed": 500,
    "unreachable": 503,
}

LOG = logging.getLogger("muxnet.serve")


def refusal(answer: _core.ServiceAnswer) -> RequestError | None:
    """Return why a request was not answered; None when it was."""
    if answer.status == _core.ServiceStatus.ok:
        return None
    status = STATUSES[answer.status.name]
    if status == 500:
        LOG.error("model failed", extra={"fields": {"reason": answer.message}})
        return RequestError(500, "[service] a model failed; the server's log says more")
    wait = max(1, math.ceil(answer.retry_after_ms / 1000)) if status == 503 else 0
    return RequestError(status, answer.message, wait)


def check_outputs(outputs: Sequence[RequestedOutput]) -> None:
    """Refuse, before the work, outputs that no answer has, or the same one twice.

    Raises:
        RequestError: there are such.

    """
    names = [output.name for output in outputs]
    unknown = set(names) - {name for name, _, _ in OUTPUTS}
    if unknown:
        raise bad_request("outputs", "outputs that this answer has", min(unknown))
    if len(set(names)) < len(names):
        raise bad_request("outputs", "each once", names)


def names_of(mask: int, models: list[str]) -> list[str]:
    """Return the models whose bits are set."""
    return [name for index, name in enumerate(models) if mask >> index & 1]


def respond(
    request: Request, answer: _core.ServiceAnswer, models: list[str], policy: str, server_ms: float
) -> InferResponse:
    """Return the response to an answered request.

    Its parameters: ``called``, the names of the models that ran on each image, ``wanted``, where
    the rule had asked for others, and ``departures``, why it was not followed; where the policy
    abstains, ``abstained``, which answers are left to a person, and ``confidence`` of each;
    ``weights`` and ``cost`` of each image; ``policy`` and ``policy_version``; ``first_input``, the
    number of the first image, by which its label can come back; ``server_ms``, from the request to
    its answer.
    Lists are JSON in a text, as parameters are scalars.

    Raises:
        RequestError: an output that there is not.

    """
    decided = not len(answer.answers)
    asked = request.outputs or None
    names: Sequence[str] = [output.name for output in asked] if asked else DEFAULT_OUTPUTS
    if decided and not asked:
        names = ("called",)
    outputs = [_output(name, answer) for name in names]
    if request.from_grpc:  # the SDK's own way there fails on arrays
        for output in outputs:
            output._raw_data, output.data = output.data.tobytes(), None
    if asked:
        whole = request.binary_outputs and not request.from_grpc
        for output in asked:
            output.parameters = {"binary_data": whole, **output.parameters}
    return InferResponse(
        response_id=request.id,
        model_name=request.model_name,
        model_version=str(answer.version),
        infer_outputs=outputs,
        parameters={
            **_parameters(answer, models, policy, decided),
            "first_input": answer.first_input,
            # The SDK's gRPC knows no floating-point parameters.
            "server_ms": f"{server_ms:.3f}" if request.from_grpc else round(server_ms, 3),
        },
        use_binary_outputs=request.binary_outputs,
        requested_outputs=None if request.from_grpc else asked,
    )


def rest_body(response: InferResponse) -> tuple[bytes, int | None]:
    """Return a response as REST has it, and how much of it is JSON, where bytes follow.

    The SDK's own makes an object of Python of every number.
    """
    asked = {output.name: output.binary_data for output in response._requested_outputs or ()}
    entries, binary = [], []
    for output in response.outputs:
        values = np.ascontiguousarray(output.data)
        entry = {"name": output.name, "shape": output.shape, "datatype": output.datatype}
        if asked.get(output.name, response._use_binary_outputs):
            entry["parameters"] = {"binary_data_size": values.nbytes}
            binary.append(values.tobytes())
        else:
            entry["data"] = values.ravel()
        entries.append(entry)
    content = {
        "id": response.id,
        "model_name": response.model_name,
        "model_version": response.model_version,
        "outputs": entries,
        "parameters": response.parameters,
    }
    head = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return (b"".join([head, *binary]), len(head)) if binary else (head, None)


def _output(name: str, answer: _core.ServiceAnswer) -> InferOutput:
    known: dict[str, Callable[[], NDArray[np.generic]]] = {
        "probabilities": lambda: answer.probabilities,
        "classes": lambda: np.asarray(answer.answers, np.int64),
        "called": lambda: np.asarray(answer.called, np.uint64).astype(np.int64),
        "cost": lambda: np.asarray(answer.costs, np.float64),
        "weights": lambda: answer.weights,
    }
    values = known[name]() if name in known else np.empty(0)
    if values.size == 0:
        raise bad_request("outputs", "outputs that this answer has", name)
    return InferOutput(name, list(values.shape), DATATYPES[values.dtype.char], data=values)


def _parameters(
    answer: _core.ServiceAnswer, models: list[str], policy: str, decided: bool
) -> dict[str, str | int]:
    parameters: dict[str, str | int] = {
        "called": _json([names_of(mask, models) for mask in answer.called]),
        "cost": _json(answer.costs),
        "policy": policy,
        "policy_version": answer.version,
    }
    if decided or answer.wanted != answer.called:
        parameters["wanted"] = _json([names_of(mask, models) for mask in answer.wanted])
    if any(reason != _core.Departure.none for reason in answer.departures):
        parameters["departures"] = _json([reason.name for reason in answer.departures])
    if answer.abstained:
        parameters["abstained"] = _json(answer.abstained)
        parameters["confidence"] = _json(np.round(answer.confidences, 5))
    if answer.weights.size:
        parameters["weights"] = _json(np.round(answer.weights, 5))
    return parameters


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
