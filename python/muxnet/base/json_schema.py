"""Dataclasses of checked records as JSON Schema, which editors read."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from muxnet.base.errors import error_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from muxnet.base.files import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
_RANGES = {
    "minimum": "minimum",
    "above": "exclusiveMinimum",
    "maximum": "maximum",
    "below": "exclusiveMaximum",
}


def json_schema(kind: type[DataclassInstance]) -> dict[str, Json]:
    """Return the schema of an object that ``schema.from_dict`` makes a ``kind`` of."""
    hints = typing.get_type_hints(kind)
    properties: dict[str, Json] = {}
    required: list[str] = []
    for field in dataclasses.fields(kind):
        properties[field.name] = _with_metadata(type_schema(hints[field.name]), field.metadata)
        if field.default is field.default_factory is dataclasses.MISSING:
            required.append(field.name)
    made: dict[str, Json] = {"type": "object", "properties": properties}
    if kind.__doc__:
        made["description"] = kind.__doc__.partition("\n")[0]
    return {**made, "required": required, "additionalProperties": False}


def type_schema(hint: object) -> dict[str, Json]:
    """Return the schema of values of the type ``hint``.

    Raises:
        TypeError: a type that checked records do not have.

    """
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return json_schema(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        # A key that may be null is one that may be left out: nobody writes the null.
        parts = [part for part in arguments if part is not type(None)]
        choices = [type_schema(part) for part in parts]
        return choices[0] if len(choices) == 1 else {"anyOf": choices}
    if origin is tuple:
        items: dict[str, Json] = {"type": "array", "items": type_schema(arguments[0])}
        if arguments[-1] is not Ellipsis:
            items |= {"minItems": len(arguments), "maxItems": len(arguments)}
        return items
    raise TypeError(error_text("JSON Schema", "a type of checked records", hint))


def _with_metadata(found: dict[str, Json], metadata: Mapping[str, object]) -> dict[str, Json]:
    limits = metadata.get("range", {})
    assert isinstance(limits, Mapping)
    for name, word in _RANGES.items():
        limit = limits.get(name)
        if limit is not None and math.isfinite(limit):
            _limit(found, word, limit)
    names = metadata.get("names")
    known = list(names()) if callable(names) else []
    if known and metadata.get("checked"):
        found["enum"] = known
    if text := metadata.get("help"):
        found["description"] = str(text).replace("%(choices)s", ", ".join(known))
    return found


def _limit(found: dict[str, Json], word: str, limit: float) -> None:
    """Give every number that ``found`` speaks of a limit."""
    if found.get("type") in ("integer", "number"):
        found[word] = limit
    for key in ("items", "anyOf"):
        inner = found.get(key, [])
        for part in inner if isinstance(inner, list) else [inner]:
            assert isinstance(part, dict)
            _limit(part, word, limit)
