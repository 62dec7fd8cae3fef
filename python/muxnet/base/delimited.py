"""Texts of a line per row and separated columns, as spreadsheets and data frames write them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import read_text

SEPARATORS = ",;\t|"
HEADER_CHARACTERS = 4 << 20
DECLARED = "sep="  # first line of a spreadsheet's file: its separator


class _Form(csv.excel):
    skipinitialspace = True
    strict = True


def read_delimited(path: Path, most: int) -> dict[str, list[str]]:
    """Return the columns of a text, by their names in its first line; those without are left out.

    Columns are separated by whichever of ``SEPARATORS`` divides the first line into most. Blank
    lines are passed over, blanks after each separator too; fields are as long as they are.

    Raises:
        ConfigError: no text in UTF-8, no header, a name twice, a row of another length, a quote
            that does not end.
        OSError: the file cannot be read.

    """
    text = read_text(path, most)
    separator = ""
    if text[: len(DECLARED)].lower() == DECLARED:
        first, _, text = text.partition("\n")
        separator = first[len(DECLARED) :].strip("\r")
    rows = _rows(path, text, separator or separator_of(text))
    _, header = next(rows, (0, None))
    if header is None:
        raise ConfigError(error_text(str(path), "a header", "an empty file"))
    names = [name.strip() for name in header]
    kept = [i for i, name in enumerate(names) if name]
    columns: list[list[str]] = [[] for _ in kept]
    for number, row in rows:
        if len(row) != len(names):
            expected = f"{len(names)} columns"
            raise ConfigError(error_text(f"{path}, line {number}", expected, len(row)))
        for column, i in zip(columns, kept, strict=True):
            column.append(row[i])
    found = {names[i]: column for i, column in zip(kept, columns, strict=True)}
    if len(found) != len(kept):
        twice = sorted(name for name, times in Counter(names).items() if name and times > 1)
        raise ConfigError(error_text(f"{path}, header", "columns with different names", twice))
    return found


def separator_of(text: str) -> str:
    """Return what separates the columns of a text: what divides its first line into most."""
    return max(SEPARATORS, key=lambda mark: _columns_by(text[:HEADER_CHARACTERS], mark))


def _columns_by(text: str, separator: str) -> int:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), _Form, delimiter=separator)
        return next((len(row) for row in rows if any(row)), 0)
    except csv.Error:
        return 0


def _rows(path: Path, text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield rows that are not blank, with the numbers of their last lines."""
    lines = csv.reader(io.StringIO(text, newline=""), _Form, delimiter=separator)
    before = csv.field_size_limit(max(len(text), 1))
    try:
        for row in lines:
            if len(row) > 1 or any(value.strip() for value in row):
                yield lines.line_num, row
    except csv.Error as error:
        where = f"{path}, line {lines.line_num}"
        raise ConfigError(error_text(where, "lines of values", error)) from error
    finally:
        csv.field_size_limit(before)
