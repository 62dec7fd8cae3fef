"""Files of a row per input and named columns: CSV, JSON lines and Parquet, read within limits."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import room
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.base.files import open_file, parse_json, read_text

if TYPE_CHECKING:
    from types import ModuleType

Array: TypeAlias = NDArray[np.generic]
Column: TypeAlias = Sequence[str] | Array
Columns: TypeAlias = Mapping[str, Column]

CSV_BYTES = 256 << 20  # Python's texts take some twenty times as much
PARQUET_BYTES = 4 << 30
PARQUET_COLUMNS = 20_000  # ten models of 1,000 classes; its reader goes as deep as they are many


def read_columns(path: Path) -> Columns:
    """Return the columns of a file, all of one length: ``.csv``, ``.jsonl`` or ``.parquet``.

    Raises:
        ConfigError: another ending, or other contents.
        MissingPackageError: of Parquet without pyarrow.
        OSError: the file cannot be read.

    """
    readers = {".csv": _read_csv, ".jsonl": _read_json_lines, ".parquet": _read_parquet}
    if path.suffix.lower() not in readers:
        raise ConfigError(error_text(str(path), " or ".join(readers), path.suffix or "no ending"))
    return readers[path.suffix.lower()](path)


def texts_of(column: Column) -> list[str]:
    """Return each value as a text; an array of texts would give each the length of the longest."""
    if isinstance(column, np.ndarray) and column.dtype.kind != "O":
        texts: list[str] = column.astype(str).tolist()
        return texts
    return [str(value) for value in column]


def require_room(path: Path, file_bytes: int, needed: int, what: str) -> None:
    """Refuse to make ``needed`` bytes of a file of so few.

    Raises:
        ConfigError: it is too small.

    """
    most = room(file_bytes, 64 << 20, 1000)
    if needed > most:
        expected = f"at most {most:,} bytes made of {file_bytes:,} in the file"
        raise ConfigError(error_text(str(path), expected, f"{needed:,} for {what}"))


def _read_csv(path: Path) -> Columns:
    try:
        lines = list(csv.reader(io.StringIO(read_text(path, CSV_BYTES), newline="")))
    except csv.Error as error:
        raise ConfigError(error_text(str(path), "lines of values", error)) from error
    if not lines:
        raise ConfigError(error_text(str(path), "a header", "an empty file"))
    header, rows = lines[0], lines[1:]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            expected = f"{len(header)} columns"
            raise ConfigError(error_text(f"{path}, line {number}", expected, len(row)))
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    if len(columns) != len(header):
        twice = sorted(name for name, times in Counter(header).items() if times > 1)
        raise ConfigError(error_text(f"{path}, header", "columns with different names", twice))
    return columns


def _read_json_lines(path: Path) -> Columns:
    rows: list[Mapping[str, object]] = []
    for number, line in enumerate(read_text(path, CSV_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        value = parse_json(line, where)
        if not isinstance(value, Mapping):
            raise ConfigError(error_text(where, "an object", type(value).__name__))
        nested = [key for key, held in value.items() if isinstance(held, (list, dict))]
        if nested:
            raise ConfigError(error_text(f"{where}, {nested[0]}", "a single value", "several"))
        rows.append(value)
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_room(path, path.stat().st_size, 8 * len(rows) * len(names), f"{len(names):,} columns")
    return {name: np.array([row.get(name) for row in rows], dtype=object) for name in names}


def _read_parquet(path: Path) -> Columns:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingPackageError(str(path), "pyarrow", "parquet") from error
    with open_file(path, PARQUET_BYTES) as file:
        try:
            return _parquet_columns(path, parquet, file)
        except (ArrowException, OSError) as error:  # the second of damaged contents too
            raise ConfigError(error_text(str(path), "a Parquet file", error)) from error


def _parquet_columns(path: Path, parquet: ModuleType, file: BinaryIO) -> dict[str, Array]:
    """Return flat columns; texts are kept once each, however often a row refers to them."""
    opened = parquet.ParquetFile(file, thrift_container_size_limit=PARQUET_COLUMNS)
    schema, size = opened.schema, os.fstat(file.fileno()).st_size
    groups = (opened.metadata.row_group(i) for i in range(opened.num_row_groups))
    values = opened.metadata.num_rows * len(schema)
    needed = max(8 * values, sum(group.total_byte_size for group in groups))
    require_room(path, size, needed, f"{opened.metadata.num_rows:,} rows of {len(schema):,}")
    nested = [column.path for column in schema if column.max_repetition_level > 0]
    if nested:
        raise ConfigError(error_text(str(path), "columns of single values", nested[0]))
    texts = [column.path for column in schema if column.physical_type == "BYTE_ARRAY"]
    found = parquet.ParquetFile(file, metadata=opened.metadata, read_dictionary=texts).read()
    return {name: found.column(name).to_numpy() for name in found.column_names}
