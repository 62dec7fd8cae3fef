"""Whole probabilities in one column, NAME:p: in each row a list, or an object by class."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import numpy as np

from muxnet.base.array_files import objects, require_room
from muxnet.base.class_values import MISSING_WORDS, class_key, class_text
from muxnet.base.columns import Column, Columns
from muxnet.base.errors import MOST_NAMES, ConfigError, error_text, shortened
from muxnet.base.files import parse_json
from muxnet.outcomes.model_columns import WHOLE, part_of

EXPECTED = "a list of probabilities, or an object of them by class, each once; in a text as JSON "
EXPECTED += "(other numbers: NAME:score)"
VALUES = (int, float, Decimal, str, type(None))  # the reader of numbers refuses other texts

Row: TypeAlias = list[object] | Mapping[str, object]


def spread(path: Path, columns: Columns) -> Columns:
    """Return columns with ``NAME:p0``, ... or ``NAME:p:CLASS``, ... in place of each ``NAME:p``.

    Of a NAME that is a model by no other column, one without any list or object is anybody's (of
    ``{"sampling": {"p": 0.95}}``, a test's p) and stays as it is.

    Raises:
        ConfigError: a row that holds something else; a column that is there already.

    """
    parts = [part_of(name) for name in columns]
    models = {model for model, part in parts if part not in ("", WHOLE)}
    found: dict[str, Column] = {}
    for (model, part), (name, column) in zip(parts, columns.items(), strict=True):
        whole = part == WHOLE and (model in models or any(map(_is_several, column)))
        own = _columns_of(path, name, column) if whole else {name: column}
        if twice := found.keys() & own.keys():
            received = f"{min(twice)} twice"
            raise ConfigError(error_text(f"{path}, columns", "different names", received))
        found |= own
    return found


def _columns_of(path: Path, name: str, column: Column) -> dict[str, Column]:
    rows = [_row(f"{path}, {name}, row {i}", value) for i, value in enumerate(column, start=1)]
    most = max((len(row) for row in rows if isinstance(row, list)), default=0)
    classes = dict.fromkeys(key for row in rows if isinstance(row, Mapping) for key in row)
    count = most + len(classes)
    require_room(path, path.stat().st_size, 8 * len(rows) * count, f"{count:,} columns")
    lists = [row if isinstance(row, list) else [] for row in rows]
    found: dict[str, Column] = {
        f"{name}{k}": objects([row[k] if k < len(row) else None for row in lists])
        for k in range(most)
    }
    by_class = [row if isinstance(row, Mapping) else {} for row in rows]
    return found | {f"{name}:{key}": objects([row.get(key) for row in by_class]) for key in classes}


def _is_several(value: object) -> bool:
    """Tell whether a row holds a list or an object, or what is to be one in a text."""
    return isinstance(value, list | Mapping | np.ndarray) or _is_written(value)


def _is_written(value: object) -> bool:
    return isinstance(value, str) and value.lstrip().startswith(("[", "{"))


def _row(where: str, value: object) -> Row:
    """Return the probabilities in a row; an empty list: there are none."""
    try:
        held = _plain(parse_json(str(value), where) if _is_written(value) else value)
    except ConfigError as error:  # as Python and NumPy write them, say
        raise ConfigError(error_text(where, EXPECTED, shortened(value, MOST_NAMES))) from error
    if not isinstance(held, list | Mapping) and class_key(held) in {"", *MISSING_WORDS}:
        return []
    values = list(held.values()) if isinstance(held, Mapping) else held
    if not isinstance(values, list) or not all(isinstance(item, VALUES) for item in values):
        raise ConfigError(error_text(where, EXPECTED, shortened(value, MOST_NAMES)))
    return held if isinstance(held, Mapping) else values


def _plain(value: object) -> object:
    """Return lists and objects as Python has them, of a batch of one what it holds."""
    held = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(held, list) or not held:
        return held
    if len(held) == 1 and isinstance(held[0], list | np.ndarray):
        return _plain(held[0])
    if not all(isinstance(pair, tuple) for pair in held):
        return held
    by_class = {class_text(key): item for key, item in held}  # a map of Parquet
    return by_class if len(by_class) == len(held) else held
