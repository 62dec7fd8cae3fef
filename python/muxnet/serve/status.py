"""What the service has counted, as plain values for the status page."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from muxnet.base.compiled import _core
from muxnet.pool.router_folder import describe_drift


@dataclasses.dataclass(frozen=True)
class Tally:
    """Labels that came back for answers of one version."""

    labelled: int = 0
    right: int = 0


@dataclasses.dataclass(frozen=True)
class StageStatus:
    """The multiplexer's part; times in ms, of batches."""

    name: str
    images: int
    batches: int
    waiting: int
    p50_ms: float
    mean_ms: float


@dataclasses.dataclass(frozen=True)
class EndpointStatus:
    """How it goes with a model elsewhere; ``breaker``: closed, half_open, or open (left alone).

    ``trouble`` is its last failure; empty after an answer.
    """

    breaker: str
    requests: int
    retries: int
    failures: int
    in_flight: int
    trouble: str


@dataclasses.dataclass(frozen=True)
class ModelStatus(StageStatus):
    """A model's part."""

    called: int  # images of the router
    cost: float  # of one image
    endpoint: EndpointStatus | None  # where another process runs it


@dataclasses.dataclass(frozen=True)
class Status:
    """Everything since the service began; ``labels`` of the version deployed."""

    version: int
    images: int
    requests: Mapping[str, int]
    multiplexer: StageStatus
    models: tuple[ModelStatus, ...]
    cost: float
    reference_cost: float
    p50_ms: float
    p99_ms: float
    departures: Mapping[str, int]
    shadow_images: int
    shadow_agreed: int
    drift: Mapping[str, object] | None
    labels: Tally


def status(
    found: _core.ServiceStatistics, models: Sequence[_core.HostedModel], labels: Tally
) -> Status:
    """Return the statistics of a service with ``models``."""
    multiplexer, *stages = found.stages
    return Status(
        version=found.version,
        images=found.images,
        requests=requests_by_status(found),
        multiplexer=_stage(multiplexer),
        models=tuple(
            ModelStatus(
                **vars(_stage(stage)), called=called, cost=model.cost, endpoint=_endpoint(stage)
            )
            for stage, called, model in zip(stages, found.called, models, strict=True)
        ),
        cost=found.cost,
        reference_cost=found.reference_cost,
        p50_ms=found.total.quantile_ms(0.5),
        p99_ms=found.total.quantile_ms(0.99),
        departures=images_by_departure(found),
        shadow_images=found.shadow_images,
        shadow_agreed=found.shadow_agreed,
        drift=None if found.drift is None else describe_drift(found.drift),
        labels=labels,
    )


def gears_status(
    found: _core.GearState | None, point: Callable[[int], _core.OperatingPoint]
) -> Mapping[str, float] | None:
    """Return the operating point that load has chosen, where it does."""
    if found is None:
        return None
    chosen = point(found.point)
    return {"cost": chosen.cost, "accuracy": chosen.accuracy, "changes": found.changes}


def label_tally(found: Mapping[int, _core.LabelTally], version: int) -> Tally:
    """Return the counts of one version."""
    tally = found.get(version)
    return Tally() if tally is None else Tally(tally.labelled, tally.right)


def requests_by_status(found: _core.ServiceStatistics) -> dict[str, int]:
    """Return how many requests came to what end."""
    return {status.name: count for status, count in found.requests.items()}


def images_by_departure(found: _core.ServiceStatistics) -> dict[str, int]:
    """Return for how many images other models were called than the rule wanted, by the reason."""
    return {reason.name: count for reason, count in found.departures.items()}


def _endpoint(stage: _core.StageStatistics) -> EndpointStatus | None:
    found = stage.elsewhere
    if found is None:
        return None
    counts = (found.requests, found.retries, found.failures, found.in_flight)
    return EndpointStatus(found.state, *counts, found.trouble)


def _stage(stage: _core.StageStatistics) -> StageStatus:
    return StageStatus(
        name=stage.name,
        images=stage.images,
        batches=stage.batches,
        waiting=stage.waiting,
        p50_ms=stage.run.quantile_ms(0.5),
        mean_ms=stage.run.sum_ms / stage.run.count if stage.run.count else 0.0,
    )
