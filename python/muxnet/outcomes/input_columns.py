"""Columns that say something of an input itself: its group, its features."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.class_values import MISSING_WORDS, class_key, class_text, merged_text
from muxnet.base.columns import Column, Columns, numbers_of
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import parse_json
from muxnet.outcomes.model_columns import FEATURE, Part, side_by_side

GROUP, FEATURES = "group", "features"
IDENTITY = "id"
LOG = logging.getLogger(__name__)

Fields: TypeAlias = dict[str, Any]


def groups_of(path: Path, columns: Columns) -> Fields:
    """Return groups by number; an input without one is a group of its own.

    Where there are none, say that some rows are of one input, as a column of that name tells.
    """
    if GROUP not in columns:
        _tell_repeated(path, columns.get(IDENTITY, ()))
        return {}
    return {"groups": group_numbers(f"{path}, {GROUP}", columns[GROUP])}


def group_numbers(where: str, column: Column) -> NDArray[np.int64]:
    """Return groups by number as they come; an input without one is a group of its own.

    Values are compared as classes are (``class_key``). It is said where two spellings are one
    group, and which words, such as "NA", are taken for none.
    """
    numbers: dict[object, int] = {}
    words = Counter(key for key in map(class_key, column) if key in MISSING_WORDS)
    keys = [_name(value) or row for row, value in enumerate(column)]
    found = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
    if words:
        told = ", ".join(f"{word!r} ({count:,} times)" for word, count in words.items())
        LOG.warning("%s: taken for no group: %s", where, told)
    spelled = dict.fromkeys(zip(map(class_text, column), found.tolist(), strict=True))
    if merged := merged_text(spelled, "group"):
        LOG.warning("%s: %s", where, merged)
    return found


def _name(value: object) -> str:
    """Return what a group or an input is called; the empty text: nothing."""
    key = class_key(value)
    return "" if key in MISSING_WORDS else key


def _tell_repeated(path: Path, values: Column) -> None:
    keys = [key for key in map(_name, values) if key]
    if repeated := len(keys) - len(set(keys)):
        told = "%s: %s of %s rows repeat an %s: --columns %s=%s keeps rows of one input together"
        rows = f"{repeated:,}", f"{len(values):,}"
        LOG.warning(told, path, *rows, IDENTITY, IDENTITY, GROUP)


def features_of(path: Path, columns: Columns) -> Fields:
    """Return features: columns of that kind in their order, or a list in each row of one."""
    single = {name: Part(name, columns[name]) for name in columns if name.startswith(FEATURE)}
    if single:
        return {"features": _complete(path, single, side_by_side(path, single))}
    if FEATURES not in columns:
        return {}
    rows = [_list(path, row, value) for row, value in enumerate(columns[FEATURES])]
    if uneven := [row for row, values in enumerate(rows) if len(values) != len(rows[0])]:
        where = f"{path}, {FEATURES}, row {uneven[0] + 1}"
        raise ConfigError(error_text(where, f"{len(rows[0])} numbers", len(rows[uneven[0]])))
    return {"features": np.stack(rows).astype(np.float32)}


def _complete(
    path: Path, parts: Mapping[str, Part], values: NDArray[np.float32]
) -> NDArray[np.float32]:
    for row, i in np.argwhere(np.isnan(values))[:1]:
        where = f"{path}, {list(parts)[i]}, row {row + 1}"
        raise ConfigError(error_text(where, "a number", "none"))
    return values


def _list(path: Path, row: int, value: object) -> NDArray[np.float64]:
    where = f"{path}, {FEATURES}, row {row + 1}"
    given = parse_json(value, where) if isinstance(value, str) else value
    if not isinstance(given, (list, np.ndarray)) or not len(given):
        raise ConfigError(error_text(where, "a list of numbers", type(given).__name__))
    return numbers_of(where, np.asarray(given))
