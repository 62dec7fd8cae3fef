"""The records of ``results.json``, from what the steps of the main job made."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Sequence
from importlib import metadata

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.machine import cpu_name, versions
from muxnet.base.version import __version__
from muxnet.outcomes.policies import Evaluations
from muxnet.run.config import NOT_COMPARED, RunConfig, data_kind
from muxnet.run.results import (
    Area,
    Comparison,
    Contrastive,
    Curve,
    CurvePoint,
    DataResult,
    Epoch,
    Hardness,
    Interval,
    LearningCurves,
    Machine,
    ModelResult,
    MultiplexerResult,
    PolicyResult,
    Results,
)
from muxnet.run.steps import Data, Latencies, Multiplexers, Run
from muxnet.run.training import TrainedModels
from muxnet.run.verdict import collapse_warnings, distance_warnings


def results(
    run: Run,
    data: Data,
    trained: TrainedModels,
    multiplexers: Multiplexers,
    latencies: Latencies,
    found: Evaluations,
) -> Results:
    """Put all numbers under their stable names."""
    config = run.config
    policies = policy_results(found, latencies)
    models = model_results(trained.models, found.singles, latencies.models, policies)
    curves = learning_curves(trained.history, multiplexers.all.history)
    return Results(
        dataset=data_kind(config.data),
        seed=config.seed,
        seconds=sum(run.seconds.values()),
        seconds_by_phase=dict(run.seconds),
        data=data_result(config, data),
        models=models,
        policies=policies,
        cost_kind=found.cost_kind,
        curves=tuple(curve_result(name, line) for name, line in found.curves.items()),
        area_above_random_mixing=Area(found.area.value, interval(found.area.interval)),
        multiplexer=multiplexer_result(config, data, multiplexers, latencies, found.auroc),
        hardness=hardness_result(found.hardness),
        right_wrong_matrix=tuple(tuple(row) for row in found.right_wrong_matrix),
        learning_curves=curves,
        contrastive=contrastive_result(config, curves.models),
        comparisons=tuple(
            Comparison("hybrid_single", name, entry.cost, entry.value, interval(entry.interval))
            for name, entry in found.comparisons.items()
        ),
        warnings=warnings(models, trained, multiplexers),
        machine=machine(config.threads, latencies),
        config=config_result(config),
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


def model_results(
    models: Sequence[_core.Model],
    accuracies: Sequence[_core.Estimate],
    latencies: Sequence[_core.Latency],
    policies: Sequence[PolicyResult],
) -> tuple[ModelResult, ...]:
    """Return one record per model: ``accuracies`` are estimates, ``called`` is hybrid_single's."""
    shares = {entry.name: entry.called for entry in policies}
    return tuple(
        ModelResult(
            name=model.name,
            parameters=int(model.parameter_count),
            cost=float(model.macs),
            latency_ms=latencies[i].ms,
            accuracy=accuracies[i].value,
            accuracy_interval=interval(accuracies[i].interval),
            called=shares["hybrid_single"][i],
            called_by_policy={name: called[i] for name, called in shares.items()},
        )
        for i, model in enumerate(models)
    )


def policy_results(found: Evaluations, latencies: Latencies) -> tuple[PolicyResult, ...]:
    """Return one record per policy; the multiplexer's latency counts where it is asked."""
    models_ms = [latency.ms for latency in latencies.models]
    return tuple(
        policy_result(
            name,
            entry,
            found.cost_kind,
            models_ms,
            multiplexer_ms=latencies.multiplexer.ms if name in found.routed else 0.0,
            note=found.notes.get(name, ""),
        )
        for name, entry in found.policies.items()
    )


def policy_result(
    name: str,
    evaluation: _core.Evaluation,
    cost_kind: str,
    latencies_ms: Sequence[float],
    multiplexer_ms: float,
    note: str = "",
) -> PolicyResult:
    """Return the record of an evaluation of the core.

    Latency is modelled: ``multiplexer_ms``, 0 where it is not asked, then models in turn.
    """
    called = tuple(evaluation.called_shares)
    cost = evaluation.costs[cost_kind]
    return PolicyResult(
        name=name,
        accuracy=evaluation.accuracy.value,
        accuracy_interval=interval(evaluation.accuracy.interval),
        cost=cost.mean.value,
        latency_ms=multiplexer_ms + sum(s * t for s, t in zip(called, latencies_ms, strict=True)),
        models_per_input=evaluation.models_per_input,
        called=called,
        note=note,
        cost_p99=cost.p99,
        cost_worst=cost.worst,
        settings=dict(evaluation.parameters),
    )


