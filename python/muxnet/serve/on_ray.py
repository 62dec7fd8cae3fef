"""The application for Ray Serve: a router's deployment, and one for each of its models.

It is named in a configuration of Ray Serve as ``muxnet.serve.on_ray:application``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from muxnet.base import fingerprint, schema
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.serve.ray_arguments import RayArguments
from muxnet.serve.ray_replicas import ModelReplica, RouterReplica
from muxnet.serve.served import load

if TYPE_CHECKING:
    from ray.serve import Application, Deployment

Options = dict[str, object]

MODEL_ONGOING = 2  # one batch runs, the next is there when it is done
SHUTDOWN_SECONDS = 5.0  # beyond the time to drain


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
    except ModuleNotFoundError as error:
        raise MissingPackageError("--ray", "ray[serve]", "ray") from error
    arguments = schema.from_dict(RayArguments, args, "serve, args")
    served = load(arguments.source, opened=())
    names = deployed(served, arguments.with_router)
    _check(arguments, served, names)
    given = schema.to_dict(arguments)
    options = given.pop("deployments")
    assert isinstance(options, dict)
    found = [(path, path.stat()) for path in sorted(arguments.source.files())]
    files = fingerprint.of_text(*(f"{p} {s.st_mtime_ns} {s.st_size} {s.st_ino}" for p, s in found))
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


def deployed(served: _core.Served, with_router: Collection[str]) -> list[str]:
    """Return the models that get a deployment each.

    Raises:
        ConfigError: a model that is to run with the router, and is none of its own.

    """
    if stray := [name for name in with_router if name not in served.names]:
        expected = "models among " + ", ".join(served.names)
        raise ConfigError(error_text("serve, args, with_router", expected, stray[0]))
    encoder = None if served.multiplexer is None else served.multiplexer.encoder
    beside = [*with_router, *([encoder[0]] if encoder is not None else [])]
    return [m.name for m in served.models if m.remote is None and m.name not in beside]


def most_replicas(options: Options) -> int:
    """Return how many replicas a deployment may grow to.

    Raises:
        ConfigError: that is no number.

    """
    count, given = options.get("num_replicas", 1), options.get("autoscaling_config")
    if isinstance(given, dict) and (count != "auto" or "max_replicas" in given):
        count = given.get("max_replicas", 1)
    elif count == "auto":
        from ray.serve.config import AutoscalingConfig

        count = AutoscalingConfig.default().max_replicas
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


def _check(arguments: RayArguments, served: _core.Served, names: list[str]) -> None:
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
