"""From what the core returns to the records of ``results.json``."""

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.machine import cpu_name
from muxnet.base.version import __version__
from muxnet.run.config import NOT_COMPARED, RunConfig
from muxnet.run.results import (
    Curve,
    CurvePoint,
    Hardness,
    Interval,
    LearningCurves,
    Machine,
    ModelEpoch,
    ModelResult,
    MultiplexerEpoch,
    PolicyResult,
)


def interval(estimate: Any) -> Interval:
    """Return the interval of an estimate of the core."""
    return (estimate.interval.low, estimate.interval.high)


def model_results(
    models: Sequence[Any],
    accuracies: Sequence[Any],
    latencies_ms: Sequence[float],
    policies: Sequence[PolicyResult],
) -> tuple[ModelResult, ...]:
    """Return one record per model: ``accuracies`` are estimates, ``called`` is hybrid_single's."""
    shares = {entry.name: entry.called for entry in policies}
    return tuple(
        ModelResult(
            name=model.name,
            parameters=int(model.parameter_count),
            macs=float(model.macs),
            latency_ms=float(latencies_ms[i]),
            accuracy=accuracies[i].value,
            accuracy_interval=interval(accuracies[i]),
            called=shares["hybrid_single"][i],
            called_by_policy={name: called[i] for name, called in shares.items()},
        )
        for i, model in enumerate(models)
    )


def policy_result(
    name: str,
    evaluation: Any,
    latencies_ms: Sequence[float],
    look_ms: float,
    note: str = "",
) -> PolicyResult:
    """Return the record of an evaluation of the core.

    Latency is modelled: ``look_ms``, the multiplexer's where it is asked, then models in turn.
    """
    called = tuple(evaluation.called_shares)
    macs = evaluation.costs["macs"]
    return PolicyResult(
        name=name,
        accuracy=evaluation.accuracy.value,
        accuracy_interval=interval(evaluation.accuracy),
        macs=macs.mean.value,
        latency_ms=look_ms + sum(s * t for s, t in zip(called, latencies_ms, strict=True)),
        models_per_input=evaluation.models_per_input,
        called=called,
        note=note,
        macs_p99=macs.p99,
        macs_worst=macs.worst,
        settings=dict(evaluation.parameters),
    )


def curve_result(name: str, points: Sequence[Any]) -> Curve:
    """Return the record of a curve of the core."""
    return Curve(name, tuple(CurvePoint(point.cost, point.accuracy) for point in points))


def hardness_result(levels: Sequence[Any]) -> Hardness:
    """Return the record of the core's levels of hardness under hybrid_single."""
    return Hardness(
        counts=tuple(int(level.inputs) for level in levels),
        called=tuple(tuple(level.called_shares) if level.inputs else () for level in levels),
    )


def learning_curves(models: Sequence[Any], multiplexer: Sequence[Any]) -> LearningCurves:
    """Return the records of both histories; a loss that was not trained with becomes None."""
    return LearningCurves(
        models=tuple(_model_epoch(entry) for entry in models),
        multiplexer=tuple(_multiplexer_epoch(entry) for entry in multiplexer),
    )


def config_result(config: RunConfig) -> dict[str, Any]:
    """Return the configuration without what only says where files go."""
    return {k: v for k, v in schema.to_dict(config).items() if k not in NOT_COMPARED}


def machine(
    threads: int, versions: Mapping[str, str], latencies: Sequence["_core.Latency"]
) -> Machine:
    """Return what this process runs on; ``versions`` are the core's libraries."""
    packages = {name: metadata.version(name) for name in ("numpy", "matplotlib")}
    return Machine(
        cpu=cpu_name(),
        threads=threads,
        system=f"{platform.system()} {platform.machine()}",
        slowdown=max(latency.typical_ms / latency.ms for latency in latencies),
        versions={
            "muxnet": __version__,
            "python": platform.python_version(),
            **packages,
            **versions,
        },
    )


def _model_epoch(entry: Any) -> ModelEpoch:
    contrastive = bool(entry.contrastive)
    return ModelEpoch(
        epoch=entry.epoch,
        learning_rate=entry.learning_rate,
        losses=tuple(entry.losses),
        accuracies=tuple(entry.accuracies),
        held_out_accuracies=tuple(entry.held_out_accuracies),
        contrastive=entry.contrastive if contrastive else None,
        both_right_distance=entry.both_right_distance if contrastive else None,
        one_right_distance=entry.one_right_distance if contrastive else None,
        distillation=entry.distillation or None,
        seconds=entry.seconds,
    )


def _multiplexer_epoch(entry: Any) -> MultiplexerEpoch:
    return MultiplexerEpoch(
        epoch=entry.epoch,
        learning_rate=entry.learning_rate,
        loss=entry.losses[0],
        accuracy=entry.accuracies[0] if entry.accuracies else None,
        held_out_accuracy=entry.held_out_accuracies[0] if entry.held_out_accuracies else None,
        distillation=entry.distillation or None,
        seconds=entry.seconds,
    )
