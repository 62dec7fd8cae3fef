"""``muxnet serve``: the router and its models as an endpoint of the Open Inference Protocol."""

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base.errors import MissingPackageError, UsageError, UserError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.base.tokens import TOKEN_VARIABLE
from muxnet.commands import serve_ray
from muxnet.commands.options import add_image_options, given_image_format, integer, number
from muxnet.outcomes.study_results import DEFAULT
from muxnet.pool.router_folder import MODELS_FILE, POLICY_FILE
from muxnet.serve.token import read_token

if TYPE_CHECKING:
    from muxnet.serve.served import Source

HELP = "serve a router and its models over HTTP and gRPC (Open Inference Protocol)"
INTERRUPTED = "no request was lost"
HOUR = 3600  # in seconds
HOUR_MS = 1000 * HOUR
MOST_MIB = 1 << 20  # a TiB
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet serve``."""
    add_source_arguments(parser)
    parser.add_argument("--name", default="router", help="the router's name (default: router)")
    _add_network(parser)
    _add_work(parser)
    serve_ray.add_arguments(parser)


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what tells what is served."""
    parser.add_argument(
        "source", metavar="RUN_OR_ROUTER", type=Path, help="folder of muxnet run, or of muxnet fit"
    )
    parser.add_argument(
        "--run", type=Path, help="folder of muxnet run, for a router among its models"
    )
    parser.add_argument("--policy", default="", help=f"policy of the run (default: {DEFAULT})")
    parser.add_argument(
        "--shadow", default="", help="policy or router that decides beside, and is only recorded"
    )
    _add_models(parser)


