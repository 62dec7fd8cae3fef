"""``muxnet guarantee``: whether promised accuracies are kept, over many divisions of answers."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from muxnet.base.files import write_json
from muxnet.base.measures import Measure, measure_of
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import inputs_text, percent_text
from muxnet.commands.options import integer, number
from muxnet.commands.reading import TABLE, add_reading_options, tables_of
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.promises import (
    Kept,
    KeptAbstention,
    count_kept,
    count_kept_abstentions,
)
from muxnet.outcomes.study import divided
from muxnet.outcomes.study_results import DEFAULT

HELP = "count how often a promised accuracy is broken, over many divisions of recorded answers"
INTERRUPTED = "nothing was left"

NO_SHARE = "no mean share of cost, as the best single model costs nothing in some divisions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet guarantee``."""
    parser.add_argument("table", type=Path, help=TABLE)
    add_reading_options(parser)
    parser.add_argument("--policy", default=DEFAULT, metavar="NAME", help="policy to calibrate")
    parser.add_argument(
        "--promise",
        nargs=2,
        action="append",
        type=number(above=0, below=100),
        metavar=("POINTS", "PERCENT"),
        help="points that may be lost, and how often in %% more may be (repeatable)",
    )
    parser.add_argument(
        "--abstain",
        nargs=2,
        action="append",
        type=number(above=0, below=100),
        metavar=("PERCENT", "PERCENT"),
        help="in %% how many of the answered are right, and how often fewer may be (repeatable)",
    )
    parser.add_argument(
        "--divisions", type=integer(1), default=1000, help="random divisions to count over"
    )
    parser.add_argument("--seed", type=integer(), default=0, help="of the divisions")


def execute(arguments: argparse.Namespace) -> int:
    """Fit, divide, calibrate, count, print, and return the exit status."""
    abstentions = arguments.abstain or []
    promises = arguments.promise or ([] if abstentions else [(0.5, 5.0), (1.0, 10.0), (2.0, 5.0)])
    held_out, test = divided(tables_of(arguments.table, arguments), seed=arguments.seed)
    policy = fit_policy(arguments.policy, held_out)
    how = {"divisions": arguments.divisions, "seed": arguments.seed}
    kept = count_kept(policy, test, _shares(promises), **how)
    kept_abstentions = count_kept_abstentions(policy, test, _shares(abstentions), **how)
    found: list[Kept | KeptAbstention] = [*kept, *kept_abstentions]
    measure = measure_of(test)
    for entry in found:
        if entry.promised == 0:
            print(f"too few inputs, or too much asked: never promised: {_asked(entry, measure)}")
        elif isinstance(entry, Kept) and entry.cost_share is None:
            print(f"{_asked(entry, measure)}: {NO_SHARE}")
    held_out, test = held_out.complete(), test.complete()
    fitted_on = inputs_text(len(held_out), held_out.group_count)
    others = inputs_text(len(test), test.group_count, "others")
    print(
        f"{arguments.table}: {policy.name} fitted on {fitted_on}; each division calibrates on half "
        f"of {others}"
    )
    for entries in (table(kept, measure), abstention_table(kept_abstentions, measure)):
        if entries.rows:
            print_table(entries)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, [dataclasses.asdict(entry) for entry in found])
    return 0


def _shares(pairs: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(first / 100, second / 100) for first, second in pairs]


def _asked(entry: Kept | KeptAbstention, measure: Measure) -> str:
    if isinstance(entry, Kept):
        return f"{100 * entry.drop:g} points below"
    return f"{measure.figure.format(f'{100 * entry.at_least:g} %')} of those answered"


def abstention_table(found: list[KeptAbstention], measure: Measure) -> TextTable:
    """Return promises of those answered as text."""
    title = "Abstaining; the others are left to a person"
    shares = [entry.coverage for entry in found]
    return _promises(title, "at least", "answered", found, shares, measure)


def table(found: list[Kept], measure: Measure) -> TextTable:
    """Return the promises as text."""
    title = "Promises; cost as a share of the best single model's"
    shares = [entry.cost_share for entry in found]
    return _promises(title, "at most", "cost", found, shares, measure)


def _promises(
    title: str,
    asked: str,
    share: str,
    found: Sequence[Kept | KeptAbstention],
    shares: Sequence[float | None],
    measure: Measure,
) -> TextTable:
    columns = (asked, "broken allowed", "promised", "broken", "on the rest alone", share)
    rows = tuple(
        (
            _asked(entry, measure),
            f"{entry.delta * entry.divisions:,.0f} of {entry.divisions:,}",
            f"{entry.promised:,}",
            f"{entry.broken:,}",
            f"{entry.broken_elsewhere:,}",
            "–" if own is None else percent_text(own, 1),
        )
        for entry, own in zip(found, shares, strict=True)
    )
    return TextTable(title, columns, rows)
