"""What the application for Ray Serve is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from muxnet.base.schema import needed, option
from muxnet.serve.served import Source

HOUR_MS = 3_600_000.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class RayArguments:
    """The ``args`` of the application: options of ``muxnet serve``, by their names.

    ``deployments`` are Ray's options of deployments, by the router's or a model's name.
    """

    router: str = needed(str, "folder of muxnet fit or muxnet run, the same on all nodes")
    run: str = option("", "folder of muxnet run, for a router among its models")
    policy: str = option("", "policy of the run")
    shadow: str = option("", "policy or router that decides beside, and is only recorded")
    models: str = option("", "list of models (default: the one beside the router)")
    name: str = option("router", "the router's name")
    host: str = option("127.0.0.1", "address that Ray's proxy listens on")
    token_file: str = option("", "file of the bearer token to ask for (or MUXNET_TOKEN)")
    allowed_hosts: tuple[str, ...] = option((), "names that requests may call the server by")
    max_body: float = option(64.0, "MiB of one request", minimum=0.001, maximum=1 << 20)
    requests: int = option(256, "at a time by each router replica, then 503", minimum=1)
    max_pixels: int = option(16_000_000, "of an encoded image", minimum=1)
    workers: int = option(0, "threads of a router replica (0: its CPUs)", minimum=0)
    batch: int = option(32, "most images that a model runs on at a time", minimum=1)
    queue: int = option(512, "images that may wait for a model, then 503", minimum=1)
    fill_ms: float = option(0.0, "longest wait for a batch to fill", minimum=0.0)
    cheaper_when_full: bool = option(False, "another model instead of 503")
    deadline_ms: float = option(60_000.0, "of requests that name none", above=0.0, maximum=HOUR_MS)
    timeout_ms: float = option(
        60_000.0, "the longest that a model may take, its start included", above=0.0
    )
    stuck: float = option(5.0, "seconds of a batch that costs its worker", above=0.0, maximum=3600)
    warm_up: float = option(60.0, "seconds of the first batches", above=0.0, maximum=3600)
    target_ms: float = option(0.0, "cheaper operating points under load", minimum=0.0)
    least_accuracy: float = option(0.0, "that load may choose", minimum=0.0, maximum=1.0)
    decisions: str = option("", "folder of decision records, a file for each router replica")
    traces: str = option("", "OpenTelemetry collector (OTLP)")
    drain: float = option(30.0, "seconds to the end of a replica", minimum=0.0)
    with_router: tuple[str, ...] = option((), "models that run in the router's process: cheap ones")
    deployments: dict[str, dict[str, object]] = dataclasses.field(default_factory=dict)

    @property
    def source(self) -> Source:
        """What is served."""
        return Source(
            Path(self.router),
            self.policy,
            self.shadow,
            run=Path(self.run) if self.run else None,
            models=Path(self.models) if self.models else None,
            least_accuracy=self.least_accuracy,
        )
