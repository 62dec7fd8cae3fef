"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from muxnet.base.compiled import _core
from muxnet.serve.status import images_by_departure, requests_by_status

if TYPE_CHECKING:
    from muxnet.serve.endpoint import Endpoint


STATES = ("closed", "half_open", "open")


class ServiceCollector:
    """Turns the service's statistics into metrics whenever they are asked for."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        found = self._endpoint.service.statistics()
        yield _counter(
            "requests", "Requests by what became of them.", requests_by_status(found), "status"
        )
        text = "Requests and connections refused before they became work."
        yield _counter("refusals", text, self._endpoint.front.refusals(), "reason")
        yield _counter("images", "Images answered by the router.", {"": found.images})
        yield from _calls(found)
        yield _batches(found)
        total = HistogramMetricFamily("muxnet_request_seconds", "From a request to its answer.")
        total.add_metric([], *_histogram(found.total))
        yield total
        yield from _decisions(found, self._endpoint.served.cost_kind)
        version = {"": found.version}
        yield _gauge("policy_version", "Counts what was deployed.", version)
        tallies = self._endpoint.front.labels().items()
        labelled = {str(number): tally.labelled for number, tally in tallies}
        right = {str(number): tally.right for number, tally in tallies}
        yield _counter("labels", "Labels that came back.", labelled, "version")
        yield _counter("right_labels", "Labels that the answers were.", right, "version")
        if found.drift is not None:
            evidence = {"": found.drift.e_value * found.drift.alpha}
            text = "Evidence that inputs have changed since the calibration; an alarm from 1 on."
            yield _gauge("drift_evidence", text, evidence)
            yield _gauge("drift_alarm", "1: inputs have changed.", {"": found.drift.alarm})
        if found.gears is not None:
            cost = {
                self._endpoint.served.cost_kind: self._endpoint.served.point(found.gears.point).cost
            }
            text = "Mean cost, when it was fitted, of the operating point that load has chosen."
            yield _gauge("point_cost", text, cost, "kind")
            text = "Changes of the operating point by load."
            yield _counter("point_changes", text, {"": found.gears.changes})
        yield from _workers(found)
        yield from _elsewhere(found)
        yield from _beside(self._endpoint)


def _calls(found: _core.ServiceStatistics) -> Iterator[Metric]:
    """Yield which models are called, and what waits for them."""
    models = [stage.name for stage in found.stages[1:]]
    called = dict(zip(models, found.called, strict=True))
    yield _counter("called_images", "Images that the router called a model for.", called, "model")
    shares = {name: count / max(found.images, 1) for name, count in called.items()}
    yield _gauge("called_share", "Share of the router's images, by model.", shares, "model")
    waiting = {stage.name: stage.waiting for stage in found.stages}
    yield _gauge("queue_images", "Images that wait, by model.", waiting, "model")


def _decisions(found: _core.ServiceStatistics, kind: str) -> Iterator[Metric]:
    """Yield what the decisions cost and saved, and where they were others."""
    yield _counter("cost", "What the router's images cost.", {kind: found.cost}, "kind")
    best = found.reference_cost
    yield _counter("reference_cost", "What always-best would have cost.", {kind: best}, "kind")
    saved = {kind: best - found.cost}
    yield _gauge("saved_cost", "What always-best would have cost more.", saved, "kind")
    text = "Images for which other models were called than the rule wanted."
    yield _counter("departures", text, images_by_departure(found), "reason")
    agreed = {
        "same": found.shadow_agreed,
        "other": found.shadow_images - found.shadow_agreed,
    }
    yield _counter("shadow_images", "Images by what the shadow wanted.", agreed, "decision")


def _workers(found: _core.ServiceStatistics) -> Iterator[Metric]:
    workers = found.workers
    yield _gauge("workers", "Threads that should run models.", {"": workers.count})
    yield _gauge("workers_left", "Those that are not stuck.", {"": workers.left})
    stuck = dict.fromkeys((stage.name for stage in found.stages), 0)
    stuck |= Counter(found.stages[batch.stage].name for batch in workers.stuck)
    yield _gauge("stuck_workers", "Workers by the model that holds them.", stuck, "model")
    longest = max((batch.seconds for batch in workers.stuck), default=0.0)
    yield _gauge("stuck_seconds", "That the longest of them is held.", {"": longest})


def _elsewhere(found: _core.ServiceStatistics) -> Iterator[Metric]:
    """Yield how it goes with models that other processes run."""
    there = {stage.name: stage.elsewhere for stage in found.stages if stage.elsewhere is not None}
    for name, text in (
        ("requests", "Requests sent to models elsewhere, retries included."),
        ("retries", "Further attempts among them."),
        ("failures", "Requests without a usable answer."),
        ("probes", "Questions what a model elsewhere is, and whether it is back."),
    ):
        values = {model: getattr(one, name) for model, one in there.items()}
        yield _counter(f"endpoint_{name}", text, values, "model")
    flying = {model: one.in_flight for model, one in there.items()}
    yield _gauge("endpoint_in_flight", "Requests on their way.", flying, "model")
    states = {model: STATES.index(one.state) for model, one in there.items()}
    text = "Its circuit breaker: 0 closed, 1 half open, 2 open (it is left alone)."
    yield _gauge("endpoint_breaker", text, states, "model")


def _beside(endpoint: Endpoint) -> Iterator[Metric]:
    """Yield what does not belong to requests: tasks, reloads, records."""
    tasks = endpoint.background.tasks.values()
    failures = {task.name: task.failures for task in tasks}
    yield _counter("task_failures", "Background tasks that failed.", failures, "task")
    failing = {task.name: bool(task.trouble) for task in tasks}
    yield _gauge("task_failing", "1: it fails, or does not end.", failing, "task")
    reloads = {"done": endpoint.reloads.done, "failed": endpoint.reloads.failed}
    yield _counter("reloads", "Reloads by what became of them.", reloads, "result")
    failing = {"": endpoint.reloads.failing}
    yield _gauge("reload_failing", "1: the last one failed.", failing)
    if endpoint.log is not None:
        written = {"recorded": endpoint.log.recorded, "lost": endpoint.log.lost}
        yield _counter("decisions", "Decision records by what became of them.", written, "result")
        failing = {"": bool(endpoint.log.failing)}
        yield _gauge("decisions_failing", "1: they cannot be written.", failing)


def _counter(name: str, text: str, values: Mapping[str, float], label: str = "") -> Metric:
    family = CounterMetricFamily(f"muxnet_{name}", text, labels=[label] if label else None)
    return _filled(family, label, values)


def _gauge(name: str, text: str, values: Mapping[str, float], label: str = "") -> Metric:
    family = GaugeMetricFamily(f"muxnet_{name}", text, labels=[label] if label else None)
    return _filled(family, label, values)


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, label: str, values: Mapping[str, float]
) -> Metric:
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family


def _batches(found: _core.ServiceStatistics) -> Metric:
    family = HistogramMetricFamily(
        "muxnet_batch_seconds", "Run time of a model's batches.", labels=["model"]
    )
    for stage in found.stages:
        family.add_metric([stage.name], *_histogram(stage.run))
    return family


def _histogram(histogram: _core.Histogram) -> tuple[list[tuple[str, float]], float]:
    bounds = [f"{bound / 1000:g}" for bound in histogram.bounds_ms] + ["+Inf"]
    buckets, seen = [], 0
    for bound, count in zip(bounds, histogram.buckets, strict=True):
        seen += count
        buckets.append((bound, float(seen)))
    return buckets, histogram.sum_ms / 1000


def registry(endpoint: Endpoint) -> CollectorRegistry:
    """Return a registry with the service's metrics and no others."""
    result = CollectorRegistry()
    result.register(ServiceCollector(endpoint))
    return result
