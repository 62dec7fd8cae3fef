"""The ``muxnet`` command: a table of sub-commands, and one clear line for every error."""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType

import muxnet
from muxnet.base.errors import UsageError, one_line
from muxnet.base.output import steady_output

# Each is a module of muxnet.commands with HELP, add_arguments(parser), execute(arguments) -> exit
# status, INTERRUPTED, what to say after Ctrl-C, and where they are not `out`, LEFT, what arguments
# call the files that it leaves.
COMMANDS = (
    "run",
    "collect",
    "study",
    "compare",
    "sweep",
    "fit",
    "evaluate",
    "calibrate",
    "route",
    "replay",
    "guarantee",
    "plan",
    "serve",
    "figures",
    "offload",
    "paper",
    "profile",
    "zoo",
    "quantize",
    "export",
    "bench",
)

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    summary, *_ = (muxnet.__doc__ or "").splitlines()
    parser = argparse.ArgumentParser(prog="muxnet", description=summary)
    parser.add_argument("--version", action="version", version=f"muxnet {muxnet.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = _module(name)
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        command.add_argument(
            "--json",
            dest="json_file",
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="also write the printed figures to FILE",
        )
        command.add_argument(
            "--debug",
            action="store_true",
            default=argparse.SUPPRESS,
            help="show where in the code an error arose",
        )
        module.add_arguments(command)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, 1 error, 2 usage, 130 interrupted."""
    parsed = argparse.Namespace()
    with steady_output() as output:
        status = _status(arguments, parsed)
    failure = "" if output is None else output.failure_text()
    if not failure:
        return status
    _say(f"error: {failure}{_left(parsed, status)}")
    return status or EXIT_ERROR


def _status(arguments: Sequence[str] | None, parsed: argparse.Namespace) -> int:
    """Parse into ``parsed``, execute, tell an error, and return the exit status."""
    try:
        build_parser().parse_args(arguments, parsed)
        module = _module(parsed.command)
    except SystemExit as leave:  # argparse has printed what it wants to say
        return leave.code if isinstance(leave.code, int) else EXIT_ERROR
    except (MemoryError, OSError, ImportError) as error:  # of a module that cannot be read
        _say(f"error: {one_line(error)}")
        return EXIT_ERROR
    try:
        return int(module.execute(parsed))
    except KeyboardInterrupt:
        _say(f"interrupted; {module.INTERRUPTED}")
        return EXIT_INTERRUPTED
    except Exception as error:
        if getattr(parsed, "debug", False):
            traceback.print_exc()
        _say(f"error: {one_line(error)}")
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_ERROR


def _left(parsed: argparse.Namespace, status: int) -> str:
    """Say what a command that could not print its figures has left, where it came to its end."""
    if status != 0 or getattr(parsed, "command", None) is None:
        return ""
    left = (*getattr(_module(parsed.command), "LEFT", ("out",)), "json_file")
    named = [getattr(parsed, name, None) for name in left]
    files = [str(path) for path in named if path is not None and os.path.exists(path)]
    return f"; all else is done{', and left in ' if files else ''}{' and '.join(files)}"


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"muxnet.commands.{name.replace('-', '_')}")


def _say(text: str) -> None:
    print(f"muxnet: {text}", file=sys.stderr, flush=True)
