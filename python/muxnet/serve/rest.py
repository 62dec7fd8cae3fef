"""REST: the protocol's endpoints, metrics, and the status page."""

import dataclasses
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import exposition
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from muxnet.base.errors import error_text
from muxnet.base.words import cost_title
from muxnet.serve.kserve_parts import (
    DataPlane,
    InvalidInput,
    ModelMetadataResponse,
    ModelNotFound,
    ModelNotReady,
    register_v2_endpoints,
)
from muxnet.serve.metrics import registry
from muxnet.serve.off_loop import off_loop
from muxnet.serve.refusals import Refusals
from muxnet.serve.requests import (
    Limits,
    RequestError,
    body_of,
    is_quick,
    json_length_of,
    labels_of,
    read_rest,
)
from muxnet.serve.requests import Request as InferenceRequest
from muxnet.serve.responses import rest_body
from muxnet.serve.router_model import Endpoint, Extension
from muxnet.serve.status import status

LENGTH_HEADER = "inference-header-content-length"
PAGE_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " + (
    "img-src data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Refusal(BaseModel):
    """The protocol's form of an error."""

    error: str


ERRORS: dict[int | str, dict[str, type[Refusal]]] = {
    status: {"model": Refusal} for status in (400, 401, 404, 413, 503, 504)
}


def make_app(
    data_plane: DataPlane, extension: Extension, endpoint: Endpoint, refusals: Refusals
) -> FastAPI:
    """Return the ASGI application."""
    app = FastAPI(title="muxnet", docs_url=None, redoc_url=None, responses=ERRORS)
    # Before the SDK's, which decodes bodies element by element.
    path = "/v2/models/{model_name}"
    versions = path + "/versions/{model_version}/infer"
    app.router.routes += [
        Route(path + "/infer", Inference(data_plane, endpoint.limits), methods=["POST"]),
        Route(versions, _refuse_version, methods=["POST"]),
        Route("/labels", LabelsBack(endpoint), methods=["POST"]),
    ]
    _add_metadata(app, data_plane)
    _add_health(app, endpoint)
    register_v2_endpoints(app, data_plane, extension)
    _add_status(app, endpoint, refusals)
    _add_errors(app)
    return app


class Inference:
    """Inference, whose body is JSON, with binary tensors behind it by the extension.

    An ASGI application and no function of FastAPI, which would take a quarter of a request's time
    in the event loop for what is not used here.
    """

    def __init__(self, data_plane: DataPlane, limits: Limits) -> None:
        self._data_plane = data_plane
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        name = request.path_params["model_name"]
        model = self._data_plane.get_model_from_registry(name)
        asked = await self._read(receive, request.headers.get(LENGTH_HEADER), name)
        answer, _ = await model(asked, dict(request.headers))
        content, length = rest_body(answer)
        kind, headers = "application/json", {}
        if length is not None:
            kind, headers = "application/octet-stream", {LENGTH_HEADER: str(length)}
        response = Response(content, headers=headers, media_type=kind)
        await response(scope, receive, send)

    async def _read(self, receive: Receive, length: str | None, name: str) -> InferenceRequest:
        pieces = await body_of(receive)
        size = sum(map(len, pieces))
        json_length = json_length_of(size, length)
        given = (pieces, json_length, name, self._limits)
        return (
            read_rest(*given) if is_quick(size, json_length) else await off_loop(read_rest, *given)
        )


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
        return JSONResponse(dataclasses.asdict(health), 200 if health.ready else 503)


class LabelsBack:
    """Takes the right answers of inputs that the router has answered; each counts once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer how many were ``known``, and how many not answered here, or told before."""
        endpoint = self._endpoint
        if not Headers(scope=scope).get("content-type", "").startswith("application/json"):
            raise RequestError(415, error_text("content-type", "application/json", "another"))
        classes = len(endpoint.served.class_names)
        inputs, right = labels_of(await body_of(receive), classes)
        known = endpoint.labels.learn(inputs, right)
        told = {"known": known, "unknown": len(inputs) - known}
        await JSONResponse(told)(scope, receive, send)


async def _refuse_version(_: Request) -> Response:
    """Refuse before the SDK's endpoint reads the body."""
    return JSONResponse({"error": error_text("model version", "none", "one")}, 400)


def _add_status(app: FastAPI, endpoint: Endpoint, refusals: Refusals) -> None:
    metrics = registry(endpoint, refusals)
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
        statistics = endpoint.bridge.service.statistics()
        found = status(statistics, served.models, endpoint.labels.status(statistics.version))
        return JSONResponse(
            {
                **dataclasses.asdict(found),
                "router": endpoint.router_name,
                "policy": served.policy.name,
                "uses_multiplexer": served.policy.uses_multiplexer,
                "accuracy": served.policy.point.accuracy,
                "class_names": list(served.class_names),
                "image_shapes": [list(wanted.shape) for wanted in served.formats],
                "cost_title": cost_title(served.cost_kind),
                **dataclasses.asdict(endpoint.health()),
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
    # Its own text would hold where this program lies.
    add(RequestValidationError, 400, error_text("request", "another form", "this one"))
    add(NotImplementedError, 400, error_text("model version", "none", "one"))
    add(Exception, 500, "[server] an error of its own; the log says more")
