"""What runs in the processes of Ray Serve: the router, and one of its models.

A router replica is all of ``muxnet serve`` but what listens: Ray's proxy brings the requests, and
its models are reached by handles of their deployments, as models elsewhere are by their URLs.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.serve.log import LOG, configure_logging
from muxnet.serve.ray_arguments import RayArguments
from muxnet.serve.served import load
from muxnet.serve.server import Server, ServerOptions, told_options
from muxnet.serve.token import read_token

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle
    from starlette.requests import Request
    from starlette.responses import Response

# A replica that was killed is replaced within seconds; others may have its call meanwhile.
RETRIES, RETRY_MS = 8, 50.0
LABELS = "/labels"


class ModelReplica:
    """One model of a router, answering the batches that routers make."""

    def __init__(self, arguments: Mapping[str, object], name: str, _: str) -> None:
        """Open the model ``name``, and run it once; other files make another version."""
        threads = _cpus()
        _core.set_threads(threads)
        source = dataclasses.replace(_read(arguments).source, shadow="")
        served = load(source, threads=threads, opened=(name,))
        place = served.names.index(name)
        self._pool = _core.ModelPool([served.models[place]])
        self._turn = threading.Lock()  # a batch has all the threads
        self.answer(np.zeros((1, *served.models[place].shape), np.float32))

    def answer(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities (n, K) for inputs as the model wants them."""
        with self._turn:
            return self._pool.probabilities(0, inputs)

    def here(self) -> None:
        """Answer that the model is there."""


class RouterReplica:
    """A router whose models are deployments; it keeps nothing that another replica lacks."""

    async def __init__(  # type: ignore[misc]  # Ray waits for it
        self,
        arguments: Mapping[str, object],
        models: Mapping[str, DeploymentHandle],
        in_flight: Mapping[str, int],
        replicas: int,
    ) -> None:
        """Read the router, and answer from now on; it may have ``replicas``."""
        from ray import serve

        from muxnet.serve.ray_metrics import METRICS_SECONDS, RayMetrics

        configure_logging()
        _core.set_threads(1)  # a worker is one
        self._given = given = _read(arguments)
        self._replica = serve.get_replica_context().replica_id.unique_id
        self._replicas = replicas
        loop = asyncio.get_running_loop()
        asks = {name: _Asks(handle, loop) for name, handle in models.items()}
        self._answers = _Answers(loop)
        self._server = Server(
            _server_options(given, self._replica),
            lambda: _routed(given, asks, in_flight),
            self._answers.told,
        )
        await asyncio.to_thread(self._server.open)
        metrics = RayMetrics(self._server.core.metrics)

        async def tell() -> None:
            while True:
                try:
                    await asyncio.to_thread(metrics.step)
                except Exception:
                    LOG.exception("metrics cannot be told")
                await asyncio.sleep(METRICS_SECONDS)

        self._telling = loop.create_task(tell())

    async def __call__(self, request: Request) -> Response:
        """Answer a request of the protocol, or of those beside it."""
        from starlette.responses import Response

        scope = request.scope
        whole = scope.get("raw_path") or quote(scope["path"]).encode()
        path = whole.decode("ascii", "replace").removeprefix(scope.get("root_path", ""))
        if path == LABELS and self._replicas > 1:
            text = error_text("labels", "one router replica, which knows its answers", "several")
            return Response(json.dumps({"error": text}), 400, media_type="application/json")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        body = await request.body()
        answer = await self._answers.to(self._server.core.ask(request.method, path, headers, body))
        told = {**dict(answer.headers), "content-type": answer.content_type}
        return Response(answer.body, answer.status, {**told, "muxnet-replica": self._replica})

    def check_health(self) -> None:
        """Have Ray replace this replica where a worker does not come back.

        Raises:
            RuntimeError: one does not.

        """
        health = self._server.core.health()
        if health.workers_left < health.workers:
            stuck = ", ".join(entry.model for entry in health.stuck)
            raise RuntimeError(error_text("router", "workers that come back", f"stuck: {stuck}"))

    async def __del__(self) -> None:
        """Answer what is inside, and write out records; Ray calls this at a replica's end."""
        if hasattr(self, "_server"):
            await asyncio.to_thread(self._server.drain)


