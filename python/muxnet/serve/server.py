"""The server: the core's, of what Python reads, with a collector's traces."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.machine import cores
from muxnet.base.version import __version__
from muxnet.pool.pools import shape_text
from muxnet.serve.log import configure_logging
from muxnet.serve.served import Source, load

if TYPE_CHECKING:
    from muxnet.serve.ray_arguments import RayArguments
    from muxnet.serve.traces import Traces

LAST_SECONDS = 1.0  # for the last traces to reach their collector
MIB = 2**20

Asked = Callable[[_core.AskedAnswer], None]


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """What is served, and how: the core's options, and where traces go."""

    source: Source
    core: _core.ServerOptions
    traces: str = ""


def told_options(
    given: argparse.Namespace | RayArguments, source: Source, token: str, *, workers: int = 0
) -> ServerOptions:
    """Return what a command line and the arguments on Ray tell alike, by the same names."""
    front = _core.FrontOptions(
        host=given.host,
        version=__version__,
        token=token,
        allowed_hosts=list(given.allowed_hosts),
        body_bytes=int(given.max_body * MIB),
        requests=given.requests,
        connections=_core.connections_within_descriptors(),
        images=given.queue,
        max_pixels=given.max_pixels,
    )
    service = _core.ServiceOptions(
        workers=given.workers or workers or cores(),
        threads_each=1,
        max_batch=given.batch,
        queue_images=given.queue,
        fill_ms=given.fill_ms,
        cheaper_when_full=given.cheaper_when_full,
        deadline_ms=given.deadline_ms,
        stuck_ms=1000 * given.stuck,
        warm_up_ms=1000 * given.warm_up,
        target_ms=given.target_ms,
    )
    core = _core.ServerOptions(front=front, service=service, router=given.name, drain_s=given.drain)
    return ServerOptions(source, core, given.traces)


class Server:
    """A source that is served.

    Args:
        options: how.
        read: gives what is served, now and on a reload; by default what the options' source names.
        asked: is told of the answer to a request that came by the core's ``ask``.

    Raises:
        OSError: a port that is taken, a file that cannot be read.

    """

    def __init__(
        self,
        options: ServerOptions,
        read: Callable[[], _core.Served] | None = None,
        asked: Asked | None = None,
    ) -> None:
        self._options = options
        self._read = read or (lambda: load(options.source))
        self._traces: Traces | None = None
        if options.traces:
            from muxnet.serve.traces import Traces

            self._traces = Traces(options.traces)
        # From here on the server is live; it is ready when all models have run.
        self.core = _core.Server(
            options.core,
            read=self._read,
            files=options.source.files,
            answered=None if self._traces is None else self._traces.add_request,
            asked=asked,
        )

    def open(self) -> None:
        """Read the source, run its models, and answer from now on.

        Raises:
            OSError: a port that is taken, a file that cannot be read.
            UserError: nothing that can be served.

        """
        served = self._read()
        if self._options.core.router in served.names:
            expected = "another than the models'"
            raise UsageError(error_text("--name", expected, self._options.core.router))
        try:
            self.core.open(served)
        except (ValueError, RuntimeError) as error:
            shapes = dict.fromkeys(shape_text(model.shape) for model in served.models)
            raise UserError(f"{error}; run on images of {', '.join(shapes)}") from error

    def serve_until_told(self) -> bool:
        """Answer until SIGTERM or SIGINT, then end; return whether all threads came back."""
        return self._closed(self.core.serve_until_told())

    def drain(self) -> bool:
        """Answer what is inside, and end; return whether all threads came back."""
        return self._closed(self.core.drain())

    def _closed(self, whole: bool) -> bool:
        """Send the last traces, which may not be taken."""
        if self._traces is None:
            return whole
        closing = threading.Thread(target=self._traces.close, daemon=True)
        closing.start()
        closing.join(LAST_SECONDS)
        return whole and not closing.is_alive()


def run(options: ServerOptions) -> None:
    """Serve until told to stop.

    Where some thread does not come back, the process ends here.

    Raises:
        OSError: a port that is taken, a file that cannot be read.
        UserError: nothing that can be served.

    """
    configure_logging()
    _core.set_threads(1)  # a worker is one
    server = Server(options)
    server.open()
    if server.serve_until_told():
        return
    # Threads that do not come back would hold up the interpreter's own end.
    logging.shutdown()
    os._exit(0)
