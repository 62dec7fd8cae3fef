"""What the service counts, for Prometheus and for the status page."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from muxnet.pool.router_folder import describe_drift
from muxnet.serve.refusals import Refusals

if TYPE_CHECKING:
    from muxnet.serve.router_model import Endpoint


class ServiceCollector:
    """Turns the service's statistics into metrics whenever they are asked for."""

    def __init__(self, endpoint: "Endpoint", refusals: Refusals) -> None:
        self._endpoint = endpoint
        self._refusals = refusals

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        found = self._endpoint.bridge.service.statistics()
        yield _counter("requests", "Requests by what became of them.", "status", _by_name(found))
        text = "Requests and connections refused before they became work."
        yield _counter("refusals", text, "reason", dict(self._refusals.counts))
        yield _counter("images", "Images answered by the router.", values={"": found.images})
        yield from _calls(found)
        yield _batches(found)
        total = HistogramMetricFamily("muxnet_request_seconds", "From a request to its answer.")
        total.add_metric([], *_histogram(found.total))
        yield total
        yield from _decisions(found)
        version = {"": found.version}
        yield _gauge("policy_version", "Counts what was deployed.", values=version)
        tallies = self._endpoint.labels.by_version.items()
        labelled = {str(number): tally.labelled for number, tally in tallies}
        right = {str(number): tally.right for number, tally in tallies}
        yield _counter("labels", "Labels that came back.", "version", labelled)
        yield _counter("right_labels", "Labels that the answers were.", "version", right)
        if found.drift is not None:
            evidence = {"": found.drift.e_value * found.drift.alpha}
            text = "Evidence that inputs have changed since the calibration; an alarm from 1 on."
            yield _gauge("drift_evidence", text, values=evidence)
            yield _gauge("drift_alarm", "1: inputs have changed.", values={"": found.drift.alarm})
        yield from _workers(found)
        yield from _beside(self._endpoint)


def _calls(found: Any) -> Iterator[Metric]:
    """Yield which models are called, and what waits for them."""
    models = [stage.name for stage in found.stages[1:]]
    called = dict(zip(models, found.called, strict=True))
    yield _counter("called_images", "Images that the router called a model for.", "model", called)
    shares = {name: count / max(found.images, 1) for name, count in called.items()}
    yield _gauge("called_share", "Share of the router's images, by model.", "model", shares)
    waiting = {stage.name: stage.waiting for stage in found.stages}
    yield _gauge("queue_images", "Images that wait, by model.", "model", waiting)


def _decisions(found: Any) -> Iterator[Metric]:
    """Yield what the decisions cost and saved, and where they were others."""
    yield _counter("macs", "Multiply-accumulates of the router's images.", values={"": found.macs})
    best = found.reference_macs
    yield _counter("reference_macs", "What always-best would have spent.", values={"": best})
    saved = {"": best - found.macs}
    yield _gauge("saved_macs", "What always-best would have spent more.", values=saved)
    departures = {reason.name: count for reason, count in found.departures.items()}
    text = "Images for which other models were called than the rule wanted."
    yield _counter("departures", text, "reason", departures)
    agreed = {
        "same": found.shadow_agreed,
        "other": found.shadow_images - found.shadow_agreed,
    }
    yield _counter("shadow_images", "Images by what the shadow wanted.", "decision", agreed)


def _workers(found: Any) -> Iterator[Metric]:
    workers = found.workers
    yield _gauge("workers", "Threads that should run models.", values={"": workers.count})
    yield _gauge("workers_left", "Those that are not stuck.", values={"": workers.left})
    stuck = dict.fromkeys((stage.name for stage in found.stages), 0)
    stuck |= Counter(found.stages[batch.stage].name for batch in workers.stuck)
    yield _gauge("stuck_workers", "Workers by the model that holds them.", "model", stuck)
    longest = max((batch.seconds for batch in workers.stuck), default=0.0)
    yield _gauge("stuck_seconds", "That the longest of them is held.", values={"": longest})


