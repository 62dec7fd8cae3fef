"""Algorithm 1, step 2, on frozen outputs by PyTorch: for many of them."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.torch.algorithm1 import decay_groups, take_step
from muxnet.torch.graph import to_core, to_torch
from muxnet.torch.multiplexer import (
    multiplexer_correctness,
    multiplexer_ensemble,
    offload_targets,
)
from muxnet.training.config import RunConfig
from muxnet.training.multiplexers import (
    cheapest_and_dearest,
    multiplexer_of,
    multiplexer_options,
)
from muxnet.training.training import PretrainedMultiplexer, TrainedMultiplexer


def fit_multiplexer(
    learn: _core.FrozenOutputs,
    validation: _core.FrozenOutputs | None = None,
    config: RunConfig | None = None,
    *,
    pretrained: PretrainedMultiplexer | None = None,
    offload: bool = False,
    device: torch.device | str | None = None,
) -> TrainedMultiplexer:
    """Train a multiplexer as ``muxnet.fit_multiplexer`` does, by PyTorch.

    The same losses, optimizer and schedule; inputs come in another order. Its result has no
    history. ``device``: a GPU where there is one, else the CPU.

    Raises:
        ConfigError: distillation, for which frozen outputs hold no embeddings here, or fewer inputs
            than a batch.
        TrainingError: a loss that is not finite.

    """
    config = config or RunConfig()
    own = config.multiplexer
    if own.distillation_weight > 0 and not offload:
        expected = "0 in PyTorch"
        raise ConfigError(
            error_text("multiplexer.distillation_weight", expected, own.distillation_weight)
        )
    if config.batch_size > learn.inputs:
        expected = f"1 to {learn.inputs}, the held-out inputs"
        raise ConfigError(error_text("batch_size", expected, config.batch_size))
    started = time.monotonic()
    shape = learn.images.shape[1:]
    options = multiplexer_options(shape, learn.models, config, offload=offload)
    network = _core.make_multiplexer(options, seed=config.seed, normalization=learn.normalization)
    if pretrained is not None:
        network.transfer(pretrained.network)
    multiplexer = multiplexer_of(network, config, learn.costs)
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    module = to_torch(network).to(place)
    _train(module, _Frozen(learn, config, offload, torch.device(place)), config)
    to_core(module, network)
    if validation is not None and not offload and own.objective == "correctness":
        _scale(network, validation)
    return TrainedMultiplexer((), time.monotonic() - started, multiplexer)


class _Frozen:
    """Frozen outputs on a device, and what is learnt of them."""

    def __init__(
        self, outputs: _core.FrozenOutputs, config: RunConfig, offload: bool, device: torch.device
    ) -> None:
        self.inputs, self.variants = outputs.inputs, outputs.variants
        self.images = torch.tensor(outputs.images).to(device)
        self._labels = torch.tensor(outputs.labels).long().to(device)
        self._answers = torch.tensor(outputs.probabilities).to(device)
        self._costs = outputs.costs
        self._own = config.multiplexer
        self._ensemble = self._own.objective == "ensemble" and not offload
        self._targets = self._answers.argmax(2) == self._labels[:, None]
        if offload:
            self._targets = offload_targets(self._targets, *cheapest_and_dearest(self._costs))

    def loss(self, scores: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the loss of the scores of some rows."""
        if not self._ensemble:
            return multiplexer_correctness(scores, self._targets[rows])
        return multiplexer_ensemble(
            scores,
            self._answers[rows],
            self._labels[rows],
            self._costs,
            formulation="paper" if self._own.formulation == "paper" else "bounded",
            lambda_cost=self._own.lambda_cost,
        )


def _train(module: nn.Module, frozen: _Frozen, config: RunConfig) -> None:
    own = config.multiplexer
    optimizer = torch.optim.AdamW(decay_groups(module, own.weight_decay))
    batches = frozen.inputs // config.batch_size
    schedule = _core.ScheduleOptions(name=config.schedule, learning_rate=own.learning_rate)
    generator = torch.Generator().manual_seed(config.seed)
    module.train()
    for epoch in range(own.epochs):
        order = torch.randperm(frozen.inputs, generator=generator)
        variant = torch.randint(frozen.variants, (frozen.inputs,), generator=generator)
        rows = (order + variant * frozen.inputs)[: batches * config.batch_size]
        total = 0.0
        for batch, some in enumerate(rows.to(frozen.images.device).view(batches, -1)):
            step = epoch * batches + batch
            for group in optimizer.param_groups:
                group["lr"] = _core.learning_rate(schedule, step, own.epochs * batches)
            loss = frozen.loss(module(frozen.images[some])["scores"], some)
            take_step(loss, [module], [optimizer])
            total += loss.item()
        if not np.isfinite(total):
            raise _core.TrainingError(error_text("multiplexer", "a finite loss", total))


def _scale(network: _core.Model, validation: _core.FrozenOutputs) -> None:
    """Make sigmoid of each score the probability that the model is right, on plain inputs."""
    inputs = validation.inputs
    scores = _core.Predictor(network).output(validation.images[:inputs], "scores")
    answers = validation.probabilities[:inputs].argmax(2)
    correct = answers == validation.labels[:inputs, None]
    _core.scale_scores(network, scores, correct.astype(np.uint8))
