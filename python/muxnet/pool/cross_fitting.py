"""A multiplexer for anybody's models, from what they were recorded to answer.

The scores that policies are fitted on are cross-fitted: each input's come from a multiplexer that
has learnt from the other parts. The one that is kept has learnt from all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UsageError, UserError, error_text
from muxnet.base.words import cost_title, count_text
from muxnet.outcomes.cross_validation import FOLDS
from muxnet.training.config import RunConfig
from muxnet.training.multiplexers import multiplexer_options, raw_inputs
from muxnet.training.training import Progress, fit_multiplexer, frozen_outputs, pretrain_multiplexer
from muxnet.training.zoo import measure_latency

# Kinds of cost that are known of any multiplexer.
COUNTED = "macs"
MEASURED = "latency_ms"

Said = Callable[[str], object]


@dataclasses.dataclass(frozen=True)
class CrossFitted:
    """A multiplexer that has learnt from all inputs, and cross-fitted scores of each of them."""

    saved: _core.SavedMultiplexer
    table: _core.OutcomeTable
    parts: tuple[int, ...]  # inputs of each


@dataclasses.dataclass(frozen=True)
class Pricing:
    """What one pass of a multiplexer costs, in the unit of the models' costs.

    MACs are counted and ``latency_ms`` measured; of costs of another kind either ``counted`` says
    that they are MACs, or it is ``given``.
    """

    cost_kind: str
    given: float | None = None
    counted: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be known.

        Raises:
            UsageError: the multiplexer's cost in this unit.

        """
        if self.cost_kind not in (COUNTED, MEASURED) and self.given is None and not self.counted:
            expected = (
                f"what one pass of the multiplexer costs in the models' unit, '{self.cost_kind}': "
                f"--multiplexer-cost COST, or {COUNTED} where the models' costs are MACs"
            )
            raise UsageError(error_text("multiplexer's cost", expected, "none"))

    @classmethod
    def of(cls, cost_kind: str, said: str) -> Pricing:
        """Return what a text says: a cost, ``macs``, or nothing.

        Raises:
            UsageError: another text, or the cost is not known.

        """
        if not said or said == COUNTED:
            return cls(cost_kind, counted=bool(said))
        try:
            cost = float(said)
        except ValueError:
            cost = -1.0
        if not 0 <= cost < float("inf"):
            expected = f"a cost of at least 0, or {COUNTED}"
            raise UsageError(error_text("--multiplexer-cost", expected, said))
        return cls(cost_kind, cost)

    def costs(self, multiplexer: _core.Multiplexer, kinds: Sequence[str]) -> dict[str, float]:
        """Return the cost of one pass in each of ``kinds`` that it is known in."""
        found = {}
        for kind in kinds:
            traded = kind == self.cost_kind
            if traded and self.given is not None:
                found[kind] = self.given
            elif kind == COUNTED or (traded and self.counted):
                found[kind] = float(multiplexer.macs)
            elif kind == MEASURED:
                found[kind] = measure_latency(multiplexer).ms
        return found


def cross_fit(
    table: _core.OutcomeTable,
    data: _core.Dataset,
    pricing: Pricing,
    config: RunConfig | None = None,
    *,
    images: _core.ImageFormat | None = None,
    encoder: tuple[str, str] | None = None,
    folds: int = FOLDS,
    offload: bool = False,
    progress: Progress | None = None,
    say: Said = print,
) -> CrossFitted:
    """Train a multiplexer on what models were recorded to answer for ``data``, row by row.

    It learns from inputs that every model answered, which are the rows of the table returned.
    ``images``: what the inputs of ``data`` have become, where these are images; ``encoder``: the
    model, and its output, by name, that they come from, where these are embeddings. With
    ``offload`` the table is of two models, and the one score says what the dearer promises beyond
    the other.

    Raises:
        UserError: too few inputs, no labels.
        TrainingError: a loss that is not finite or diverges.

    """
    config = config or RunConfig()
    if not np.asarray(table.labels).size:
        raise UserError(error_text("multiplexer", "a table with labels", "none"))
    rows = table.complete_rows()
    if len(rows) < len(table):
        table, data = table.subset(rows), data.subset(rows)
    learner = _Learner(
        table, data, config, pricing.cost_kind, images, encoder, progress, offload=offload
    )
    places = np.asarray(_core.draw_folds(table, folds, config.seed))
    scores = np.empty((len(table), 1 if offload else len(table.models)), np.float32)
    sizes = np.bincount(places, minlength=folds)
    say(
        f"cross-fitting: {len(table):,} inputs in {folds} random parts of {min(sizes):,} to "
        f"{max(sizes):,}; scores of each come from a multiplexer that has learnt from the others"
    )
    for fold in range(folds):
        say(f"multiplexer {fold + 1} of {folds + 1}, without part {fold + 1}")
        own = places == fold
        scores[own] = learner.scores(learner.fit(~own), own)
    say(f"multiplexer {folds + 1} of {folds + 1}, of all inputs, which is the one that is kept")
    multiplexer = learner.fit(np.ones(len(table), np.bool_))
    if multiplexer.objective == _core.Objective.correctness and not offload:
        scores = _core.scale_scores(multiplexer.model, scores, table.right)
    costs = pricing.costs(multiplexer, table.cost_kinds)
    say(_priced(multiplexer, costs, pricing))
    first = "" if encoder is None else encoder[0]
    if first:
        say(
            f"it looks at what {first} gives, which is called first in every decision, and paid for"
        )
    scored = _core.with_view(table, _core.view_of_scores(multiplexer, scores), costs, first)
    own_price = costs[pricing.cost_kind]
    return CrossFitted(learner.saved(multiplexer, own_price), scored, tuple(sizes.tolist()))


