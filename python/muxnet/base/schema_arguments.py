"""Command-line options for the fields of a configuration."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import typing
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal, get_args, get_origin

from muxnet.base import schema


def add_options(
    parser: argparse.ArgumentParser,
    kind: type,
    *,
    only: Collection[str] = (),
    without: Collection[str] = (),
) -> None:
    """Add an option for every field of the dataclass ``kind``; nested ones in groups of theirs.

    ``only``: for these fields, if any are named; ``without``: not for these, nested ones by
    ``FIELD.PART``.
    """
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if only and field.name not in only:
            continue
        hint = hints[field.name]
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            group = parser.add_argument_group(field.name)
            inner = typing.get_type_hints(hint)
            for part in dataclasses.fields(hint):
                key = f"{field.name}.{part.name}"
                if key in without:
                    continue
                _add(group, key, inner[part.name], part)
        else:
            _add(parser, field.name, hint, field)


def given_options(
    arguments: argparse.Namespace, kind: type, *, only: Collection[str] = ()
) -> dict[str, object]:
    """Return the options that were given, nested as in the configuration file."""
    names = set(only) or {field.name for field in dataclasses.fields(kind)}
    result: dict[str, object] = {}
    for key, value in vars(arguments).items():
        outer, _, inner = key.partition(".")
        if outer in names:
            result = schema.merged(result, {outer: {inner: value}} if inner else {outer: value})
    return result


class Names:
    """Names that are looked up when they are told or checked, not when the parser is built."""

    def __init__(self, names: Callable[[], Iterable[str]], *, checked: bool = True) -> None:
        self._names = names
        self._checked = checked

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __contains__(self, name: str) -> bool:
        return not self._checked or name in self._names()


def _add(
    parser: argparse._ActionsContainer, key: str, hint: object, field: dataclasses.Field[object]
) -> None:
    name = "--" + key.replace(".", "-").replace("_", "-")
    metadata = field.metadata
    text = metadata.get("help", "")
    add = functools.partial(
        parser.add_argument, name, dest=key, default=argparse.SUPPRESS, help=text
    )
    names = metadata.get("names")
    if names is not None:
        add(metavar="NAME", choices=Names(names, checked=metadata["checked"]))
    elif hint is bool:
        add(action=argparse.BooleanOptionalAction)
    elif get_origin(hint) is Literal:
        add(choices=get_args(hint))
    elif get_origin(hint) is tuple:
        add(nargs="+", metavar="NAME", type=get_args(hint)[0])
    elif hint is int:
        add(metavar="N", type=int)
    elif hint is float:
        add(metavar="X", type=float)
    else:
        add(metavar="TEXT", type=str)
