"""REST: the protocol's endpoints, metrics, and the status page."""

import dataclasses
from importlib import resources
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import exposition
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from muxnet.errors import error_text
from muxnet.serve.kserve_parts import (
    DataPlane,
    InvalidInput,
    ModelMetadataResponse,
    ModelNotFound,
    ModelNotReady,
    register_v2_endpoints,
)
from muxnet.serve.labels import MOST_LABELS
from muxnet.serve.metrics import registry, status
from muxnet.serve.requests import RequestError, bad_request, decode
from muxnet.serve.router_model import Endpoint, Extension
from muxnet.words import cost_title

LENGTH_HEADER = "inference-header-content-length"
PAGE_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " + (
    "img-src data: blob:; connect-src 'self'"
)


class Refusal(BaseModel):
    """The protocol's form of an error."""

    error: str


Number = Annotated[int, Field(ge=0, lt=2**63, strict=True)]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=MOST_LABELS)]


class LabelledInputs(BaseModel):
    """Labels of inputs; their numbers count from an answer's ``first_input``."""

    inputs: Numbers
    labels: Numbers


class Taken(BaseModel):
    """What became of labels."""

    known: int
    unknown: int


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal} for status in (400, 401, 404, 413, 503, 504)
}


def make_app(data_plane: DataPlane, extension: Extension, endpoint: Endpoint) -> FastAPI:
    """Return the ASGI application."""
    app = FastAPI(title="muxnet", docs_url=None, redoc_url=None, responses=ERRORS)
    # Before the SDK's, which decodes bodies element by element.
    path = "/v2/models/{model_name}/infer"
    app.router.routes.append(Route(path, Inference(data_plane), methods=["POST"]))
    _add_metadata(app, data_plane)
    _add_health(app, endpoint)
    register_v2_endpoints(app, data_plane, extension)
    _add_labels(app, endpoint)
    _add_status(app, endpoint)
    _add_errors(app)
    return app


class Inference:
    """Inference, whose body is JSON, with binary tensors behind it by the extension.

    An ASGI application and no function of FastAPI, which would take a quarter of a request's time
    in the event loop for what is not used here.
    """

    def __init__(self, data_plane: DataPlane) -> None:
        self._data_plane = data_plane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        name = request.path_params["model_name"]
        model = self._data_plane.get_model_from_registry(name)
        body = await request.body()
        asked = decode(body, request.headers.get(LENGTH_HEADER), name)
        answer, _ = await model(asked, dict(request.headers))
        content, json_length = answer.to_rest()
        if json_length is None:
            response: Response = JSONResponse(content)
        else:
            headers = {LENGTH_HEADER: str(json_length)}
            response = Response(content, headers=headers, media_type="application/octet-stream")
        await response(scope, receive, send)


def _add_metadata(app: FastAPI, data_plane: DataPlane) -> None:
    """Register it before the SDK does, whose ``"versions": null`` is no list of the protocol."""

    @app.get("/v2/models/{model_name}", response_model_exclude_none=True)
    async def metadata(model_name: str) -> ModelMetadataResponse:
        """Tell what a model takes and gives; no version of it can be asked for."""
        return ModelMetadataResponse.model_validate(await data_plane.model_metadata(model_name))


def _add_health(app: FastAPI, endpoint: Endpoint) -> None:
    @app.get("/v2/health/ready")
    async def ready() -> Response:
        """Tell whether requests are taken: not before all models ran, draining, with one stuck."""
        health = endpoint.health()
        return JSONResponse(health, 200 if health["ready"] else 503)


def _add_labels(app: FastAPI, endpoint: Endpoint) -> None:
    @app.post("/labels")
    async def labels(body: LabelledInputs) -> Taken:
        """Tell the right answers of inputs that the router has answered; each counts once.

        ``unknown``: inputs that it did not answer, or too long ago, or whose label it knows.
        """
        classes = len(endpoint.served.class_names)
        if len(body.inputs) != len(body.labels):
            raise bad_request("labels", f"{len(body.inputs)} of them", len(body.labels))
        if max(body.labels) >= classes:
            raise bad_request("labels", f"classes below {classes}", max(body.labels))
        inputs, right = np.array(body.inputs, np.int64), np.array(body.labels, np.int64)
        known = endpoint.labels.learn(inputs, right)
        return Taken(known=known, unknown=len(inputs) - known)


def _add_status(app: FastAPI, endpoint: Endpoint) -> None:
    metrics = registry(endpoint)
    page = resources.files("muxnet.serve").joinpath("page.html").read_text(encoding="utf-8")

    @app.get("/", include_in_schema=False)
    async def status_page() -> Response:
        return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY})

    @app.get("/metrics", include_in_schema=False)
    async def metrics_text(request: Request) -> Response:
        encode, kind = exposition.choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics), media_type=kind)

    @app.get("/status", include_in_schema=False)
    async def status_values() -> Response:
        served = endpoint.served
        found = status(endpoint.bridge.service.statistics())
        found["labels"] = endpoint.labels.status(found["version"])
        for entry, model in zip(found["models"], served.models, strict=True):
            entry["macs"] = float(model.cost)
        return JSONResponse(
            {
                **found,
                "router": endpoint.router_name,
                "policy": served.policy.name,
                "uses_router": bool(served.policy.uses_router),
                "accuracy": served.policy.point.accuracy,
                "class_names": list(served.class_names),
                "image_shape": list(served.image_shape),
                "cost_title": cost_title(served.cost_kind),
                **endpoint.health(),
                "reloads": dataclasses.asdict(endpoint.reloads),
                "decisions": None if endpoint.log is None else endpoint.log.state(),
            }
        )


def _add_errors(app: FastAPI) -> None:
    def add(kind: type[Exception], status_code: int, text: str = "") -> None:
        async def handle(_: Request, error: Exception) -> Response:
            return JSONResponse({"error": text or str(error)}, status_code)

        app.add_exception_handler(kind, handle)

    async def refuse(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestError)
        headers = {"retry-after": str(error.retry_after_s)} if error.retry_after_s else None
        return JSONResponse({"error": str(error)}, error.status, headers)

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    app.add_exception_handler(RequestError, refuse)
    app.add_exception_handler(HTTPException, http)
    add(ModelNotFound, 404)
    add(ModelNotReady, 503)
    add(InvalidInput, 400)
    add(RequestValidationError, 400)
    add(NotImplementedError, 400, error_text("model version", "none", "one"))
    add(Exception, 500, "[server] an error of its own; the log says more")