def curve_result(name: str, points: Sequence[_core.CurvePoint]) -> Curve:
    """Return the record of a curve of the core."""
    return Curve(name, tuple(CurvePoint(point.cost, point.accuracy) for point in points))


def hardness_result(levels: Sequence[_core.HardnessLevel]) -> Hardness:
    """Return the record of the core's levels of hardness under hybrid_single."""
    return Hardness(
        counts=tuple(int(level.inputs) for level in levels),
        called=tuple(tuple(level.called_shares) if level.inputs else () for level in levels),
    )


def multiplexer_result(
    config: RunConfig,
    data: Data,
    multiplexers: Multiplexers,
    latencies: Latencies,
    auroc: Sequence[float | None],
) -> MultiplexerResult:
    """Return the record of the multiplexer itself."""
    own, multiplexer = config.multiplexer, multiplexers.all.multiplexer
    return MultiplexerResult(
        parameters=int(multiplexer.parameter_count),
        cost=float(multiplexer.macs),
        latency_ms=latencies.multiplexer.ms,
        objective=own.objective,
        formulation=own.formulation,
        resolution=own.resolution or int(data.splits.train.image_shape[-1]),
        width=own.width,
        lambda_cost=own.lambda_cost,
        auroc=tuple(auroc),
    )


def learning_curves(
    models: Sequence[_core.EpochRecord], multiplexer: Sequence[_core.EpochRecord]
) -> LearningCurves:
    """Return the records of both histories."""
    return LearningCurves(tuple(map(_epoch, models)), tuple(map(_epoch, multiplexer)))


def contrastive_result(config: RunConfig, epochs: Sequence[Epoch]) -> Contrastive:
    """Return the record of the contrastive loss, with the last epoch's mean distances."""
    last = epochs[-1] if epochs else None
    return Contrastive(
        formulation=config.contrastive_formulation,
        weight=config.contrastive_weight,
        both_right_distance=last.both_right_distance if last else None,
        one_right_distance=last.one_right_distance if last else None,
    )


def warnings(
    models: Sequence[ModelResult], trained: TrainedModels, multiplexers: Multiplexers
) -> tuple[str, ...]:
    """Return in words what a reader must know: collapses, and a multiplexer that is too dear."""
    words = collapse_warnings([m.name for m in models], [m.called for m in models])
    words += distance_warnings(trained.history)
    cheapest = min(models, key=lambda model: model.cost)
    if multiplexers.all.multiplexer.macs >= cheapest.cost:
        words.append(f"The multiplexer costs more MACs than {cheapest.name}: it is no multiplexer.")
    return tuple(words)


def config_result(config: RunConfig) -> dict[str, object]:
    """Return the configuration without what only says where files go."""
    return {k: v for k, v in schema.to_dict(config).items() if k not in NOT_COMPARED}


def machine(threads: int, latencies: Latencies) -> Machine:
    """Return what this process runs on."""
    measured = [*latencies.models, latencies.multiplexer]
    packages = {name: metadata.version(name) for name in ("numpy", "matplotlib")}
    return Machine(
        cpu=cpu_name(),
        threads=threads,
        system=f"{platform.system()} {platform.machine()}",
        slowdown=max(latency.typical_ms / latency.ms for latency in measured),
        versions={
            "muxnet": __version__,
            "python": platform.python_version(),
            **packages,
            **versions(),
        },
    )


def interval(found: _core.Interval) -> Interval:
    """Return an interval of the core."""
    return (found.low, found.high)


def _epoch(entry: _core.EpochRecord) -> Epoch:
    values = {field.name: getattr(entry, field.name) for field in dataclasses.fields(Epoch)}
    return schema.from_dict(Epoch, values, "epoch")
