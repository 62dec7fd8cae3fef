"""Names of classes in an ONNX file's metadata, in the forms that exporters write."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from muxnet.base.class_values import class_key
from muxnet.base.errors import ConfigError, shortened
from muxnet.pool.class_files import (
    CHARACTERS,
    LISTED_UNDER,
    ClassNames,
    from_lines,
    from_value,
    literal,
    namings_of,
)
from muxnet.pool.entries import Place

LOG = logging.getLogger(__name__)

SHOWN = 80  # characters of a text that cannot be read
# What begins a list, an object or a text of some language, which lists no names as they are.
QUOTED = tuple("[{(<\"'")


def names_in(where: str, metadata: Mapping[str, str], counts: Collection[int]) -> tuple[str, ...]:
    """Return the names of a file's classes that its metadata says; none: empty.

    They are what a file of classes may list, in JSON or Python; or as they are, in lines or between
    commas, behind their numbers too. ``counts`` are those that its answers may have; none: they are
    not known, and names as they are cannot be told from any other text. What is under such a key
    and names no classes is said: anybody may write anything there, so it is no error.
    """
    by_key = {key.lower(): text for key, text in metadata.items()}
    read: dict[str, tuple[str, ...]] = {}
    for key in LISTED_UNDER:
        if not (text := by_key.get(key, "").strip()) or text.isdecimal():  # how many there are
            continue
        names = _names(f"{where}, {key} of its metadata", text, counts)
        if not names or (counts and len(names) not in counts):
            wanted = " or ".join(map(str, sorted(counts))) or "the"
            found = f"{len(names)}" if names else repr(shortened(text, SHOWN))
            _say(f"{where}, {key} of its metadata: not names of {wanted} classes: {found}")
        else:
            read[key] = names
    first = next(iter(read), "")
    for key, names in read.items():
        if _keys(names).isdisjoint(_keys(read[first])):
            _say(f"{where}: {key} of its metadata names other classes than {first}, which count")
    return read.get(first, ())


def _names(source: str, text: str, counts: Collection[int]) -> tuple[str, ...]:
    held = literal(text)
    try:
        if held is not None:
            found = from_value(Place(source, Path()), "names", held, source)
        elif counts and len(text) <= CHARACTERS and not text.startswith(QUOTED):
            lines = text.splitlines() if "\n" in text else text.split(",")
            found = from_lines([line.strip() for line in lines], source)
        else:
            return ()
    except ConfigError:
        return ()
    namings = [naming for naming in found.namings if _are_names(naming)]
    return ClassNames.of(namings, source) if namings else ()


def _are_names(names: Sequence[str]) -> bool:
    """Tell whether they are different ones, without half a character."""
    if any(name.encode(errors="ignore").decode() != name for name in names):
        return False
    keys = {class_key(name) for name in names} - {""}
    return len(keys) == len(names) > 1


def _keys(names: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(map(class_key, naming)) for naming in namings_of(names)}


@functools.cache
def _say(text: str) -> None:
    """Say it once, however often a file is opened."""
    LOG.warning("%s", text)
