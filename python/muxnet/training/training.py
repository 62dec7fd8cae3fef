"""Algorithm 1: the models jointly, then a multiplexer on what they answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.training.config import RunConfig
from muxnet.training.multiplexer_config import MultiplexerConfig
from muxnet.training.multiplexers import (
    cheapest_and_dearest,
    kind_of,
    multiplexer_of,
    multiplexer_options,
    shown_to,
)

# Of a network without batch norm (AlexNet), whose steps change its outputs more.
PLAIN_RATE = 0.5

NOTHING = np.empty(0, np.float32)

Progress: TypeAlias = "Callable[[_core.Progress], object]"
PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Training:
    """How a training went: a record of each epoch, and the seconds of all."""

    history: Sequence[_core.EpochRecord]
    seconds: float


@dataclass(frozen=True)
class TrainedModels(Training):
    """The models, and whether each was right on each training image each time it saw it."""

    models: list[_core.Model]
    answers: _core.AnswerHistory


@dataclass(frozen=True)
class PretrainedMultiplexer(Training):
    """A multiplexer's network, which knows the inputs and not yet who is right on them."""

    network: _core.Model


@dataclass(frozen=True)
class TrainedMultiplexer(Training):
    """A multiplexer."""

    multiplexer: _core.Multiplexer


