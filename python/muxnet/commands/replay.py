"""``muxnet replay``: decide again what decision records say was known."""

import argparse
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.files import read_text, write_json

HELP = "decide recorded decisions again and name those that come out otherwise"
INTERRUPTED = "nothing was left"

EXIT_OTHERWISE = 1
RECORDS_BYTES = 1 << 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet replay``."""
    parser.add_argument("router", type=Path, help="folder of muxnet fit, or of a finished run")
    told = "lines of JSON, of route or evaluate --records"
    parser.add_argument("records", type=Path, help=told)
    parser.add_argument("--policy", default="", metavar="NAME", help="of a run's policies")


def execute(arguments: argparse.Namespace) -> int:
    """Decide, print, and return the exit status: 1 where a decision came out otherwise."""
    from muxnet.pool.router_policy import load_policy

    policy = load_policy(arguments.router, arguments.policy)
    lines = read_text(arguments.records, RECORDS_BYTES).splitlines()
    otherwise = []
    for number, again in enumerate(_core.replay_records(policy, lines), 1):
        if not again.same:
            otherwise.append(number)
            called = ", ".join(again.called)
            print(f"line {number}: now called {called}, answer {again.answer}")
    print(f"{len(lines):,} records, {len(otherwise):,} decided otherwise")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, {"records": len(lines), "otherwise": otherwise})
    return EXIT_OTHERWISE if otherwise else 0
