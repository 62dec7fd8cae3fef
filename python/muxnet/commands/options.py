"""Command-line options that several commands share: fields of a configuration, image formats."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import typing
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal, get_args, get_origin

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text


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


def add_image_options(parser: argparse._ActionsContainer) -> None:
    """Add what images are shown to models that do not say so themselves."""
    parser.add_argument("--size", type=int, metavar="N", help="side of images")
    parser.add_argument("--channels", type=int, choices=(1, 3), help="1: grey (default: 3)")
    parser.add_argument(
        "--resize",
        type=int,
        metavar="N",
        help="shorter side before the square is cut out (default: the largest square, resized)",
    )


def given_image_format(arguments: argparse.Namespace) -> _core.ImageFormat | None:
    """Return what the options of ``add_image_options`` say; None where nothing was said.

    Raises:
        UsageError: it does not go together.

    """
    from muxnet.pool.pools import image_format

    side, channels, resize = arguments.size, arguments.channels, arguments.resize
    if side is None:
        if channels is not None or resize is not None:
            raise UsageError(error_text("--channels, --resize", "--size beside them", "none"))
        return None
    if side < 1:
        raise UsageError(error_text("--size", "a number of pixels", side))
    if resize is not None and resize < side:
        raise UsageError(error_text("--resize", f"at least {side}", resize))
    return image_format(channels or 3, side, side, resize or 0)


def add_payload(parser: argparse.ArgumentParser, default: str) -> None:
    """Add as what images are sent."""
    names = Names(lambda: (payload.name for payload in _core.image_payloads()))
    told = "of images: %(choices)s"
    parser.add_argument("--payload", choices=names, metavar="NAME", default=default, help=told)


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
