"""``muxnet export``: a finished run's networks, or all that is served, for other run times."""

import argparse
from pathlib import Path

from muxnet.base.errors import UsageError, error_text
from muxnet.base.files import write_json
from muxnet.commands.serve import add_source_arguments, find_source
from muxnet.pool.exported_run import export_run

HELP = "write the networks of a finished run as ONNX files, or a deployment for muxnet-serve"
INTERRUPTED = "what was written so far is whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet export``."""
    add_source_arguments(parser)
    parser.add_argument(
        "--deployment",
        action="store_true",
        help="write the router with its models, whole, for muxnet-serve, which needs no Python",
    )
    parser.add_argument("--out", type=Path, help="folder of the files (default: pool, deployment)")


def execute(arguments: argparse.Namespace) -> int:
    """Write all files and return the exit status."""
    if arguments.deployment:
        return _export_deployment(arguments)
    for name in ("run", "policy", "shadow", "models", "size"):
        if getattr(arguments, name):
            raise UsageError(error_text(f"--{name}", "--deployment beside it", "none"))
    files = export_run(arguments.source, arguments.out or Path("pool"))
    for path in files[:-1]:
        print(path)
    print(f"done: {files[-1]}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, {"models": str(files[-1]), "files": [str(path) for path in files[:-1]]})
    return 0


def _export_deployment(arguments: argparse.Namespace) -> int:
    from muxnet.serve.deployment import export_deployment

    arguments.least_accuracy = 0.0  # muxnet-serve is told
    written = export_deployment(find_source(arguments), arguments.out or Path("deployment"))
    print(f"done: {written}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, {"deployment": str(written)})
    return 0
