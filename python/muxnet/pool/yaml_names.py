"""Names of classes in a YAML file that is as simple as those of data sets are, without a library.

What a list or an object of names by number looks like is read; of all else, None is returned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from muxnet.base.files import Json

# A text in quotes without escapes, or words that YAML takes for nothing but a text.
_TEXT = r"""'[^'\\]*'|"[^"\\]*"|[^\s'"\[\]{},:#&*!|>%@`?-][^'"\[\]{},:#&*!|>%@`]*+"""
ITEM = re.compile(rf"-\s++({_TEXT})")
NUMBERED = re.compile(rf"(\d++)\s*+:\s++({_TEXT})")
FLOW_ITEM = re.compile(rf"\s*+(?:(\d++)\s*+:\s++)?({_TEXT})\s*+(?:,|\Z)")
COMMENT = re.compile(r"(?:^|\s)#.*$")
# What YAML reads as truth values and nothing, where it is not in quotes.
NO_TEXTS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})


def yaml_names(text: str, keys: Sequence[str]) -> Json:
    """Return the names under the first of ``keys`` that a file has, or that it is a list of.

    They are a list, or an object by number. None: there are none, or the file says them in a way
    that is not read here.
    """
    lines = [COMMENT.sub("", line).rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line and line not in ("---", "...")]
    for key in keys:
        heads = [i for i, line in enumerate(lines) if re.match(rf"{key}\s*:(\s|$)", line)]
        if heads:
            rest = lines[heads[0]].partition(":")[2].strip()
            return _held(rest, lines[heads[0] + 1 :]) if len(heads) == 1 else None
    return _block(lines)


def _held(rest: str, below: Sequence[str]) -> Json:
    """Return what a key has behind it, and else below it."""
    end = next((i for i, line in enumerate(below) if re.match(r"[^\s-]", line)), len(below))
    if not rest:
        return _block(below[:end])
    if not rest.startswith(("[", "{")):
        return None
    closing = {"[": "]", "{": "}"}[rest[0]]
    # A list that goes on may end in a line of its own.
    end += end < len(below) and below[end].strip() == closing
    whole = " ".join([rest, *(line.strip() for line in below[:end])])
    if not whole.endswith(closing):
        return None
    return _flow(whole[1:-1].strip())


def _flow(inner: str) -> Json:
    """Return what stands between brackets."""
    found: list[tuple[str | None, str]] = []
    at = 0
    while at < len(inner):
        part = FLOW_ITEM.match(inner, at)
        if part is None:
            return None
        found.append((part[1], part[2]))
        at = part.end()
    return _whole(found)


def _block(lines: Sequence[str]) -> Json:
    """Return what lines say, one each and all as far from the margin."""
    margins = {len(line) - len(line.lstrip()) for line in lines}
    found: list[tuple[str | None, str]] = []
    for line in lines:
        if item := ITEM.fullmatch(line.strip()):
            found.append((None, item[1]))
        elif pair := NUMBERED.fullmatch(line.strip()):
            found.append((pair[1], pair[2]))
    return _whole(found) if len(found) == len(lines) and len(margins) == 1 else None


def _whole(found: Sequence[tuple[str | None, str]]) -> Json:
    """Return names as a list or by number, where all are one of these and each is a text."""
    names: list[Json] = []
    for _, name in found:
        if name.strip().lower() in NO_TEXTS:
            return None
        quoted = name[0] in "'\""
        names.append(name[1:-1] if quoted else name.strip())
    numbers = [number for number, _ in found if number is not None]
    if not numbers:
        return names
    by_number: dict[str, Json] = dict(zip(numbers, names, strict=False))
    return by_number if len(by_number) == len(found) else None
