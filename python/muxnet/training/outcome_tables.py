"""What models and multiplexers answer for a data set, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.training.multiplexers import cheapest_and_dearest


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
    images = _core.normalize(data.images, models[0].normalization)
    view = _core.run_multiplexer(offload, images)
    return _core.with_view(pair_of(table, "macs"), view, {"macs": offload.cost})


def pair_of(table: _core.OutcomeTable, cost_kind: str) -> _core.OutcomeTable:
    """Return what the cheapest and the dearest model of a table answer, without any scores.

    Raises:
        ConfigError: there are no two models of different cost.

    """
    costs = table.costs(cost_kind)
    if len(set(costs)) < 2:
        raise ConfigError(error_text("offload", "two models of different cost", costs))
    return table.of_models(list(cheapest_and_dearest(costs)))
