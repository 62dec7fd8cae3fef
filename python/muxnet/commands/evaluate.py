"""``muxnet evaluate``: what a saved router does with recorded answers that it has not seen."""

import argparse
import dataclasses
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.files import write_json, write_text
from muxnet.base.measures import MEASURES
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import (
    cost_share,
    cost_text,
    cost_title,
    inputs_text,
    interval_text,
    percent_text,
)
from muxnet.commands.options import integer
from muxnet.commands.reading import add_reading_options, tables_of
from muxnet.commands.scored import add_scored_inputs, scored_table
from muxnet.outcomes.class_order import known_to_policy
from muxnet.outcomes.details import tables
from muxnet.outcomes.fitting import Evaluated, evaluate_judged
from muxnet.outcomes.table_files import part_to_evaluate
from muxnet.pool.router_folder import load_router

HELP = "evaluate a saved router on recorded answers that it has not seen"
INTERRUPTED = "nothing was left"
LEFT = ("records",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet evaluate``."""
    parser.add_argument("router", type=Path, help="folder that muxnet fit left")
    parser.add_argument("--outcomes", type=Path, required=True, metavar="TABLE")
    add_scored_inputs(parser)
    add_reading_options(parser)
    parser.add_argument(
        "--records",
        type=Path,
        metavar="FILE",
        help="write decision records, each with the input's row of the table's file, from 0, or "
        "its place in what the table was collected from (input)",
    )
    parser.add_argument("--seed", type=integer(), default=0, help="of the intervals")
    parser.add_argument(
        "--details",
        action="store_true",
        help="print regret, failure prediction, hardness and classes too (--json always has them)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Evaluate, print, and return the exit status."""
    policy = load_router(arguments.router)
    parts = tables_of(arguments.outcomes, arguments, known_to_policy(policy))
    table = scored_table(part_to_evaluate(parts), policy, arguments)
    found = evaluate_judged(policy, table, seed=arguments.seed)
    print(f"{arguments.outcomes}: {inputs_text(found.inputs, found.groups)}")
    details = tables(found.details, MEASURES[found.measure]) if arguments.details else ()
    for entry in (text_table(found), *details):
        print_table(entry)
    if arguments.records is not None:
        lines = _core.record_decisions(policy, table)
        write_text(arguments.records, "".join(line + "\n" for line in lines))
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, dataclasses.asdict(found))
    return 0


def text_table(found: Evaluated) -> TextTable:
    """Return router and best single model side by side, and what the router calls."""
    mean = f"{MEASURES[found.measure].mean} %"
    columns = ("", mean, "95 % interval", cost_title(found.cost_kind), "of the best")
    rows = [
        (
            name,
            percent_text(row.accuracy)[:-2],
            interval_text(row.interval),
            cost_text(row.cost),
            percent_text(cost_share(row.cost, found.best_single.cost), 1),
        )
        for name, row in ((found.policy, found.router), (found.best_name, found.best_single))
    ]
    if (own := found.answered) is not None:
        share = f"  of those answered, {percent_text(own.coverage, 1)}"
        rows.insert(
            1, (share, percent_text(own.accuracy)[:-2], interval_text(own.interval), "", "")
        )
    rows += [
        (f"  calls {name}", percent_text(share)[:-2], "", "", "")
        for name, share in found.called.items()
    ]
    return TextTable("Evaluation", columns, tuple(rows))
