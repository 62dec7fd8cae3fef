"""Names of columns as readers know them, whatever blanks and capitals a file has."""

from __future__ import annotations

from collections.abc import Iterable

from muxnet.base.class_values import class_text
from muxnet.outcomes.input_columns import FEATURES, GROUP
from muxnet.outcomes.model_columns import FEATURE, OF_MODEL, part_of

LABEL = "label"
OF_INPUTS = (LABEL, GROUP, FEATURES)


def known_names(names: Iterable[str]) -> dict[str, str]:
    """Return what readers know each column as: ``Label`` is ``label``, ``a : Score`` ``a:score``.

    A name that is there as well as another spelling of it is that column's own.
    """
    own = list(names)
    taken = set(own)
    found = {name: _known(name) for name in own}
    return {name: name if known in taken else known for name, known in found.items()}


def is_known(name: str) -> bool:
    """Tell whether readers look at a column of this name."""
    known = _known(name)
    return known in OF_INPUTS or known.startswith(FEATURE) or bool(part_of(known)[1])


def _known(name: str) -> str:
    text = class_text(name)
    if text.lower() in OF_INPUTS:
        return text.lower()
    head, colon, tail = (part.strip() for part in text.rpartition(":"))
    if head.lower() + colon == FEATURE:
        return FEATURE + tail
    part, dot, kind = tail.partition(".")
    spelled = f"{head}{colon}{part.lower()}{dot}{kind}"
    return spelled if OF_MODEL.fullmatch(spelled) else name
