"""Lists of models: models.json, read and opened by kind, and kept with a router."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from muxnet.base import schema
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import Json, read_json, write_json
from muxnet.base.json_schema import DIALECT, json_schema
from muxnet.pool.adapters import COST, ForeignModel
from muxnet.pool.callable_entry import CallableEntry
from muxnet.pool.endpoint_entry import EndpointEntry
from muxnet.pool.entries import Entry, Place
from muxnet.pool.input_files import GEOMETRY, InputKeys, without_nulls
from muxnet.pool.network_entries import NetworkEntry, RunEntry
from muxnet.pool.onnx_entry import OnnxEntry

# The kinds of entries, by the key that only entries of that kind have.
KINDS: dict[str, type[Entry]] = {
    kind.marker: kind for kind in (OnnxEntry, CallableEntry, EndpointEntry, NetworkEntry, RunEntry)
}

# Keys of ``input`` that may stand in the entry itself.
SHORT = ("size", *GEOMETRY, "colour", "scale", "mean", "deviation")

Fields: TypeAlias = Mapping[str, Json]


def read_models(
    path: str | os.PathLike[str], *, threads: int = 0, opened: Container[str] | None = None
) -> list[ForeignModel]:
    """Return the models that a JSON file lists.

    Each entry is of the kind whose key it has: ``onnx``, a file beside the list, ``callable``,
    ``package.module:function``, found beside the list too, ``endpoint``, a model elsewhere,
    ``network``, one of the zoo with its ``weights``, or ``run``, all models of a finished run.
    ``models.schema.json`` beside this module tells every key; ``threads`` are those of one call of
    an ONNX file; 0: all cores. ``opened`` as of a ``Place``.

    Raises:
        ConfigError: an entry that does not fit, a network that the engine does not know.
        MissingPackageError: ONNX Runtime is needed and not installed.
        OSError: the file, or one that it names, cannot be read.

    """
    return open_models(describe_models(path), str(path), threads=threads, opened=opened)


def describe_models(path: str | os.PathLike[str]) -> list[Fields]:
    """Return the entries of a list of models, each with its folder as an absolute path.

    The list is a JSON array, or an object that has it as ``models`` and says their ``cost_kind``.

    Raises:
        ConfigError: no list of models.
        OSError: the file cannot be read.

    """
    path = Path(path)
    content = without_nulls(read_json(path))
    kind: Json = ""
    entries = content
    if isinstance(content, Mapping):
        if stray := [key for key in content if key not in ("models", "cost_kind")]:
            raise ConfigError(error_text(str(path), "the keys models and cost_kind", stray[0]))
        entries, kind = content.get("models"), content.get("cost_kind", "")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(error_text(str(path), "a list of models", type(entries).__name__))
    if not isinstance(kind, str):
        raise ConfigError(error_text(f"{path}, cost_kind", "a text", kind))
    return [_described(path, i, entry, kind) for i, entry in enumerate(entries)]


def open_models(
    fields: Sequence[Fields],
    where: str,
    *,
    threads: int = 0,
    opened: Container[str] | None = None,
) -> list[ForeignModel]:
    """Return the models of entries that ``describe_models`` gave, ``where`` for error texts.

    ``threads`` are those of a call of ONNX Runtime; 0: its own choice; ``opened`` as of a
    ``Place``. Raises as ``read_models``.
    """
    models: list[ForeignModel] = []
    for i, entry in enumerate(fields):
        place = Place(f"{where}, {_title(i, entry)}", Path(str(entry["path"])), threads, opened)
        read = read_entry(entry, place.where)
        kind = read.cost_kind or COST
        models += [dataclasses.replace(model, cost_kind=kind) for model in read.models(place)]
    require_one_kind(where, models)
    names = [model.name for model in models]
    if len(set(names)) != len(names):
        raise ConfigError(error_text(where, "models with different names", names))
    return models


def require_one_kind(where: str, models: Sequence[ForeignModel]) -> None:
    """Refuse models whose costs cannot be compared.

    Raises:
        ConfigError: costs of several kinds.

    """
    if len({model.cost_kind for model in models}) > 1:
        received = ", ".join(f"{model.name} {model.cost_kind}" for model in models)
        raise ConfigError(error_text(f"{where}, cost_kind", "the same of all models", received))


def read_entry(fields: Fields, where: str) -> Entry:
    """Return one entry, its keys checked.

    Raises:
        ConfigError: no kind, or two, or a key or value that does not fit it.

    """
    found = [key for key in KINDS if key in fields]
    if len(found) != 1:
        expected = "one of the keys " + ", ".join(KINDS)
        raise ConfigError(error_text(where, expected, " and ".join(found) or "none"))
    entry = schema.from_dict(KINDS[found[0]], _with_input(fields, where), where)
    if fields.get("name") == "":
        raise ConfigError(error_text(f"{where}, name", "a name", "an empty one"))
    return entry


def _with_input(fields: Fields, where: str) -> Fields:
    """Return an entry with ``input`` whole: a text is its config, its keys may stand outside."""
    given = fields.get("input", {})
    if isinstance(given, str):
        given = {"config": given}
    outside = {key: fields[key] for key in SHORT if key in fields}
    if not outside or not isinstance(given, Mapping):
        return {**fields, "input": given} if given else fields
    if twice := [key for key in outside if key in given]:
        raise ConfigError(error_text(f"{where}, {twice[0]}", "it once", "it in input too"))
    rest = {key: value for key, value in fields.items() if key not in outside}
    return {**rest, "input": {**given, **outside}}


def files_of(path: Path) -> list[Path]:
    """Return a list of models and the files that it names, as far as it is one.

    Raises:
        OSError: it cannot be read now, though it is there.

    """
    found = [path]
    try:
        for i, fields in enumerate(describe_models(path)):
            entry = read_entry(fields, f"{path}, {_title(i, fields)}")
            found += entry.files(Path(str(fields["path"])))
    except (FileNotFoundError, ConfigError):
        return found
    return found


def keep_models(
    path: Path,
    copy: Path,
    recorded: Mapping[str, Fields] | None = None,
    models: Sequence[ForeignModel] | None = None,
) -> None:
    """Write a list of models that can be read from another place, with what each is shown.

    ``models`` are those of the list, where they are open; ``recorded`` are the inputs that their
    answers were recorded with, by name.

    Raises:
        ConfigError: no list of models, or one that shows a model other inputs than were recorded.
        OSError: a file that cannot be read or written.

    """
    listed = read_models(path) if models is None else models
    write_json(copy, resolved_models(path, listed, recorded or {}))


def resolved_models(
    path: Path, models: Sequence[ForeignModel], recorded: Mapping[str, Fields] | None = None
) -> list[Fields]:
    """Return the entries of a list with all that is known of what its ``models`` are shown.

    Raises:
        ConfigError: a model that was recorded with other inputs than its entry says.

    """
    by_name = {model.name: model for model in models}
    entries = []
    for i, fields in enumerate(describe_models(path)):
        model = by_name.get(str(fields.get("name", fields.get("network"))))
        # All models of a run say themselves what they are shown.
        if model is not None:
            where = f"{path}, {_title(i, fields)}"
            fields = _resolved(where, fields, model, (recorded or {}).get(model.name))
        entries.append(fields)
    return entries


def schema_of_list() -> dict[str, Json]:
    """Return the JSON Schema of a list of models, made of what the kinds declare."""
    kinds = []
    for marker, kind in KINDS.items():
        made = json_schema(kind)
        properties = made["properties"]
        assert isinstance(properties, dict)
        shown = properties["input"]
        assert isinstance(shown, dict)
        text = shown.pop("description")
        properties["input"] = {"anyOf": [shown, {"type": "string"}], "description": text}
        inner = shown["properties"]
        assert isinstance(inner, dict)
        properties |= {key: inner[key] for key in SHORT}
        required = made["required"]
        assert isinstance(required, list)
        made["required"] = [*dict.fromkeys([*required, marker])]
        kinds.append(made)
    models: dict[str, Json] = {"type": "array", "minItems": 1, "items": {"anyOf": kinds}}
    text = next(f.metadata["help"] for f in dataclasses.fields(Entry) if f.name == "cost_kind")
    whole: dict[str, Json] = {
        "type": "object",
        "properties": {
            "cost_kind": {"type": "string", "description": text},
            "models": {"$ref": "#/$defs/models"},
        },
        "required": ["models"],
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "muxnet's list of models",
        "$defs": {"models": models},
        "anyOf": [{"$ref": "#/$defs/models"}, whole],
    }


def shown_text(keys: InputKeys) -> str:
    """Return the keys of an input that are said, as one line of JSON."""
    return json.dumps(_said(keys))


def _said(keys: InputKeys) -> dict[str, Json]:
    return {name: value for name, value in schema.to_dict(keys).items() if value is not None}


def _resolved(where: str, fields: Fields, model: ForeignModel, recorded: Fields | None) -> Fields:
    """Return an entry that says all that its files and its recorded answers tell of its input."""
    keys = model.input.keys()
    if recorded is not None:
        there = schema.from_dict(InputKeys, recorded, f"{where}, recorded input")
        keys = _as_recorded(where, keys, there)
    kept = {key: value for key, value in fields.items() if key not in SHORT}
    kept["input"] = _said(keys)
    if model.classes:
        kept["classes"] = list(model.classes)
    return kept


def _as_recorded(where: str, keys: InputKeys, there: InputKeys) -> InputKeys:
    """Return the input of an entry, as its answers were recorded where it leaves that open.

    Raises:
        ConfigError: the entry says otherwise.

    """
    if keys.size is None:  # told at collection by options, or by the inputs themselves
        geometry = ("size", *GEOMETRY, "recorded", "colour")
        keys = dataclasses.replace(keys, **{name: getattr(there, name) for name in geometry})
    for name, value in _said(keys).items():
        before = _said(there).get(name)
        if before != value:
            expected = f"{name} {before}, as its answers were recorded with"
            raise ConfigError(error_text(f"{where}, input", expected, value))
    return keys


def _described(path: Path, i: int, entry: Json, cost_kind: str) -> Fields:
    entry = without_nulls(entry)
    if not isinstance(entry, Mapping):
        raise ConfigError(error_text(f"{path}, model {i}", "an object", type(entry).__name__))
    try:
        folder = (path.parent / str(entry.get("path", "."))).resolve()
    except ValueError as error:  # a NUL among its letters
        raise ConfigError(error_text(str(path), "paths of folders", error)) from error
    said = {"cost_kind": cost_kind} if cost_kind else {}
    return {**said, **entry, "path": str(folder)}


def _title(i: int, entry: Fields) -> str:
    name = entry.get("name")
    return f"model {i} ({name})" if isinstance(name, str) and name else f"model {i}"


if __name__ == "__main__":  # the schema, for models.schema.json beside this file
    print(json.dumps(schema_of_list(), indent=1))
