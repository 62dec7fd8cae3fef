"""Inputs as a multiplexer is shown them: images made small, or vectors, all in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.outcomes.seen_inputs import counts_own_rows
from muxnet.pool.input_sources import open_inputs
from muxnet.pool.inputs import ArrayInputs, Inputs
from muxnet.pool.recorded_models import recorded_inputs
from muxnet.training.config import RunConfig

SIDE = 32  # of images of many sizes, in pixels, where the configuration says none
READ_AT_ONCE = 256  # inputs


def format_shown(inputs: Inputs, config: RunConfig) -> _core.ImageFormat | None:
    """Return the images that a multiplexer is to look at; None: vectors.

    Raises:
        ConfigError: inputs that no multiplexer can look at.

    """
    if inputs.kind not in ("images", "vectors"):
        expected = "images or vectors to look at, or vectors that come with them"
        raise ConfigError(error_text(inputs.name, expected, inputs.kind))
    if inputs.kind == "vectors":
        return None
    if isinstance(inputs, ArrayInputs):  # whose network makes images small by itself
        channels, height, width = inputs.values.shape[1:]
        return _core.ImageFormat(channels=channels, height=height, width=width)
    side = config.multiplexer.resolution or SIDE
    return _core.ImageFormat(height=side, width=side)


def read_shown(inputs: Inputs, shown: _core.ImageFormat | None) -> _core.Dataset:
    """Return all inputs in one format.

    Raises:
        ConfigError: images of several sizes as they are.
        OSError: an image that cannot be read.

    """
    values = np.concatenate(
        [
            _numbers(inputs, slice(start, start + READ_AT_ONCE), shown)
            for start in range(0, len(inputs), READ_AT_ONCE)
        ]
    )
    return _core.make_dataset(inputs.name, values, inputs.labels, list(inputs.class_names))


def _numbers(
    inputs: Inputs, rows: slice, shown: _core.ImageFormat | None
) -> NDArray[np.uint8] | NDArray[np.float32]:
    (batch,) = inputs.read(rows, [shown])
    if not isinstance(batch, np.ndarray):
        raise ConfigError(error_text(inputs.name, "images or vectors", inputs.kind))
    return batch


def open_recorded(spec: str, table: _core.OutcomeTable, *, split: str = "") -> Inputs:
    """Return the inputs that a table has the answers to, row by row, as ``open_inputs`` opens them.

    Without the images that cannot be read, where it was recorded without.

    Raises:
        ConfigError, OSError: as ``open_inputs`` and ``matching_rows``.

    """
    inputs = open_inputs(spec, split=split, known=table.class_names)
    try:
        return inputs.subset(matching_rows(table, inputs))
    except (ConfigError, OSError):
        known = table.class_names
        readable = open_inputs(spec, split=split, skip_unreadable=True, known=known)
        if not readable.unreadable:
            raise
        return readable.subset(matching_rows(table, readable))


def matching_rows(table: _core.OutcomeTable, data: Inputs) -> list[int]:
    """Return the row of ``data`` that each row of a table has the answers to.

    A table of ``collect`` names the bytes of its inputs, one of a run their data set; the rows of
    one that names neither must be as many, or those of the file that it is a part of, and have the
    same labels in the same order. Vectors that come with inputs of another kind are told apart by
    places and labels alone.

    Raises:
        ConfigError: the answers are to other inputs.

    """
    rows = _places(table, data) if _named(table, data) else _rows(table, data)
    other = np.flatnonzero(np.asarray(data.labels)[rows] != np.asarray(table.labels))
    if other.size:
        row = int(other[0])
        expected = f"label {int(table.labels[row])} of row {row + 1}, as in the table"
        raise ConfigError(error_text(data.name, expected, int(data.labels[rows[row]])))
    return rows


def _places(table: _core.OutcomeTable, data: Inputs) -> list[int]:
    """Return rows by the places that a table names."""
    places = {place: row for row, place in enumerate(np.asarray(data.source_index).tolist())}
    wanted = np.asarray(table.indices).tolist()
    if _moved(table, data):
        places = {place: row for row, place in enumerate(sorted(wanted))}
    missing = [place for place in wanted if place not in places]
    if missing:
        expected = f"all inputs that the table has answers to, such as number {missing[0]}"
        raise ConfigError(error_text(data.name, expected, f"{len(data):,} others"))
    return [places[place] for place in wanted]


def _rows(table: _core.OutcomeTable, data: Inputs) -> list[int]:
    """Return rows for a table that does not name its inputs: all, or its places in its file."""
    rows = list(range(len(table)))
    if len(table) != len(data):
        rows = np.asarray(table.indices).tolist()
        if not rows or max(rows) >= len(data):
            expected = f"{len(table):,} inputs, as the table has, which does not name them"
            raise ConfigError(error_text(data.name, expected, f"{len(data):,}"))
    if (np.asarray(data.labels) < 0).all():
        expected = "labels, by which rows match a table that does not name its inputs"
        raise ConfigError(error_text(data.name, expected, "none"))
    return rows


def _moved(table: _core.OutcomeTable, data: Inputs) -> bool:
    """Tell whether the same inputs, in the same order, have other places by now.

    As files have from which those that cannot be read have been taken away.
    """
    places, wanted = np.asarray(data.source_index), np.asarray(table.indices)
    same = "#" in table.source and data.kind != "vectors" and len(table) == len(data)
    return same and bool((np.diff(places) > 0).all()) and not np.isin(wanted, places).all()


def _named(table: _core.OutcomeTable, data: Inputs) -> bool:
    """Return whether a table names its inputs, and refuse those that it does not name."""
    if counts_own_rows(table):
        return False
    name, mark, digest = table.source.partition("#")
    if mark and data.kind == "vectors" and not _of_vectors(table):
        return True
    if mark:
        found = data.identity()["images"]
        if digest != found:
            raise ConfigError(error_text(data.name, f"the inputs {table.source}", f"#{found}"))
    elif name.partition("/")[0] != data.name:
        raise ConfigError(error_text(data.name, f"inputs of {table.source}", data.name))
    return True


def _of_vectors(table: _core.OutcomeTable) -> bool:
    """Return whether models were shown vectors."""
    shapes = [fields.get("recorded") for fields in recorded_inputs(table).values()]
    return any(isinstance(shape, list) and len(shape) == 1 for shape in shapes)