def fit_models(
    models: Sequence[_core.Model],
    data: _core.Splits,
    config: RunConfig | None = None,
    *,
    progress: Progress | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> TrainedModels:
    """Train all models jointly (Algorithm 1, step 1) on ``data.train``.

    Raises:
        TrainingError: a loss that is not finite or diverges, with model, step and learning rate.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.

    >>> fresh = muxnet.zoo(["alexnet_small", "mobilenet_v2_small"], data.train)
    >>> trained = muxnet.fit_models(fresh, data, config)
    >>> len(trained.history), trained.seconds > 0
    (1, True)

    """
    config = config or RunConfig()
    options = _core.ModelTrainingOptions()
    options.fit = _fit_options(
        config, config.epochs, config.learning_rate, config.weight_decay, config.optimizer
    )
    options.fit = _with_checkpoint(options.fit, checkpoint, resume, config.checkpoint_seconds)
    if config.precision == "bf16":
        options.fit.precision = _core.Precision.bf16
    options.fit.clip_norm = config.clip_norm
    options.label_smoothing = config.label_smoothing
    options.contrastive_weight = config.contrastive_weight
    options.contrastive_formulation = _core.Formulation.__members__[config.contrastive_formulation]
    options.online_distillation_weight = config.online_distillation_weight
    options.online_distillation_temperature = config.temperature
    options.augmentation = _augmentation(config)
    options.learning_rates = [
        1.0 if "batch_norm" in model.graph.operators else PLAIN_RATE for model in models
    ]
    result = _core.train_models(
        list(models),
        data.train,
        data.held_out,
        models[0].normalization,
        options,
        _callback(progress),
    )
    return TrainedModels(result.history, result.seconds, list(models), result.answers)


def frozen_outputs(
    answers: Sequence[_core.Model] | _core.OutcomeTable,
    data: _core.Dataset,
    config: RunConfig | None = None,
    *,
    cost_kind: str = "",
) -> _core.FrozenOutputs:
    """Return what models answer for ``data``: plain, and with ``config`` augmented too.

    Args:
        answers: networks, which are run; or what any models were recorded to answer, a row for
            each input of ``data``, in this order (``matching_rows``). Recorded answers to an input
            stand for those to what augmentation makes of it; of answers alone distributions are
            learnt, each by what was learnt without it.
        data: the inputs, as images or, for a multiplexer of kind ``features``, vectors.
        config: what the multiplexer is and how it is trained.
        cost_kind: of recorded answers, the costs to trade (default: MACs, else the first by name).

    Raises:
        ValueError: answers or inputs that do not fit.

    >>> len(muxnet.frozen_outputs(models, data.held_out).images)
    60

    """
    options = _core.FrozenOptions()
    if config is not None and _convolves(config):
        options.variants = config.multiplexer.variants
        options.augmentation = _augmentation(config)
        options.seed = config.seed
    kind = (config or RunConfig()).multiplexer.kind
    if isinstance(answers, _core.OutcomeTable):
        shown = shown_to(kind, data)
        costs = answers.costs(answers.traded_cost(cost_kind))
        normalization = _core.measure_normalization(shown)
        said = (answers if answers.distributed else _core.cross_fitted(answers)).distributions()
        return _core.recorded_outputs(shown, said, costs, normalization, options)
    if kind != MultiplexerConfig.kind:
        expected = f"{MultiplexerConfig.kind} for networks of the zoo, or their recorded answers"
        raise ConfigError(error_text("multiplexer.kind", expected, kind))
    return _core.run_frozen_models(list(answers), data, answers[0].normalization, options)


def pretrain_multiplexer(
    outputs: _core.FrozenOutputs,
    data: _core.Dataset,
    config: RunConfig | None = None,
    *,
    answers: _core.AnswerHistory | NDArray[np.float32] | None = None,
    held_out: _core.Dataset | None = None,
    progress: Progress | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> PretrainedMultiplexer:
    """Teach a multiplexer for the models of ``outputs`` what the inputs of ``data`` show.

    Which models are right can only be learnt from inputs that they were not trained on, and those
    are few. What the inputs show can be learnt from all: their labels, and with ``answers``, of
    ``fit_models``, which models were right on them while these had seen them a few times only; or
    f32 (n, N), how likely each is right, below 0 where unknown. Tells its accuracy on ``held_out``.

    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.

    >>> outputs = muxnet.frozen_outputs(models, data.held_out)
    >>> muxnet.pretrain_multiplexer(outputs, data.train, config).network.name
    'multiplexer'

    """
    config = config or RunConfig()
    own = config.multiplexer
    network = _network(outputs, config, classes=len(data.class_names))
    options = _core.ModelTrainingOptions()
    rate = own.pretraining_learning_rate
    options.fit = _fit_options(config, own.pretraining_epochs, rate, own.weight_decay, "adamw")
    options.fit = _with_checkpoint(options.fit, checkpoint, resume, config.checkpoint_seconds)
    options.fit.phase = "multiplexer's pre-training"
    if _convolves(config):
        options.augmentation = _augmentation(config)
    result = _core.train_models(
        [network],
        shown_to(own.kind, data),
        None if held_out is None else shown_to(own.kind, held_out),
        network.normalization,
        options,
        _callback(progress),
        right=_right(answers, config),
    )
    return PretrainedMultiplexer(result.history, result.seconds, network)


def _right(
    answers: _core.AnswerHistory | NDArray[np.float32] | None, config: RunConfig
) -> NDArray[np.float32]:
    """Return how likely each model is right on each input, as far as that is to be learnt."""
    own = config.multiplexer
    if answers is None or own.objective != "correctness" or own.pretraining_visits == 0:
        return NOTHING
    if isinstance(answers, _core.AnswerHistory):
        return answers.shares(own.pretraining_visits)
    return answers


def fit_multiplexer(
    learn: _core.FrozenOutputs,
    validation: _core.FrozenOutputs | None = None,
    config: RunConfig | None = None,
    *,
    pretrained: PretrainedMultiplexer | None = None,
    offload: bool = False,
    progress: Progress | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> TrainedMultiplexer:
    """Train a multiplexer on frozen outputs (Algorithm 1, step 2).

    ``learn`` and ``validation`` come from ``frozen_outputs``. With ``offload`` it has a single
    output, which chooses between the cheapest and the dearest model. It starts from what
    ``pretrained``, of ``pretrain_multiplexer``, has learnt of the inputs.

    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.

    >>> outputs = muxnet.frozen_outputs(models, data.held_out, config)
    >>> multiplexer = muxnet.fit_multiplexer(outputs, config=config).multiplexer
    >>> multiplexer.macs < min(model.macs for model in models)
    True

    """
    config = config or RunConfig()
    own = config.multiplexer
    network = _network(learn, config, offload=offload)
    if pretrained is not None:
        network.transfer(pretrained.network)
    multiplexer = multiplexer_of(network, config, learn.costs)
    options = _core.MultiplexerTrainingOptions()
    options.fit = _fit_options(config, own.epochs, own.learning_rate, own.weight_decay, "adamw")
    options.fit = _with_checkpoint(options.fit, checkpoint, resume, config.checkpoint_seconds)
    options.objective = multiplexer.objective
    options.weights = multiplexer.weights
    options.distillation_weight = 0.0 if offload else own.distillation_weight
    if offload:
        options.offload = _core.OffloadTarget.cloud_rescues
        options.device, options.cloud = cheapest_and_dearest(learn.costs)
    result = _core.train_multiplexer(network, learn, options, validation, _callback(progress))
    return TrainedMultiplexer(result.history, result.seconds, multiplexer)


def _network(
    outputs: _core.FrozenOutputs, config: RunConfig, *, classes: int = 0, offload: bool = False
) -> _core.Model:
    """Return a multiplexer's network for these inputs and models, with fresh weights."""
    shape = outputs.images.shape[1:]
    options = multiplexer_options(shape, outputs.models, config, classes=classes, offload=offload)
    return _core.make_multiplexer(options, seed=config.seed, normalization=outputs.normalization)


def _convolves(config: RunConfig) -> bool:
    """Return whether the multiplexer looks at images, which augmentation may vary."""
    return kind_of(config).body == _core.MultiplexerBody.convolutions


def _augmentation(config: RunConfig) -> _core.Augmentation:
    own = config.augmentation
    return _core.Augmentation(
        crop_padding=own.crop_padding, horizontal_flip=own.flip, erase_size=own.erase
    )


def _fit_options(
    config: RunConfig, epochs: int, learning_rate: float, weight_decay: float, optimizer: str
) -> _core.FitOptions:
    fit = _core.FitOptions()
    fit.epochs = epochs
    fit.batch_size = config.batch_size
    fit.seed = config.seed
    chosen = _core.OptimizerOptions()
    chosen.name = optimizer
    chosen.weight_decay = weight_decay
    fit.optimizer = chosen
    schedule = _core.ScheduleOptions()
    schedule.name = config.schedule
    schedule.learning_rate = learning_rate
    fit.schedule = schedule
    return fit


def _with_checkpoint(
    fit: _core.FitOptions, path: PathLike | None, resume: bool, seconds: float
) -> _core.FitOptions:
    if path is not None:
        fit.checkpoint = Path(path)
    fit.checkpoint_seconds = seconds
    fit.resume = resume
    return fit


def _callback(progress: Progress | None) -> Callable[[_core.Progress], bool]:
    def each_step(state: _core.Progress) -> bool:
        if progress is not None:
            progress(state)
        return True

    return each_step
