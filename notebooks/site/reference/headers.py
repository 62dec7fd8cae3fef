"""The reference of C++: a page for each layer, made of the comments in its headers."""

import re
from collections.abc import Iterator
from pathlib import Path

from header_texts import Declaration, Header
from texts import markdown

# Members that say nothing beyond their names.
SILENT = re.compile(r"= (default|delete)$|~|^friend\b")
NOTHING = "\N{NO-BREAK SPACE}"  # a definition that is there and empty
INITIALIZERS = re.compile(r"\)( noexcept)? : .*$")


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page."""
    ladder = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for folder in sorted(path for path in (root / "cpp/muxnet").iterdir() if path.is_dir()):
        parts = [f"# {folder.name}\n", _what_for(folder.name, ladder)]
        for header in sorted(folder.glob("*.hpp")):
            parts += _header(f"muxnet/{folder.name}/{header.name}", header)
        yield folder.name, "\n".join(parts)


def _what_for(layer: str, ladder: str) -> str:
    told = re.search(rf"`{layer}`(?: beside it)?(?:, [^:\n`]*)?: ([^\n]*)", ladder)
    text = f": {told[1]}" if told else ""
    return f"Target `muxnet::{layer}`{text}\n"


def _header(name: str, path: Path) -> Iterator[str]:
    """Yield the parts of a header: its types with their members, its functions."""
    found = Header(path.read_text(encoding="utf-8")).declarations
    shown = [entry for entry in found if _is_shown(entry, found)]
    if not shown:
        return
    yield f"## {name}\n"
    for entry in shown:
        yield _entry(entry)


def _is_shown(entry: Declaration, found: list[Declaration]) -> bool:
    """Return whether a user may name it: neither private nor inside what is, nor only announced."""
    hidden = {other.code.split()[-1] for other in found if other.kind and other.access == "private"}
    announced = not entry.kind and re.fullmatch(r"(template <.*> )?(class|struct) \w+", entry.code)
    return (
        entry.access != "private"
        and not hidden & set(entry.scope)
        and not announced
        and not SILENT.search(entry.code)
    )


def _entry(entry: Declaration) -> str:
    """Return a type as a heading of its own, all else as a term with what it is."""
    code = INITIALIZERS.sub(")", entry.code)
    text = markdown("\n".join(line.strip() for line in entry.text))
    if entry.kind:
        name = re.sub(r"\s*(final)?\s*(:.*)?$", "", code).split()[-1]
        title = "::".join([*entry.scope, name])
        return f"### {title}\n\n```cpp\n{code}\n```\n\n{text}\n"
    body = text.replace("\n\n", "\n\n  ") or NOTHING
    lines = "\n  ".join(line for line in body.splitlines())
    return f"`` {code} ``\n: {lines}\n"
