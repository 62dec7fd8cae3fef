"""The options of ``muxnet serve`` for a Ray cluster."""

from __future__ import annotations

import argparse
import dataclasses
import re
from pathlib import Path

from muxnet.base.cluster import add_ray_argument
from muxnet.base.errors import UsageError, error_text
from muxnet.base.files import Json
from muxnet.base.named_values import named_value

# What Ray's proxy has instead, by the option and its value where it is not given.
NOT_ON_RAY = {"certificate": None, "key": None, "size": None}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("past one machine")
    add_ray_argument(group, "; REST alone, and each model a deployment of its own")
    group.add_argument(
        "--replicas",
        nargs="+",
        default=(),
        metavar="NAME=N",
        help="processes of a model, or of the router by its --name; MIN-MAX: by the load, from 0",
    )
    group.add_argument(
        "--with-router",
        nargs="+",
        default=(),
        metavar="NAME",
        help="models that run in the router's process: those that a hop costs more than",
    )


def application_arguments(arguments: argparse.Namespace) -> dict[str, Json]:
    """Return the arguments of the application that a command line asks for.

    Raises:
        UsageError: options that Ray has no use for, or replicas that are none.

    """
    from muxnet.serve.ray_arguments import RayArguments

    for name, usual in NOT_ON_RAY.items():
        if getattr(arguments, name) != usual:
            expected = "none beside --ray: " + (
                "the list of models says it"
                if name == "size"
                else "TLS is that of what stands before Ray's proxy"
            )
            raise UsageError(error_text(f"--{name}", expected, getattr(arguments, name)))
    given: dict[str, Json] = {}
    for field in dataclasses.fields(RayArguments):
        value = getattr(arguments, field.name, None)
        if isinstance(value, Path):
            given[field.name] = str(value.resolve())
        elif value is not None:
            given[field.name] = list(value) if isinstance(value, (tuple, list)) else value
    given["router"] = str(arguments.source.resolve())
    given["deployments"] = dict(map(_replicas, arguments.replicas))
    return given


def _replicas(text: str) -> tuple[str, dict[str, Json]]:
    name, count = named_value(text)
    found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", count)
    least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not name or most < 1 or least > most:
        raise UsageError(error_text("--replicas", "NAME=N or NAME=MIN-MAX, N from 1 on", text))
    if found is not None and found[2] is None:
        return name, {"num_replicas": most}
    scaling: dict[str, Json] = {"min_replicas": least, "max_replicas": most}
    return name, {"autoscaling_config": scaling | {"target_ongoing_requests": 1.0}}
