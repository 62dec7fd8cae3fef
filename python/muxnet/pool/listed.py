"""Inputs that are rows of a file, or of several in a folder: images by name or in it, and texts."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from muxnet.base.columns import Column, Columns, read_columns, texts_of
from muxnet.base.errors import MOST_NAMES, ConfigError, error_text, shortened
from muxnet.base.parquet_columns import Contents
from muxnet.pool.feature_names import checked_names, named_numbers
from muxnet.pool.image_files import HeldImage, ImageFile
from muxnet.pool.inputs import FileInputs, Inputs, Labels, Places, ValueInputs
from muxnet.pool.labelled import labels_of
from muxnet.pool.shards import ENDING, shards_of

Say: TypeAlias = Callable[[str], object]
# Inputs by part; of data that is not divided all of them are "".
Parts: TypeAlias = Mapping[str, Inputs]
Make: TypeAlias = Callable[[str, Labels, Sequence[str], Places, Sequence[ImageFile]], Inputs]

# Columns, by what they hold.
PATHS = ("path", "file", "filename", "image")
TEXTS = ("text", "sentence", "prompt")
LABELS = ("label", "class")
IN_OBJECTS = ("image:path", "img:path")  # where no column of PATHS is
IMAGES = ("image", "img", "bytes", "image_bytes", "image:bytes", "img:bytes")
PATH_LENGTH = 4096  # the most that Linux opens


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The inputs of a file, with their labels and the names of classes where it has them.

    ``taken`` is the column of the labels where its name does not say that they are some.
    """

    inputs: Sequence[ImageFile]
    labels: Column | None
    class_names: Sequence[str]
    columns: Columns
    taken: str = ""


Read: TypeAlias = Callable[[Path, Say], _Rows]
Named: TypeAlias = Mapping[str, object]  # what the classes of a column are called, as it is said


def open_list(path: Path, say: Say, known: Sequence[str]) -> Parts:
    """Return the images that a file, or each part of a folder of them, names or holds.

    Raises:
        ConfigError: columns that do not fit, files that are missing.
        OSError: a file cannot be read.

    """
    return _open(path, say, known, _images, FileInputs)


def open_texts(path: Path, say: Say, known: Sequence[str]) -> Parts:
    """Return the texts of a file, or of each part of a folder of them.

    Raises:
        ConfigError, OSError: as ``open_list``.

    """
    return _open(path, say, known, _texts, ValueInputs)


def say_unlabelled(
    where: str, labels: Labels, expected: str, found: Iterable[str], say: Say
) -> None:
    """Say of a file where labels are expected, and what it has, where nothing is labelled."""
    if (labels < 0).all():
        received = shortened(", ".join(found), MOST_NAMES)
        say(f"{where}: nothing is labelled: expected {expected}, received {received}")


def _open(path: Path, say: Say, known: Sequence[str], read: Read, make: Make) -> Parts:
    folder = path.is_dir()
    files = shards_of(path, say) if folder else {"": [path]}
    parts = {part: [read(file, say) for file in shards] for part, shards in files.items()}
    every = [rows for part in parts.values() for rows in part]
    for column in sorted({rows.taken for rows in every} - {""}):
        say(f"{path}: labels are those of its column {column}")
    labels, classes = _labels_of(path, every, known)
    name = path.resolve().name if folder else path.stem
    found, start = {}, 0
    for part, tables in parts.items():
        inputs = [one for rows in tables for one in rows.inputs]
        own = labels[start : start + len(inputs)]
        start += len(inputs)
        where = f"{path}, {part}" if part else str(path)
        say_unlabelled(where, own, "a column label or class", tables[0].columns, say)
        places = np.arange(len(inputs), dtype=np.int64)
        found[part] = make(name, own, classes, places, inputs)
    return {"": found["train"]} if list(found) == ["train"] else found


def _labels_of(
    path: Path, tables: Sequence[_Rows], known: Sequence[str]
) -> tuple[Labels, Sequence[str]]:
    """Return the labels of all rows, whose classes are those of all files."""
    count = sum(len(rows.inputs) for rows in tables)
    if all(rows.labels is None for rows in tables):
        return labels_of(str(path), count, None, known=known)
    named = {tuple(rows.class_names) for rows in tables if rows.labels is not None}
    if len(named) > 1:
        first, second = sorted(named)[:2]
        expected = f"the same names of classes in each file, as {shortened(first, MOST_NAMES)}"
        raise ConfigError(error_text(str(path), expected, shortened(second, MOST_NAMES)))
    labels: list[object] = []
    for rows in tables:
        labels += [None] * len(rows.inputs) if rows.labels is None else list(rows.labels)
    return labels_of(str(path), count, labels, list(named.pop()), known=known)


