"""``muxnet collect``: record what anybody's models answer for labelled inputs."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base.cluster import Cluster, add_ray_argument
from muxnet.base.compiled import _core
from muxnet.base.file_endings import require_own_ending
from muxnet.base.files import write_json
from muxnet.base.locks import sole_file
from muxnet.commands.options import add_image_options, given_image_format

if TYPE_CHECKING:
    from muxnet.pool.adapters import ForeignModel
    from muxnet.pool.inputs import Inputs

HELP = "run models over labelled inputs and write their answers as an outcome table"
INTERRUPTED = "answers so far are kept: the same command with --resume goes on from them"

RAY_NEEDS = (
    ", a worker a core; elsewhere it needs muxnet, the packages of the models, and their files "
    "and modules at the same paths (a shared folder: key path of the list)"
)
SPLITS = ("test", "held_out", "train", "all")  # of input_sources, which is slow to load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet collect``."""
    parser.add_argument("--models", type=Path, required=True, metavar="FILE", help="list as JSON")
    parser.add_argument(
        "--data",
        required=True,
        help="as of muxnet run; list:FILE or text:FILE (CSV, JSON lines or Parquet with columns "
        "path or text, and label; Parquet may hold the images, and be a folder of shards by part); "
        "an npz with images or features, and labels",
    )
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="",
        help="part of the data, divided where it has no such part of its own (default: its test "
        "part where it has one, else all of it)",
    )
    parser.add_argument(
        "--skip-unreadable", action="store_true", help="leave out images that cannot be read"
    )
    parser.add_argument("--out", type=Path, default=Path("outcomes.safetensors"))
    parser.add_argument("--resume", action="store_true", help="go on from what was kept")
    parser.add_argument(
        "--again", nargs="+", default=(), metavar="MODEL", help="with --resume, not what these gave"
    )
    add_image_options(parser)
    add_ray_argument(parser, RAY_NEEDS)


def execute(arguments: argparse.Namespace) -> int:
    """Run the models, write the table, and return the exit status."""
    from muxnet.pool.input_sources import open_inputs
    from muxnet.pool.model_list import read_models
    from muxnet.pool.pools import with_images

    given = given_image_format(arguments)
    require_own_ending(arguments.out)
    with sole_file(arguments.out):  # refused before anything is opened
        pass
    models = with_images(read_models(arguments.models), given)
    inputs = open_inputs(
        arguments.data,
        split=arguments.split,
        skip_unreadable=arguments.skip_unreadable,
        known=[name for model in models for name in model.classes],
    )
    for model in models:
        print(f"{model.name}: {model.input.text()}")
    table = _collect(models, inputs, arguments)
    accuracies = dict(
        zip(table.models, table.accuracies() if table.labels.size else (), strict=False)
    )
    for name, accuracy in accuracies.items():
        print(f"{name}: {100 * accuracy:.2f} % right")
    print(f"done: {arguments.out}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        content = {
            model.name: {"cost": model.cost, "accuracy": accuracies.get(model.name)}
            for model in models
        }
        unreadable = len(inputs.unreadable)
        write_json(target, {"inputs": len(table), "unreadable": unreadable, "models": content})
    return 0


def _collect(
    models: Sequence[ForeignModel], inputs: Inputs, arguments: argparse.Namespace
) -> _core.OutcomeTable:
    from muxnet.pool.collect import collect
    from muxnet.pool.model_list import resolved_models

    with contextlib.ExitStack() as stack:
        ask = None
        if arguments.ray is not None:
            from muxnet.pool.collect_workers import RayAsk

            cluster = stack.enter_context(contextlib.closing(Cluster(arguments.ray)))
            entries = resolved_models(arguments.models, models)
            ask = RayAsk(cluster, entries, str(arguments.models), models)
        resume, again = arguments.resume, arguments.again
        return collect(
            models, inputs, arguments.out, split=inputs.part, resume=resume, again=again, ask=ask
        )
