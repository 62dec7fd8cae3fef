"""The server process: its signals, a drained end."""

import asyncio
import logging
import os
import signal

from muxnet.base.compiled import _core
from muxnet.serve.log import configure_logging, event
from muxnet.serve.serving import LAST_SECONDS, ServerOptions, Serving


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
        serving = Serving(self._options)
        await serving.open()
        self._listen_to_signals(serving)
        self._tell_ready(serving)
        await self._stop.wait()
        if await serving.drain():
            return
        # Threads that do not come back would hold up the interpreter's own end.
        logging.shutdown()
        os._exit(0)

    def _tell_ready(self, serving: Serving) -> None:
        event(
            "ready",
            http_port=serving.front.http_port,
            grpc_port=serving.front.grpc_port,
            host=self._options.host,
            router=self._options.router_name,
            policy=serving.endpoint.served.policy.name,
            models=serving.endpoint.served.names,
        )

    def _listen_to_signals(self, serving: Serving) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        # Whatever holds this thread up; the second signal ends the process at once.
        _core.end_within(1000 * max(self._options.drain_seconds, LAST_SECONDS))
        loop.add_signal_handler(signal.SIGHUP, serving.reload_now)


def run(options: ServerOptions) -> None:
    """Serve until told to stop.

    Raises:
        OSError: a port that is taken, a file that cannot be read.
        UserError: nothing that can be served.

    """
    configure_logging()
    asyncio.run(_run(options))


async def _run(options: ServerOptions) -> None:
    await Server(options).run()
