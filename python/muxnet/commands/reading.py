"""Command-line options of recorded answers, which all commands that read some share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base.schema_arguments import Names
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.published import FORMS
from muxnet.outcomes.table_files import parse_columns, parse_costs, read_outcomes

if TYPE_CHECKING:
    from muxnet.outcomes.table_files import Tables

TABLE = "safetensors, npz, csv, tsv, json, jsonl or parquet"


def add_reading_options(parser: argparse.ArgumentParser, *, costs: bool = True) -> None:
    """Add what is to be known of a file of recorded answers; ``costs`` where none has its own."""
    if costs:
        parser.add_argument(
            "--costs",
            metavar="NAME=COST,...",
            help="cost of each model, in any unit; or a JSON file of an object that says so, "
            "or a finished run: the latencies that it measured, ms",
        )
    parser.add_argument(
        "--columns",
        metavar="OLD=NEW,...",
        help="what columns of other names are, or a JSON file of an object that says so",
    )
    parser.add_argument(
        "--format",
        choices=Names(lambda: FORMS),
        default="",
        metavar="NAME",
        help="a collection as published: %(choices)s",
    )


def tables_of(path: Path, arguments: argparse.Namespace, classes: Known | None = None) -> Tables:
    """Return the tables of a file, read as the options say.

    Raises:
        UsageError: an option of another form.
        ConfigError: the file does not fit.
        OSError: it cannot be read.

    """
    costs, columns = parse_costs(arguments.costs), parse_columns(arguments.columns)
    return read_outcomes(path, costs, classes, columns=columns, form=arguments.format)
