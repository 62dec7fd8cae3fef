"""Names of columns as readers know them, whatever blanks and capitals a file has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from muxnet.base.class_values import class_text
from muxnet.outcomes.input_columns import FEATURES, GROUP
from muxnet.outcomes.model_columns import FEATURE, NAMED, WHOLE, part_of

LABEL = "label"
OF_INPUTS = (LABEL, GROUP, FEATURES)


def known_names(names: Iterable[str]) -> dict[str, str]:
    """Return what readers know each column as: ``Label`` is ``label``, ``a : Score`` ``a:score``.

    A name that is there as well as another spelling of it is that column's own.
    """
    own = list(names)
    taken = set(own)
    found = {name: known_name(name) for name in own}
    return {name: name if known in taken else known for name, known in found.items()}


def may_hold_lists(name: str) -> bool:
    """Tell whether a column of this name may hold several values in a row."""
    known = known_name(name)
    return known == FEATURES or part_of(known)[1] == WHOLE


def is_known(name: str) -> bool:
    """Tell whether readers look at a column of this name."""
    known = known_name(name)
    return known in OF_INPUTS or known.startswith(FEATURE) or bool(part_of(known)[1])


def known_name(name: str) -> str:
    """Return what readers know a column as by its own name; one that none knows as it is."""
    text = class_text(name)
    if text.lower() in OF_INPUTS:
        return text.lower()
    pieces = text.split(":")
    words = [piece.strip().lower() for piece in pieces]
    if len(pieces) > 1 and f"{words[0]}:" == FEATURE:
        return FEATURE + _joined(pieces[1:])
    if before := next((i for i in range(1, len(pieces) - 1) if f"{words[i]}:" == NAMED), 0):
        spelled = f"{_joined(pieces[:before])}:{NAMED}{_joined(pieces[before + 1 :])}"
    else:
        part, dot, kind = pieces[-1].partition(".")
        spelled = f"{_joined(pieces[:-1])}:{part.strip().lower()}{dot}{kind.strip()}"
    return spelled if part_of(spelled)[1] else name


def _joined(pieces: Sequence[str]) -> str:
    return ":".join(pieces).strip()
