"""The router and its models as models of the KServe SDK."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.base.images import Images
from muxnet.serve.background import Background
from muxnet.serve.bridge import Bridge
from muxnet.serve.decision_log import DecisionLog
from muxnet.serve.kserve_parts import (
    DataPlane,
    InferenceModel,
    InferResponse,
    ModelRepository,
    ModelRepositoryExtension,
)
from muxnet.serve.labels import Labels
from muxnet.serve.off_loop import off_loop
from muxnet.serve.request_inputs import inputs_of
from muxnet.serve.requests import Asked, Limits, Request, RequestError, asked_of, bad_request
from muxnet.serve.responses import OUTPUTS, check_outputs, names_of, refusal, respond
from muxnet.serve.served import Served
from muxnet.serve.wanted import INPUT_NAME, VECTORS_NAME

if TYPE_CHECKING:
    from muxnet.serve.traces import Traces


@dataclasses.dataclass
class Reloads:
    """How often what is served was read again."""

    done: int = 0
    failed: int = 0
    failing: bool = False  # the last time


@dataclasses.dataclass(frozen=True)
class StuckModel:
    """A model that holds up a worker; ``seconds`` long, ``since`` when."""

    model: str
    seconds: float
    since: float
    version: int


@dataclasses.dataclass(frozen=True)
class Health:
    """Whether requests are taken, how many workers are left, and what is wrong besides."""

    ready: bool
    draining: bool
    workers: int
    workers_left: int
    stuck: list[StuckModel]
    failing: list[str]


class Endpoint:
    """What all served models share: the service, what is deployed, limits and the log."""

    def __init__(
        self,
        bridge: Bridge,
        served: Served,
        *,
        router_name: str,
        limits: Limits,
        background: Background,
    ) -> None:
        self.router_name = router_name
        self.bridge = bridge
        self.served = served
        self._version = 1
        self._policies = {1: served.policy.name}
        self.limits = limits
        self.background = background
        self.log: DecisionLog | None = None
        self.traces: Traces | None = None
        self.labels = Labels()
        self.reloads = Reloads()
        self.draining = False

    @property
    def ready(self) -> bool:
        """Whether requests are taken, and all workers are there to answer them."""
        return self.health().ready

    def health(self) -> Health:
        """Return how it goes."""
        workers = self.bridge.service.workers()
        stages = ["multiplexer", *self.served.names]
        stuck = [
            StuckModel(
                stages[batch.stage],
                round(batch.seconds, 1),
                round(time.time() - batch.seconds, 1),
                batch.version,
            )
            for batch in workers.stuck
        ]
        return Health(
            ready=not self.draining and workers.left == workers.count,
            draining=self.draining,
            workers=workers.count,
            workers_left=workers.left,
            stuck=stuck,
            failing=sorted(
                {task.name for task in self.background.tasks.values() if task.trouble}
                | ({"reload"} if self.reloads.failing else set())
                | ({"decisions"} if self.log is not None and self.log.failing else set())
            ),
        )

    def answers(self, model: int | None) -> bool:
        """Return whether a model, or the router, is not held up by one that is stuck."""
        stuck = {batch.stage for batch in self.bridge.service.workers().stuck}
        return not self.draining and not (stuck if model is None else stuck & {model + 1})

    async def deploy(self, served: Served) -> int:
        """Put ``served`` in the place of what was; return its version.

        Raises:
            ValueError: other models.

        """
        # Known before the core answers by it.
        self._policies[self._version + 1] = served.policy.name
        self._version = await self.background.in_thread(self._deploy, served)
        self.served = served
        # Of what was read, and of the models before.
        await self.background.in_thread(_core.release_free_memory)
        return self._version

    def _deploy(self, served: Served) -> int:
        deployment = served.deployment(record=self.log is not None)
        return self.bridge.service.deploy(deployment)

    async def infer(
        self, request: Request, model: int | None, headers: Mapping[str, str] | None = None
    ) -> InferResponse:
        """Answer a request by one model, or by the router where ``model`` is None.

        Raises:
            RequestError: it does not fit, or is refused.

        """
        began = time.time_ns()
        try:
            return await self._infer(request, model, headers, began)
        except RequestError as error:
            if self.traces is not None:
                ended = time.time_ns()
                self.traces.add(request.model_name, began, ended, headers, {}, str(error))
            raise

    async def _infer(
        self,
        request: Request,
        model: int | None,
        headers: Mapping[str, str] | None,
        began_ns: int,
    ) -> InferResponse:
        if request.model_version:
            raise bad_request("model version", "none", request.model_version)
        asked = asked_of(request)
        check_outputs(request.outputs)
        served = self.served
        given = (request, served.wanted_by(model), self.limits)
        images = inputs_of(*given) if request.is_quick else await off_loop(inputs_of, *given)
        submitted = time.time_ns()
        answer = await self._answer(images, asked, model)
        names = served.names  # the same for every version
        policy = self._policies[answer.version] if model is None else names[model]
        ended = time.time_ns()
        response = respond(request, answer, names, policy, (ended - began_ns) / 1e6)
        if model is None:
            self._keep(request.id, answer, names)
        if self.traces is not None:
            attributes: dict[str, str | int] = {
                "muxnet.policy": policy,
                "muxnet.images": len(answer.called),
            }
            name = request.model_name
            context = self.traces.add(name, began_ns, ended, headers, attributes)
            self.traces.add_calls(context, submitted, answer.calls, names)
        return response

    def _keep(self, request_id: str, answer: _core.ServiceAnswer, names: list[str]) -> None:
        """Remember and record what the router answered."""
        self.labels.remember(answer.first_input, answer.answers, answer.version)
        if self.log is not None:
            shadow = [names_of(mask, names) for mask in answer.shadow]
            self.log.write(request_id, answer, shadow)

    async def _answer(
        self, images: list[Images], asked: Asked, model: int | None
    ) -> _core.ServiceAnswer:
        version = self._version
        try:
            point = None
            if asked.accuracy is not None and model is None:
                point = self.served.point_for(asked.accuracy)
            wanted = _core.ServiceRequest(
                images,
                model=model,
                point=point,
                deadline_ms=asked.deadline_ms,
                max_cost=asked.max_cost,
                decide_only=asked.decide_only and model is None,
            )
            answer = await self.bridge.answer(wanted, sum(one.size for one in images))
        except ValueError as error:
            raise RequestError(400, str(error)) from error
        refused = refusal(answer)
        if refused is not None:
            raise refused
        if point is not None and answer.version != version:  # the point was another policy's
            return await self._answer(images, asked, model)
        return answer


TensorInfo = dict[str, str | list[int]]  # name, datatype, shape
# Told as a model's platform, which both protocols have room for.
PLATFORM = (
    "muxnet: images as UINT8 in [0, 255], FP32 in [0, 1] (UINT8 / 255, not normalised), "
    "or BYTES (JPEG, PNG); features as FP32"
)


class Metadata(DataPlane):  # type: ignore[misc]
    """The SDK's endpoints, whose metadata says which numbers are wanted."""

    async def model_metadata(self, model_name: str) -> dict[str, object]:
        """Return what a model takes and gives."""
        return {**await super().model_metadata(model_name), "platform": PLATFORM}


