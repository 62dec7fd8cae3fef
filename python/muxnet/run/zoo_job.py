"""The main job's first half for networks of the zoo: all are trained, and their multiplexer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.run import steps
from muxnet.run.recorded import Alone, Recorded
from muxnet.run.steps import Data, Latencies, Multiplexers, Run
from muxnet.run.verdict import distance_warnings
from muxnet.training.config import RunConfig, data_kind
from muxnet.training.results import DataResult, Epoch, LearningCurves, MultiplexerResult


def record(run: Run) -> Recorded:
    """Train the models and their multiplexers, and record what they answer.

    Raises:
        KeyboardInterrupt: interrupted; a checkpoint was left.

    """
    with run.phase("data"):
        data = steps.load(run)
    with run.phase("models"):
        trained = steps.train_models(run, data)
    with run.phase("multiplexer"):
        multiplexers = steps.train_multiplexers(run, data, trained)
    with run.phase("latency"):
        latencies = steps.time_networks(trained, multiplexers)
    with run.phase("outcomes"):
        outcomes = steps.record(run, data, trained, multiplexers)
    return Recorded(
        dataset=data_kind(run.config.data),
        data=data_result(run.config, data),
        models=alone(trained.models, latencies.models),
        multiplexer=multiplexer_result(run.config, data, multiplexers, latencies),
        outcomes=outcomes,
        curves=learning_curves(trained.history, multiplexers.all.history),
        warnings=tuple(distance_warnings(trained.history)),
        slowdown=slowdown(latencies),
    )


def data_result(config: RunConfig, data: Data) -> DataResult:
    """Return the record of the data and its division."""
    splits = data.splits
    return DataResult(
        classes=len(splits.train.class_names),
        class_names=tuple(splits.train.class_names),
        image_shape=tuple(splits.train.image_shape),
        train=len(splits.train),
        held_out=len(splits.held_out),
        test=len(splits.test),
        router_data=config.router_data,
    )


def alone(models: Sequence[_core.Model], latencies: Sequence[_core.Latency]) -> tuple[Alone, ...]:
    """Return what each network is by itself."""
    return tuple(
        Alone(model.name, float(model.macs), int(model.parameter_count), latency.ms)
        for model, latency in zip(models, latencies, strict=True)
    )


def multiplexer_result(
    config: RunConfig,
    data: Data,
    multiplexers: Multiplexers,
    latencies: Latencies,
) -> MultiplexerResult:
    """Return the record of the multiplexer itself."""
    own, multiplexer = config.multiplexer, multiplexers.all.multiplexer
    return MultiplexerResult(
        parameters=int(multiplexer.parameter_count),
        cost=float(multiplexer.macs),
        latency_ms=latencies.multiplexer.ms,
        kind=own.kind,
        objective=own.objective,
        formulation=own.formulation,
        resolution=own.resolution or int(data.splits.train.image_shape[-1]),
        width=own.width,
        lambda_cost=own.lambda_cost,
    )


def learning_curves(
    models: Sequence[_core.EpochRecord], multiplexer: Sequence[_core.EpochRecord]
) -> LearningCurves:
    """Return the records of both histories."""
    return LearningCurves(tuple(map(_epoch, models)), tuple(map(_epoch, multiplexer)))


def slowdown(latencies: Latencies) -> float:
    """Return how much longer a typical pass took than on an idle machine, of the worst network."""
    measured = [*latencies.models, latencies.multiplexer]
    return max(latency.typical_ms / latency.ms for latency in measured)


def _epoch(entry: _core.EpochRecord) -> Epoch:
    values = {field.name: getattr(entry, field.name) for field in dataclasses.fields(Epoch)}
    return schema.from_dict(Epoch, values, "epoch")
