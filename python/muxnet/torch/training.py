"""Algorithm 1, step 1, in PyTorch: all models jointly, by any number of processes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.torch.algorithm1 import (
    JointLoss,
    JointModels,
    JointValue,
    decay_groups,
    train_models_step,
)
from muxnet.torch.checkpoint import EpochTold, Position, load_checkpoint, save_checkpoint
from muxnet.torch.pool_models import PoolModel
from muxnet.torch.processes import all_wait, rank, shared, sum_of_all
from muxnet.torch.tensors import processes
from muxnet.training.config import RunConfig
from muxnet.training.training import PLAIN_RATE

# Without influence on any number.
NOT_COMPARED = ("out", "checkpoint_seconds", "threads", "multiplexer", "calibration_fraction")
STREAM = 1_000_003  # steps of one seed's random numbers


class JointTraining:
    """All models of a pool in training, one process's part of it."""

    def __init__(
        self,
        models: Sequence[PoolModel],
        data: _core.Splits,
        normalization: _core.Normalization,
        config: RunConfig,
        device: torch.device,
        *,
        compiled: bool = False,
    ) -> None:
        _check(data, config)
        self._config, self._data, self._device = config, data, device
        self._normalization = normalization
        self._modules = [model.module.to(device) for model in models]
        self._optimizers = [_optimizer(module, config) for module in self._modules]
        self._loss = JointLoss(
            [model.macs for model in models],
            label_smoothing=config.label_smoothing,
            contrastive_weight=config.contrastive_weight,
            formulation="paper" if config.contrastive_formulation == "paper" else "bounded",
            online_distillation_weight=config.online_distillation_weight,
            temperature=config.temperature,
        ).to(device)
        joint: nn.Module = JointModels(self._modules)
        if compiled:
            joint.compile()
        self._joint = shared(joint)
        self._batches = len(data.train) // config.batch_size
        self._fingerprint = _fingerprint(models, data, config)
        self._saved = time.monotonic()
        self._told: tuple[EpochTold, ...] = ()

    def run(
        self, checkpoint: Path | None, *, resume: bool, say: Callable[[EpochTold], object]
    ) -> Sequence[EpochTold]:
        """Train, from ``checkpoint`` where it is there and wanted, and tell of each epoch.

        Raises:
            ConfigError: a checkpoint of another training.
            OSError: a checkpoint that cannot be read or written.

        """
        start = Position(0, 0, self._fingerprint)
        if checkpoint is not None and resume and checkpoint.is_file():
            start = load_checkpoint(checkpoint, self._fingerprint, self._modules, self._optimizers)
        self._told = start.history
        for epoch in range(start.epoch, self._config.epochs):
            first = start.batch if epoch == start.epoch else 0
            values = [
                self._step(epoch, first + i, *batch, checkpoint)
                for i, batch in enumerate(self._training_batches(epoch, first))
            ]
            self._told += (self._tell(epoch, values),)
            self._save(checkpoint, epoch + 1, 0)
            say(self._told[-1])
        return self._told

    def _training_batches(
        self, epoch: int, first: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        own = self._config.augmentation
        augmentation = _core.Augmentation(
            crop_padding=own.crop_padding, horizontal_flip=own.flip, erase_size=own.erase
        )
        loader = _core.Loader(
            self._data.train,
            self._normalization,
            batch_size=self._config.batch_size,
            drop_last=True,
            augmentation=augmentation,
            seed=self._config.seed,
        )
        loader.start_epoch(epoch, first)
        return self._parts(loader)

    def _parts(self, loader: _core.Loader) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield this process's part of each batch."""
        while (batch := loader.next()) is not None:
            images, labels = (
                torch.tensor_split(torch.tensor(b), processes())[rank()] for b in batch
            )
            yield images.to(self._device), labels.long().to(self._device)

    def _step(
        self,
        epoch: int,
        batch: int,
        images: torch.Tensor,
        labels: torch.Tensor,
        checkpoint: Path | None,
    ) -> JointValue:
        step = epoch * self._batches + batch
        # So that what dropout draws does not depend on where a training was interrupted.
        torch.manual_seed((self._config.seed * STREAM + step) * STREAM + rank())
        self._set_rates(step)
        value = train_models_step(
            self._joint,
            self._optimizers,
            self._loss,
            images,
            labels,
            clip_norm=self._config.clip_norm,
            precision=torch.bfloat16 if self._config.precision == "bf16" else None,
        )
        if batch + 1 < self._batches and self._due():
            self._save(checkpoint, epoch, batch + 1)
        return value

    def _set_rates(self, step: int) -> None:
        options = _core.ScheduleOptions(
            name=self._config.schedule, learning_rate=self._config.learning_rate
        )
        rate = _core.learning_rate(options, step, self._config.epochs * self._batches)
        for module, optimizer in zip(self._modules, self._optimizers, strict=True):
            normalised = any(isinstance(layer, _BatchNorm) for layer in module.modules())
            for group in optimizer.param_groups:
                group["lr"] = rate if normalised else PLAIN_RATE * rate

    def _due(self) -> bool:
        """Whether the time between two checkpoints is over, by the first process's clock."""
        over = time.monotonic() - self._saved >= self._config.checkpoint_seconds
        told = torch.tensor(float(over and rank() == 0), device=self._device)
        return bool(sum_of_all(told) > 0)

    def _save(self, checkpoint: Path | None, epoch: int, batch: int) -> None:
        self._saved = time.monotonic()
        if checkpoint is not None and rank() == 0:
            position = Position(epoch, batch, self._fingerprint, self._told)
            save_checkpoint(checkpoint, position, self._modules, self._optimizers)
        all_wait()

    def _tell(self, epoch: int, values: Sequence[JointValue]) -> EpochTold:
        each = [
            torch.cat([v.cross_entropies, v.contrastive.view(1), v.online_distillation.view(1)])
            for v in values
        ]
        means = sum_of_all(torch.stack(each).mean(0)) / processes()
        if not means.isfinite().all():
            raise _core.TrainingError(error_text("training", "finite losses", means.tolist()))
        *losses, contrastive, online = means.tolist()
        return EpochTold(epoch, tuple(losses), contrastive, online, tuple(self._accuracies()))

    @torch.no_grad()
    def _accuracies(self) -> list[float]:
        held_out = self._data.held_out
        if not len(held_out):
            return []
        loader = _core.Loader(
            held_out, self._normalization, batch_size=self._config.batch_size, shuffle=False
        )
        loader.start_epoch(0)
        right = torch.zeros(len(self._modules), device=self._device)
        for images, labels in self._parts(loader):
            for place, module in enumerate(self._modules):
                answers = module.eval()(images)["logits"].argmax(1)
                right[place] += (answers == labels).sum()
        shares: list[float] = (sum_of_all(right) / len(held_out)).tolist()
        return shares


def _optimizer(module: nn.Module, config: RunConfig) -> torch.optim.Optimizer:
    groups = decay_groups(module, config.weight_decay)
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, config.learning_rate)
    return torch.optim.SGD(groups, config.learning_rate, momentum=0.9, nesterov=True)


def _check(data: _core.Splits, config: RunConfig) -> None:
    if config.batch_size % processes() or config.batch_size > len(data.train):
        expected = f"a multiple of {processes()} processes, at most {len(data.train)} images"
        raise ConfigError(error_text("batch_size", expected, config.batch_size))
    if config.optimizer not in ("sgd", "adamw"):
        raise ConfigError(error_text("optimizer", "sgd or adamw", config.optimizer))


def _fingerprint(models: Sequence[PoolModel], data: _core.Splits, config: RunConfig) -> str:
    settings = {k: v for k, v in schema.to_dict(config).items() if k not in NOT_COMPARED}
    inputs = [_core.digest(data.train.images), _core.digest(data.train.labels)]
    return json.dumps([settings, inputs, [model.name for model in models]], sort_keys=True)
