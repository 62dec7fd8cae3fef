"""Names of classes in an ONNX file's metadata, in the forms that exporters write."""

from __future__ import annotations

import ast
import functools
import logging
import re
from collections.abc import Collection, Mapping

from muxnet.base.class_values import class_key
from muxnet.base.errors import ConfigError, shortened
from muxnet.base.files import parse_json

LOG = logging.getLogger(__name__)

# Ultralytics' and Hugging Face's, then what people call them.
KEYS = ("names", "id2label", "label_names", "class_names", "classes", "labels")
CHARACTERS = 1 << 20  # of some twenty thousand classes
SHOWN = 80  # characters of a text that cannot be read
_TEXT = r"""(?:'(?:[^'\\\n]|\\[\\'"nrtxuU])*+'|"(?:[^"\\\n]|\\[\\'"nrtxuU])*+")"""
_NAMED = rf"(?:\d++\s*+:\s*+)?{_TEXT}"
# Of nothing else Python's parser is asked, which other texts of this length may overwhelm.
LITERAL = re.compile(rf"[\[{{]\s*+{_NAMED}(?:\s*+,\s*+{_NAMED})*+\s*+,?\s*+[\]}}]", re.ASCII)
# What begins a list, an object or a text of some language, which lists no names as they are.
QUOTED = tuple("[{(<\"'")


def names_in(where: str, metadata: Mapping[str, str], counts: Collection[int]) -> tuple[str, ...]:
    """Return the names of a file's classes that its metadata says; none: empty.

    They are a list, or by number from 0, in JSON or Python; or as they are, in lines or between
    commas. ``counts`` are those that its answers may have; none: they are not known, and names as
    they are cannot be told from any other text. What is under such a key and names no classes is
    said: anybody may write anything there, so it is no error.
    """
    by_key = {key.lower(): text for key, text in metadata.items()}
    read: dict[str, tuple[str, ...]] = {}
    for key in KEYS:
        if not (text := by_key.get(key, "").strip()) or text.isdecimal():  # how many there are
            continue
        names = _names(text, counts)
        if not names or (counts and len(names) not in counts):
            wanted = " or ".join(map(str, sorted(counts))) or "the"
            found = f"{len(names)}" if names else repr(shortened(text, SHOWN))
            _say(f"{where}, {key} of its metadata: not names of {wanted} classes: {found}")
        else:
            read[key] = names
    first = next(iter(read), "")
    for key, names in read.items():
        if [*map(class_key, names)] != [*map(class_key, read[first])]:
            _say(f"{where}: {key} of its metadata names other classes than {first}, which count")
    return read.get(first, ())


def _names(text: str, counts: Collection[int]) -> tuple[str, ...]:
    held = _literal(text)
    if isinstance(held, dict):
        by_number = {str(number): name for number, name in held.items()}
        held = [by_number.get(str(k)) for k in range(len(held))]
    if held is None and counts and len(text) <= CHARACTERS and not text.startswith(QUOTED):
        held = [name.strip() for name in (text.splitlines() if "\n" in text else text.split(","))]
    if not isinstance(held, list) or not all(isinstance(name, str) for name in held):
        return ()
    if any(name.encode(errors="ignore").decode() != name for name in held):  # half a character
        return ()
    keys = {class_key(name) for name in held} - {""}
    return tuple(held) if len(keys) == len(held) > 1 else ()


def _literal(text: str) -> object:
    """Return names that are written in JSON or Python; None: it is neither."""
    if len(text) > CHARACTERS:
        return None
    try:
        return parse_json(text, "names")
    except ConfigError:
        pass
    try:
        return ast.literal_eval(text) if LITERAL.fullmatch(text) else None
    except (ValueError, SyntaxError):
        return None


@functools.cache
def _say(text: str) -> None:
    """Say it once, however often a file is opened."""
    LOG.warning("%s", text)
