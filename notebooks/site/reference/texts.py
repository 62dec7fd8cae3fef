"""Plain comments as the markup that pages are written in."""

import re

import muxnet
from sphinx.ext.napoleon import Config, GoogleDocstring


def markdown(text: str) -> str:
    """Return a comment as Markdown that shows it letter by letter; `code` stays code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_<>\[\]$#|~`{}])", r"\\\1", part)
        for part in parts
    )


def restructured(text: str) -> str:
    """Return a comment as reStructuredText that shows it letter by letter; `code` stays code."""
    parts = re.split(r"(``[^`]*``|`[^`]*`)", text)
    return "".join(
        f"``{part.strip('`')}``" if part.startswith("`") else re.sub(r"([\\*|_])", r"\\\1", part)
        for part in parts
    )


def mend(app, what, name, found, options, lines) -> None:
    """Turn a docstring into markup: the core's are its headers' comments, all others Google's."""
    if _is_of_core(name):
        text = restructured("\n".join(line.strip() for line in lines))
        lines[:] = text.splitlines()
    else:
        lines[:] = GoogleDocstring(lines, Config(), app, what, name, found, options).lines()


def _is_of_core(name: str) -> bool:
    _, first, *_ = f"{name}.".split(".")
    public = getattr(muxnet, first, None) if first in muxnet.__all__ else None
    return first == "_core" or getattr(public, "__module__", "") == "muxnet._core"
