"""The application for Ray Serve: a router's deployment, and one for each of its models.

It is named in a configuration of Ray Serve as ``muxnet.serve.on_ray:application``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base import fingerprint, schema
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.base.schema import needed, option
from muxnet.serve.reload import stamps
from muxnet.serve.served import Served, Source, load

if TYPE_CHECKING:
    from ray.serve import Application, Deployment

Options = dict[str, object]

HOUR_MS = 3_600_000.0
MODEL_ONGOING = 2  # one batch runs, the next is there when it is done
SHUTDOWN_SECONDS = 5.0  # beyond the time to drain


@dataclasses.dataclass(frozen=True, kw_only=True)
class RayArguments:
    """The ``args`` of the application: options of ``muxnet serve``, by their names.

    ``deployments`` are Ray's options of deployments, by the router's or a model's name.
    """

    router: str = needed(str, "folder of muxnet fit or muxnet run, the same on all nodes")
    run: str = option("", "folder of muxnet run, for a router among its models")
    policy: str = option("", "policy of the run")
    shadow: str = option("", "policy or router that decides beside, and is only recorded")
    models: str = option("", "list of models (default: the one beside the router)")
    name: str = option("router", "the router's name")
    host: str = option("127.0.0.1", "address that Ray's proxy listens on")
    token_file: str = option("", "file of the bearer token to ask for (or MUXNET_TOKEN)")
    allowed_hosts: tuple[str, ...] = option((), "names that requests may call the server by")
    max_body: float = option(64.0, "MiB of one request", above=0.0)
    requests: int = option(256, "at a time by each router replica, then 503", minimum=1)
    max_pixels: int = option(16_000_000, "of an encoded image", minimum=1)
    workers: int = option(0, "threads of a router replica (0: its CPUs)", minimum=0)
    batch: int = option(32, "most images that a model runs on at a time", minimum=1)
    queue: int = option(512, "images that may wait for a model, then 503", minimum=1)
    fill_ms: float = option(0.0, "longest wait for a batch to fill", minimum=0.0)
    cheaper_when_full: bool = option(False, "another model instead of 503")
    deadline_ms: float = option(60_000.0, "of requests that name none", above=0.0, maximum=HOUR_MS)
    timeout_ms: float = option(
        60_000.0, "the longest that a model may take, its start included", above=0.0
    )
    stuck: float = option(5.0, "seconds of a batch that costs its worker", above=0.0, maximum=3600)
    warm_up: float = option(60.0, "seconds of the first batches", above=0.0, maximum=3600)
    target_ms: float = option(0.0, "cheaper operating points under load", minimum=0.0)
    least_accuracy: float = option(0.0, "that load may choose", minimum=0.0, maximum=1.0)
    decisions: str = option("", "folder of decision records, a file for each router replica")
    traces: str = option("", "OpenTelemetry collector (OTLP)")
    drain: float = option(30.0, "seconds to the end of a replica", minimum=0.0)
    deployments: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)

    @property
    def source(self) -> Source:
        """What is served."""
        return Source(
            Path(self.router),
            self.policy,
            self.shadow,
            run=Path(self.run) if self.run else None,
            models=Path(self.models) if self.models else None,
            least_accuracy=self.least_accuracy,
        )


def application(args: Mapping[str, object]) -> Application:
    """Return the application: ``args`` as of ``RayArguments``.

    A model that lives elsewhere already is asked by the router; one that the multiplexer looks
    at, which is called for every input, runs with it.

    Raises:
        MissingPackageError: Ray Serve is not installed.
        UserError: nothing that can be served, or arguments that do not fit.
        OSError: a file that cannot be read.

    """
    try:
        from ray import serve
    except ImportError as error:
        raise MissingPackageError("--ray", "ray[serve]", "ray") from error
    from muxnet.serve.ray_replicas import ModelReplica, RouterReplica

    arguments = schema.from_dict(RayArguments, args, "serve, args")
    served = load(arguments.source, opened=())
    names = deployed(served)
    _check(arguments, served, names)
    given = schema.to_dict(arguments)
    options = given.pop("deployments")
    assert isinstance(options, dict)
    files = fingerprint.of_text(*map(str, sorted(stamps(arguments.source).items())))
    models, in_flight = {}, {}
    for name in names:
        chosen = _defaults(MODEL_ONGOING, arguments.drain) | _options(options, name)
        models[name] = _made(serve.deployment, ModelReplica, name, chosen).bind(given, name, files)
        in_flight[name] = most_replicas(chosen) * int(str(chosen["max_ongoing_requests"]))
    chosen = _defaults(arguments.requests, arguments.drain) | _options(options, arguments.name)
    router = _made(serve.deployment, RouterReplica, arguments.name, chosen)
    return router.bind(given, models, in_flight, most_replicas(chosen))


def _made(
    deployment: Callable[..., Callable[[type], Deployment]],
    kind: type,
    name: str,
    options: Options,
) -> Deployment:
    """Return a deployment.

    Raises:
        ConfigError: options that Ray does not know, or that do not fit.

    """
    try:
        return deployment(name=name, **options)(kind)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"[serve, args, deployments, {name}] {error}") from error


def deployed(served: Served) -> list[str]:
    """Return the models that get a deployment each."""
    encoder = None if served.multiplexer is None else served.multiplexer.encoder
    beside = encoder[0] if encoder is not None else ""
    return [m.name for m in served.models if m.remote is None and m.name != beside]


def most_replicas(options: Options) -> int:
    """Return how many replicas a deployment may grow to.

    Raises:
        ConfigError: that is no number.

    """
    from ray.serve.config import AutoscalingConfig

    count, given = options.get("num_replicas", 1), options.get("autoscaling_config")
    if count == "auto" or given is not None:
        asked = given if isinstance(given, dict) else {}
        usual = AutoscalingConfig.default().max_replicas if count == "auto" else 1
        count = asked.get("max_replicas", usual)
    if not isinstance(count, int) or count < 1:
        expected = "a number of replicas from 1 on"
        raise ConfigError(error_text("serve, args, deployments", expected, count))
    return count


def _defaults(ongoing: int, drain: float) -> Options:
    """Return options of a deployment, where nobody gives others.

    A surge lets a new version's replicas begin before the old ones end.
    """
    return {
        "max_ongoing_requests": ongoing,
        "max_surge_percent": 100,
        "graceful_shutdown_timeout_s": drain + SHUTDOWN_SECONDS,
        "graceful_shutdown_wait_loop_s": 0.5,
        "logging_config": {"enable_access_log": False},  # a line for each request and batch
    }


def _options(options: Mapping[str, object], name: str) -> Options:
    found = options.get(name, {})
    assert isinstance(found, dict)
    return found


def _check(arguments: RayArguments, served: Served, names: list[str]) -> None:
    if arguments.name in served.names:
        expected = "another than the models'"
        raise ConfigError(error_text("serve, args, name", expected, arguments.name))
    known = [arguments.name, *names]
    if stray := [name for name in arguments.deployments if name not in known]:
        expected = "deployments among " + ", ".join(known)
        raise ConfigError(error_text("serve, args, deployments", expected, stray[0]))
    if marked := [name for name in known if "#" in name]:
        expected = "names without '#', which Ray has for itself"
        raise ConfigError(error_text("serve, args", expected, marked[0]))