def _beside(endpoint: "Endpoint") -> Iterator[Metric]:
    """Yield what does not belong to requests: tasks, reloads, records."""
    tasks = endpoint.background.tasks.values()
    failures = {task.name: task.failures for task in tasks}
    yield _counter("task_failures", "Background tasks that failed.", "task", failures)
    failing = {task.name: bool(task.trouble) for task in tasks}
    yield _gauge("task_failing", "1: it fails, or does not end.", "task", failing)
    reloads = {"done": endpoint.reloads.done, "failed": endpoint.reloads.failed}
    yield _counter("reloads", "Reloads by what became of them.", "result", reloads)
    failing = {"": endpoint.reloads.failing}
    yield _gauge("reload_failing", "1: the last one failed.", values=failing)
    if endpoint.log is not None:
        written = {"recorded": endpoint.log.recorded, "lost": endpoint.log.lost}
        yield _counter("decisions", "Decision records by what became of them.", "result", written)
        failing = {"": bool(endpoint.log.failing)}
        yield _gauge("decisions_failing", "1: they cannot be written.", values=failing)


def _by_name(found: Any) -> dict[str, int]:
    return {status.name: count for status, count in found.requests.items()}


def _counter(name: str, text: str, label: str = "", values: Any = None) -> Metric:
    family = CounterMetricFamily(f"muxnet_{name}", text, labels=[label] if label else None)
    return _filled(family, label, values)


def _gauge(name: str, text: str, label: str = "", values: Any = None) -> Metric:
    family = GaugeMetricFamily(f"muxnet_{name}", text, labels=[label] if label else None)
    return _filled(family, label, values)


def _filled(family: Any, label: str, values: dict[str, float]) -> Metric:
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    metric: Metric = family
    return metric


def _batches(found: Any) -> Metric:
    family = HistogramMetricFamily(
        "muxnet_batch_seconds", "Run time of a model's batches.", labels=["model"]
    )
    for stage in found.stages:
        family.add_metric([stage.name], *_histogram(stage.run))
    return family


def _histogram(histogram: Any) -> tuple[list[tuple[str, float]], float]:
    bounds = [f"{bound / 1000:g}" for bound in histogram.bounds_ms] + ["+Inf"]
    buckets, seen = [], 0
    for bound, count in zip(bounds, histogram.buckets, strict=True):
        seen += count
        buckets.append((bound, float(seen)))
    return buckets, histogram.sum_ms / 1000


def registry(endpoint: "Endpoint", refusals: Refusals) -> CollectorRegistry:
    """Return a registry with the service's metrics and no others."""
    result = CollectorRegistry()
    result.register(ServiceCollector(endpoint, refusals))
    return result


def status(found: Any) -> dict[str, Any]:
    """Return the statistics as plain values, for the status page."""
    stages = [
        {
            "name": stage.name,
            "images": stage.images,
            "batches": stage.batches,
            "waiting": stage.waiting,
            "p50_ms": stage.run.quantile_ms(0.5),
            "mean_ms": stage.run.sum_ms / stage.run.count if stage.run.count else 0.0,
        }
        for stage in found.stages
    ]
    for stage, called in zip(stages[1:], found.called, strict=True):
        stage["called"] = called
    return {
        "version": found.version,
        "images": found.images,
        "requests": _by_name(found),
        "look": stages[0],
        "models": stages[1:],
        "macs": found.macs,
        "reference_macs": found.reference_macs,
        "p50_ms": found.total.quantile_ms(0.5),
        "p99_ms": found.total.quantile_ms(0.99),
        "departures": {reason.name: count for reason, count in found.departures.items()},
        "shadow_images": found.shadow_images,
        "shadow_agreed": found.shadow_agreed,
        "drift": None if found.drift is None else describe_drift(found.drift),
    }
