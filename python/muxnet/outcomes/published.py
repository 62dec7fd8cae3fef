"""Recorded answers as published elsewhere, by the name of the collection, as columns of ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muxnet.base.array_files import read_arrays
from muxnet.base.class_values import class_text
from muxnet.base.columns import Columns, numbers_of, read_columns, texts_of
from muxnet.base.delimited import read_delimited
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import read_json, read_text

FILE_BYTES = 1 << 30  # prompts and whole answers stand in these files
UNNAMED = "Unnamed:"  # an index that pandas has written


@dataclasses.dataclass(frozen=True)
class Published:
    """Columns as ``table_of_columns`` takes them, by part of the inputs; costs where there are."""

    parts: Mapping[str, Columns]
    costs: Mapping[str, float] = dataclasses.field(default_factory=dict)


def read_published(form: str, path: Path) -> Published:
    """Return a collection as published, of one of ``FORMS``.

    Raises:
        ConfigError: an unknown form, or contents of another.
        OSError: a file cannot be read.

    """
    if form not in FORMS:
        raise ConfigError(error_text("--format", " or ".join(FORMS), form))
    return FORMS[form](path)


def _routerbench(path: Path) -> Published:
    """Read RouterBench's wide table: NAME its score, NAME|total_cost what the call cost."""
    columns, ending = read_columns(path), "|total_cost"
    names = [name.removesuffix(ending) for name in columns if name.endswith(ending)]
    names = [name for name in names if name in columns]
    if not names:
        expected = f"columns NAME and NAME{ending} of each model"
        raise ConfigError(error_text(str(path), expected, ", ".join(columns)))
    quality = {f"{name}:quality": columns[name] for name in names}
    costs = {f"{name}:cost": columns[f"{name}{ending}"] for name in names}
    return Published({"all": {**quality, **costs}})


def _routellm(path: Path) -> Published:
    """Read RouteLLM's table, or a folder of such: prompt, True or False of NAME, NAME_response."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    tables = [read_delimited(file, FILE_BYTES) for file in files]
    names = [name for name in (tables[0] if tables else {}) if not name.startswith(UNNAMED)]
    if "prompt" not in names or len(names) < 2:
        expected = "CSV with a column prompt and one of each model"
        raise ConfigError(error_text(str(path), expected, ", ".join(names) or "none"))
    for file, table in zip(files, tables, strict=True):
        if lacking := [name for name in names if name not in table]:
            raise ConfigError(error_text(str(file), f"a column {lacking[0]}", ", ".join(table)))
    others = {"prompt", *(f"{name}_response" for name in names)}
    models = [name for name in names if name not in others]
    right = {name: [value for table in tables for value in table[name]] for name in models}
    return Published({"all": {f"{name}:quality": values for name, values in right.items()}})


def _llmrouterbench(path: Path) -> Published:
    """Read LLMRouterBench's results: a JSON file for each data set, part and model.

    Of several the last is taken, by the time in its name; demonstrations are passed over.
    """
    latest: dict[tuple[str, str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for file in sorted(path.rglob("*.json"), key=lambda file: (file.stem[-15:], str(file))):
        found: Any = read_json(file, FILE_BYTES)
        if not isinstance(found, Mapping) or "records" not in found:
            raise ConfigError(error_text(str(file), "an object with records", type(found).__name__))
        if not found.get("demo", False):
            data, part, model = map(str, _held(file, found, "dataset_name", "split", "model_name"))
            rows = _objects(f"{file}, records", found["records"])
            latest[data, part, model] = [(str(*_held(file, row, "index")), row) for row in rows]
    answers = [
        (model, (data, part, index), record)
        for (data, part, model), records in latest.items()
        for index, record in records
    ]
    return Published({"all": _wide(path, answers, {"score": "quality", "cost": "cost"})})


def _routereval(path: Path) -> Published:
    """Read RouterEval's scores as arrays: train_score, test_score (n, N), model (N names)."""
    arrays = read_arrays(path)
    parts = {"held_out": "train_score", "test": "test_score"}
    if lacking := [name for name in parts.values() if name not in arrays]:
        raise ConfigError(error_text(str(path), f"an array {lacking[0]}", ", ".join(arrays)))
    shapes = {name: arrays[name].shape for name in parts.values()}
    count = shapes["train_score"][-1] if shapes["train_score"] else 0
    numbered = np.array([f"model_{i}" for i in range(count)])
    names = [class_text(name) for name in np.ravel(arrays.get("model", numbered))]
    if any(len(shape) != 2 or shape[1] != len(names) for shape in shapes.values()):
        said = f", as model has {len(names)} names" if "model" in arrays else ""
        expected = f"train_score and test_score of shape (n, {len(names)}){said}"
        raise ConfigError(error_text(str(path), expected, shapes))
    _refuse_twins(path, names)
    return Published(
        {
            part: {f"{name}:quality": arrays[scores][:, i] for i, name in enumerate(names)}
            for part, scores in parts.items()
        }
    )


