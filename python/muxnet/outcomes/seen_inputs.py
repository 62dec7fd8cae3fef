"""Inputs that a policy was fitted on, among those that it is to be judged by."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.fingerprint import of_text
from muxnet.outcomes.class_order import remade

LOG = logging.getLogger(__name__)


def without_seen(
    fitted: _core.Policy | _core.OutcomeTable, table: _core.OutcomeTable
) -> _core.OutcomeTable:
    """Return a table without the inputs of a fit, which a policy or its table knows; they are said.

    All of it where there are no others, for the core to refuse.
    """
    if isinstance(fitted, _core.Policy):
        rows = fitted.unseen_rows(table)
    else:
        rows = table.rows_beyond(fitted)
    if not 0 < len(rows) < len(table):
        return table
    told = "%s: %s of %s inputs left out: the router was fitted on them"
    name = table.source.partition("#")[0]  # a digest tells nobody anything
    LOG.warning(told, name, f"{len(table) - len(rows):,}", f"{len(table):,}")
    return table.subset(rows)


def counts_own_rows(table: _core.OutcomeTable) -> bool:
    """Tell whether a table's places, if it has any, are rows of the file that it was read from.

    Its source is then told by the answers (``#``), as it does not say what models were shown.
    """
    return not table.indices.size or ("#" in table.source and not table.inputs)


def at_rows(table: _core.OutcomeTable, rows: NDArray[np.int64]) -> _core.OutcomeTable:
    """Return a table that was read from these rows of a file with them as its inputs' places."""
    whole = table.subset(range(len(table)))  # with the core's words on what tells its inputs
    name, _, told = whole.source.rpartition("#")
    # Another digest: by this one row r would be taken for the r-th of all rows.
    source = f"{name}#{of_text(told, *map(str, rows.tolist()))}"
    return remade(whole, indices=rows, source=source)
