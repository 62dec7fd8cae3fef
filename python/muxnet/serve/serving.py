"""What serves, whoever receives the requests: the core's front and service, what is done beside."""

import argparse
import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.machine import cores
from muxnet.base.version import __version__
from muxnet.pool.pools import shape_text
from muxnet.serve.background import Background
from muxnet.serve.decision_log import DecisionLog
from muxnet.serve.descriptors import connections_within_descriptors
from muxnet.serve.endpoint import Endpoint
from muxnet.serve.front_events import FrontEvents
from muxnet.serve.log import event
from muxnet.serve.ray_arguments import RayArguments
from muxnet.serve.reload import Reloader, stamps
from muxnet.serve.routes import HANDED, Routes
from muxnet.serve.served import Served, Source, load
from muxnet.serve.watches import DriftWatch, GearsWatch, WorkersWatch

WATCH_SECONDS = 1.0
# Of the time to end, at most a quarter: for refusals to reach their clients, and the log its file.
LAST_SECONDS = 1.0


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """All that ``muxnet serve`` can be told; see its help.

    Unless ``listens``, requests come by ``Serving.ask`` alone.
    """

    source: Source
    listens: bool = True
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
    target_ms: float = 0.0


def told_options(
    given: argparse.Namespace | RayArguments, source: Source, token: str
) -> ServerOptions:
    """Return what a command line and the arguments on Ray tell alike, by the same names."""
    return ServerOptions(
        source=source,
        router_name=given.name,
        host=given.host,
        token=token,
        allowed_hosts=tuple(given.allowed_hosts),
        body_bytes=int(given.max_body * 2**20),
        max_pixels=given.max_pixels,
        requests=given.requests,
        deadline_ms=given.deadline_ms,
        stuck_seconds=given.stuck,
        warm_up_seconds=given.warm_up,
        traces=given.traces,
        drain_seconds=given.drain,
        workers=given.workers,
        max_batch=given.batch,
        queue_images=given.queue,
        fill_ms=given.fill_ms,
        cheaper_when_full=given.cheaper_when_full,
        target_ms=given.target_ms,
    )


