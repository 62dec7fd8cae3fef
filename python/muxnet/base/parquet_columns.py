"""Columns of Parquet files; what objects hold are columns too, bytes are read when asked for."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, overload

import numpy as np

from muxnet.base.array_files import Array, require_room
from muxnet.base.errors import MOST_NAMES, ConfigError, MissingPackageError, error_text, shortened
from muxnet.base.files import JSON_DEPTH, open_file

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import parquet

PARQUET_BYTES = 4 << 30
PARQUET_COLUMNS = 20_000  # ten models of 1,000 classes; its reader goes as deep as they are many
FEATURES = b"huggingface"  # the key of what Hugging Face's data sets say of their columns
GROUPS_KEPT = 2  # threads that go through rows together are at the end of one, or in the next

Places: TypeAlias = tuple[str, ...]
State: TypeAlias = tuple[int, ...]


class Contents(Sequence["bytes | None"]):
    """A column of bytes, of which a group of rows is read when one of them is asked for."""

    def __init__(self, path: Path, leaf: _Leaf, metadata: parquet.FileMetaData, state: State):
        self.path = path
        self._leaf, self._metadata, self._state = leaf, metadata, state
        counts = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        self._starts: list[int] = list(accumulate(counts, initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, at: int, /) -> bytes | None: ...
    @overload
    def __getitem__(self, at: slice, /) -> list[bytes | None]: ...
    def __getitem__(self, at: int | slice, /) -> bytes | list[bytes | None] | None:
        """Return the bytes of a row; None: it has none.

        Raises:
            ConfigError: the file is damaged, or another one by now.
            OSError: it cannot be read.

        """
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        row = range(len(self))[at]
        group = bisect_right(self._starts, row) - 1
        with _READING:
            values = _group_of(self, group)
        found: bytes | None = values[row - self._starts[group]].as_py()
        return found

    def __iter__(self) -> Iterator[bytes | None]:
        """Yield the bytes of each row; a group is looked for once, not for each of its rows."""
        for group in range(len(self._starts) - 1):
            with _READING:
                values = _group_of(self, group)
            yield from _array(values)

    def group(self, number: int) -> pyarrow.ChunkedArray:
        """Return a group of rows."""
        with _opened(self.path) as (parquet, file):
            if _state(file) != self._state:
                expected = "the file that was opened at first"
                raise ConfigError(error_text(str(self.path), expected, "another one by now"))
            leaf = self._leaf
            opened = parquet.ParquetFile(file, metadata=self._metadata, read_dictionary=[leaf.path])
            columns = _flattened(opened.read_row_group(number, columns=[leaf.path]))
            counted = self._starts[number + 1] - self._starts[number]
            return _checked(self.path, columns[leaf.places], counted)


_READING = Lock()


@functools.lru_cache(maxsize=GROUPS_KEPT)
def _group_of(column: Contents, number: int) -> pyarrow.ChunkedArray:
    """Return a group of rows; those of all files share what is kept, as each may be large."""
    return column.group(number)


@dataclasses.dataclass(frozen=True)
class _Leaf:
    """A column that holds no objects: where it stands in them."""

    places: Places
    type: pyarrow.DataType
    single: bool

    @property
    def name(self) -> str:
        """As of what objects in JSON hold."""
        return ":".join(self.places)

    @property
    def path(self) -> str:
        """As Parquet's schema has it."""
        return ".".join(self.places)


