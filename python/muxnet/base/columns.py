"""Files of a row per input and named columns: JSON, Parquet and CSV, read within limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import Array, objects, require_room
from muxnet.base.class_values import BOOLEANS, MISSING_WORDS, class_key
from muxnet.base.delimited import anything, nothing, read_delimited
from muxnet.base.errors import MOST_NAMES, ConfigError, error_text, shortened
from muxnet.base.file_endings import COLUMN_FILES, other_ending
from muxnet.base.files import parse_json, read_text
from muxnet.base.parquet_columns import Contents, read_parquet

Column: TypeAlias = Sequence[str] | Array | Contents
Columns: TypeAlias = Mapping[str, Column]

TEXT_BYTES = 256 << 20  # Python's texts take some twenty times as much
ROWS = 'an object for each input, in a list or a line each (of a data frame: orient="records")'
OBJECT_LINES = re.compile(r"\s*\{.*\}\s*\n\s*\{")  # not one that goes over several lines
BLANKS = "\u00a0\u202f\u2009"  # which do not break: between thousands, before a sign
THOUSANDS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:[{BLANKS}]\d{{3}})+(?!\d)", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
POINT_OR_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)


class Texts(list[str]):
    """The texts of a column; ``comma`` is a number with a decimal comma in its file, or empty."""

    comma = ""


def read_columns(
    path: Path,
    lists: Callable[[str], bool] = nothing,
    wanted: Callable[[str], bool] = anything,
) -> Columns:
    """Return the columns of a file, all of one length: CSV, TSV, JSON, its lines, or Parquet.

    ``lists`` tells which columns may hold a list in each row, as the file has it; others that do
    are refused where they are ``wanted``, else left out. What objects in JSON and Parquet hold are
    columns too, under the names of both: ``{"a": {"score": 1}}`` is ``a:score``. Bytes in Parquet
    are ``Contents``.

    Raises:
        ConfigError: another ending, or other contents.
        MissingPackageError: of Parquet without pyarrow.
        OSError: the file cannot be read.

    """
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv"):
        return _with_comma(read_delimited(path, TEXT_BYTES, wanted), wanted)
    if ending in (".json", ".jsonl", ".ndjson"):
        return _read_json(path, lists, wanted)
    if ending == ".parquet":
        return read_parquet(path, lists, wanted)
    raise other_ending(path, COLUMN_FILES)


def _with_comma(columns: Mapping[str, list[str]], wanted: Callable[[str], bool]) -> Columns:
    """Return columns that know whether numbers of their file have decimal commas."""
    found = {name: Texts(column) for name, column in columns.items()}
    looked_at = (found[name] for name in found if wanted(name))
    comma = next(filter(None, map(_decimal_comma, looked_at)), "")
    for column in found.values():
        column.comma = comma
    return found


def _decimal_comma(texts: Iterable[str | None]) -> str:
    """Return the first number with a comma that can be nothing but a decimal one."""
    cut = (text.strip() for text in texts if text and "," in text)
    return next((text for text in cut if _is_decimal_comma(text)), "")


def _is_decimal_comma(text: str) -> bool:
    bare = _bare(text)
    if DECIMAL_COMMA.fullmatch(bare) is None:
        return False
    whole, _, rest = bare.partition(",")
    between = len(rest) == 3 and whole.lstrip("+-0") != ""  # it may stand between thousands: 1,234
    return not between or THOUSANDS.match(text) is not None


def _bare(text: str) -> str:
    """Return a number without its sign of per cent, and without blanks between thousands."""
    text = text.removesuffix("%").rstrip()
    found = THOUSANDS.match(text)
    return text if found is None else re.sub(f"[{BLANKS}]", "", found[0]) + text[found.end() :]


def texts_of(column: Column) -> list[str]:
    """Return each value as a text; an array of texts would give each the length of the longest."""
    if isinstance(column, np.ndarray) and column.dtype.kind != "O":
        texts: list[str] = column.astype(str).tolist()
        return texts
    return [str(value) for value in column]


def numbers_of(where: str, column: Column) -> NDArray[np.float64]:
    """Return each value as a number; NaN where there is none ("", "nan", "NA", None).

    "97 %" is 0.97, True is 1; commas are decimal ones where one can be nothing else in the column
    or its file. Beside those 1.250 may be 1250 and is refused.

    Raises:
        ConfigError: a value that is no number, or may be two, with its row.

    """
    if not isinstance(column, np.ndarray) or column.dtype.kind == "O":
        return _parsed(where, list(column), column.comma if isinstance(column, Texts) else "")
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    return _parsed(where, column.tolist())


def _parsed(where: str, values: list[object], comma: str = "") -> NDArray[np.float64]:
    odd = any(isinstance(value, str) and "_" in value for value in values)  # 1_0 is no number
    if not odd and not comma:
        try:
            return np.array(values, dtype=np.float64)  # of None NaN, of texts their numbers
        except (TypeError, ValueError, OverflowError):  # of whole numbers beyond all floats
            pass
    texts = [value if value is None else str(value).strip() for value in values]
    comma = _decimal_comma(texts) or comma
    found = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        written = text if isinstance(values[row], str) else None
        if written and comma and POINT_OR_THOUSANDS.fullmatch(_bare(written)):
            readings = f"{written.replace('.', '')} or {written.replace('.', ',')}"
            expected = f"{readings}, which it may both be beside decimal commas ({comma})"
            raise ConfigError(error_text(f"{where}, row {row + 1}", expected, written))
        try:
            found[row] = _number(text.replace(",", ".") if text and comma else text)
        except ValueError:
            expected = "a number, or nothing"
            raise ConfigError(error_text(f"{where}, row {row + 1}", expected, text)) from None
    return found


def _number(text: str | None) -> float:
    if not text or class_key(text) == "" or text in MISSING_WORDS:
        return float("nan")
    if "_" in text:  # Python's own way to write 1000 as 1_000
        raise ValueError(text)
    text = BOOLEANS.get(text.lower(), text)
    number = float(_bare(text))
    return number / 100 if text.endswith("%") else number


def _json_values(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the values of a list, or of each line, with their places.

    Raises:
        ConfigError: one object of columns, or of whole tables, as data frames are written too.

    """
    text = read_text(path, TEXT_BYTES)
    if OBJECT_LINES.match(text):
        for number, line in enumerate(text.split("\n"), start=1):
            where = f"{path}, line {number}"
            if line.strip():
                yield where, parse_json(line, where)
        return
    whole = parse_json(text, str(path)) if text.strip() else []
    if isinstance(whole, Mapping) and all(isinstance(held, dict | list) for held in whole.values()):
        received = f"one object of {shortened(', '.join(whole), MOST_NAMES)}"
        raise ConfigError(error_text(str(path), ROWS, received))
    values = whole if isinstance(whole, list) else [whole]
    yield from ((f"{path}, row {row}", value) for row, value in enumerate(values, start=1))


def _flat(value: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield what an object and those in it hold, by their names one after the other."""
    for key, held in value.items():
        name = f"{before}{key}"
        if isinstance(held, Mapping):
            yield from _flat(held, f"{name}:")
        else:
            yield name, held


def _read_json(path: Path, lists: Callable[[str], bool], wanted: Callable[[str], bool]) -> Columns:
    rows: list[Mapping[str, object]] = []
    for where, value in _json_values(path):
        if not isinstance(value, Mapping):
            raise ConfigError(error_text(where, ROWS, type(value).__name__))
        row = dict(_flat(value))
        for key in [key for key in row if isinstance(row[key], list) and not lists(key)]:
            if wanted(key):
                raise ConfigError(error_text(f"{where}, {key}", "a single value", "several"))
            del row[key]
        rows.append(row)
    if not rows:
        raise ConfigError(error_text(str(path), ROWS, "none"))
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_room(path, path.stat().st_size, 8 * len(rows) * len(names), f"{len(names):,} columns")
    return {name: objects([row.get(name) for row in rows]) for name in names}
