"""``muxnet compare``: policies against each other at equal budgets, on recorded answers."""

import argparse
import dataclasses
from pathlib import Path

from muxnet.base.files import write_json
from muxnet.base.measures import MEASURES
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import (
    cost_text,
    cost_title,
    inputs_text,
    interval_text,
    percent_text,
    points_text,
    policy_title,
)
from muxnet.commands.options import integer, number
from muxnet.commands.reading import TABLE, add_reading_options, tables_of
from muxnet.outcomes.compare import (
    BUDGETS,
    Comparison,
    Difference,
    Interval,
    Zoo,
    compare_zoos,
    parse_contenders,
)
from muxnet.outcomes.fitting import unasked_kind
from muxnet.outcomes.study import divided
from muxnet.outcomes.study_results import DEFAULT

HELP = "hold policies against each other at equal budgets, with intervals over seeds and inputs"
INTERRUPTED = "nothing was left"

POLICIES = f"{DEFAULT},cascade:max_models=2,cascade:max_models=3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet compare``."""
    parser.add_argument(
        "tables",
        nargs="+",
        type=Path,
        metavar="TABLE",
        help=f"{TABLE}, or a run's folder",
    )
    parser.add_argument(
        "--policies",
        default=POLICIES,
        metavar="NAME[:OPTION=N...],...",
        help="the first is held against the others",
    )
    parser.add_argument(
        "--seeds", type=integer(1), default=5, help="fits, each on held-out data shuffled"
    )
    parser.add_argument(
        "--budgets",
        nargs="+",
        type=number(above=0),
        default=BUDGETS,
        metavar="SHARE",
        help="of the dearest model's cost",
    )
    add_reading_options(parser)
    parser.add_argument("--cost-kind", default="", metavar="KIND", help="of the costs in the table")
    parser.add_argument(
        "--fraction",
        type=number(above=0, below=1),
        default=0.5,
        help="of a whole table's inputs, to fit on",
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="the tables are of the same models trained with other seeds: compare over all at once",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Compare on every table, print, and return the exit status."""
    contenders = parse_contenders(arguments.policies)
    each = [[path] for path in arguments.tables]
    found = []
    for paths in [arguments.tables] if arguments.together else each:
        zoos = [read_zoo(path, arguments) for path in paths]
        if kind := unasked_kind(zoos[0].held_out, arguments.cost_kind):
            print(kind)
        comparison = compare_zoos(
            zoos,
            contenders,
            source=", ".join(map(str, paths)),
            seeds=arguments.seeds,
            budgets=arguments.budgets,
            cost_kind=arguments.cost_kind,
        )
        show(comparison)
        found.append(comparison)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, [dataclasses.asdict(comparison) for comparison in found])
    return 0


def read_zoo(path: Path, arguments: argparse.Namespace) -> Zoo:
    """Return a table's parts; a whole one is divided."""
    tables = tables_of(path, arguments)
    held_out, test = divided(tables, arguments.fraction)
    return Zoo({**tables, "held_out": held_out}, test)


def show(found: Comparison) -> None:
    """Print both tables of a comparison, and the differences in words."""
    seeds = "1 seed" if found.seeds == 1 else f"{found.seeds} seeds"
    others = inputs_text(found.evaluated_on, found.evaluated_groups, "others")
    print(
        f"{found.table}: fitted on {inputs_text(found.fitted_on, found.fitted_groups)} "
        f"with {seeds}, "
        f"evaluated on {others}; the dearest model costs "
        f"{cost_text(found.dearest_cost)} {cost_title(found.cost_kind)}"
    )
    print_table(line_table(found))
    print_table(difference_table(found))
    for difference in found.differences:
        print(sentence(found, difference))
    print()


def line_table(found: Comparison) -> TextTable:
    """Return accuracy in % at each budget, and the area above random mixing, as text."""
    budgets = tuple(_budget(share) for share in found.lines[0].accuracy)
    mean = MEASURES[found.measure].mean
    columns = (f"{mean} % within", *budgets, "area, points")
    rows = [
        (
            title(found, line.policy),
            *(
                "–" if accuracy is None else percent_text(accuracy)[:-2]
                for accuracy in line.accuracy.values()
            ),
            _points(line.area),
        )
        for line in found.lines
    ]
    return TextTable(f"{mean.capitalize()}, means over seeds", columns, tuple(rows))


def difference_table(found: Comparison) -> TextTable:
    """Return what the first policy is ahead of each other, in points, as text."""
    budgets = tuple(_budget(share) for share in found.lines[0].accuracy)
    columns = ("points ahead of", *budgets, "area, points")
    rows = [
        (
            title(found, entry.against),
            *(_points(difference) for difference in entry.accuracy.values()),
            _points(entry.area),
        )
        for entry in found.differences
    ]
    return TextTable(f"{found.lines[0].policy} ahead of the others", columns, tuple(rows))


def sentence(found: Comparison, difference: Difference) -> str:
    """Return at which budgets the first policy is above and below another, beyond chance."""
    known = {share: entry for share, entry in difference.accuracy.items() if entry is not None}
    above = [_budget(share) for share, entry in known.items() if entry.low > 0]
    below = [_budget(share) for share, entry in known.items() if entry.high < 0]
    words = [
        f"{name} at {', '.join(shares)}" if shares else f"{name} nowhere"
        for name, shares in (("above", above), ("below", below))
    ]
    if difference.area is not None:
        side = "above" if difference.area.low > 0 else "below" if difference.area.high < 0 else ""
        words.append(f"its area {side}" if side else "areas not told apart")
    other = title(found, difference.against)
    return f"{title(found, found.lines[0].policy)} against {other}: {'; '.join(words)}"


def title(found: Comparison, text: str) -> str:
    """Return a policy's name with its options."""
    name, _, options = text.partition(":")
    if not options:
        best = f" ({found.best_single})" if text == "best_single" else ""
        return policy_title(name) + best
    return f"{policy_title(name)}, {options.replace('max_models=', 'models ').replace('=', ' ')}"


def _budget(share: str) -> str:
    return f"{100 * float(share):g} %"


def _points(difference: Interval | None) -> str:
    if difference is None:
        return "–"
    low_high = interval_text((difference.low, difference.high))
    return f"{points_text(difference.value)} ({low_high})"
