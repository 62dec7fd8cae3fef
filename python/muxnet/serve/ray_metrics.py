"""The service's metrics as Ray's own, which its agents export for every replica."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from muxnet.base.compiled import _core

if TYPE_CHECKING:
    from ray.serve.metrics import Gauge

METRICS_SECONDS = 5.0


class RayMetrics:
    """Sets a gauge of Ray for each sample that ``/metrics`` has, by the same name and labels.

    Ray's proxy gives a request for ``/metrics`` to any replica; its agents ask them all.
    """

    def __init__(self, read: Callable[[], Sequence[_core.Metric]]) -> None:
        self._read = read
        self._gauges: dict[tuple[str, tuple[str, ...]], Gauge] = {}

    def step(self) -> None:
        """Set all of them once."""
        from ray.serve.metrics import Gauge

        for metric in self._read():
            for sample in metric.samples:
                labels = dict(sample.labels)
                key = (sample.name, tuple(labels))
                if key not in self._gauges:
                    self._gauges[key] = Gauge(sample.name, metric.help, tuple(labels))
                self._gauges[key].set(sample.value, labels)
