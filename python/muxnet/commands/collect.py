"""``muxnet collect``: record what anybody's models answer for labelled inputs."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muxnet.base.array_files import read_arrays
from muxnet.base.cluster import Cluster, add_ray_argument
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import write_json
from muxnet.base.locks import sole_file

if TYPE_CHECKING:
    from muxnet.pool.adapters import ForeignModel

HELP = "run models over labelled inputs and write their answers as an outcome table"
SPLITS = ("test", "held_out", "train")
INTERRUPTED = "answers so far are kept: the same command with --resume goes on from them"

RAY_NEEDS = (
    ", a worker a core; elsewhere it needs muxnet, the packages of the models, and their files "
    "and modules at the same paths (a shared folder: key path of the list)"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet collect``."""
    parser.add_argument("--models", type=Path, required=True, metavar="FILE", help="list as JSON")
    parser.add_argument(
        "--data", required=True, help="as of muxnet run, or an npz with images and labels"
    )
    parser.add_argument("--split", choices=SPLITS, default="test", help="of data that has several")
    parser.add_argument("--out", type=Path, default=Path("outcomes.safetensors"))
    parser.add_argument("--resume", action="store_true", help="go on from what was kept")
    parser.add_argument(
        "--again", nargs="+", default=(), metavar="MODEL", help="with --resume, not what these gave"
    )
    add_ray_argument(parser, RAY_NEEDS)


def execute(arguments: argparse.Namespace) -> int:
    """Run the models, write the table, and return the exit status."""
    from muxnet.pool.adapters import read_models

    with sole_file(arguments.out):  # refused before anything is opened
        pass
    models = read_models(arguments.models)
    table = _collect(models, arguments)
    accuracies = np.asarray(table.correct).mean(axis=0)
    for model, accuracy in zip(models, accuracies, strict=True):
        print(f"{model.name}: {100 * accuracy:.2f} % right")
    print(f"done: {arguments.out}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        content = {
            model.name: {"cost": model.cost, "accuracy": float(accuracy)}
            for model, accuracy in zip(models, accuracies, strict=True)
        }
        write_json(target, {"inputs": len(table), "models": content})
    return 0


def _collect(models: Sequence[ForeignModel], arguments: argparse.Namespace) -> _core.OutcomeTable:
    from muxnet.pool.adapters import describe_models
    from muxnet.pool.collect import collect

    data, split = labelled_inputs(arguments.data, arguments.split)
    with contextlib.ExitStack() as stack:
        ask = None
        if arguments.ray is not None:
            from muxnet.pool.collect_workers import RayAsk

            cluster = stack.enter_context(contextlib.closing(Cluster(arguments.ray)))
            entries = describe_models(arguments.models)
            ask = RayAsk(cluster, entries, str(arguments.models), models)
        resume, again = arguments.resume, arguments.again
        return collect(
            models, data, arguments.out, split=split, resume=resume, again=again, ask=ask
        )


def labelled_inputs(spec: str, split: str) -> tuple[_core.Dataset, str]:
    """Return a data set and the name of its split; an npz has none.

    Raises:
        ConfigError: arrays that are missing.
        ValueError: arrays that do not fit, an unknown kind of data.
        OSError: files that cannot be read.

    """
    from muxnet.run.data import dataset, load_data

    if not spec.endswith(".npz"):
        return getattr(load_data(spec), split), split
    arrays = read_arrays(spec)
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        raise ConfigError(error_text(spec, f"an array {missing[0]}", ", ".join(arrays)))
    return dataset(arrays["images"], arrays["labels"], name=Path(spec).stem), ""
