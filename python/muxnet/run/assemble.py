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
from muxnet.run.recorded import Alone, Recorded
from muxnet.run.steps import Run
from muxnet.run.verdict import collapse_warnings
from muxnet.training.config import NOT_COMPARED, RunConfig
from muxnet.training.results import (
    PROVENANCE,
    Area,
    Comparison,
    Contrastive,
    Curve,
    CurvePoint,
    Epoch,
    Hardness,
    Interval,
    Machine,
    ModelResult,
    PolicyResult,
    Results,
)


def results(run: Run, recorded: Recorded, found: Evaluations) -> Results:
    """Put all numbers under their stable names."""
    config = run.config
    policies = policy_results(recorded, found)
    models = model_results(recorded.models, found, policies)
    return Results(
        dataset=recorded.dataset,
        seed=config.seed,
        seconds=sum(run.seconds.values()),
        seconds_by_phase=dict(run.seconds),
        data=recorded.data,
        models=models,
        policies=policies,
        cost_kind=found.cost_kind,
        curves=tuple(curve_result(name, line) for name, line in found.curves.items()),
        area_above_random_mixing=Area(found.area.value, interval(found.area.interval)),
        multiplexer=dataclasses.replace(recorded.multiplexer, auroc=tuple(found.auroc)),
        hardness=hardness_result(found.hardness),
        right_wrong_matrix=tuple(tuple(row) for row in found.right_wrong_matrix),
        learning_curves=recorded.curves,
        contrastive=contrastive_result(config, recorded.curves.models),
        comparisons=tuple(
            Comparison("hybrid_single", name, entry.cost, entry.value, interval(entry.interval))
            for name, entry in found.comparisons.items()
        ),
        warnings=warnings(models, recorded),
        machine=machine(config.threads, recorded.slowdown),
        provenance={**PROVENANCE, **recorded.provenance},
        config=config_result(config),
    )


def model_results(
    models: Sequence[Alone], found: Evaluations, policies: Sequence[PolicyResult]
) -> tuple[ModelResult, ...]:
    """Return one record per model, alone; ``called`` is hybrid_single's."""
    shares = {entry.name: entry.called for entry in policies}
    return tuple(
        ModelResult(
            name=model.name,
            parameters=model.parameters,
            cost=model.cost,
            latency_ms=model.latency_ms,
            accuracy=found.singles[i].value,
            accuracy_interval=interval(found.singles[i].interval),
            called=shares["hybrid_single"][i],
            called_by_policy={name: called[i] for name, called in shares.items()},
            reliability=found.reliability[i],
        )
        for i, model in enumerate(models)
    )


def policy_results(recorded: Recorded, found: Evaluations) -> tuple[PolicyResult, ...]:
    """Return one record per policy; the multiplexer's latency counts where it is asked."""
    return tuple(
        policy_result(
            name,
            entry,
            found.cost_kind,
            [model.latency_ms for model in recorded.models],
            recorded.multiplexer.latency_ms if name in found.routed else 0.0,
            note=found.notes.get(name, ""),
        )
        for name, entry in found.policies.items()
    )


def policy_result(
    name: str,
    evaluation: _core.Evaluation,
    cost_kind: str,
    latencies_ms: Sequence[float | None],
    multiplexer_ms: float | None,
    note: str = "",
) -> PolicyResult:
    """Return the record of an evaluation of the core.

    Latency is modelled: ``multiplexer_ms``, 0 where it is not asked, then models in turn; None
    where one of these is not known.
    """
    called = tuple(evaluation.called_shares)
    cost = evaluation.costs[cost_kind]
    return PolicyResult(
        name=name,
        accuracy=evaluation.accuracy.value,
        accuracy_interval=interval(evaluation.accuracy.interval),
        cost=cost.mean.value,
        latency_ms=_in_turn(multiplexer_ms, called, latencies_ms),
        models_per_input=evaluation.models_per_input,
        called=called,
        note=note,
        cost_p99=cost.p99,
        cost_worst=cost.worst,
        settings=dict(evaluation.parameters),
    )


def _in_turn(
    first_ms: float | None, called: Sequence[float], latencies_ms: Sequence[float | None]
) -> float | None:
    known = [ms for ms in latencies_ms if ms is not None]
    if first_ms is None or len(known) < len(latencies_ms):
        return None
    return first_ms + sum(share * ms for share, ms in zip(called, known, strict=True))


def curve_result(name: str, points: Sequence[_core.CurvePoint]) -> Curve:
    """Return the record of a curve of the core."""
    return Curve(name, tuple(CurvePoint(point.cost, point.accuracy) for point in points))


def hardness_result(levels: Sequence[_core.HardnessLevel]) -> Hardness:
    """Return the record of the core's levels of hardness under hybrid_single."""
    return Hardness(
        counts=tuple(int(level.inputs) for level in levels),
        called=tuple(tuple(level.called_shares) if level.inputs else () for level in levels),
    )


def contrastive_result(config: RunConfig, epochs: Sequence[Epoch]) -> Contrastive:
    """Return the record of the contrastive loss, with the last epoch's mean distances."""
    last = epochs[-1] if epochs else None
    return Contrastive(
        formulation=config.contrastive_formulation,
        weight=config.contrastive_weight,
        both_right_distance=last.both_right_distance if last else None,
        one_right_distance=last.one_right_distance if last else None,
    )


def warnings(models: Sequence[ModelResult], recorded: Recorded) -> tuple[str, ...]:
    """Return in words what a reader must know: collapses, and a multiplexer that is too dear."""
    words = collapse_warnings([m.name for m in models], [m.called for m in models])
    words += recorded.warnings
    cheapest = min(models, key=lambda model: model.cost)
    if recorded.multiplexer.cost >= cheapest.cost:
        words.append(f"The multiplexer costs more than {cheapest.name}: it is no multiplexer.")
    return tuple(words)


def config_result(config: RunConfig) -> dict[str, object]:
    """Return the configuration without what only says where files go."""
    return {k: v for k, v in schema.to_dict(config).items() if k not in NOT_COMPARED}


def machine(threads: int, slowdown: float) -> Machine:
    """Return what this process runs on."""
    packages = {name: metadata.version(name) for name in ("numpy", "matplotlib")}
    return Machine(
        cpu=cpu_name(),
        threads=threads,
        system=f"{platform.system()} {platform.machine()}",
        slowdown=slowdown,
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
