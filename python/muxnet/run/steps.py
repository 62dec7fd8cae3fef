"""The steps of the main job, each a function of what the steps before it made."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from muxnet.base.compiled import _core
from muxnet.base.progress import Reporter
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.policies import Evaluations, evaluate_policies
from muxnet.run.recorded import Outcomes
from muxnet.run.verdict import distance_warnings
from muxnet.training.config import RunConfig
from muxnet.training.data import data_of, split_dataset
from muxnet.training.outcome_tables import offload_table, outcome_table
from muxnet.training.training import (
    PretrainedMultiplexer,
    TrainedModels,
    TrainedMultiplexer,
    fit_models,
    fit_multiplexer,
    frozen_outputs,
    pretrain_multiplexer,
)
from muxnet.training.zoo import measure_latency, save_weights, zoo


@dataclass(frozen=True)
class Run:
    """What every step is told, and the seconds that each took."""

    config: RunConfig
    folder: RunFolder
    progress: Reporter
    resume: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the run under ``name``."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


@dataclass(frozen=True)
class Data:
    """The data of a run, and what the multiplexers are given of it."""

    splits: _core.Splits
    learn: _core.Dataset  # what the multiplexers learn from
    calibration: _core.Dataset  # what thresholds are chosen on


@dataclass(frozen=True)
class Multiplexers:
    """The multiplexer of all models, and that of the mobile/cloud case."""

    all: TrainedMultiplexer
    offload: TrainedMultiplexer


@dataclass(frozen=True)
class Latencies:
    """One inference pass of each network."""

    models: list[_core.Latency]
    multiplexer: _core.Latency


def load(run: Run) -> Data:
    """Open the data and divide it."""
    config = run.config
    splits = data_of(config)
    run.progress.say(
        f"{config.data}: {len(splits.train)} training, {len(splits.held_out)} held-out and "
        f"{len(splits.test)} test images, {len(splits.train.class_names)} classes"
    )
    calibration, learn = split_dataset(splits.held_out, config.calibration_fraction, config.seed)
    return Data(splits, learn if config.router_data == "held_out" else splits.train, calibration)


def train_models(run: Run, data: Data) -> TrainedModels:
    """Algorithm 1, step 1: all models jointly on each batch; leaves their weights."""
    config = run.config
    models = zoo(
        config.models, data.splits.train, seed=config.seed, projection_dim=config.projection_dim
    )
    trained = fit_models(
        models,
        data.splits,
        config,
        progress=run.progress,
        checkpoint=run.folder.checkpoint("models"),
        resume=run.resume,
    )
    for warning in distance_warnings(trained.history):
        run.progress.say(warning)
    for model in models:
        save_weights(model, run.folder.weights / f"{model.name}.safetensors")
    return trained


def train_multiplexers(run: Run, data: Data, trained: TrainedModels) -> Multiplexers:
    """Algorithm 1, step 2: models frozen; one multiplexer for all, one for the two-model case."""
    models = trained.models
    run.progress.say("running every model on the inputs that the multiplexers learn from")
    learn = frozen_outputs(models, data.learn, run.config)
    validation = frozen_outputs(models, data.calibration)
    wanted = run.config.multiplexer.pretraining_epochs > 0
    pretrained = pretrain(run, learn, data, trained) if wanted else None

    def fit(name: str) -> TrainedMultiplexer:
        found = fit_multiplexer(
            learn,
            validation,
            run.config,
            pretrained=pretrained,
            offload=name == "offload",
            progress=run.progress,
            checkpoint=run.folder.checkpoint(name),
            resume=run.resume,
        )
        save_weights(found.multiplexer, run.folder.weights / f"{name}.safetensors")
        return found

    return Multiplexers(fit("multiplexer"), fit("offload"))


def pretrain(
    run: Run, outputs: _core.FrozenOutputs, data: Data, trained: TrainedModels
) -> PretrainedMultiplexer:
    """Teach a multiplexer what the models' own training inputs show."""
    return pretrain_multiplexer(
        outputs,
        data.splits.train,
        run.config,
        answers=trained.answers,
        held_out=data.splits.held_out,
        progress=run.progress,
        checkpoint=run.folder.checkpoint("pretraining"),
        resume=run.resume,
    )


def time_networks(trained: TrainedModels, multiplexers: Multiplexers) -> Latencies:
    """Measure one inference pass of each network."""
    return Latencies(
        [measure_latency(model) for model in trained.models],
        measure_latency(multiplexers.all.multiplexer),
    )


def record(run: Run, data: Data, trained: TrainedModels, multiplexers: Multiplexers) -> Outcomes:
    """Record what every network answers; leaves the tables."""
    models = trained.models

    def answers(
        split: str, dataset: _core.Dataset, multiplexer: _core.Multiplexer | None = None
    ) -> _core.OutcomeTable:
        words = split.replace("_", "-")
        run.progress.say(f"running every model on the {len(dataset)} {words} images")
        table = outcome_table(models, multiplexer, dataset, split=split)
        table.save(run.folder.outcomes(split))
        return table

    def both(split: str, dataset: _core.Dataset) -> tuple[_core.OutcomeTable, _core.OutcomeTable]:
        table = answers(split, dataset, multiplexers.all.multiplexer)
        pair = offload_table(table, models, multiplexers.offload.multiplexer, dataset)
        pair.save(run.folder.outcomes(f"offload-{split}"))
        return table, pair

    return Outcomes(
        answers("held_out", data.splits.held_out),
        *both("calibration", data.calibration),
        *both("test", data.splits.test),
    )


def evaluate(run: Run, outcomes: Outcomes) -> Evaluations:
    """Replay every policy on what the models answered (Algorithm 2); leaves the policies."""
    found = evaluate_policies(
        outcomes.parts, outcomes.test, outcomes.test_pair, seed=run.config.seed
    )
    run.folder.policies.mkdir(exist_ok=True)
    for name, policy in found.fitted.items():
        policy.save(run.folder.policies / f"{name}.json")
    return found