def _add_models(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models of a router's own (muxnet collect)")
    group.add_argument(
        "--models", type=Path, metavar="FILE", help=f"list (default: {MODELS_FILE} beside it)"
    )
    add_image_options(group)


def _add_network(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network")
    group.add_argument("--host", default="127.0.0.1", help="address (default: this machine only)")
    group.add_argument(
        "--port", type=integer(0, 65535), default=8080, help="of HTTP; 0: any free one"
    )
    group.add_argument(
        "--grpc-port", type=integer(0, 65535), default=8081, help="of gRPC; 0: any free one"
    )
    group.add_argument(
        "--token-file", type=Path, help=f"bearer token to ask for (or variable {TOKEN_VARIABLE})"
    )
    group.add_argument("--certificate", type=Path, help="PEM file: serve over TLS")
    group.add_argument("--key", type=Path, help="PEM file of the certificate's key")
    group.add_argument(
        "--allowed-hosts",
        nargs="+",
        default=(),
        metavar="NAME",
        help="names that requests may call the server by (default: this machine's own, or any)",
    )
    _add_limits(group)


def _add_limits(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--max-body", type=number(0.001, MOST_MIB), default=64.0, help="MiB of one request"
    )
    group.add_argument(
        "--max-bodies",
        type=number(0.001, MOST_MIB),
        default=512.0,
        help="MiB of all requests not answered yet",
    )
    group.add_argument(
        "--head-seconds",
        type=number(above=0, most=HOUR),
        default=10.0,
        help="for the head of a request to come",
    )
    group.add_argument(
        "--body-seconds",
        type=number(above=0, most=HOUR),
        default=30.0,
        help="for its body, and 1 s more per 64 kB",
    )
    group.add_argument(
        "--requests", type=integer(1), default=256, help="at a time by each protocol, then 503"
    )
    group.add_argument(
        "--max-pixels", type=integer(1), default=16_000_000, help="of an encoded image"
    )


def _add_work(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("work")
    group.add_argument(
        "--workers", type=integer(), default=0, help="threads for models (0: all cores)"
    )
    group.add_argument(
        "--batch", type=integer(1), default=32, help="most images that a model runs on at a time"
    )
    group.add_argument(
        "--queue", type=integer(1), default=512, help="images that may wait for a model, then 503"
    )
    group.add_argument(
        "--fill-ms",
        type=number(0, HOUR_MS),
        default=0.0,
        help="longest wait for a batch to fill (0: none, and none larger than saves time)",
    )
    group.add_argument(
        "--cheaper-when-full", action="store_true", help="another model instead of 503"
    )
    _add_load(group)
    _add_times(group)
    group.add_argument(
        "--decisions",
        type=Path,
        help="file that decision records are appended to (on Ray a folder)",
    )
    group.add_argument("--traces", default="", metavar="URL", help="OpenTelemetry collector (OTLP)")
    group.add_argument(
        "--drain",
        type=number(0, 24 * HOUR),
        default=30.0,
        help="seconds to the end after SIGTERM, whatever is stuck; a second one ends at once",
    )


def _add_load(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--target-ms",
        type=number(0, HOUR_MS),
        default=0.0,
        metavar="MS",
        help="cheaper operating points under load, so that requests wait no longer (0: always the "
        "same point)",
    )
    group.add_argument(
        "--least-accuracy",
        type=number(0, 1),
        default=0.0,
        metavar="SHARE",
        help="that an operating point attained on held-out inputs, for load to choose it (0 to 1)",
    )


def _add_times(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--deadline-ms",
        type=number(above=0, most=HOUR_MS),
        default=60_000.0,
        help="of requests that name none (default: a minute; no request has more than an hour)",
    )
    group.add_argument(
        "--stuck",
        type=number(above=0, most=HOUR),
        default=5.0,
        metavar="SECONDS",
        help="a batch that runs for longer, and 20 times as long as is usual, costs its worker",
    )
    group.add_argument(
        "--warm-up",
        type=number(above=0, most=HOUR),
        default=60.0,
        metavar="SECONDS",
        help="longest that a model may take for a batch before it serves",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Serve until told to stop, and return the exit status."""
    if arguments.ray is not None:
        return serve_on_ray(arguments)
    return serve(arguments)


def serve_on_ray(arguments: argparse.Namespace) -> int:
    """Check the arguments, and serve on a cluster."""
    _check(arguments, read_token(arguments.token_file))
    find_source(arguments)
    given = serve_ray.application_arguments(arguments)
    if find_spec("ray") is None:
        raise MissingPackageError("--ray", "ray", "ray")
    from muxnet.serve.ray_server import run

    run(arguments.ray, given, arguments.host, arguments.port)
    return 0


def serve(arguments: argparse.Namespace) -> int:
    """Check the arguments, and serve."""
    token = read_token(arguments.token_file)
    _check(arguments, token)
    source = find_source(arguments)
    if arguments.traces and find_spec("opentelemetry") is None:
        raise MissingPackageError("--traces", "opentelemetry-sdk", "traces")
    from muxnet.serve.server import MIB, run, told_options

    options = told_options(arguments, source, token)
    front = options.core.front
    front.http_port, front.grpc_port = arguments.port, arguments.grpc_port
    if arguments.key is not None:
        front.certificate, front.key = str(arguments.certificate), str(arguments.key)
    front.held_bytes = int(arguments.max_bodies * MIB)
    front.head_seconds, front.body_seconds = arguments.head_seconds, arguments.body_seconds
    if arguments.decisions is not None:
        options.core.decisions = arguments.decisions
    run(options)
    return 0


def _check(arguments: argparse.Namespace, token: str) -> None:
    if arguments.host not in LOOPBACK and not token:
        raise UsageError(
            error_text("--host", f"a token beside {arguments.host}: others could call", "none")
        )
    if (arguments.replicas or arguments.with_router) and arguments.ray is None:
        raise UsageError(error_text("--replicas, --with-router", "--ray beside it", "none"))
    if (arguments.certificate is None) != (arguments.key is None):
        raise UsageError(error_text("--certificate", "both --certificate and --key", "one"))


def find_source(arguments: argparse.Namespace) -> "Source":
    """Return what to serve: a run with one of its policies, or a router with its models.

    Raises:
        UsageError: options that do not go together.
        UserError: neither a finished run nor a router.

    """
    from muxnet.pool.router_policy import models_file
    from muxnet.serve.served import Source

    path, run = arguments.source, arguments.run
    images = given_image_format(arguments)
    router = (path / POLICY_FILE).is_file()
    if router and arguments.policy:
        raise UsageError(error_text(str(path), "no --policy beside a router", arguments.policy))
    if not router and run is not None:
        raise UsageError(error_text("--run", f"a router with {POLICY_FILE}", str(path)))
    if (run is not None or not router) and (images is not None or arguments.models is not None):
        expected = "no --models or --size beside a run, which has its own"
        raise UsageError(error_text(str(path), expected, "one"))
    folder = path if not router else run
    if folder is not None and not RunFolder(folder).results.is_file():
        expected = f"the folder of a finished run{'' if router else ', or of a router'}"
        raise UserError(error_text(str(folder), expected, "none"))
    if router and run is None:
        models_file(path, arguments.models)
    return Source(
        path,
        arguments.policy,
        arguments.shadow,
        run=run,
        models=arguments.models,
        images=images,
        least_accuracy=arguments.least_accuracy,
    )
