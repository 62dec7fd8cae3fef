"""What models and multiplexers answer for a data set, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.run.multiplexers import device_and_cloud


def outcome_table(
    models: Sequence[_core.Model],
    multiplexer: _core.Multiplexer | None,
    data: _core.Dataset,
    *,
    split: str,
) -> _core.OutcomeTable:
    """Run every model and the multiplexer on ``data`` and return the OutcomeTable.

    >>> table = muxnet.outcome_table(models, multiplexer, data.held_out, split="calibration")
    >>> table.probabilities.shape
    (60, 2, 10)

    """
    options = _core.CollectOptions()
    options.labels = data.labels
    options.split = split
    options.source = f"{data.name}/{'test' if split == 'test' else 'train'}"
    options.indices = data.source_index
    images = _core.normalize(data.images, models[0].normalization)
    pool = _core.ModelPool([_core.HostedModel(model) for model in models])
    return _core.collect_outcomes(pool, images, multiplexer, options)


def offload_table(
    table: _core.OutcomeTable,
    models: Sequence[_core.Model],
    offload: _core.Multiplexer,
    data: _core.Dataset,
) -> _core.OutcomeTable:
    """Return the table of the mobile/cloud case: two models of ``table`` and one score."""
    pair = list(device_and_cloud(models))
    images = _core.normalize(data.images, models[0].normalization)
    score = _core.Predictor(offload.model).output(images, "offload")
    return _core.OutcomeTable(
        [table.models[i] for i in pair],
        np.ascontiguousarray(table.probabilities[:, pair]),
        {"macs": [table.costs("macs")[i] for i in pair]},
        labels=table.labels,
        offload_score=score.reshape(-1),
        multiplexer_costs={"macs": offload.cost},
        split=table.split,
        source=table.source,
        indices=table.indices,
    )


def matching_rows(table: _core.OutcomeTable, data: _core.Dataset) -> list[int]:
    """Return the row of ``data`` that each row of a table has the answers to.

    A table of ``collect`` names the bytes of its inputs, one of a run their data set; the rows of
    one that names neither must be as many and have the same labels in the same order.

    Raises:
        ConfigError: the answers are to other inputs.

    """
    inputs = _named(table, data)
    places = {place: row for row, place in enumerate(np.asarray(data.source_index).tolist())}
    wanted = np.asarray(table.indices).tolist() if inputs else list(range(len(table)))
    rows = [places.get(place, -1) if inputs else place for place in wanted]
    if not inputs and len(table) != len(data):
        expected = f"{len(table):,} inputs, as the table has, which does not name them"
        raise ConfigError(error_text(data.name, expected, f"{len(data):,}"))
    missing = [place for row, place in zip(rows, wanted, strict=True) if row < 0]
    if missing:
        expected = f"all inputs that the table has answers to, such as number {missing[0]}"
        raise ConfigError(error_text(data.name, expected, f"{len(data):,} others"))
    other = np.flatnonzero(np.asarray(data.labels)[rows] != np.asarray(table.labels))
    if other.size:
        row = int(other[0])
        expected = f"label {int(table.labels[row])} of row {row}, as in the table"
        raise ConfigError(error_text(data.name, expected, int(data.labels[rows[row]])))
    return rows


def _named(table: _core.OutcomeTable, data: _core.Dataset) -> bool:
    """Return whether a table names its inputs, and refuse those that it does not name."""
    if not np.asarray(table.indices).size:
        return False
    name, mark, digest = table.source.partition("#")
    if mark:
        found = fingerprint.of_data(data)["images"]
        if digest != found:
            raise ConfigError(error_text(data.name, f"the inputs {table.source}", f"#{found}"))
    elif name.partition("/")[0] != data.name:
        raise ConfigError(error_text(data.name, f"inputs of {table.source}", data.name))
    return True
