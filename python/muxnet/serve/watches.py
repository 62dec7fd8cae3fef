"""What the log tells of the service that no request does."""

import logging
from collections import Counter

from muxnet.pool.router_folder import describe_drift
from muxnet.serve.endpoint import Endpoint

LOG = logging.getLogger("muxnet.serve")


class DriftWatch:
    """Tells once for each version that its monitor has raised its alarm."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._told = 0

    async def step(self) -> None:
        """Look once."""
        found = self._endpoint.service.statistics()
        if found.drift is None or not found.drift.alarm or self._told == found.version:
            return
        self._told = found.version
        fields = {"version": found.version, **describe_drift(found.drift)}
        LOG.warning("drift", extra={"fields": fields})


class GearsWatch:
    """Tells when load has changed the operating point; of several changes in a second the last."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._told = 0

    async def step(self) -> None:
        """Look once."""
        found = self._endpoint.service.statistics().gears
        if found is None or found.changes == self._told:
            return
        if found.last is not None and found.changes > 0:
            point = self._endpoint.served.point(found.point)
            fields = {
                "cost": point.cost,
                "accuracy": point.accuracy,
                "changes": found.changes,
                "backlog_ms": round(found.last.backlog_ms, 1),
                "busy": round(found.last.busy, 3),
            }
            LOG.info("operating point changed", extra={"fields": fields})
        self._told = found.changes


class WorkersWatch:
    """Tells of every worker that a model holds up, and of every one that comes back."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stuck: Counter[tuple[str, int]] = Counter()

    async def step(self) -> None:
        """Look once."""
        health = self._endpoint.health()
        found = Counter((entry.model, entry.version) for entry in health.stuck)
        left = {"workers": health.workers, "left": health.workers_left}
        for model, version in (found - self._stuck).elements():
            since = min(e.since for e in health.stuck if e.model == model)
            fields = {"model": model, "version": version, "since": since, **left}
            LOG.error("worker stuck", extra={"fields": fields})
        for model, version in (self._stuck - found).elements():
            fields = {"model": model, "version": version, **left}
            LOG.warning("worker came back", extra={"fields": fields})
        self._stuck = found
