"""``muxnet study``: does multiplexing pay for these models? From their recorded answers alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text, name_text
from muxnet.base.files import write_bytes, write_json
from muxnet.base.measures import MEASURES
from muxnet.base.tables import print_table
from muxnet.base.words import inputs_text
from muxnet.commands.options import integer, number
from muxnet.commands.reading import TABLE, add_reading_options, tables_of
from muxnet.outcomes.class_order import known_to_table
from muxnet.outcomes.details import tables
from muxnet.outcomes.fitting import unasked_kind
from muxnet.outcomes.study import divided, study
from muxnet.outcomes.study_results import VERDICTS, Study, model_table, policy_table, to_json
from muxnet.outcomes.study_verdict import too_few

HELP = "tell whether multiplexing pays for models of which you have recorded answers"
INTERRUPTED = "nothing was left"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet study``."""
    parser.add_argument("table", type=Path, help=TABLE)
    parser.add_argument(
        "--test", type=Path, metavar="TABLE", help="evaluate on this table, fit on all of the first"
    )
    add_reading_options(parser)
    parser.add_argument("--cost-kind", default="", metavar="KIND", help="of the costs in the table")
    parser.add_argument(
        "--fraction", type=number(above=0, below=1), default=0.5, help="of the inputs to fit on"
    )
    parser.add_argument(
        "--seed", type=integer(), default=0, help="of the division and the intervals"
    )
    parser.add_argument(
        "--details",
        action="store_true",
        help="print more of the default policy: recovery, hardness, classes (--json has it anyway)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the picture (PNG)")


def execute(arguments: argparse.Namespace) -> int:
    """Fit, evaluate, print and draw, and return the exit status."""
    parts = tables_of(arguments.table, arguments)
    if arguments.test is not None:
        held_out = whole(arguments.table, parts)
        other = tables_of(arguments.test, arguments, known_to_table(held_out))
        parts = {"held_out": held_out, "test": whole(arguments.test, other)}
    held_out, test = divided(parts, arguments.fraction, arguments.seed)
    if kind := unasked_kind(held_out, arguments.cost_kind):
        print(kind)
    found = study(
        held_out,
        test,
        source=name_text(arguments.table),
        cost_kind=arguments.cost_kind,
        seed=arguments.seed,
    )
    show(found, arguments.details)
    leave(found, arguments)
    return 0


def whole(path: Path, parts: dict[str, _core.OutcomeTable]) -> _core.OutcomeTable:
    """Return the only table of a file.

    Raises:
        UsageError: the file divides its inputs itself.

    """
    if "all" not in parts:
        raise UsageError(error_text("--test", f"undivided inputs in {path}", " and ".join(parts)))
    return parts["all"]


def show(found: Study, details: bool = False) -> None:
    """Print the study's tables and sentences; that inputs are too few comes before all."""
    if warning := too_few(found.verdict, found.saving, found.evaluated_on, found.evaluated_groups):
        print(warning)
    print(
        f"{found.source}: fitted on {inputs_text(found.fitted_on, found.fitted_groups)}, "
        f"evaluated on {inputs_text(found.evaluated_on, found.evaluated_groups, 'others')}"
    )
    print()
    print_table(model_table(found))
    print_table(policy_table(found))
    for entry in tables(found.details, MEASURES[found.measure]) if details else ():
        print_table(entry)
    print(VERDICTS[found.verdict])
    for sentence in found.sentences:
        print(sentence)


def leave(found: Study, arguments: argparse.Namespace) -> None:
    """Write the picture and, where asked, the figures.

    Raises:
        OutputError: a file cannot be written.

    """
    from muxnet.outcomes import study_figure  # slow to import

    arguments.out = picture = arguments.out or Path(f"{arguments.table.stem}-study.png")
    write_bytes(picture, study_figure.draw_study(found))
    print(f"done: {picture} shows {MEASURES[found.measure].mean} against cost")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, to_json(found))
