"""Recorded answers of anybody's models as outcome tables, from the files that people have."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, TypeVar

from muxnet.base.array_files import read_arrays
from muxnet.base.columns import read_columns
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UsageError, error_text
from muxnet.base.file_endings import COLUMN_FILES, other_ending
from muxnet.base.files import open_file, read_json
from muxnet.base.named_values import named_value
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.answer_arrays import tables_of_arrays
from muxnet.outcomes.answer_columns import table_of_columns
from muxnet.outcomes.class_order import Known, remade, with_classes
from muxnet.outcomes.column_names import is_known, known_name, known_names, may_hold_lists
from muxnet.outcomes.model_costs import FileCosts, asked_models, costs_of
from muxnet.outcomes.published import read_published

if TYPE_CHECKING:
    Tables: TypeAlias = dict[str, _core.OutcomeTable]
    Costs: TypeAlias = Mapping[str, float]
    Reader: TypeAlias = Callable[[Path, Costs, Known, Mapping[str, str]], Tables]

Value = TypeVar("Value")

MOST_COST = sys.float_info.max  # whole numbers may be larger, and then are none of the core's
# Parts of a file that divides its inputs itself; any other split is made by the reader.
PARTS = ("held_out", "test")


def read_outcomes(
    path: str | os.PathLike[str],
    costs: Costs | None = None,
    classes: Known | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    form: str = "",
) -> Tables:
    """Return the outcome tables at ``path``: ``{"all": table}``, or ``held_out`` and ``test``.

    - ``.safetensors``: what ``OutcomeTable.save`` wrote;
    - ``.npz``: arrays named as in ``OutcomeTable``: ``labels`` (n) with ``probabilities`` (n, N, K)
      or ``predictions`` (n, N), or ``quality`` (n, N); ``macs`` (N) or ``cost``, (N) or of each
      input (n, N), optionally ``models`` (N names), ``class_names`` (K, by which numbers in the
      others are places among these, or themselves names; -1 is none unless it is a name or, without
      names, 1 is the only other label), ``answer_scores`` (n, N, S), ``groups`` (n), ``features``
      (n, F); or those of inputs with ``held_out_`` and ``test_`` before their names, of the same
      classes;
    - the folder of a finished run: its held-out, calibration and test part;
    - ``.csv``, ``.tsv``, ``.jsonl``, ``.json`` (a list), ``.parquet``: a row per input with
      ``label``, optionally ``group``, ``feature:NAME``... or a list ``features``, and per model
      ``NAME:prediction`` (empty: no answer), ``NAME:score`` (any number; also
      ``NAME:confidence``, further ones ``NAME:score.KIND``), or probabilities ``NAME:p0``,
      ``NAME:p1``, ... or ``NAME:p:CLASS`` of each class, or ``NAME:p``, a list or an object of
      them in each row; ``NAME:quality`` in [0, 1] in place of a label; ``NAME:cost`` of each input,
      further ones ``NAME:cost.KIND``. Values are compared as classes by ``class_key``.

    ``classes`` are those of another table, or of a router, which keep their numbers here; what
    models cost there is what they cost here where neither ``costs`` nor the file says it.
    ``costs``, by model, replace the file's own; ``columns`` gives names of columns or arrays those
    above. ``form`` names a collection published elsewhere (``muxnet.outcomes.published.FORMS``).

    Raises:
        ConfigError: a column, array or cost that is missing or too much, or does not fit.
        OSError: the file cannot be read.
        TypeError: no path, or costs without the names of models.

    >>> table = muxnet.read_outcomes("answers.csv", {"small": 0.3e9, "large": 4.1e9})["all"]
    >>> table.models, len(table)
    (['small', 'large'], 200)

    """
    _require("read_outcomes, path", "the path of a file or folder", path, (str, os.PathLike))
    for where, named in (("costs", costs), ("columns", columns)):
        if named is not None:
            _require(f"read_outcomes, {where}", "a mapping, {NAME: ...}", named, Mapping)
    path = Path(path)
    known = classes or Known()
    names = {old: known_name(new) for old, new in (columns or {}).items()}
    if form:
        return _read_published(path, form, costs or {}, known, names)
    if path.is_dir():
        return _read_run(path, costs or {})
    readers: dict[str, Reader] = {".safetensors": _read_safetensors, ".npz": _read_npz}
    readers |= dict.fromkeys(COLUMN_FILES, _read_columns)
    reader = readers.get(path.suffix.lower())
    if reader is None:
        if not _is_safetensors(path):
            raise other_ending(path, readers)
        reader = _read_safetensors
    tables = reader(path, costs or {}, known, names)
    return {part: with_classes(table, known, str(path)) for part, table in tables.items()}


def _is_safetensors(path: Path) -> bool:
    """Tell it by the content: the length of a header in JSON, and the header."""
    if not path.is_file():
        return False
    with open_file(path, sys.maxsize) as file:  # of which the head alone is read
        head = file.read(9)
    return head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def _require(where: str, expected: str, received: object, kinds: type | tuple[type, ...]) -> None:
    if not isinstance(received, kinds):
        raise TypeError(error_text(where, expected, type(received).__name__))


def parse_costs(text: str | None) -> dict[str, float]:
    """Return ``NAME=COST,...``, what a JSON file holds or a run has measured, as a mapping.

    Of a finished run's folder a cost is the latency of one input, in ms. A file or a run may have
    other models too (``FileCosts``).

    Raises:
        UsageError: another form, or a cost that is no number of at least 0.
        ConfigError: a file or run that holds none.
        OSError: it cannot be read.

    """
    if not text:
        return {}
    if os.path.isdir(text):  # a Path refuses what is longer than any name
        return _latencies(Path(text))
    if text.lower().endswith(".json"):
        return _only_costs(read_json(text), text, 'an object {"NAME": COST, ...}')
    expected = "NAME=COST,... with a cost of at least 0 for each name, a file or a run"
    return _assigned(text, "--costs", expected, _written_cost)


def _assigned(
    text: str, option: str, expected: str, read: Callable[[str], Value | None]
) -> dict[str, Value]:
    """Return what ``NAME=VALUE,...`` says, each name once; ``read`` gives None for no value."""
    found: dict[str, Value] = {}
    for item in text.split(","):
        name, written = named_value(item)
        value = read(written)
        if not name or value is None or name in found:
            raise UsageError(error_text(option, expected, item))
        found[name] = value
    return found


def _written_cost(text: str) -> float | None:
    try:
        cost = float(text)
    except ValueError:
        return None
    return cost if _is_cost(cost) else None


def _is_cost(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= MOST_COST


def _only_costs(held: object, where: str, expected: str) -> FileCosts:
    named = held if isinstance(held, Mapping) else {}
    costs = FileCosts({str(name): float(cost) for name, cost in named.items() if _is_cost(cost)})
    if not costs or len(costs) < len(named):
        raise ConfigError(error_text(where, expected, held))
    return costs


def _latencies(run: Path) -> FileCosts:
    held = read_json(RunFolder(run).results)
    models = held.get("models") if isinstance(held, Mapping) else None
    entries = models if isinstance(models, list) else []
    found = {
        str(entry.get("name")): entry.get("latency_ms")
        for entry in entries
        if isinstance(entry, Mapping)
    }
    return _only_costs(found, f"--costs, {run}", "a run with measured latencies")


def parse_columns(text: str | None) -> dict[str, str]:
    """Return ``OLD=NEW,...``, or what a JSON file holds, as a mapping.

    Raises:
        UsageError: another form.
        ConfigError: a file that holds something else.
        OSError: the file cannot be read.

    """
    if not text:
        return {}
    if text.lower().endswith(".json"):
        held = read_json(text)
        if not isinstance(held, Mapping) or not all(isinstance(new, str) for new in held.values()):
            raise ConfigError(error_text(text, 'an object {"OLD": "NEW", ...}', held))
        return {old: str(new) for old, new in held.items()}
    expected = "OLD=NEW,... or a file of JSON"
    return _assigned(text, "--columns", expected, lambda new: new or None)


def part_to_fit(tables: Tables) -> _core.OutcomeTable:
    """Return the table to fit on: the held-out part of a file that divides its inputs, else all."""
    return tables["held_out"] if "held_out" in tables else tables["all"]


def part_to_evaluate(tables: Tables) -> _core.OutcomeTable:
    """Return the table to evaluate on: the test part of a file that divides itself, else all."""
    return tables["test"] if "test" in tables else tables["all"]


def _read_run(path: Path, costs: Costs) -> Tables:
    tables = {}
    for part in ("held_out", "calibration", "test"):
        file = RunFolder(path).outcomes(part)
        if not file.is_file():
            raise ConfigError(error_text(str(path), f"a finished run's {file.name}", "none"))
        if part != "calibration" or not costs:  # it is there for the multiplexer, with its cost
            tables[part] = _read_safetensors(file, costs, Known(), {})["all"]
    return tables


def _read_published(
    path: Path, form: str, costs: Costs, known: Known, names: Mapping[str, str]
) -> Tables:
    found = read_published(form, path)
    given = costs or found.costs
    return {
        part: table_of_columns(path, renamed(path, columns, names), given, known, part)
        for part, columns in found.parts.items()
    }


def _read_safetensors(path: Path, costs: Costs, known: Known, names: Mapping[str, str]) -> Tables:
    if names:
        raise ConfigError(error_text(f"{path}, columns", "no others than its own", names))
    table = _core.OutcomeTable.load(path)
    if not costs:
        return {"all": table}
    places, costs = asked_models(path, table.models, costs, known)
    if len(places) < len(table.models) and not table.scores.size:  # which is not repriced
        table = table.of_models(places)
    return {"all": remade(table, **costs_of(path, table.models, costs, {}, known))}


def _read_columns(path: Path, costs: Costs, known: Known, names: Mapping[str, str]) -> Tables:
    columns = read_columns(
        path,
        lambda name: may_hold_lists(names.get(name, name)),
        lambda name: name in names or is_known(name),
    )
    columns = renamed(path, columns, names)
    return {"all": table_of_columns(path, columns, costs, known)}


def renamed(path: Path, columns: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return columns under other names, and under those that are known (``known_names``).

    Raises:
        ConfigError: one that is not there, or two of one name.

    """
    if lacking := [old for old in names if old not in columns]:
        expected = f"a column {lacking[0]}, as --columns says"
        raise ConfigError(error_text(str(path), expected, ", ".join(columns)))
    called = {**known_names(columns), **names}
    found = {called[name]: column for name, column in columns.items()}
    if len(found) < len(columns):
        given = [called[name] for name in columns]
        twice = ", ".join(name for name in found if given.count(name) > 1)
        raise ConfigError(error_text(f"{path}, columns", "different names", f"{twice} twice"))
    return found


def _read_npz(path: Path, costs: Costs, known: Known, names: Mapping[str, str]) -> Tables:
    arrays = renamed(path, read_arrays(path), names)
    divided = any(name.startswith("held_out_") for name in arrays)
    return tables_of_arrays(path, arrays, PARTS if divided else ("all",), costs, known)
