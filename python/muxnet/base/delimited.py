"""Texts of a line per row and separated columns, as spreadsheets and data frames write them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from muxnet.base.errors import ConfigError, error_text, shortened
from muxnet.base.files import read_text

SEPARATORS = ",;\t|"
HEADER_CHARACTERS = 4 << 20
HEADER_SHOWN = 60  # characters of it in a message
DECLARED = "sep="  # first line of a spreadsheet's file: its separator


def anything(_: str) -> bool:
    """Return that a column of whatever name matters."""
    return True


def nothing(_: str) -> bool:
    """Return that no column matters."""
    return False


class _Form(csv.excel):
    skipinitialspace = True
    strict = True


def read_delimited(
    path: Path, most: int, wanted: Callable[[str], bool] = anything
) -> dict[str, list[str]]:
    """Return the columns of a text, by their names in its first line.

    Those without a name, and those of one name that are not ``wanted``, are left out.

    Columns are separated by whichever of ``SEPARATORS`` divides the first line into most. Blank
    lines are passed over, blanks after each separator too; fields are as long as they are.

    Raises:
        ConfigError: no text in UTF-8, no header or one in two lines, a wanted name twice, a row of
            another length, a quote that does not end.
        OSError: the file cannot be read.

    """
    text = read_text(path, most)
    separator = ""
    if text[: len(DECLARED)].lower() == DECLARED:
        first, _, text = text.partition("\n")
        separator = first[len(DECLARED) :].strip("\r")
    separator = separator or separator_of(text)
    rows = _rows(path, text, separator)
    named_at, header = next(rows, (0, None))
    if header is None:
        raise ConfigError(error_text(str(path), "a header", "an empty file"))
    names = [name.strip() for name in header]
    second = next(rows, None)
    kept = _kept(path, names, () if second is None else second[1], wanted)
    columns: list[list[str]] = [[] for _ in kept]
    for number, row in rows if second is None else chain([second], rows):
        if len(row) != len(names):
            named = shortened(separator.join(names), HEADER_SHOWN)
            expected = f"{len(names)} columns, as line {named_at} names them ({named})"
            raise ConfigError(error_text(f"{path}, line {number}", expected, len(row)))
        for column, i in zip(columns, kept, strict=True):
            column.append(row[i])
    return {names[i]: column for i, column in zip(kept, columns, strict=True)}


def _kept(
    path: Path, names: Sequence[str], second: Sequence[str], wanted: Callable[[str], bool]
) -> list[int]:
    """Return the places of the columns with a name of their own, of a header and the row below.

    Raises:
        ConfigError: a wanted name twice; names in two lines, as of a data frame; none.

    """
    times = Counter(names)
    if twice := [name for name in times if name and times[name] > 1 and wanted(name)]:
        raise ConfigError(error_text(f"{path}, header", "columns with different names", twice))
    pairs = ((name, cell) for name, cell in zip(names, second, strict=False) if times[name] > 1)
    joined = (f"{name}:{cell.strip()}" for name, cell in pairs if name)
    two = next(filter(wanted, joined), "")
    kept = [i for i, name in enumerate(names) if name and times[name] == 1]
    if two or not kept:
        expected = f"different names in one line{two and f', such as {two}'}"
        raise ConfigError(error_text(f"{path}, header", expected, ", ".join(names)))
    return kept


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
