"""``muxnet export``: the networks of a finished run for any other run time."""

import argparse
from pathlib import Path

from muxnet.base.files import write_json
from muxnet.pool.exported_run import export_run

HELP = "write the networks of a finished run as ONNX files, and the list of models that names them"
INTERRUPTED = "what was written so far is whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet export``."""
    parser.add_argument("run", type=Path, help="folder of a finished muxnet run")
    parser.add_argument("--out", type=Path, default=Path("pool"), help="folder of the files")


def execute(arguments: argparse.Namespace) -> int:
    """Write all files and return the exit status."""
    files = export_run(arguments.run, arguments.out)
    for path in files[:-1]:
        print(path)
    print(f"done: {files[-1]}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, {"models": str(files[-1]), "files": [str(path) for path in files[:-1]]})
    return 0
