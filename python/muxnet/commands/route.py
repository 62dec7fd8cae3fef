"""``muxnet route``: answers for image files, each from the models that a router calls for it."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.base.files import write_json, write_text
from muxnet.base.locks import sole_folder
from muxnet.commands.options import add_image_options, given_image_format
from muxnet.pool.router_folder import DRIFT_FILE, Drift, describe_drift, load_monitor

HELP = "answer for image files by the models that a router calls, and say why"
INTERRUPTED = "nothing was written"
LEFT = ("records",)

EXIT_DAMAGED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet route``."""
    parser.add_argument("router", type=Path, help="folder of muxnet fit, or of a finished run")
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="image files")
    parser.add_argument("--policy", default="", metavar="NAME", help="of a run's policies")
    parser.add_argument("--models", type=Path, metavar="FILE", help="list as of muxnet collect")
    add_image_options(parser)
    parser.add_argument("--decide-only", action="store_true", help="run no model")
    parser.add_argument("--explain", action="store_true", help="say which comparisons decided")
    parser.add_argument("--records", type=Path, metavar="FILE", help="write decision records")
    parser.add_argument(
        "--monitor", action="store_true", help="watch for drift since muxnet calibrate"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Route, print, and return the exit status: 1 where a file could not be read."""
    check(arguments)
    with sole_folder(arguments.router, make=False) if arguments.monitor else nullcontext():
        return route(arguments)


def route(arguments: argparse.Namespace) -> int:
    """Route and print; what the monitor has seen is saved for the next time."""
    from muxnet.pool.decision_text import answer_line, explanation, plan_line
    from muxnet.pool.router import open_router

    router = open_router(
        arguments.router,
        policy=arguments.policy,
        models=arguments.models,
        images=given_image_format(arguments),
    )
    policy = router.policy
    monitor = load_monitor(arguments.router, policy) if arguments.monitor else None
    decide_only = arguments.decide_only
    found = router.route_files(arguments.images, monitor=monitor, decide_only=decide_only)
    for plan in found.plans:
        print(plan_line(plan))
    for record in found.records:
        print((explanation if arguments.explain else answer_line)(record, policy.cost_kind))
    for error in found.damaged.values():
        print(f"muxnet: damaged: {error}", file=sys.stderr)
    if arguments.records is not None:
        write_text(arguments.records, "".join(json.dumps(r) + "\n" for r in found.records))
    content: dict[str, object] = {
        "policy": policy.name,
        "version": policy.version,
        "images": found.plans if decide_only else found.records,
        "damaged": found.damaged,
    }
    if monitor is not None:
        content["drift"] = tell_drift(monitor, arguments.router)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return EXIT_DAMAGED if found.damaged else 0


def check(arguments: argparse.Namespace) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: it does not.

    """
    if arguments.decide_only and (arguments.records or arguments.monitor or arguments.explain):
        expected = "no --records, --explain or --monitor, which need answers"
        raise UsageError(error_text("--decide-only", expected, "one"))


def tell_drift(monitor: _core.DriftMonitor, folder: Path) -> Drift:
    """Save the monitor, print what it has found, and return it."""
    monitor.save(folder / DRIFT_FILE)
    print(
        f"drift: evidence {monitor.e_value:.3g} of {1 / monitor.alpha:g} after "
        f"{monitor.observed:,} inputs (largest in '{monitor.cause}')"
    )
    if monitor.alarm:
        print(
            f"muxnet: drift: inputs are no longer like those of the calibration, as '"
            f"{monitor.cause}' shows; by chance with probability {monitor.alpha:g} at most",
            file=sys.stderr,
        )
    return describe_drift(monitor)
