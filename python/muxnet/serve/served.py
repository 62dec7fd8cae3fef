"""What is served: models of a run or anybody's, and the policy that routes among them."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path

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


def load(source: Source, *, threads: int = 1, opened: Container[str] | None = None) -> _core.Served:
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
    monitored = (source.path / DRIFT_FILE).is_file()
    return _core.Served(
        pool.hosted(),
        multiplexer=pool.multiplexer,
        policy=policy,
        shadow=shadow,
        class_names=list(pool.class_names) or [str(k) for k in range(policy.classes)],
        formats=[pool.vector_length if one is None else one for one in pool.formats],
        shown=list(pool.shown),
        cost_kind=pool.cost_kind,
        monitor=load_monitor(source.path, policy) if monitored else None,
        least_accuracy=source.least_accuracy,
    )


def _shadow(source: Source) -> _core.Policy:
    if (Path(source.shadow) / POLICY_FILE).is_file() or not source.has_networks:
        return load_policy(Path(source.shadow))
    return load_policy(source.run or source.path, source.shadow)