def _images(path: Path, say: Say) -> _Rows:
    columns, named = _read(path, (*PATHS, *IN_OBJECTS, *IMAGES), say)
    held = [name for name in _spelled(columns, IMAGES) if isinstance(columns[name], Contents)]
    if len(held) > 1:
        raise ConfigError(error_text(str(path), "one column of images", ", ".join(held)))
    if held:
        return _rows(path, columns, _held(path, columns, held[0]), named)
    inner = _spelled(columns, IN_OBJECTS) and not _spelled(columns, PATHS)
    files = _texts_in(path, columns, IN_OBJECTS if inner else PATHS, PATH_LENGTH)
    return _rows(path, columns, [os.path.join(path.parent, file) for file in files], named)


def _held(path: Path, columns: Columns, name: str) -> list[HeldImage]:
    """Return the images of a column of bytes; where a row has none, that of the path beside it."""
    column, beside = columns[name], name.removesuffix(":bytes") + ":path"
    assert isinstance(column, Contents)
    if beside not in columns:
        return [HeldImage(str(path), column, row) for row in range(len(column))]
    given = _texts_in(path, columns, [beside.strip().lower()], PATH_LENGTH)
    files = [
        os.path.join(path.parent, file) if value else ""
        for value, file in zip(columns[beside], given, strict=True)
    ]
    return [HeldImage(str(path), column, row, file) for row, file in enumerate(files)]


def _texts(path: Path, say: Say) -> _Rows:
    columns, named = _read(path, TEXTS, say)
    return _rows(path, columns, _texts_in(path, columns, TEXTS), named)


def _read(path: Path, names: Sequence[str], say: Say) -> tuple[Columns, Named]:
    """Return the columns of these names and those of classes, and what the latter's are called."""
    named = named_numbers(path, say) if path.suffix.lower() == ENDING else {}
    known = _one_of((*names, *LABELS))
    return read_columns(path, wanted=lambda column: column in named or known(column)), named


def _rows(path: Path, columns: Columns, inputs: Sequence[ImageFile], named: Named) -> _Rows:
    """Return inputs with labels, of a column of that name, else of the only one of classes."""
    spelled = _spelled(columns, LABELS)
    if not spelled and len(named) != 1:
        return _Rows(inputs, None, (), columns)
    column = _only(path, columns, LABELS) if spelled else next(iter(named))
    classes = checked_names(named[column], f"{path}, {column}") if column in named else ()
    return _Rows(inputs, columns[column], classes, columns, "" if spelled else column)


def _only(path: Path, columns: Columns, names: Sequence[str]) -> str:
    """Return how the one column of these names is spelled."""
    found = _spelled(columns, names)
    if len(found) != 1:
        expected = f"one column of {', '.join(names)}"
        raise ConfigError(error_text(str(path), expected, ", ".join(columns) or "none"))
    return found[0]


def _texts_in(path: Path, columns: Columns, names: Sequence[str], most: int = 0) -> list[str]:
    """Return the column of one of these names as texts, of at most so many characters each."""
    name = _only(path, columns, names)
    where = f"{path}, {name}"
    if any(isinstance(value, bytes) for value in columns[name]):
        raise ConfigError(error_text(where, "texts", "bytes"))
    texts = texts_of(columns[name])
    longest = max(texts, key=len, default="")
    if most and len(longest) > most:
        expected = f"texts of at most {most:,} characters"
        raise ConfigError(error_text(where, expected, shortened(longest, MOST_NAMES)))
    return texts


def _spelled(columns: Columns, names: Sequence[str]) -> list[str]:
    """Return the columns of these names, in whatever case, as those of answers."""
    return list(filter(_one_of(names), columns))


def _one_of(names: Sequence[str]) -> Callable[[str], bool]:
    """Return how columns of these names are known."""
    return lambda column: column.strip().lower() in names
