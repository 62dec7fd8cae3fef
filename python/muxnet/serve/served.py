"""What is served: models of a run or anybody's, and the policy that routes among them."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path
from typing import TypeAlias

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.pool.model_list import files_of
from muxnet.pool.router import open_router
from muxnet.pool.router_folder import (
    DRIFT_FILE,
    MODELS_FILE,
    POLICY_FILE,
    load_monitor,
    multiplexer_folder,
)
from muxnet.pool.router_policy import load_policy, require_models


@dataclasses.dataclass(frozen=True)
class Vectors:
    """Vectors of so many numbers."""

    length: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one."""
        return (self.length,)


Format: TypeAlias = "_core.ImageFormat | Vectors"


@dataclasses.dataclass(frozen=True)
class Source:
    """Where what is served comes from; read again on a reload.

    ``path`` is the folder of a run, one of whose policies is named by ``policy``, or of a router,
    whose models are those of ``run``, or a list, ``models`` or the one beside the router, that want
    ``images``. ``shadow`` names a policy of the run, or the folder of a router. Load chooses no
    operating point of less than ``least_accuracy``.
    """

    path: Path
    policy: str = ""
    shadow: str = ""
    run: Path | None = None
    models: Path | None = None
    images: _core.ImageFormat | None = None
    least_accuracy: float = 0.0

    @property
    def has_networks(self) -> bool:
        """Whether the models are those of a run."""
        return RunFolder(self.run or self.path).has_networks

    def files(self) -> list[Path]:
        """Return the files whose change means something new to serve."""
        routers = [Path(name) / POLICY_FILE for name in (self.path, self.shadow) if name]
        routers += sorted(RunFolder(self.run or self.path).policies.glob("*.json"))
        if self.has_networks:
            weights = RunFolder(self.run or self.path).weights
            models = sorted(weights.glob("*.safetensors"))
        else:
            models = files_of(self.models or self.path / MODELS_FILE)
            looking = multiplexer_folder(self.path, self.policy)
            models.append(looking / _core.MULTIPLEXER_FILE)  # it knows the bytes of its weights
        monitor = self.path / DRIFT_FILE
        return [path for path in (*models, *routers, monitor) if path.is_file()]


@dataclasses.dataclass(frozen=True)
class Served:
    """Models and policy, ready to be deployed."""

    models: list[_core.HostedModel]
    multiplexer: _core.Multiplexer | None
    policy: _core.Policy
    shadow: _core.Policy | None
    class_names: tuple[str, ...]
    formats: tuple[Format, ...]  # of what stages are shown, each once
    shown: tuple[int, ...]  # which of them the multiplexer and each model is shown
    cost_kind: str  # of the models' costs
    monitor: _core.DriftMonitor | None = None
    least_accuracy: float = 0.0  # of operating points that load may choose

    def front_models(self, router_name: str) -> _core.ServedModels:
        """Return all of it as requests see it."""
        return _core.ServedModels(
            router=router_name,
            models=self.names,
            classes=len(self.class_names),
            formats=[one.length if isinstance(one, Vectors) else one for one in self.formats],
            shown=list(self.shown),
            policy=self.policy,
        )

    @property
    def names(self) -> list[str]:
        """The models' names."""
        return [model.name for model in self.models]

    @property
    def points(self) -> list[_core.OperatingPoint]:
        """The policy's operating points, by rising cost."""
        return self.policy.operating_points

    def deployment(self, *, record: bool) -> _core.Deployment:
        """Return all of it for the core; the chosen point comes after all others.

        ``record`` makes decision records of what it answers.
        """
        uses_multiplexer = self.policy.uses_multiplexer or (
            self.shadow is not None and self.shadow.uses_multiplexer
        )
        rules = [self.policy.rule_at(point) for point in self.points]
        return _core.Deployment(
            self.models,
            self.multiplexer if uses_multiplexer else None,
            [*rules, self.policy.rule()],
            point=len(rules),
            reference=self.policy.best_single,
            recorders=self._recorders() if record else [],
            shadow=None if self.shadow is None else self.shadow.rule(),
            monitor=self.monitor,
            shown=list(self.shown),
            point_costs=[*map(self._cost_under_load, self.points), self.policy.point.cost],
            multiplexer_for_shadow=not self.policy.uses_multiplexer,
        )

    def _cost_under_load(self, point: _core.OperatingPoint) -> float:
        return point.cost if point.accuracy >= self.least_accuracy else float("inf")

    def point(self, place: int) -> _core.OperatingPoint:
        """Return the operating point of a deployment's rule."""
        points = self.points
        return points[place] if place < len(points) else self.policy.point

    def _recorders(self) -> list[_core.Recorder]:
        costs = {self.cost_kind: [model.cost for model in self.models]}
        asked = self.multiplexer if self.policy.uses_multiplexer else None
        multiplexer_costs = {} if asked is None else {self.cost_kind: asked.cost}
        points = [*range(len(self.points)), None]
        return [_core.Recorder(self.policy, costs, multiplexer_costs, point) for point in points]


def load(source: Source, *, threads: int = 1, opened: Container[str] | None = None) -> Served:
    """Return what ``source`` names; ``threads`` and ``opened`` as of ``open_router``.

    Raises:
        UserError: models, a policy or a shadow that do not fit each other.
        OSError: a file that cannot be read.

    """
    router = open_router(
        source.path,
        policy=source.policy,
        run=source.run,
        models=source.models,
        images=source.images,
        threads=threads,  # a worker is one
        opened=opened,
    )
    policy, pool = router.policy, router.pool
    shadow = _shadow(source) if source.shadow else None
    if shadow is not None:
        require_models(f"shadow {source.shadow}", shadow, pool.names)
        if shadow.uses_multiplexer and pool.multiplexer is None:
            expected = "a shadow that needs no multiplexer"
            raise ConfigError(error_text(source.shadow, expected, shadow.name))
    hosted = pool.hosted()
    return Served(
        hosted,
        pool.multiplexer,
        policy,
        shadow,
        tuple(pool.class_names) or tuple(str(k) for k in range(policy.classes)),
        tuple(Vectors(pool.vector_length) if one is None else one for one in pool.formats),
        tuple(pool.shown),
        pool.cost_kind,
        load_monitor(source.path, policy) if (source.path / DRIFT_FILE).is_file() else None,
        source.least_accuracy,
    )


def _shadow(source: Source) -> _core.Policy:
    if (Path(source.shadow) / POLICY_FILE).is_file() or not source.has_networks:
        return load_policy(Path(source.shadow))
    return load_policy(source.run or source.path, source.shadow)
