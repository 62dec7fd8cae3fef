"""The server process: REST and gRPC on one event loop, reloads, and a drained end."""

import asyncio
import contextlib
import dataclasses
import gc
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import uvloop

from muxnet.errors import UsageError, UserError, error_text
from muxnet.machine import cores
from muxnet.router_folder import describe_drift
from muxnet.serve.bridge import Bridge
from muxnet.serve.connections import ConnectionLimits, Connections
from muxnet.serve.decision_log import DecisionLog
from muxnet.serve.grpc_server import Servicer, make_server
from muxnet.serve.guard import Guard
from muxnet.serve.http_server import HttpServer, Shares, share_descriptors
from muxnet.serve.kserve_parts import DataPlane, ModelRepository
from muxnet.serve.kserve_parts import logger as kserve_logger
from muxnet.serve.origins import Origins
from muxnet.serve.refusals import Refusals
from muxnet.serve.requests import Limits, RequestError
from muxnet.serve.rest import make_app
from muxnet.serve.router_model import Endpoint, Extension, RouterModel
from muxnet.serve.served import Source, load

LOG = logging.getLogger("muxnet.serve")
WATCH_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """All that ``muxnet serve`` can be told; see its help."""

    source: Source
    router_name: str = "router"
    host: str = "127.0.0.1"
    http_port: int = 8080
    grpc_port: int = 8081
    token: str = ""
    certificate: tuple[Path, Path] | None = None
    allowed_hosts: tuple[str, ...] = ()
    body_bytes: int = 64 * 2**20
    held_bytes: int = 512 * 2**20  # of all bodies that are not answered yet
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    max_pixels: int = 16_000_000
    requests: int = 256
    deadline_ms: float | None = None
    decisions: Path | None = None
    traces: str = ""
    drain_seconds: float = 30.0
    workers: int = 0
    max_batch: int = 32
    queue_images: int = 512
    fill_ms: float = 0.0
    cheaper_when_full: bool = False


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {
            "time": round(time.time(), 3),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def event(text: str, **fields: Any) -> None:
    """Log something that happened, with its values."""
    LOG.info(text, extra={"fields": fields})


def configure_logging() -> None:
    """Write the log as JSON lines to standard error; the SDK's own stays silent."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("muxnet.serve", "uvicorn.error", "opentelemetry"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == "muxnet.serve" else logging.WARNING)
    kserve_logger.handlers, kserve_logger.propagate = [logging.NullHandler()], False


class Server:
    """One served source with both protocols."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._stop = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._stamps: dict[Path, int] = {}

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then answer what is inside.

        Raises:
            OSError: a port that is taken, a file that cannot be read.
            UserError: nothing that can be served.

        """
        options = self._options
        loop = asyncio.get_running_loop()
        http = _listen(options.host, options.http_port)
        shares, refusals = share_descriptors(), Refusals()
        guard = _guard(options, shares, refusals)
        rest = HttpServer(
            guard,
            http,
            certificate=options.certificate,
            drain_seconds=options.drain_seconds,
        )
        # From here on the server is live; it is ready when all models have run.
        serving = asyncio.create_task(rest.serve())
        self._endpoint = await self._make_endpoint(loop)
        data_plane = _data_plane(self._endpoint)
        extension = Extension(data_plane.model_registry, self.reload)
        servicer = Servicer(
            data_plane,
            extension,
            self._endpoint,
            refusals,
            requests=options.requests,
            body_seconds=options.body_seconds,
        )
        grpc, grpc_port = make_server(
            servicer,
            f"{options.host}:{options.grpc_port}",
            body_bytes=options.body_bytes,
            token=options.token,
            certificate=options.certificate,
            connections=shares.grpc,
            refusals=refusals,
        )
        guard.app = make_app(data_plane, extension, self._endpoint, refusals)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self._try_reload()))
        await grpc.start()
        watching = asyncio.create_task(self._watch())
        # What is here stays: to look through it for garbage would stop all requests for 40 ms.
        gc.collect()
        gc.freeze()
        event(
            "ready",
            http_port=http.getsockname()[1],
            grpc_port=grpc_port,
            host=options.host,
            router=options.router_name,
            policy=self._endpoint.served.policy.name,
            models=self._endpoint.served.names,
        )
        await self._stop.wait()
        watching.cancel()
        await self._drain(rest, servicer.drain(grpc, options.drain_seconds), serving)

    async def reload(self) -> None:
        """Read the source again and put it in place, whole or not at all.

        Raises:
            RequestError: what is there cannot be served.

        """
        async with self._reloading:
            try:
                served = await asyncio.to_thread(load, self._options.source)
                version = await self._endpoint.deploy(served)
            except Exception as error:
                LOG.warning("reload refused", extra={"fields": {"reason": str(error)}})
                text = error_text("reload", "what can be served", "something else; see the log")
                raise RequestError(400, text) from error
            event("reloaded", version=version, policy=served.policy.name)

    async def _make_endpoint(self, loop: asyncio.AbstractEventLoop) -> Endpoint:
        from muxnet import _core

        options = self._options
        self._stamps = _stamps(options.source)
        served = await asyncio.to_thread(load, options.source)
        clash = options.router_name in served.names
        if clash:
            raise UsageError(error_text("--name", "another than the models'", options.router_name))
        workers = options.workers or cores()
        _core.set_threads(1)
        chosen = _core.ServiceOptions()
        chosen.workers, chosen.threads_each = workers, 1
        chosen.max_batch, chosen.queue_images = options.max_batch, options.queue_images
        chosen.fill_ms, chosen.cheaper_when_full = options.fill_ms, options.cheaper_when_full
        deployment = served.deployment(record=options.decisions is not None)
        try:
            service = await asyncio.to_thread(_core.Service, deployment, chosen)
        except (ValueError, RuntimeError) as error:
            shape = " x ".join(str(extent) for extent in served.image_shape)
            how = "" if options.source.has_networks else " (--channels, --size)"
            raise UserError(f"{error}; run on images of {shape}{how}") from error
        endpoint = Endpoint(
            Bridge(service, loop),
            served,
            router_name=options.router_name,
            limits=Limits(options.queue_images, options.max_pixels),
            deadline_ms=options.deadline_ms,
        )
        if options.decisions is not None:
            endpoint.log = DecisionLog(options.decisions)
        if options.traces:
            from muxnet.serve.traces import Traces

            endpoint.traces = Traces(options.traces)
        return endpoint

    async def _try_reload(self) -> None:
        with contextlib.suppress(RequestError):  # it is in the log
            await self.reload()

    async def _watch(self) -> None:
        """Reload when a file of the source has changed; write decisions out, and tell drift."""
        told = 0  # the version whose alarm is in the log
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._endpoint.log is not None:
                self._endpoint.log.flush()
            found = self._endpoint.bridge.service.statistics()
            if found.drift is not None and found.drift.alarm and told != found.version:
                told = found.version
                fields = {"version": told, **describe_drift(found.drift)}
                LOG.warning("drift", extra={"fields": fields})
            stamps = await asyncio.to_thread(_stamps, self._options.source)
            if stamps != self._stamps:
                self._stamps = stamps
                await self._try_reload()

    async def _drain(
        self, rest: HttpServer, grpc: Awaitable[None], serving: asyncio.Task[None]
    ) -> None:
        """Take no more, answer what is there, stop."""
        event("draining")
        self._endpoint.ready = False
        await rest.drain()
        await asyncio.gather(serving, grpc)
        await self._endpoint.bridge.close()
        if self._endpoint.log is not None:
            self._endpoint.log.close()
        if self._endpoint.traces is not None:
            await asyncio.to_thread(self._endpoint.traces.close)
        event("stopped")


def _stamps(source: Source) -> dict[Path, int]:
    stamps = {}
    for path in source.files():
        with contextlib.suppress(OSError):
            stamps[path] = path.stat().st_mtime_ns
    return stamps


def _version() -> str:
    import muxnet

    return str(muxnet.__version__)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        where = f"[http] {host}:{port}"
        raise OSError(f"{where}: cannot be listened on: {error.strerror or error}") from error
    listening.setblocking(False)
    return listening


def _data_plane(endpoint: Endpoint) -> DataPlane:
    models = ModelRepository()
    models.update(RouterModel(endpoint.router_name, endpoint, None))
    for index, name in enumerate(endpoint.served.names):
        models.update(RouterModel(name, endpoint, index))
    data_plane = DataPlane(model_registry=models)
    data_plane._server_name, data_plane._server_version = "muxnet", _version()
    return data_plane


def _guard(options: ServerOptions, shares: Shares, refusals: Refusals) -> Guard:
    limits = ConnectionLimits(
        head_seconds=options.head_seconds,
        body_seconds=options.body_seconds,
        held_bytes=max(options.held_bytes, options.body_bytes),
        connections=shares.http,
    )
    return Guard(
        options.body_bytes,
        options.token,
        options.requests,
        Origins(options.host, options.allowed_hosts),
        Connections(limits, refusals),
    )


def run(options: ServerOptions) -> None:
    """Serve until told to stop.

    Raises:
        OSError: a port that is taken, a file that cannot be read.
        UserError: nothing that can be served.

    """
    configure_logging()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(options))


async def _run(options: ServerOptions) -> None:
    await Server(options).run()
