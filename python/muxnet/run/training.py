"""Algorithm 1: the models jointly, then a multiplexer on what they answer."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from muxnet.base.compiled import _core
from muxnet.run.config import RunConfig

# Of a network without batch norm (AlexNet), whose steps change its outputs more.
PLAIN_RATE = 0.5

NOTHING = np.empty(0, np.float32)

Progress = Callable[[Any], object]
PathLike = str | os.PathLike[str]


def fit_models(
    models: Sequence[Any],
    data: Any,
    config: RunConfig | None = None,
    *,
    progress: Progress | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> Any:
    """Train all models jointly (Algorithm 1, step 1) on ``data.train``.

    Returns:
        ``.history``, one record an epoch, and ``.answers``, whether each model was right on each
        training image each time it saw it.

    Raises:
        TrainingError: a loss that is not finite or diverges, with model, step and learning rate.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.

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
    return _core.train_models(
        list(models),
        data.train,
        data.held_out,
        models[0].normalization,
        options,
        _callback(progress),
    )


def contrastive_collapse(both_right_distance: float, one_right_distance: float) -> str:
    """Return a sentence where the contrastive loss separates nothing, else an empty text."""
    return str(_core.describe_contrastive_collapse(both_right_distance, one_right_distance))


def frozen_outputs(models: Sequence[Any], data: Any, config: RunConfig | None = None) -> Any:
    """Return what the models answer for ``data``: plain, and with ``config`` augmented too."""
    options = _core.FrozenOptions()
    if config is not None:
        options.variants = config.multiplexer.variants
        options.augmentation = _augmentation(config)
        options.seed = config.seed
    return _core.run_frozen_models(list(models), data, models[0].normalization, options)


def pretrain_multiplexer(
    models: Sequence[Any],
    data: Any,
    config: RunConfig | None = None,
    *,
    answers: Any = None,
    progress: Progress | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> Any:
    """Return a multiplexer that has learnt what the inputs of ``data.train`` show.

    Which models are right can only be learnt from inputs that they were not trained on, and those
    are few. What the inputs show can be learnt from all: their labels, and with ``answers``, of
    ``fit_models``, which models were right on them while these had seen them a few times only.

    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.

    """
    config = config or RunConfig()
    own = config.multiplexer
    network = multiplexer_network(models, config, classes=len(data.train.class_names))
    options = _core.ModelTrainingOptions()
    rate = own.pretraining_learning_rate
    options.fit = _fit_options(config, own.pretraining_epochs, rate, own.weight_decay, "adamw")
    options.fit = _with_checkpoint(options.fit, checkpoint, resume, config.checkpoint_seconds)
    options.fit.phase = "multiplexer's pre-training"
    options.augmentation = _augmentation(config)
    learns_answers = own.objective == "correctness" and own.pretraining_visits > 0
    _core.train_models(
        [network],
        data.train,
        data.held_out,
        network.normalization,
        options,
        _callback(progress),
        right=answers.shares(own.pretraining_visits) if answers and learns_answers else NOTHING,
    )
    return network


def fit_multiplexer(
    models: Sequence[Any],
    learn: Any,
    validation: Any = None,
    config: RunConfig | None = None,
    *,
    pretrained: Any = None,
    offload: bool = False,
    progress: Progress | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
) -> tuple[Any, list[Any]]:
    """Train a multiplexer on frozen outputs (Algorithm 1, step 2); return it and its history.

    ``learn`` and ``validation`` come from ``frozen_outputs``. With ``offload`` it has a single
    output, which chooses between the cheapest and the dearest model. It starts from what
    ``pretrained``, of ``pretrain_multiplexer``, has learnt of the inputs.

    Raises:
        TrainingError: a loss that is not finite or diverges.
        KeyboardInterrupt: Ctrl-C, after the checkpoint was written.

    """
    config = config or RunConfig()
    own = config.multiplexer
    network = multiplexer_network(models, config, offload=offload)
    if pretrained is not None:
        fresh, learnt = network.state(), pretrained.state()
        fits = {
            name for name in fresh if name in learnt and learnt[name].shape == fresh[name].shape
        }
        network.load_state({**fresh, **{name: learnt[name] for name in fits}})
    multiplexer = multiplexer_of(network, config)
    options = _core.MultiplexerTrainingOptions()
    options.fit = _fit_options(config, own.epochs, own.learning_rate, own.weight_decay, "adamw")
    options.fit = _with_checkpoint(options.fit, checkpoint, resume, config.checkpoint_seconds)
    options.objective = multiplexer.objective
    options.weights = multiplexer.weights
    options.distillation_weight = 0.0 if offload else own.distillation_weight
    if offload:
        options.offload = _core.OffloadTarget.cloud_rescues
        options.device, options.cloud = device_and_cloud(models)
    result = _core.train_multiplexer(
        network,
        learn,
        [float(model.macs) for model in models],
        options,
        validation,
        _callback(progress),
    )
    return multiplexer, list(result.history)


def multiplexer_of(network: Any, config: RunConfig) -> Any:
    """Return a multiplexer's network with how its scores become weights."""
    own = config.multiplexer
    weights = _core.WeightOptions(
        formulation=_core.Formulation.__members__[own.formulation], lambda_cost=own.lambda_cost
    )
    return _core.Multiplexer(network, _core.Objective.__members__[own.objective], weights)


def offload_multiplexer(models: Sequence[Any], config: RunConfig) -> Any:
    """Return the network of a run's mobile/cloud multiplexer with fresh weights."""
    return multiplexer_network(models, config, offload=True)


def device_and_cloud(models: Sequence[Any]) -> tuple[int, int]:
    """Return the positions of the two models of the mobile/cloud case: cheapest and dearest."""
    costs = [model.macs for model in models]
    return int(np.argmin(costs)), int(np.argmax(costs))


def multiplexer_network(
    models: Sequence[Any], config: RunConfig, *, classes: int = 0, offload: bool = False
) -> Any:
    """Return a multiplexer's network for a pool, with fresh weights."""
    own = config.multiplexer
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = models[0].graph.input_shape
    options.resolution = own.resolution
    options.filters = own.width
    options.models = len(models)
    options.meta_dim = own.meta_dim
    options.shared_meta = own.shared_meta
    options.classes = classes
    options.offload = offload
    return _core.make_multiplexer(options, seed=config.seed, normalization=models[0].normalization)


def _augmentation(config: RunConfig) -> Any:
    own = config.augmentation
    return _core.Augmentation(
        crop_padding=own.crop_padding, horizontal_flip=own.flip, erase_size=own.erase
    )


def _fit_options(
    config: RunConfig, epochs: int, learning_rate: float, weight_decay: float, optimizer: str
) -> Any:
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


def _with_checkpoint(fit: Any, path: PathLike | None, resume: bool, seconds: float) -> Any:
    if path is not None:
        fit.checkpoint = Path(path)
    fit.checkpoint_seconds = seconds
    fit.resume = resume
    return fit


def _callback(progress: Progress | None) -> Any:
    if progress is None:
        return None

    def each_step(state: Any) -> bool:
        progress(state)
        return True

    return each_step