class RouterModel(InferenceModel):  # type: ignore[misc]
    """One name of the endpoint: the router, or a single model."""

    def __init__(self, name: str, endpoint: Endpoint, model: int | None) -> None:
        super().__init__(name)
        self._endpoint = endpoint
        self._model = model

    async def __call__(
        self, body: Request, headers: dict[str, str] | None = None, verb: object = None
    ) -> tuple[InferResponse, dict[str, str]]:
        """Answer a request of the protocol."""
        return await self._endpoint.infer(body, self._model, headers), {}

    async def healthy(self) -> bool:
        """Return whether requests are taken."""
        return self._endpoint.answers(self._model)

    def get_input_types(self) -> list[TensorInfo]:
        """Return the images: UINT8 pixels; FP32 (of 1) and BYTES (JPEG, PNG) are taken too.

        BYTES alone where models want images of different sizes. Vectors are a tensor of their own.
        """
        wanted = self._endpoint.served.wanted_by(self._model)
        found: list[TensorInfo] = []
        if INPUT_NAME in wanted.names and len(wanted.pixels) == 1:
            shape = [-1, *wanted.pixels[0]]
            found.append({"name": INPUT_NAME, "datatype": "UINT8", "shape": shape})
        elif INPUT_NAME in wanted.names:
            found.append({"name": INPUT_NAME, "datatype": "BYTES", "shape": [-1]})
        for one in wanted.vectors:
            found.append({"name": VECTORS_NAME, "datatype": "FP32", "shape": [-1, one.length]})
        return found

    def get_output_types(self) -> list[TensorInfo]:
        """Return all outputs that can be asked for."""
        served = self._endpoint.served
        extents = {"K": len(served.class_names), "N": len(served.models)}
        return [
            {"name": name, "datatype": datatype, "shape": [-1, *([extents[e]] if e else [])]}
            for name, datatype, e in OUTPUTS
            if e != "N" or (self._model is None and served.policy.uses_multiplexer)
        ]


class Extension(ModelRepositoryExtension):  # type: ignore[misc]
    """The model repository: loading a served name reads all anew, and none can be taken away."""

    def __init__(self, models: ModelRepository, reload: Callable[[], Awaitable[object]]) -> None:
        super().__init__(models)
        self._models = models
        self._reload = reload

    async def load(self, model_name: str) -> None:
        """Read what is served again.

        Raises:
            RequestError: no such model, or nothing that can be served.

        """
        if model_name not in self._models.get_models():
            raise RequestError(404, error_text("repository", "a served model", model_name[:80]))
        await self._reload()

    async def unload(self, model_name: str) -> None:
        """Refuse.

        Raises:
            RequestError: always.

        """
        raise RequestError(400, error_text("repository", "a load", "an unload"))