def read_parquet(
    path: Path, lists: Callable[[str], bool], wanted: Callable[[str], bool]
) -> dict[str, Array | Contents]:
    """Return the columns of a file, as ``read_columns``; those of bytes as ``Contents``.

    Raises:
        ConfigError: other contents, or wanted columns of lists or objects.
        MissingPackageError: without pyarrow.
        OSError: the file cannot be read.

    """
    with _opened(path) as (parquet, file):
        opened = parquet.ParquetFile(file, thrift_container_size_limit=PARQUET_COLUMNS)
        leaves = _leaves_of(opened)
        listed = {leaf for leaf in leaves if not leaf.single and lists(leaf.name)}
        _refuse(path, leaves, listed, wanted)
        counts = Counter(leaf.name for leaf in leaves)
        kept = [
            leaf for leaf in leaves if (leaf.single or leaf in listed) and counts[leaf.name] == 1
        ]
        _require_room(path, opened, file, {leaf.path for leaf in listed})
        held = {leaf for leaf in kept if leaf.single and _is_bytes(leaf.type)}
        columns = _read(path, opened, file, [leaf for leaf in kept if leaf not in held])
        state = _state(file)
    found: dict[str, Array | Contents] = {}
    for leaf in kept:
        if leaf in held:
            found[leaf.name] = column = Contents(path, leaf, opened.metadata, state)
            if len(column) != (rows := opened.metadata.num_rows):
                raise ConfigError(
                    error_text(str(path), f"{rows:,} rows in its groups", len(column))
                )
        else:
            found[leaf.name] = columns[leaf.places]
    return found


def said_of_numbers(path: Path) -> tuple[bytes, Sequence[str]]:
    """Return what one of Hugging Face's data sets says of a file, in JSON, and which columns count.

    Those are the columns of whole numbers; what is said of others is of other columns. Nothing
    where nothing is said.

    Raises:
        ConfigError, MissingPackageError, OSError: as ``read_parquet``.

    """
    with _opened(path) as (parquet, file):
        from pyarrow import types

        opened = parquet.ParquetFile(file, thrift_container_size_limit=PARQUET_COLUMNS)
        schema = opened.schema_arrow  # made anew whenever it is asked for
        said: bytes = (schema.metadata or {}).get(FEATURES, b"")
        return said, [field.name for field in schema if said and types.is_integer(field.type)]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[type[parquet], BinaryIO]]:
    """Yield pyarrow's module and an open file; what pyarrow raises is told as of that file."""
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError as error:
        raise MissingPackageError(str(path), "pyarrow", "parquet") from error
    with open_file(path, PARQUET_BYTES) as file:
        try:
            yield parquet, file
        except (ArrowException, OSError, UnicodeDecodeError) as error:  # of damaged contents too
            raise ConfigError(error_text(str(path), "a Parquet file", error)) from error


