"""Dataclasses as checked records: to plain JSON values and back, every key and type verified."""

import dataclasses
import operator
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar, get_args, get_origin

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import Json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")
Value = TypeVar("Value")

_BROKEN: dict[str, Callable[[float, float], bool]] = {
    "minimum": operator.lt,
    "above": operator.le,
    "maximum": operator.gt,
    "below": operator.ge,
}
_NAMES: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    type(None): "null",
}


def option(
    default: Value,
    text: str = "",
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    below: float | None = None,
    names: Callable[[], Iterable[str]] | None = None,
    checked: bool = True,
) -> Value:
    """Return a dataclass field with its help text, its permitted range, and its names.

    ``names`` gives the texts that are permitted, ``%(choices)s`` in the help text, when they are
    asked for; unless ``checked`` they are only told.
    """
    metadata = {
        "help": text,
        "names": names,
        "checked": checked,
        "range": {"minimum": minimum, "above": above, "maximum": maximum, "below": below},
    }
    return dataclasses.field(default=default, metadata=metadata)


def needed(_: type[Value], text: str, *, above: float | None = None) -> Value:
    """Return a field as of ``option`` without a default: a record that lacks it is refused."""
    metadata = {"help": text, "names": None, "checked": False, "range": {"above": above}}
    made: Value = dataclasses.field(metadata=metadata)
    return made


def to_dict(record: "DataclassInstance | Mapping[str, object]") -> dict[str, Json]:
    """Return ``record`` as dicts, lists and scalars, ready for JSON.

    Raises:
        TypeError: it holds something else.

    """
    if isinstance(record, Mapping):
        return {str(key): _plain(value) for key, value in record.items()}
    return {f.name: _plain(getattr(record, f.name)) for f in dataclasses.fields(record)}


def _plain(value: object) -> Json:
    if isinstance(value, Mapping) or (
        dataclasses.is_dataclass(value) and not isinstance(value, type)
    ):
        return to_dict(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        plain: Json = value.tolist()
        return plain
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(error_text("record", "a value that JSON has", type(value).__name__))


def from_dict(kind: type[Record], data: object, where: str = "record") -> Record:
    """Return a ``kind`` made of ``data``; keys that ``data`` lacks take their defaults.

    Raises:
        ConfigError: a key is unknown or missing, or a value has a wrong type or range.

    """
    return _convert_record(kind, data, where, "")


def replace(record: Record, changes: Mapping[str, object], where: str) -> Record:
    """Return ``record`` with ``changes`` (nested as in JSON) laid over it, checked.

    Raises:
        ConfigError: as ``from_dict``.

    """
    return from_dict(type(record), merged(to_dict(record), changes), where)


def merged(base: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return ``base`` with ``changes`` laid over it, dicts merged key by key."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def type_text(hint: object) -> str:
    """Return the type ``hint`` in words for messages."""
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return "an object"
    if origin is Literal:
        return _one_of(get_args(hint))
    if origin is tuple:
        return f"a list ({type_text(get_args(hint)[0])} each)"
    if origin is dict:
        return f"an object ({type_text(get_args(hint)[1])} each)"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_text(part) for part in get_args(hint))
    return _NAMES.get(hint, "any value")


def _one_of(values: Iterable[object]) -> str:
    return "one of " + ", ".join(map(repr, values))


def _fail(where: str, key: str, expected: str, received: object) -> typing.NoReturn:
    text = repr(received)
    if len(text) > 80:
        text = text[:77] + "..."
    name = f" key '{key}':" if key else ""
    raise ConfigError(f"[{where}]{name} expected {expected}, received {text}")


def _convert(hint: object, value: object, where: str, key: str) -> object:
    if hint is object:
        return value
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _convert_record(hint, value, where, key)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(hint, value, where, key)
    if origin is Literal and value in arguments and type(value) in {type(a) for a in arguments}:
        return value
    if origin is tuple and isinstance(value, (list, tuple)):
        return _convert_tuple(arguments, value, where, key)
    if origin is dict and isinstance(value, Mapping):
        return {str(k): _convert(arguments[1], v, where, f"{key}.{k}") for k, v in value.items()}
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if not abs(value) <= sys.float_info.max:  # NaN too
            _fail(where, key, "a finite number", value)
        return float(value)
    if hint in (int, str, bool) and type(value) is hint:
        return value
    _fail(where, key, type_text(hint), value)


def _convert_union(hint: object, value: object, where: str, key: str) -> object:
    parts = [part for part in get_args(hint) if part is not type(None)]
    if value is None and len(parts) < len(get_args(hint)):
        return None
    if len(parts) == 1:
        return _convert(parts[0], value, where, key)
    for part in parts:
        try:
            return _convert(part, value, where, key)
        except ConfigError:
            continue
    _fail(where, key, type_text(hint), value)


def _convert_tuple(
    arguments: tuple[object, ...], value: Sequence[object], where: str, key: str
) -> tuple[object, ...]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_convert(arguments[0], v, where, f"{key}[{i}]") for i, v in enumerate(value))
    if len(value) != len(arguments):
        _fail(where, key, f"a list of {len(arguments)}", value)
    return tuple(
        _convert(kind, v, where, f"{key}[{i}]")
        for i, (kind, v) in enumerate(zip(arguments, value, strict=True))
    )


def _convert_record(kind: type[Record], value: object, where: str, key: str) -> Record:
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        _fail(where, key, "an object", value)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    prefix = f"{key}." if key else ""
    for name in value:
        if name not in fields:
            known = ", ".join(sorted(fields))
            raise ConfigError(f"[{where}] unknown key '{prefix}{name}'; known keys: {known}")
    hints = typing.get_type_hints(kind)
    converted: dict[str, object] = {}
    for name, field in fields.items():
        if name in value:
            converted[name] = _convert(hints[name], value[name], where, prefix + name)
            _check_range(field, converted[name], where, prefix + name)
            _check_name(field, converted[name], where, prefix + name)
        elif field.default is dataclasses.MISSING and (
            field.default_factory is dataclasses.MISSING
        ):
            raise ConfigError(f"[{where}] key '{prefix}{name}' is missing")
    return kind(**converted)


def _check_range(field: dataclasses.Field[object], value: object, where: str, key: str) -> None:
    limits = field.metadata.get("range", {})
    numbers = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        broken = any(
            _BROKEN[name](number, limit) for name, limit in limits.items() if limit is not None
        )
        if broken or number != number:
            _fail(where, key, range_text(limits), number)


def _check_name(field: "dataclasses.Field[Value]", value: object, where: str, key: str) -> None:
    names = field.metadata.get("names")
    if names is not None and field.metadata["checked"] and value not in names():
        _fail(where, key, _one_of(names()), value)


def range_text(limits: Mapping[str, float | None]) -> str:
    """Return the permitted range in words, for messages."""
    words = {"minimum": "at least", "above": "above", "maximum": "at most", "below": "below"}
    parts = [f"{words[name]} {limits[name]:g}" for name in words if limits.get(name) is not None]
    return "a number " + " and ".join(parts) if parts else "a number"
