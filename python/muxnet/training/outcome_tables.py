"""What models and multiplexers answer for a data set, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from muxnet.base.compiled import _core
from muxnet.training.multiplexers import device_and_cloud


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
