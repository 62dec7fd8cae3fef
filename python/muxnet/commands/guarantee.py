"""``muxnet guarantee``: whether promised accuracies are kept, over many divisions of answers."""

import argparse
import dataclasses
from pathlib import Path

from muxnet.base.errors import UsageError, error_text
from muxnet.base.files import write_json
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import percent_text
from muxnet.commands.reading import TABLE, add_reading_options, tables_of
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.promises import Kept, count_kept
from muxnet.outcomes.study import divided
from muxnet.outcomes.study_results import DEFAULT

HELP = "count how often a promised accuracy is broken, over many divisions of recorded answers"
INTERRUPTED = "nothing was left"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet guarantee``."""
    parser.add_argument("table", type=Path, help=TABLE)
    add_reading_options(parser)
    parser.add_argument("--policy", default=DEFAULT, metavar="NAME", help="policy to calibrate")
    parser.add_argument(
        "--promise",
        nargs=2,
        action="append",
        type=float,
        metavar=("POINTS", "PERCENT"),
        help="points that may be lost, and how often in %% more may be (repeatable)",
    )
    parser.add_argument(
        "--divisions", type=int, default=1000, help="random divisions to count over"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the divisions")


def execute(arguments: argparse.Namespace) -> int:
    """Fit, divide, calibrate, count, print, and return the exit status."""
    promises = arguments.promise or [(0.5, 5.0), (1.0, 10.0), (2.0, 5.0)]
    if arguments.divisions < 1 or not all(0 < p < 100 for pair in promises for p in pair):
        expected = "points and per cent between 0 and 100, at least one division"
        raise UsageError(error_text("guarantee", expected, promises))
    held_out, test = divided(tables_of(arguments.table, arguments), seed=arguments.seed)
    policy = fit_policy(arguments.policy, held_out)
    pairs = [(points / 100, percent / 100) for points, percent in promises]
    found = count_kept(policy, test, pairs, divisions=arguments.divisions, seed=arguments.seed)
    print(
        f"{arguments.table}: {policy.name} fitted on {len(held_out):,} inputs; each division "
        f"calibrates on {round(len(test) / 2):,} of {len(test):,} others"
    )
    print_table(table(found))
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, [dataclasses.asdict(entry) for entry in found])
    return 0


def table(found: list[Kept]) -> TextTable:
    """Return the promises as text."""
    columns = ("at most", "broken allowed", "promised", "broken", "on the rest alone", "cost")
    rows = tuple(
        (
            f"{100 * entry.drop:g} points below",
            f"{entry.delta * entry.divisions:,.0f} of {entry.divisions:,}",
            f"{entry.promised:,}",
            f"{entry.broken:,}",
            f"{entry.broken_elsewhere:,}",
            "–" if entry.cost_share is None else percent_text(entry.cost_share, 1),
        )
        for entry in found
    )
    return TextTable("Promises; cost as a share of the best single model's", columns, rows)
