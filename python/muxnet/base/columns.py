"""Files of a row per input and named columns: JSON, Parquet and CSV, read within limits."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import room
from muxnet.base.class_values import BOOLEANS, MISSING_WORDS, class_key
from muxnet.base.delimited import anything, read_delimited
from muxnet.base.errors import ConfigError, MissingPackageError, error_text, shortened
from muxnet.base.file_endings import COLUMN_FILES, other_ending
from muxnet.base.files import open_file, parse_json, read_text

if TYPE_CHECKING:
    from types import ModuleType

    import pyarrow
    from pyarrow import parquet

Array: TypeAlias = NDArray[np.generic]
Column: TypeAlias = Sequence[str] | Array
Columns: TypeAlias = Mapping[str, Column]

TEXT_BYTES = 256 << 20  # Python's texts take some twenty times as much
PARQUET_BYTES = 4 << 30
PARQUET_COLUMNS = 20_000  # ten models of 1,000 classes; its reader goes as deep as they are many
MOST_NAMES = 100  # characters of names in a message
ROWS = 'an object for each input, in a list or a line each (of a data frame: orient="records")'
OBJECT_LINES = re.compile(r"\s*\{.*\}\s*\n\s*\{")  # not one that goes over several lines
PROBABILITIES = ":p"  # the end of a name under which a list holds one of each class
BLANKS = "\u00a0\u202f\u2009"  # which do not break: between thousands, before a sign
THOUSANDS = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:[{BLANKS}]\d{{3}})+(?!\d)", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
POINT_OR_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)


class Texts(list[str]):
    """The texts of a column; ``comma`` is a number with a decimal comma in its file, or empty."""

    comma = ""


def read_columns(
    path: Path, lists: Collection[str] = (), wanted: Callable[[str], bool] = anything
) -> Columns:
    """Return the columns of a file, all of one length: CSV, TSV, JSON, its lines, or Parquet.

    ``lists`` names the columns that may hold a list of numbers in each row; others that do are
    refused where they are ``wanted``, else left out. What objects in JSON hold are columns too,
    under the names of both: ``{"a": {"score": 1}}`` is ``a:score``, and of
    ``{"a": {"p": [0.9, 0.1]}}`` they are ``a:p0`` and ``a:p1``.

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
        return _read_parquet(path, lists, wanted)
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


def require_room(path: Path, file_bytes: int, needed: int, what: str) -> None:
    """Refuse to make ``needed`` bytes of a file of so few.

    Raises:
        ConfigError: it is too small.

    """
    most = room(file_bytes, 64 << 20, 1000)
    if needed > most:
        expected = f"at most {most:,} bytes made of {file_bytes:,} in the file"
        raise ConfigError(error_text(str(path), expected, f"{needed:,} for {what}"))


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
        elif name.endswith(PROBABILITIES) and _are_numbers(held):
            yield from ((f"{name}{k}", number) for k, number in enumerate(held))
        else:
            yield name, held


def _are_numbers(value: object) -> TypeGuard[list[object]]:
    if not isinstance(value, list):
        return False
    return bool(value) and all(isinstance(item, int | float | None) for item in value)


def _read_json(path: Path, lists: Collection[str], wanted: Callable[[str], bool]) -> Columns:
    rows: list[Mapping[str, object]] = []
    for where, value in _json_values(path):
        if not isinstance(value, Mapping):
            raise ConfigError(error_text(where, ROWS, type(value).__name__))
        row = dict(_flat(value))
        for key in [key for key in row if isinstance(row[key], list) and key not in lists]:
            if wanted(key):
                raise ConfigError(error_text(f"{where}, {key}", "a single value", "several"))
            del row[key]
        rows.append(row)
    if not rows:
        raise ConfigError(error_text(str(path), ROWS, "none"))
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_room(path, path.stat().st_size, 8 * len(rows) * len(names), f"{len(names):,} columns")
    return {name: _objects([row.get(name) for row in rows]) for name in names}