def scored(
    table: _core.OutcomeTable, data: _core.Dataset, saved: _core.SavedMultiplexer
) -> _core.OutcomeTable:
    """Return a table with what a multiplexer says of ``data``, its inputs row by row.

    Raises:
        ConfigError: costs of another kind.
        ValueError: inputs that it is not for.

    """
    if saved.cost_kind not in table.cost_kinds:
        expected = f"costs of the kind {saved.cost_kind}, as the multiplexer's"
        raise ConfigError(error_text("table", expected, ", ".join(table.cost_kinds)))
    shown = _core.multiplexer_inputs(saved.multiplexer, raw_inputs(data))
    view = _core.run_multiplexer(saved.multiplexer, shown)
    encoder = saved.multiplexer.encoder
    first = "" if encoder is None else encoder[0]
    return _core.with_view(table, view, {saved.cost_kind: saved.multiplexer.cost}, first)


class _Learner:
    """Trains multiplexers on parts of a table's inputs, and asks them about others."""

    def __init__(
        self,
        table: _core.OutcomeTable,
        data: _core.Dataset,
        config: RunConfig,
        cost_kind: str,
        images: _core.ImageFormat | None,
        encoder: tuple[str, str] | None,
        progress: Progress | None,
        *,
        offload: bool,
    ) -> None:
        self._offload = offload
        self._table, self._data, self._config = table, data, config
        self._cost_kind, self._images, self._progress = cost_kind, images, progress
        self._encoder = encoder

    def fit(self, part: NDArray[np.bool_]) -> _core.Multiplexer:
        """Return one that has learnt from a part of the inputs, and from nothing else."""
        rows = np.flatnonzero(part).tolist()
        table, data = self._table.subset(rows), self._data.subset(rows)
        config = dataclasses.replace(
            self._config, batch_size=min(self._config.batch_size, len(rows))
        )
        learn = frozen_outputs(table, data, config, cost_kind=self._cost_kind)
        pretrained = None
        if config.multiplexer.pretraining_epochs:
            pretrained = pretrain_multiplexer(
                learn,
                data,
                config,
                answers=np.asarray(table.quality, np.float32),
                progress=self._progress,
            )
        return fit_multiplexer(
            learn,
            config=config,
            pretrained=pretrained,
            offload=self._offload,
            progress=self._progress,
        ).multiplexer

    def scores(
        self, multiplexer: _core.Multiplexer, part: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return what a multiplexer says of a part of the inputs."""
        inputs = raw_inputs(self._data.subset(np.flatnonzero(part).tolist()))
        shown = _core.multiplexer_inputs(multiplexer, inputs)
        output = "offload" if multiplexer.offloads else "scores"
        return _core.Predictor(multiplexer.model).output(shown, output)

    def saved(self, multiplexer: _core.Multiplexer, cost: float) -> _core.SavedMultiplexer:
        """Return what a router's folder keeps of a multiplexer that costs so much."""
        shape = multiplexer.model.graph.input_shape
        table, kept = self._table, multiplexer.at_price(cost)
        if self._images is not None:
            kept = kept.for_images(self._images)
        if self._encoder is not None:
            kept = kept.for_encoder(*self._encoder)
        return _core.SavedMultiplexer(
            kept,
            network=multiplexer_options(
                shape, len(table.models), self._config, offload=self._offload
            ),
            models=table.models,
            classes=table.classes,
            cost_kind=self._cost_kind,
            learnt_from=table.inputs_digest,
        )


def _priced(multiplexer: _core.Multiplexer, costs: dict[str, float], pricing: Pricing) -> str:
    """Return what the multiplexer costs, in words."""
    kind = pricing.cost_kind
    own = f"one pass costs {costs[kind]:.6g} {cost_title(kind)}"
    return f"{own}, counted in every decision; it takes {count_text(multiplexer.macs)} MACs"