def _hapi(path: Path) -> Published:
    """Read a data set's folder of HAPI: API/DATE.json, of each the last, and true labels beside."""
    labels: dict[str, object] = {}
    for file in sorted(path.glob("*.json")):
        said = (_held(file, row, "example_id", "true_label") for row in _rows(file))
        labels |= {str(key): label for key, label in said}
    if not labels:
        raise ConfigError(error_text(str(path), "a JSON file of true labels", "none"))
    names = {"predicted_label": "prediction", "confidence": "score"}
    folders = [folder for folder in sorted(path.iterdir()) if folder.is_dir()]
    files = [max(folder.glob("*.json")) for folder in folders if any(folder.glob("*.json"))]
    answers = [
        (file.parent.name, str(*_held(file, row, "example_id")), row)
        for file in files
        for row in _rows(file)
    ]
    columns = _wide(path, answers, names)
    keys = list(dict.fromkeys(key for _, key, _ in answers))
    columns["label"] = [labels.get(key) for key in keys]
    return Published({"all": columns})


def _frugalml(path: Path) -> Published:
    """Read a data set's folder of FrugalML: meta.csv, and lines of labels in text files."""
    meta = read_columns(path / "meta.csv")
    price = next((name for name in meta if name.startswith("Cost per 10k")), None)
    if price is None or not {"Index", "MLaaS(API)"} <= set(meta):
        expected = "columns Index, MLaaS(API) and Cost per 10k ..."
        raise ConfigError(error_text(str(path / "meta.csv"), expected, ", ".join(meta)))
    names = texts_of(meta["MLaaS(API)"])
    _refuse_twins(path / "meta.csv", names)
    where = f"{path / 'meta.csv'}, {price}"
    costs = numbers_of(where, meta[price])
    for row in np.flatnonzero(~(costs >= 0))[:1]:
        expected = "a cost of at least 0"
        raise ConfigError(error_text(f"{where}, row {row + 1}", expected, meta[price][row]))
    columns: dict[str, list[str]] = {}
    for index, name in zip(meta["Index"], names, strict=True):
        columns[f"{name}:prediction"] = _lines(path / f"Model{index}_PredictedLabel.txt")
        scores = path / f"Model{index}_Confidence.txt"
        if scores.is_file():
            columns[f"{name}:score"] = _lines(scores)
        labels = path / f"Model{index}_TrueLabel.txt"
        if "label" not in columns and labels.is_file():
            columns["label"] = _lines(labels)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ConfigError(error_text(str(path), "files of as many lines", lengths))
    return Published({"all": columns}, dict(zip(names, costs.tolist(), strict=True)))


FORMS: Mapping[str, Callable[[Path], Published]] = {
    "routerbench": _routerbench,
    "llmrouterbench": _llmrouterbench,
    "routellm": _routellm,
    "routereval": _routereval,
    "hapi": _hapi,
    "frugalml": _frugalml,
}


def _wide(
    path: Path, answers: Iterable[tuple[str, object, Mapping[str, Any]]], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return (model, input, record) as columns NAME:PART; None where a model lacks an input."""
    rows: dict[object, int] = {}
    cells: dict[tuple[str, str], dict[int, object]] = {}
    for model, key, record in answers:
        row = rows.setdefault(key, len(rows))
        for old, new in names.items():
            value = record.get(old)
            if isinstance(value, (list, dict)):
                raise ConfigError(error_text(f"{path}, {model}, {key}", f"one {old}", value))
            cells.setdefault((model, new), {})[row] = value
    if not rows:
        raise ConfigError(error_text(str(path), "answers in JSON files", "none"))
    return {
        f"{model}:{part}": [column.get(row) for row in range(len(rows))]
        for (model, part), column in cells.items()
    }


def _rows(file: Path) -> list[Mapping[str, Any]]:
    return _objects(str(file), read_json(file, FILE_BYTES))


def _objects(where: str, found: Any) -> list[Mapping[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise ConfigError(error_text(where, "a list of objects", type(found).__name__))
    return found


def _held(file: Path, row: Mapping[str, Any], *keys: str) -> list[Any]:
    """Return what an object says under such keys.

    Raises:
        ConfigError: one is missing.

    """
    if any(key not in row for key in keys):
        expected = f"{', '.join(keys)} in each object"
        raise ConfigError(error_text(str(file), expected, ", ".join(row)))
    return [row[key] for key in keys]


def _refuse_twins(path: Path, names: Sequence[str]) -> None:
    if twins := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ConfigError(error_text(str(path), "different names of models", f"{twins[0]} twice"))


def _lines(file: Path) -> list[str]:
    return read_text(file, FILE_BYTES).splitlines()