def _objects(values: Sequence[object]) -> Array:
    """Return values one by one, lists too, which NumPy would take apart."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _read_parquet(path: Path, lists: Collection[str], wanted: Callable[[str], bool]) -> Columns:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError as error:
        raise MissingPackageError(str(path), "pyarrow", "parquet") from error
    with open_file(path, PARQUET_BYTES) as file:
        try:
            return _parquet_columns(path, parquet, file, lists, wanted)
        except (ArrowException, OSError, UnicodeDecodeError) as error:  # of damaged contents too
            raise ConfigError(error_text(str(path), "a Parquet file", error)) from error


def _parquet_columns(
    path: Path,
    parquet: ModuleType,
    file: BinaryIO,
    lists: Collection[str],
    wanted: Callable[[str], bool],
) -> dict[str, Array]:
    """Return flat columns; texts are kept once each, however often a row refers to them."""
    opened = parquet.ParquetFile(file, thrift_container_size_limit=PARQUET_COLUMNS)
    schema, size = opened.schema, os.fstat(file.fileno()).st_size
    names = opened.schema_arrow.names
    repeated = [column.path for column in schema if column.max_repetition_level > 0]
    held = {name: _held(opened.schema_arrow.field(name)) for name in names}
    several = {n for n in names if held[n] or any(_within(leaf, n) for leaf in repeated)}
    shares = {name for name in several if _is_list_of_numbers(opened.schema_arrow.field(name))}
    lists = {*lists, *shares}
    for name in several.difference(lists):
        if wanted(name):
            expected = "columns of single values"
            raise ConfigError(error_text(str(path), expected, f"{name}{held[name]}"))
    kept = [name for name in names if name not in several or name in lists]
    groups = [opened.metadata.row_group(i) for i in range(opened.num_row_groups)]
    values = opened.metadata.num_rows * (len(schema) - len(repeated))
    values += _list_values(opened, several.intersection(lists))
    needed = max(8 * values, sum(group.total_byte_size for group in groups))
    require_room(path, size, needed, f"{opened.metadata.num_rows:,} rows of {len(schema):,}")
    texts = [column.path for column in schema if column.physical_type == "BYTE_ARRAY"]
    again = parquet.ParquetFile(file, metadata=opened.metadata, read_dictionary=texts)
    found = again.read(columns=kept if several else None)
    arrays = {name: _array(found.column(name)) for name in found.column_names}
    flat: dict[str, Array] = {}
    for name, values in arrays.items():
        flat |= _spread(path, name, values) if name in shares else {name: values}
    return flat


def _held(field: pyarrow.Field) -> str:
    """Return what a column of objects holds; empty: it is none of them."""
    from pyarrow import types

    if not types.is_struct(field.type):
        return ""
    names = [field.type.field(i).name for i in range(field.type.num_fields)]
    return f", which holds {shortened(', '.join(names), MOST_NAMES)}"


def _is_list_of_numbers(field: pyarrow.Field) -> bool:
    """Tell whether a column holds a list of probabilities in each row."""
    if not field.name.endswith(PROBABILITIES) or not hasattr(field.type, "value_type"):
        return False
    return str(field.type.value_type) in ("float", "double", "halffloat")


def _spread(path: Path, name: str, rows: Array) -> dict[str, Array]:
    """Return the columns of a list in each row, None where a list is shorter."""
    most = max((len(row) for row in rows if row is not None), default=0)
    require_room(path, path.stat().st_size, 8 * len(rows) * most, f"{most:,} columns")
    lists = [() if row is None else row.tolist() for row in rows]
    return {
        f"{name}{k}": _objects([row[k] if k < len(row) else None for row in lists])
        for k in range(most)
    }


def _within(leaf: str, name: str) -> bool:
    """Tell whether a column is, or holds, the one at such a place in the schema."""
    return leaf == name or leaf.startswith(f"{name}.")


def _list_values(opened: parquet.ParquetFile, names: Collection[str]) -> int:
    """Return how many values the lists of these columns have, in all rows."""
    if not names:
        return 0
    # Asked of a damaged column PyArrow ends the process, where its reader refuses it.
    opened.scan_contents(columns=list(names))
    leaves = [column.path for column in opened.schema]
    places = [i for i, leaf in enumerate(leaves) if any(_within(leaf, name) for name in names)]
    groups = (opened.metadata.row_group(i) for i in range(opened.num_row_groups))
    return sum(int(group.column(i).num_values) for group in groups for i in places)


def _array(column: pyarrow.ChunkedArray) -> Array:
    values: Array = column.to_numpy()
    if column.null_count and values.dtype.kind == "O":  # of a dictionary it gives the last one
        return np.where(column.is_null().to_numpy(), np.array(None, dtype=object), values)
    return values