def _state(file: BinaryIO) -> State:
    """Return what tells whether a file is the same one later."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _leaves_of(opened: parquet.ParquetFile) -> list[_Leaf]:
    """Return all columns that hold no objects, or lie too deep."""
    repeated = {leaf.path for leaf in opened.schema if leaf.max_repetition_level > 0}
    within = {".".join(path.split(".")[:k]) for path in repeated for k in range(JSON_DEPTH + 1)}
    schema = opened.schema_arrow  # made anew whenever it is asked for
    return [
        _Leaf(places, kind, not _is_object(kind) and not within & {".".join(places)})
        for field in schema
        for places, kind in _inner((field.name,), field.type)
    ]


def _inner(places: Places, kind: pyarrow.DataType) -> Iterator[tuple[Places, pyarrow.DataType]]:
    if not _is_object(kind) or len(places) >= JSON_DEPTH:
        yield places, kind
        return
    for i in range(kind.num_fields):
        yield from _inner((*places, kind.field(i).name), kind.field(i).type)


def _is_object(kind: pyarrow.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind))


def _is_bytes(kind: pyarrow.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _refuse(
    path: Path, leaves: Sequence[_Leaf], lists: Collection[_Leaf], wanted: Callable[[str], bool]
) -> None:
    """Refuse wanted columns of lists, and of objects that hold nothing wanted, and names twice."""
    expected = "columns of single values"
    objects: dict[Places, list[_Leaf]] = {}
    names: set[str] = set()
    for leaf in leaves:
        for depth in range(1, len(leaf.places)):
            objects.setdefault(leaf.places[:depth], []).append(leaf)
        if not wanted(leaf.name):
            continue
        if not leaf.single and leaf not in lists:
            raise ConfigError(error_text(str(path), expected, leaf.name))
        if leaf.name in names:
            raise ConfigError(error_text(str(path), "different names", f"{leaf.name} twice"))
        names.add(leaf.name)
    for places, inner in objects.items():
        name = ":".join(places)
        if wanted(name) and not any(leaf.name in names for leaf in inner):
            held = dict.fromkeys(leaf.places[len(places)] for leaf in inner)
            received = f"{name}, which holds {shortened(', '.join(held), MOST_NAMES)}"
            raise ConfigError(error_text(str(path), expected, received))


def _require_room(
    path: Path, opened: parquet.ParquetFile, file: BinaryIO, lists: Collection[str]
) -> None:
    schema, size = opened.schema, os.fstat(file.fileno()).st_size
    groups = [opened.metadata.row_group(i) for i in range(opened.num_row_groups)]
    single = sum(column.max_repetition_level == 0 for column in schema)
    values = opened.metadata.num_rows * single + _list_values(opened, lists)
    needed = max(8 * values, sum(group.total_byte_size for group in groups))
    require_room(path, size, needed, f"{opened.metadata.num_rows:,} rows of {len(schema):,}")


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


def _within(leaf: str, name: str) -> bool:
    """Tell whether a column is, or holds, the one at such a place in the schema."""
    return leaf == name or leaf.startswith(f"{name}.")


def _read(
    path: Path, opened: parquet.ParquetFile, file: BinaryIO, leaves: Sequence[_Leaf]
) -> dict[Places, Array]:
    """Return columns; texts are kept once each, however often a row refers to them."""
    from pyarrow import concat_tables

    texts = [column.path for column in opened.schema if column.physical_type == "BYTE_ARRAY"]
    again = type(opened)(file, metadata=opened.metadata, read_dictionary=texts)
    flat = [leaf.path for leaf in leaves if len(leaf.places) == 1]
    inner = [leaf.path for leaf in leaves if len(leaf.places) > 1]
    found = _flattened(again.read(columns=flat))
    if inner:
        # What objects hold it reads from several groups at once only where nothing is kept once.
        groups = [again.read_row_group(i, inner) for i in range(opened.num_row_groups)]
        found |= _flattened(concat_tables(groups or [again.read(inner)]))
    rows = opened.metadata.num_rows
    return {places: _array(_checked(path, column, rows)) for places, column in found.items()}


def _flattened(table: pyarrow.Table) -> dict[Places, pyarrow.ChunkedArray]:
    columns = zip(table.column_names, table.columns, strict=True)
    return dict(pair for name, column in columns for pair in _flat_column((name,), column))


def _flat_column(
    places: Places, column: pyarrow.ChunkedArray
) -> Iterator[tuple[Places, pyarrow.ChunkedArray]]:
    """Yield what a column of objects holds; nothing where an object is missing."""
    if not _is_object(column.type):
        yield places, column
        return
    for i, inner in enumerate(column.flatten()):
        yield from _flat_column((*places, column.type.field(i).name), inner)


def _checked(path: Path, column: pyarrow.ChunkedArray, rows: int) -> pyarrow.ChunkedArray:
    """Return a column that has what it refers to, and as many rows as the file says."""
    column.validate(full=True)
    if len(column) != rows:
        raise ConfigError(error_text(str(path), f"{rows:,} rows in each column", len(column)))
    return column


def _array(column: pyarrow.ChunkedArray) -> Array:
    if column.null_count == len(column) and hasattr(column.type, "value_type"):
        return np.full(len(column), None, dtype=object)  # of an empty dictionary it can take none
    values: Array = column.to_numpy()
    if column.null_count and values.dtype.kind == "O":  # of a dictionary it gives the last one
        return np.where(column.is_null().to_numpy(), np.array(None, dtype=object), values)
    return values