class Serving:
    """One served source, on the event loop that runs.

    Args:
        options: how.
        read: gives what is served, now and on a reload; by default what the options' source names.

    Raises:
        OSError: a port that is taken.

    """

    def __init__(self, options: ServerOptions, read: Callable[[], Served] | None = None) -> None:
        self._options = options
        self._read = read or (lambda: load(options.source))
        # From here on the server is live; it is ready when all models have run.
        self.front = _core.Front(_front_options(options))
        self._events = FrontEvents(self.front, asyncio.get_running_loop())
        self.background = Background()
        self.endpoint: Endpoint
        self._reloader: Reloader

    async def open(self) -> None:
        """Read the source, run its models, and answer from now on.

        Raises:
            OSError: a port that is taken, a file that cannot be read.
            UserError: nothing that can be served.

        """
        source = self._options.source
        seen = stamps(source)
        self.endpoint = endpoint = await self._make_endpoint()
        self._reloader = Reloader(source, self._read, seen, endpoint, self.background)
        self._events.open(endpoint, Routes(endpoint, self._reloader.reload))
        models = endpoint.served.front_models(self._options.router_name)
        self.front.open(endpoint.service, models)
        self._begin_watching()

    async def ask(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> _core.AskedAnswer:
        """Return the answer to a request of REST that another server has received."""
        return await self._events.ask(method, path, headers, body)

    def reload_now(self) -> None:
        """Read the source anew, changed or not."""
        self._reloader.want()
        self.background.wake("reload")

    def _begin_watching(self) -> None:
        endpoint, background = self.endpoint, self.background
        background.every(WATCH_SECONDS, "reload", self._reloader.step)
        background.every(WATCH_SECONDS, "drift", DriftWatch(endpoint).step)
        background.every(WATCH_SECONDS, "workers", WorkersWatch(endpoint).step)
        background.every(WATCH_SECONDS, "gears", GearsWatch(endpoint).step)
        log = endpoint.log
        if log is not None:
            background.every(WATCH_SECONDS, "decisions", lambda: background.in_thread(log.flush))

    async def _make_endpoint(self) -> Endpoint:
        options = self._options
        served = await asyncio.to_thread(self._read)
        clash = options.router_name in served.names
        if clash:
            raise UsageError(error_text("--name", "another than the models'", options.router_name))
        _core.set_threads(1)
        deployment = served.deployment(record=options.decisions is not None)
        try:
            chosen = _service_options(options)
            service = await asyncio.to_thread(_core.Service, deployment, chosen)
        except (ValueError, RuntimeError) as error:
            shapes = ", ".join(shape_text(wanted.shape) for wanted in served.formats)
            raise UserError(f"{error}; run on images of {shapes}") from error
        endpoint = Endpoint(
            self.front,
            service,
            served,
            router_name=options.router_name,
            background=self.background,
        )
        if options.decisions is not None:
            endpoint.log = DecisionLog(options.decisions)
        if options.traces:
            from muxnet.serve.traces import Traces

            endpoint.traces = Traces(options.traces)
        return endpoint

    async def drain(self) -> bool:
        """Take no more, answer what is there, stop; all of it within the time to end.

        Returns:
            False: some thread does not come back.

        """
        event("draining")
        loop, drain = asyncio.get_running_loop(), self._options.drain_seconds
        end = loop.time() + drain
        last = min(LAST_SECONDS, drain / 4)
        endpoint, front = self.endpoint, self.front

        def left_ms(until: float, least: float = 0.0) -> float:
            return 1000 * max(until - loop.time(), least)

        endpoint.draining = True
        await asyncio.to_thread(front.drain, left_ms(end))
        await asyncio.to_thread(front.wait_drained, left_ms(end - last))
        # What is not answered by now is refused by the service, which tells its client.
        whole = await asyncio.to_thread(endpoint.service.close, left_ms(end - last))
        drained = await asyncio.to_thread(front.wait_drained, left_ms(end, last / 2))
        await self.background.stop()
        self._events.close()
        closing = self._closing()
        if closing:
            _, open_still = await asyncio.wait(closing, timeout=left_ms(end, last / 2) / 1000)
            drained = drained and not open_still
        if whole and drained and not self.background.busy:
            event("stopped")
            return True
        event("stopped", stuck=[entry.model for entry in endpoint.health().stuck])
        return False

    def _closing(self) -> list[asyncio.Future[None]]:
        """Begin to close what writes to elsewhere."""
        files = [self.endpoint.log, self.endpoint.traces]
        return [
            asyncio.ensure_future(asyncio.to_thread(file.close))
            for file in files
            if file is not None
        ]


def _service_options(options: ServerOptions) -> _core.ServiceOptions:
    return _core.ServiceOptions(
        workers=options.workers or cores(),
        threads_each=1,
        max_batch=options.max_batch,
        queue_images=options.queue_images,
        fill_ms=options.fill_ms,
        cheaper_when_full=options.cheaper_when_full,
        deadline_ms=options.deadline_ms,
        stuck_ms=1000 * options.stuck_seconds,
        warm_up_ms=1000 * options.warm_up_seconds,
        target_ms=options.target_ms,
    )


def _front_options(options: ServerOptions) -> _core.FrontOptions:
    certificate, key = map(str, options.certificate or ("", ""))
    return _core.FrontOptions(
        listens=options.listens,
        host=options.host,
        http_port=options.http_port,
        grpc_port=options.grpc_port,
        version=__version__,
        token=options.token,
        certificate=certificate,
        key=key,
        allowed_hosts=list(options.allowed_hosts),
        body_bytes=options.body_bytes,
        held_bytes=options.held_bytes,
        head_seconds=options.head_seconds,
        body_seconds=options.body_seconds,
        requests=options.requests,
        connections=connections_within_descriptors(),
        images=options.queue_images,
        max_pixels=options.max_pixels,
        noted=options.decisions is not None or bool(options.traces),
        handed=HANDED,
    )
