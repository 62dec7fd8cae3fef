"""The paper's Table II for a run: as rows of text, and drawn in the terminal by rich."""

from dataclasses import dataclass
from html import escape
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table

from muxnet.results import ModelResult, PolicyResult, Results
from muxnet.verdict import verdict
from muxnet.words import (
    count_text,
    interval_text,
    latency_text,
    macs_text,
    percent_text,
    policy_title,
)

WIDE = Console(width=1000).options


@dataclass(frozen=True)
class TextTable:
    """A table as text: the first column is a name, the others are aligned right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""

        def line(cells: tuple[str, ...], tag: str) -> str:
            sides = ["left", *["right"] * (len(cells) - 1)]
            return "".join(
                f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>'
                for side, cell in zip(sides, cells, strict=True)
            )

        rows = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows)
        head = f"<tr>{line(self.columns, 'th')}</tr>"
        return f"<table><caption>{escape(self.title)}</caption>{head}{rows}</table>"


def model_table(results: Results) -> TextTable:
    """Return the models' half of Table II."""
    columns = ("model", "parameters", "MACs", "latency ms", "accuracy %", "95 % interval", "called")
    return TextTable("Models", columns, tuple(_model_row(entry) for entry in results.models))


def policy_table(results: Results) -> TextTable:
    """Return the policies' half of Table II, with what each is compared against."""
    columns = (
        "policy",
        "MACs",
        "latency ms",
        "accuracy %",
        "95 % interval",
        "models per input",
    )
    return TextTable("Policies", columns, tuple(_policy_row(entry) for entry in results.policies))


def print_table(table: TextTable, console: Console | None = None) -> None:
    """Print ``table``, drawn where a terminal is wide enough for it."""
    console = console or _console()
    drawn = _rich_table(table)
    # A narrow terminal wraps plain lines; the drawn table would cut numbers short.
    wide = drawn.__rich_measure__(console, WIDE).maximum > console.width
    if wide or not console.is_terminal:
        console.print(plain_text(table), markup=False)
    else:
        console.print(drawn)


def print_results(results: Results, stream: TextIO | None = None) -> None:
    """Print verdict, both tables and warnings; in colour only on a terminal."""
    console = _console(stream)
    plain = not console.is_terminal
    for table in (model_table(results), policy_table(results)):
        print_table(table, console)
    outcome = verdict(results)
    console.print(f"{outcome.headline}.", style=None if plain else "bold", markup=False)
    for sentence in outcome.sentences:
        console.print(sentence, markup=False)
    for warning in results.warnings:
        console.print(f"warning: {warning}", style=None if plain else "yellow", markup=False)


def plain_text(table: TextTable) -> str:
    """Return ``table`` in columns of spaces, for a log file."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    return (
        "\n".join(
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )
        + "\n"
    )


def _console(stream: TextIO | None = None) -> Console:
    return Console(file=stream, highlight=False, soft_wrap=True)


def _rich_table(table: TextTable) -> Table:
    drawn = Table(
        title=table.title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for i, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if i == 0 else "right", no_wrap=True)
    for row in table.rows:
        drawn.add_row(*(cell.replace("[", r"\[") for cell in row))
    return drawn


def _model_row(entry: ModelResult) -> tuple[str, ...]:
    return (
        entry.name,
        count_text(entry.parameters),
        macs_text(entry.macs),
        latency_text(entry.latency_ms),
        percent_text(entry.accuracy)[:-2],
        interval_text(entry.accuracy_interval),
        percent_text(entry.called),
    )


def _policy_row(entry: PolicyResult) -> tuple[str, ...]:
    return (
        policy_title(entry.name),
        macs_text(entry.macs),
        latency_text(entry.latency_ms),
        percent_text(entry.accuracy)[:-2],
        interval_text(entry.accuracy_interval),
        f"{entry.models_per_input:.2f}",
    )
