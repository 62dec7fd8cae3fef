"""Of which models a table has the answers, and whether those of a list are still the same."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from muxnet.base import fingerprint
from muxnet.base.class_values import class_key
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.base.files import Json, parse_json
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.class_files import namings_of
from muxnet.pool.class_names import named_by
from muxnet.pool.model_identity import Identity
from muxnet.pool.model_list import Fields, shown_text

MODEL = "model"  # what it is, beside the keys of its input
SHOWN = "input"  # of an identity: the table has its keys themselves
SPOKEN = ("output", "output_name", "layout", "engine", "endpoint", "network")  # as they are
MAY_CHANGE = ("engine", "endpoint")  # of the same model
REMEDY = "the list as it was, or answers of this one: muxnet collect"


def recorded_text(
    model: ForeignModel, identity: Identity, shape: tuple[int, ...] | None, names: Sequence[str]
) -> str:
    """Return what a table keeps of a model: the keys of its input, and what it is.

    ``shape`` is that of what it was shown; ``names`` are the table's classes.
    """
    fields = json.loads(shown_text(model.input.recorded_on(shape)))
    known = {key: value for key, value in identity.known.items() if key != SHOWN}
    return json.dumps({**fields, MODEL: {**known, "classes": _classes(model, names)}})


def recorded_inputs(table: _core.OutcomeTable) -> dict[str, Fields]:
    """Return what each model of a table was shown, where that was recorded."""
    return {
        name: {key: value for key, value in fields.items() if key != MODEL}
        for name, fields in _recorded(table).items()
    }


def require_recorded(
    path: Path,
    models: Sequence[ForeignModel],
    table: _core.OutcomeTable,
    say: Callable[[str], object] = print,
) -> list[ForeignModel]:
    """Return models of a list, and refuse those that are others than a table has the answers of.

    Their classes are called as they were then, where their file calls them several things.

    What may change and leave the answers, as a function's source, is said. Of a table that does
    not tell its models, or only some of them, the others are taken.

    Raises:
        ConfigError: one is another.

    """
    names = [*table.class_names, *map(str, range(len(table.class_names), table.classes))]
    recorded = _recorded(table)
    same = []
    for model in models:
        there = recorded.get(model.name, {}).get(MODEL)
        if isinstance(there, Mapping):
            namings = [dataclasses.replace(model, classes=n) for n in namings_of(model.classes)]
            as_then = (m for m in namings if _classes(m, names) == there.get("classes"))
            model = next(as_then, model)
            _require_same(f"{path}, {model.name}", model, there, names, say)
        else:
            labels = np.asarray(table.labels).tolist()
            own = named_by(model.classes, table.class_names, labels, model.name)
            model = dataclasses.replace(model, classes=own)
        same.append(model)
    return same


def _require_same(
    where: str,
    model: ForeignModel,
    there: Fields,
    names: Sequence[str],
    say: Callable[[str], object],
) -> None:
    here = {"output": model.output, "classes": _classes(model, names)}
    told: list[str] = []
    try:
        here |= Identity(model).known
    except UserError as error:  # one elsewhere, which does not answer now
        told.append(str(error))
    files_tell = model.parts is not None
    other: list[str] = []
    doubts: list[str] = []
    for key in sorted((there.keys() | here.keys()) - {SHOWN}):
        before, now = there.get(key), here.get(key)
        if before == now or (now is None and told):
            continue
        certain = files_tell and before and now and key not in MAY_CHANGE
        certain = certain or key in ("output", "classes")
        (other if certain else doubts).append(_change(key, before, now))
    if other:
        expected = f"the model that its answers were recorded of ({REMEDY})"
        raise ConfigError(error_text(where, expected, f"another: {', '.join(other)}"))
    if told := [*doubts, *told]:
        say(f"{where}: cannot be known to be the model that was recorded: {', '.join(told)}")


def _change(key: str, before: Json, now: Json) -> str:
    if key in SPOKEN and before and now:
        return f"{key} {before} became {now}"
    return f"{key} changed"


def _classes(model: ForeignModel, names: Sequence[str]) -> str:
    """Return a digest of a model's classes in its order: without own ones, those of the data."""
    return fingerprint.of_text(*map(class_key, model.classes or names))


def _recorded(table: _core.OutcomeTable) -> dict[str, Fields]:
    found = {}
    for name, text in table.inputs.items():
        fields = parse_json(text, f"{name}, recorded input")
        if isinstance(fields, Mapping):
            found[name] = fields
    return found
