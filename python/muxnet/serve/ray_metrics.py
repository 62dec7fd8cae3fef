"""The service's metrics as Ray's own, which its agents export for every replica."""

from __future__ import annotations

from typing import TYPE_CHECKING

from muxnet.serve.endpoint import Endpoint
from muxnet.serve.metrics import registry

if TYPE_CHECKING:
    from ray.serve.metrics import Gauge

METRICS_SECONDS = 5.0
CREATED = "_created"  # a time, of which Prometheus' own samples tell nothing


class RayMetrics:
    """Sets a gauge of Ray for each sample that ``/metrics`` has, by the same name and labels.

    Ray's proxy gives a request for ``/metrics`` to any replica; its agents ask them all.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._registry = registry(endpoint)
        self._gauges: dict[tuple[str, tuple[str, ...]], Gauge] = {}

    async def step(self) -> None:
        """Set all of them once."""
        from ray.serve.metrics import Gauge

        for metric in self._registry.collect():
            for sample in metric.samples:
                if sample.name.endswith(CREATED):
                    continue
                labels = tuple(sample.labels)
                key = (sample.name, labels)
                if key not in self._gauges:
                    self._gauges[key] = Gauge(sample.name, metric.documentation, labels)
                self._gauges[key].set(sample.value, dict(sample.labels))
