"""What is served, and how it goes."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from muxnet.base.compiled import _core
from muxnet.serve.background import Background
from muxnet.serve.decision_log import DecisionLog
from muxnet.serve.served import Served

if TYPE_CHECKING:
    from muxnet.serve.traces import Traces


@dataclasses.dataclass
class Reloads:
    """How often what is served was read again."""

    done: int = 0
    failed: int = 0
    failing: bool = False  # the last time


@dataclasses.dataclass(frozen=True)
class StuckModel:
    """A model that holds up a worker; ``seconds`` long, ``since`` when."""

    model: str
    seconds: float
    since: float
    version: int


@dataclasses.dataclass(frozen=True)
class Health:
    """Whether requests are taken, how many workers are left, and what is wrong besides."""

    ready: bool
    draining: bool
    workers: int
    workers_left: int
    stuck: list[StuckModel]
    failing: list[str]


class Endpoint:
    """The service, the front that answers by it, what is deployed, and the log."""

    def __init__(
        self,
        front: _core.Front,
        service: _core.Service,
        served: Served,
        *,
        router_name: str,
        background: Background,
    ) -> None:
        self.front = front
        self.service = service
        self.served = served
        self.router_name = router_name
        self.background = background
        self.log: DecisionLog | None = None
        self.traces: Traces | None = None
        self.reloads = Reloads()
        self.draining = False

    def health(self) -> Health:
        """Return how it goes."""
        workers = self.service.workers()
        stages = ["multiplexer", *self.served.names]
        stuck = [
            StuckModel(
                stages[batch.stage],
                round(batch.seconds, 1),
                round(time.time() - batch.seconds, 1),
                batch.version,
            )
            for batch in workers.stuck
        ]
        return Health(
            ready=not self.draining and workers.left == workers.count,
            draining=self.draining,
            workers=workers.count,
            workers_left=workers.left,
            stuck=stuck,
            failing=sorted(
                {task.name for task in self.background.tasks.values() if task.trouble}
                | ({"reload"} if self.reloads.failing else set())
                | ({"decisions"} if self.log is not None and self.log.failing else set())
            ),
        )

    async def deploy(self, served: Served) -> int:
        """Put ``served`` in the place of what was; return its version.

        Raises:
            ValueError: other models.

        """
        version = await self.background.in_thread(self._deploy, served)
        self.served = served
        # Of what was read, and of the models before.
        await self.background.in_thread(_core.release_free_memory)
        return version

    def _deploy(self, served: Served) -> int:
        deployment = served.deployment(record=self.log is not None)
        return self.front.deploy(deployment, served.front_models(self.router_name))
