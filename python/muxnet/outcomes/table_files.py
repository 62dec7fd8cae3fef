"""Recorded answers of anybody's models as outcome tables, from the files that people have."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import read_arrays
from muxnet.base.columns import Array, Column, Columns, read_columns, require_room, texts_of
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UsageError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.class_order import Classes, number_classes, remade, with_classes

if TYPE_CHECKING:
    Tables: TypeAlias = dict[str, _core.OutcomeTable]

# Parts of a file that divides its inputs itself; any other split is made by the reader.
PARTS = ("held_out", "test")


def read_outcomes(
    path: str | os.PathLike[str],
    costs: Mapping[str, float] | None = None,
    classes: Classes | None = None,
) -> Tables:
    """Return the outcome tables at ``path``: ``{"all": table}``, or ``held_out`` and ``test``.

    - ``.safetensors``: what ``OutcomeTable.save`` wrote;
    - ``.npz``: ``probabilities`` (n, N, K), ``labels`` (n), ``macs`` (N), optionally ``models``
      (N names), ``features`` (n, F); or all but ``macs`` and ``models`` with ``held_out_`` and
      ``test_`` before their names;
    - the folder of a finished run: its held-out, calibration and test part;
    - ``.csv``, ``.parquet``: a row per input with ``label`` and per model ``NAME:prediction`` and
      ``NAME:confidence``, or ``NAME:p0``, ``NAME:p1``, ... Of a confidence alone the rest is
      spread evenly over the other classes.

    ``classes`` are those of another table, or of a router, which keep their numbers here.
    ``costs``, by model, replace the file's own; CSV and Parquet have none.

    Raises:
        ConfigError: a column, array or cost that is missing or too much, or does not fit.
        OSError: the file cannot be read.

    >>> table = muxnet.read_outcomes("answers.csv", {"small": 0.3e9, "large": 4.1e9})["all"]
    >>> table.models, len(table)
    (['small', 'large'], 200)

    """
    path = Path(path)
    if path.is_dir():
        return _read_run(path, dict(costs or {}))
    readers = {
        ".safetensors": _read_safetensors,
        ".npz": _read_npz,
        ".csv": _read_columns,
        ".parquet": _read_columns,
    }
    if path.suffix not in readers:
        raise ConfigError(error_text(str(path), " or ".join(readers), path.suffix or "no ending"))
    known = classes or Classes()
    tables = readers[path.suffix](path, dict(costs or {}), known)
    return {part: with_classes(table, known, str(path)) for part, table in tables.items()}


def parse_costs(text: str | None) -> dict[str, float]:
    """Return ``NAME=COST,...`` as a mapping.

    Raises:
        UsageError: another form, or a cost that is no positive number.

    """
    costs: dict[str, float] = {}
    for item in (text or "").split(",") if text else ():
        name, equals, value = item.rpartition("=")
        try:
            cost = float(value)
        except ValueError:
            cost = 0.0
        if not equals or not name or not 0 < cost < float("inf") or name in costs:
            expected = "NAME=COST,... with a positive cost for each name"
            raise UsageError(error_text("--costs", expected, item))
        costs[name] = cost
    return costs


def read_fitting_part(
    path: str | os.PathLike[str], costs: Mapping[str, float]
) -> _core.OutcomeTable:
    """Return the table to fit on: the held-out part of a file that divides its inputs, else all."""
    tables = read_outcomes(path, costs)
    return tables["held_out"] if "held_out" in tables else tables["all"]


def read_evaluation_part(
    path: str | os.PathLike[str], costs: Mapping[str, float], classes: Classes
) -> _core.OutcomeTable:
    """Return the table to evaluate on: the test part of a file that divides itself, else all."""
    tables = read_outcomes(path, costs, classes)
    return tables["test"] if "test" in tables else tables["all"]


def _read_run(path: Path, costs: dict[str, float]) -> Tables:
    tables = {}
    for part in ("held_out", "calibration", "test"):
        file = RunFolder(path).outcomes(part)
        if not file.is_file():
            raise ConfigError(error_text(str(path), f"a finished run's {file.name}", "none"))
        if part != "calibration" or not costs:  # it is there for the multiplexer, with its cost
            tables[part] = _read_safetensors(file, costs, Classes())["all"]
    return tables


def _read_safetensors(path: Path, costs: dict[str, float], _: Classes) -> Tables:
    table = _core.OutcomeTable.load(path)
    if not costs:
        return {"all": table}
    return {"all": remade(table, costs={"cost": _costs(path, table.models, costs)})}


def _read_npz(path: Path, costs: dict[str, float], _: Classes) -> Tables:
    arrays = read_arrays(path)
    prefixes = ("held_out_", "test_") if "held_out_probabilities" in arrays else ("",)
    tables = {}
    for prefix in prefixes:
        probabilities, labels = (
            _array(path, arrays, prefix + name) for name in ("probabilities", "labels")
        )
        if probabilities.ndim != 3 or probabilities.dtype.kind != "f":
            received = f"{probabilities.dtype} {probabilities.shape}"
            expected = "numbers of shape (n, N, K)"
            raise ConfigError(error_text(f"{path}, {prefix}probabilities", expected, received))
        names = _names(path, arrays, probabilities.shape[1])
        if not costs:
            known = _array(path, arrays, "macs")
            kinds = {"macs": [float(value) for value in np.ravel(known)]}
        else:
            kinds = {"cost": _costs(path, names, costs)}
        part = prefix.rstrip("_") or "all"
        given = (names, probabilities, labels, kinds, arrays.get(prefix + "features"))
        tables[part] = _table(path, part, *given)
    return tables


def _read_columns(path: Path, costs: dict[str, float], classes: Classes) -> Tables:
    return {"all": _from_columns(path, read_columns(path), costs, classes)}


def _from_columns(
    path: Path, columns: Columns, costs: dict[str, float], known: Classes
) -> _core.OutcomeTable:
    if "label" not in columns or not len(columns["label"]):
        raise ConfigError(error_text(str(path), "a column label with a row per input", "none"))
    names = list(dict.fromkeys(name.rpartition(":")[0] for name in columns if ":" in name))
    if not names:
        expected = "columns NAME:prediction and NAME:confidence, or NAME:p0, NAME:p1, ..."
        raise ConfigError(error_text(str(path), expected, ", ".join(columns)))
    if f"{names[0]}:prediction" in columns:
        probabilities, labels, classes = _from_top_answers(path, columns, names, known)
    else:
        probabilities, labels = _from_distributions(path, columns, names)
        classes = [str(k) for k in range(probabilities.shape[2])]
    kinds = {"cost": _costs(path, names, costs)}
    return _table(path, "all", names, probabilities, labels, kinds, classes=classes)


def _from_top_answers(
    path: Path, columns: Columns, names: Sequence[str], known: Classes
) -> tuple[NDArray[np.float32], NDArray[np.int32], list[str]]:
    """Return probabilities, labels and class names, by anything, of top answers alone."""
    predictions = [_column(path, columns, f"{name}:prediction") for name in names]
    given = [_numbers(path, columns, f"{name}:confidence") for name in names]
    for name, values in zip(names, given, strict=True):
        bad = np.flatnonzero(~((values > 0) & (values <= 1)))
        if bad.size:
            where = f"{path}, {name}:confidence, row {bad[0] + 1}"
            raise ConfigError(error_text(where, "a number above 0, at most 1", values[bad[0]]))
    confidences = np.stack(given, axis=1)
    texts = [texts_of(column) for column in (columns["label"], *predictions)]
    classes, (labels, *top) = number_classes(str(path), texts[0], texts[1:], known)
    # So many classes that what is left for each of the others stays below the top one's: of
    # softmax over K classes this is K at most, so that files of the same models come to the same.
    lowest = float(confidences.min())
    count = max(len(classes), int(min((1 + 1e-6) / lowest, 1e18)) + 1, 2, known.count)
    if known.names and count > known.count:
        # The classes are known, and no confidence over so many is lower than all alike.
        count = max(known.count, len(classes))
        confidences = np.maximum(confidences, (1 + 1e-3) / count)
    needed = 4 * confidences.size * count
    what = f"{count:,} classes: {len(classes):,} named, a lowest confidence of {lowest:g}"
    require_room(path, path.stat().st_size, needed, what)
    rest = (1 - confidences) / (count - 1)
    probabilities = np.repeat(rest.astype(np.float32)[:, :, None], count, axis=2)
    np.put_along_axis(probabilities, np.stack(top, axis=1)[:, :, None], confidences[:, :, None], 2)
    return probabilities, labels, classes


def _from_distributions(
    path: Path, columns: Columns, names: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    count = sum(1 for name in columns if name.startswith(f"{names[0]}:p"))
    probabilities = np.stack(
        [
            np.stack([_numbers(path, columns, f"{name}:p{k}") for k in range(count)], axis=1)
            for name in names
        ],
        axis=1,
    )
    labels = _numbers(path, columns, "label")
    bad = np.flatnonzero((labels != np.floor(labels)) | (labels < 0) | (labels >= count))
    if bad.size:
        where = f"{path}, label, row {bad[0] + 1}"
        raise ConfigError(error_text(where, f"a class of 0 .. {count - 1}", labels[bad[0]]))
    return probabilities.astype(np.float32), labels.astype(np.int32)


def _table(
    path: Path,
    part: str,
    names: Sequence[str],
    probabilities: Array,
    labels: Array,
    costs: dict[str, list[float]],
    features: Array | None = None,
    classes: Sequence[str] = (),
) -> _core.OutcomeTable:
    return _core.OutcomeTable(
        list(names),
        np.ascontiguousarray(probabilities, dtype=np.float32),
        costs,
        labels=np.ascontiguousarray(labels, dtype=np.int32),
        split="" if part == "all" else part,
        source=f"{path.name}/{part}",
        features=np.ascontiguousarray(() if features is None else features, dtype=np.float32),
        class_names=list(classes),
    )


def _costs(path: Path, names: Sequence[str], costs: Mapping[str, float]) -> list[float]:
    if set(costs) != set(names):
        expected = "one each for " + ", ".join(names) + " (--costs NAME=COST,...)"
        received = ", ".join(f"{name}={cost:g}" for name, cost in costs.items()) or "none"
        raise ConfigError(error_text(f"{path}, costs", expected, received))
    return [costs[name] for name in names]


def _array(path: Path, arrays: Mapping[str, Array], name: str) -> Array:
    if name not in arrays:
        raise ConfigError(error_text(str(path), f"an array {name}", ", ".join(arrays)))
    return arrays[name]


def _names(path: Path, arrays: Mapping[str, Array], count: int) -> list[str]:
    names = arrays.get("models", np.array([f"model_{i}" for i in range(count)]))
    if names.shape != (count,):
        raise ConfigError(error_text(f"{path}, models", f"{count} names", names.shape))
    return [str(name) for name in names]


def _column(path: Path, columns: Columns, name: str) -> Column:
    if name not in columns:
        raise ConfigError(error_text(str(path), f"a column {name}", ", ".join(columns)))
    return columns[name]


def _numbers(path: Path, columns: Columns, name: str) -> NDArray[np.float64]:
    values = _column(path, columns, name)
    try:
        return np.asarray(values, dtype=np.float64)
    except ValueError as error:
        raise ConfigError(f"[{path}, {name}] expected numbers, received {error}") from error
