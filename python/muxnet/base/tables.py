"""Tables as rows of text, drawn in the terminal by rich."""

from dataclasses import dataclass
from html import escape
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table

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


def print_table(table: TextTable, console: Console | None = None) -> None:
    """Print ``table``, drawn where a terminal is wide enough for it."""
    console = console or new_console()
    drawn = _rich_table(table)
    # A narrow terminal wraps plain lines; the drawn table would cut numbers short.
    wide = drawn.__rich_measure__(console, WIDE).maximum > console.width
    if wide or not console.is_terminal:
        console.print(plain_text(table), markup=False)
    else:
        console.print(drawn)


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


def new_console(stream: TextIO | None = None) -> Console:
    """Return a console on ``stream`` that neither colours numbers nor breaks long lines."""
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
