"""The requests beside inference and metadata, which the front hands over: few and seldom."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from importlib import resources

import orjson
from prometheus_client import exposition

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.base.words import cost_title
from muxnet.serve.endpoint import Endpoint
from muxnet.serve.metrics import registry
from muxnet.serve.requests import RequestError, labels_of
from muxnet.serve.status import gears_status, label_tally, status

PAGE_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " + (
    "img-src data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What the front hands over; loading a model comes as LOAD, whatever its name.
HANDED = {
    ("GET", "/"),
    ("GET", "/metrics"),
    ("GET", "/status"),
    ("GET", "/v2/health/ready"),
    ("POST", "/labels"),
}
LOAD = "/v2/repository/load"
JSON = "application/json"


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer over HTTP."""

    body: str
    status: int = 200
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[_core.HandedRequest], Reply]


class Routes:
    """Answers what the front hands over."""

    def __init__(self, endpoint: Endpoint, reload: Callable[[], Awaitable[object]]) -> None:
        self._endpoint = endpoint
        self._reload = reload
        self._page = resources.files("muxnet.serve").joinpath("page.html").read_text("utf-8")
        self._metrics = registry(endpoint)
        self._handlers: dict[str, Handler] = {
            "/": self._status_page,
            "/metrics": self._metrics_text,
            "/status": self._status,
            "/v2/health/ready": self._ready,
            "/labels": self._labels,
        }

    async def answer(self, request: _core.HandedRequest) -> Reply:
        """Return the answer to a request.

        Raises:
            RequestError: it is refused.

        """
        if request.path == LOAD:
            await self._reload()
            return Reply("")
        return self._handlers[request.path](request)

    def _status_page(self, _: _core.HandedRequest) -> Reply:
        headers = (("content-security-policy", PAGE_POLICY),)
        return Reply(self._page, content_type="text/html; charset=utf-8", headers=headers)

    def _metrics_text(self, request: _core.HandedRequest) -> Reply:
        encode, kind = exposition.choose_encoder(request.accept)
        return Reply(encode(self._metrics).decode(), content_type=kind)

    def _ready(self, _: _core.HandedRequest) -> Reply:
        """Tell whether requests are taken: not before all models ran, draining, with one stuck."""
        health = self._endpoint.health()
        return Reply(orjson.dumps(health).decode(), 200 if health.ready else 503)

    def _labels(self, request: _core.HandedRequest) -> Reply:
        """Take the right answers of inputs that the router has answered; each counts once.

        Answers how many were ``known``, and how many not answered here, or told before.
        """
        if not request.content_type.startswith(JSON):
            raise RequestError(415, error_text("content-type", JSON, "another"))
        inputs, right = labels_of(request.body, len(self._endpoint.served.class_names))
        known = self._endpoint.front.learn(inputs, right)
        return Reply(orjson.dumps({"known": known, "unknown": len(inputs) - known}).decode())

    def _status(self, _: _core.HandedRequest) -> Reply:
        endpoint = self._endpoint
        served = endpoint.served
        statistics = endpoint.service.statistics()
        tally = label_tally(endpoint.front.labels(), statistics.version)
        return Reply(
            orjson.dumps(
                {
                    **dataclasses.asdict(status(statistics, served.models, tally)),
                    "router": endpoint.router_name,
                    "policy": served.policy.name,
                    "uses_multiplexer": served.policy.uses_multiplexer,
                    "accuracy": served.policy.point.accuracy,
                    "gears": gears_status(statistics.gears, served.point),
                    "class_names": list(served.class_names),
                    "image_shapes": [list(wanted.shape) for wanted in served.formats],
                    "cost_title": cost_title(served.cost_kind),
                    **dataclasses.asdict(endpoint.health()),
                    "reloads": dataclasses.asdict(endpoint.reloads),
                    "decisions": None if endpoint.log is None else endpoint.log.state(),
                }
            ).decode()
        )
