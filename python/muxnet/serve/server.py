"""The server process: REST and gRPC on one event loop, and a drained end."""

import asyncio
import dataclasses
import gc
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable
from pathlib import Path

import uvloop

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.machine import cores
from muxnet.base.version import __version__
from muxnet.pool.pools import shape_text
from muxnet.serve.background import Background
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
from muxnet.serve.reload import Reloader, stamps
from muxnet.serve.requests import Limits
from muxnet.serve.rest import make_app
from muxnet.serve.router_model import Endpoint, Extension, Metadata, RouterModel
from muxnet.serve.served import Source, load
from muxnet.serve.watches import DriftWatch, WorkersWatch

LOG = logging.getLogger("muxnet.serve")
WATCH_SECONDS = 1.0
# Of the time to end, at most a quarter: for refusals to reach their clients, and the log its file.
LAST_SECONDS = 1.0


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
    deadline_ms: float = 60_000.0
    stuck_seconds: float = 5.0
    warm_up_seconds: float = 60.0
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


def event(text: str, **fields: object) -> None:
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

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then answer what is inside.

        Where some thread does not come back, the process ends here.

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
        self._background = Background()
        seen = stamps(options.source)
        self._endpoint = await self._make_endpoint(loop)
        self._reloader = Reloader(options.source, seen, self._endpoint, self._background)
        data_plane = _data_plane(self._endpoint)
        extension = Extension(data_plane.model_registry, self._reloader.reload)
        servicer = self._make_servicer(data_plane, extension, refusals)
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
        self._listen_to_signals(loop)
        await grpc.start()
        self._begin_watching()
        # What is here stays: to look through it for garbage would stop all requests for 40 ms.
        gc.collect()
        gc.freeze()
        self._tell_ready(http.getsockname()[1], grpc_port)
        await self._stop.wait()
        await self._drain(rest, servicer.drain(grpc, options.drain_seconds), serving)

    def _make_servicer(
        self, data_plane: DataPlane, extension: Extension, refusals: Refusals
    ) -> Servicer:
        return Servicer(
            data_plane,
            extension,
            self._endpoint,
            refusals,
            requests=self._options.requests,
            body_seconds=self._options.body_seconds,
        )

    def _tell_ready(self, http_port: int, grpc_port: int) -> None:
        event(
            "ready",
            http_port=http_port,
            grpc_port=grpc_port,
            host=self._options.host,
            router=self._options.router_name,
            policy=self._endpoint.served.policy.name,
            models=self._endpoint.served.names,
        )

    def _listen_to_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        # Whatever holds this thread up; the second signal ends the process at once.
        _core.end_within(1000 * max(self._options.drain_seconds, LAST_SECONDS))
        loop.add_signal_handler(signal.SIGHUP, self._reload_now)

    def _reload_now(self) -> None:
        self._reloader.want()
        self._background.wake("reload")

    def _begin_watching(self) -> None:
        endpoint, background = self._endpoint, self._background
        background.every(WATCH_SECONDS, "reload", self._reloader.step)
        background.every(WATCH_SECONDS, "drift", DriftWatch(endpoint).step)
        background.every(WATCH_SECONDS, "workers", WorkersWatch(endpoint).step)
        log = endpoint.log
        if log is not None:
            background.every(WATCH_SECONDS, "decisions", lambda: background.in_thread(log.flush))

    async def _make_endpoint(self, loop: asyncio.AbstractEventLoop) -> Endpoint:
        options = self._options
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
        chosen.deadline_ms, chosen.stuck_ms = options.deadline_ms, 1000 * options.stuck_seconds
        chosen.warm_up_ms = 1000 * options.warm_up_seconds
        deployment = served.deployment(record=options.decisions is not None)
        try:
            service = await asyncio.to_thread(_core.Service, deployment, chosen)
        except (ValueError, RuntimeError) as error:
            shapes = ", ".join(shape_text(wanted.shape) for wanted in served.formats)
            raise UserError(f"{error}; run on images of {shapes}") from error
        endpoint = Endpoint(
            Bridge(service, loop),
            served,
            router_name=options.router_name,
            limits=Limits(options.queue_images, options.max_pixels),
            background=self._background,
        )
        if options.decisions is not None:
            endpoint.log = DecisionLog(options.decisions)
        if options.traces:
            from muxnet.serve.traces import Traces

            endpoint.traces = Traces(options.traces)
        return endpoint

    async def _drain(
        self, rest: HttpServer, grpc: Awaitable[None], serving: asyncio.Task[None]
    ) -> None:
        """Take no more, answer what is there, stop; all of it within the time to end."""
        event("draining")
        loop, drain = asyncio.get_running_loop(), self._options.drain_seconds
        end = loop.time() + drain
        last = min(LAST_SECONDS, drain / 4)
        endpoint = self._endpoint
        endpoint.draining = True
        stopping = asyncio.gather(rest.drain(), grpc)
        ending: list[asyncio.Future[None] | asyncio.Future[tuple[None, None]]]
        ending = [serving, stopping]
        await asyncio.wait(ending, timeout=drain - last)
        # What is not answered by now is refused by the service, which tells its client.
        whole = await endpoint.bridge.close(max(end - last - loop.time(), 0.0))
        await self._background.stop()
        ending += self._closing()
        _, open_still = await asyncio.wait(ending, timeout=max(end - loop.time(), last / 2))
        if whole and not open_still and not self._background.busy:
            event("stopped")
            return
        stuck = [entry.model for entry in endpoint.health().stuck]
        event("stopped", stuck=stuck)
        # Threads that do not come back would hold up the interpreter's own end.
        logging.shutdown()
        os._exit(0)

    def _closing(self) -> list[asyncio.Future[None]]:
        """Begin to close what writes to elsewhere."""
        files = [self._endpoint.log, self._endpoint.traces]
        return [
            asyncio.ensure_future(asyncio.to_thread(file.close))
            for file in files
            if file is not None
        ]


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
    data_plane = Metadata(model_registry=models)
    data_plane._server_name, data_plane._server_version = "muxnet", __version__
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