class _Answers:
    """Brings what the core tells of requests to those who wait for it, on an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[int, asyncio.Future[_core.AskedAnswer]] = {}

    async def to(self, ticket: int) -> _core.AskedAnswer:
        """Return the answer to a request."""
        answer: asyncio.Future[_core.AskedAnswer] = self._loop.create_future()
        self._waiting[ticket] = answer
        try:
            return await answer
        finally:
            del self._waiting[ticket]

    def told(self, answer: _core.AskedAnswer) -> None:
        """Take an answer, on any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._tell, answer)

    def _tell(self, answer: _core.AskedAnswer) -> None:
        # Whoever asked may have gone.
        asked = self._waiting.get(answer.ticket)
        if asked is not None and not asked.done():
            asked.set_result(answer)


class _Asks:
    """Brings calls of the core to a deployment, whose handle belongs to an event loop."""

    def __init__(self, handle: DeploymentHandle, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = handle
        self._loop = loop
        self.where = f"Ray deployment {handle.deployment_id.name}"

    def __call__(self, call: _core.RemoteCall) -> Callable[[], object]:
        """Begin a call; return what gives it up."""
        return asyncio.run_coroutine_threadsafe(self._ask(call), self._loop).cancel

    async def _ask(self, call: _core.RemoteCall) -> None:
        from ray.exceptions import RayActorError, WorkerCrashedError
        from ray.serve.exceptions import BackPressureError, ReplicaUnavailableError

        response = None
        try:
            if call.inputs is None:
                response = self._handle.here.remote()
                await response
                return call.here()
            response = self._handle.answer.remote(call.inputs)
            return call.answer(await response)
        except asyncio.CancelledError:
            if response is not None:
                response.cancel()
            raise
        except (
            RayActorError,
            WorkerCrashedError,
            BackPressureError,
            ReplicaUnavailableError,
        ) as error:
            call.fail(_first_line(error), may_pass=True)
        except Exception as error:
            call.fail(_first_line(error), may_pass=False)


def _first_line(error: Exception) -> str:
    """Return what an error of Ray is about, without traces of another process."""
    cause = getattr(error, "cause", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"


def _routed(
    given: RayArguments, asks: Mapping[str, _Asks], in_flight: Mapping[str, int]
) -> _core.Served:
    """Return what is served, its models reached by their deployments."""
    served = load(given.source, opened=given.with_router)
    models = []
    for model in served.models:
        if model.name not in asks:
            models.append(model)
            continue
        ask = asks[model.name]
        server = _core.ConnectionOptions(ask.where)
        options = _core.RemoteModelOptions(server=server)
        options.retry = _core.RetryOptions(most=RETRIES, base_ms=RETRY_MS)
        options.timeout_ms = options.probe_timeout_ms = given.timeout_ms
        options.in_flight = in_flight[model.name]
        models.append(model.reached_by(ask, options))
    return served.with_models(models)


def _read(arguments: Mapping[str, object]) -> RayArguments:
    return schema.from_dict(RayArguments, arguments, "serve, args")


def _cpus() -> int:
    """Return the CPUs that Ray has given this replica, at least 1."""
    import ray

    given = ray.get_runtime_context().get_assigned_resources()
    return max(1, int(given.get("CPU", 1)))


def _server_options(given: RayArguments, replica: str) -> ServerOptions:
    token = read_token(Path(given.token_file) if given.token_file else None)
    options = told_options(given, given.source, token, workers=_cpus())
    options.core.front.listens = False
    if given.decisions:
        folder = Path(given.decisions)
        folder.mkdir(parents=True, exist_ok=True)
        options.core.decisions = folder / f"{replica}.jsonl"
    return options
