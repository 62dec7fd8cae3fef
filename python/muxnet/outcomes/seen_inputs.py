"""Inputs that a policy was fitted on, among those that it is to be judged by."""

from __future__ import annotations

import logging

from muxnet.base.compiled import _core

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
    LOG.warning(told, table.source, f"{len(table) - len(rows):,}", f"{len(table):,}")
    return table.subset(rows)
