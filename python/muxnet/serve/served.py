"""What is served: the networks of a finished run, and the policy that routes among them."""

import dataclasses
from pathlib import Path
from typing import Any

from muxnet.config import RunConfig, load_config
from muxnet.errors import ConfigError, error_text
from muxnet.pools import load_models, load_multiplexer
from muxnet.replay import fit_policy
from muxnet.results import read_results
from muxnet.router_folder import DRIFT_FILE, POLICY_FILE, load_monitor, load_router
from muxnet.run_folder import RunFolder


@dataclasses.dataclass(frozen=True)
class Source:
    """Where what is served comes from; read again on a reload.

    ``policy`` and ``shadow`` are names of policies, fitted on the run's held-out outcomes, or
    folders that ``muxnet fit`` left.
    """

    run: Path
    policy: str
    shadow: str = ""

    def files(self) -> list[Path]:
        """Return the files whose change means something new to serve."""
        weights = sorted((self.run / "weights").glob("*.safetensors"))
        routers = [Path(name) / POLICY_FILE for name in (self.policy, self.shadow) if name]
        monitor = Path(self.policy) / DRIFT_FILE
        return [path for path in (*weights, *routers, monitor) if path.is_file()]


@dataclasses.dataclass(frozen=True)
class Served:
    """Networks and policy, ready to be deployed."""

    models: list[Any]
    multiplexer: Any
    policy: Any
    shadow: Any
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    monitor: Any = None

    @property
    def names(self) -> list[str]:
        """The models' names."""
        return [str(model.name) for model in self.models]

    @property
    def points(self) -> list[Any]:
        """The policy's operating points, by rising cost."""
        return list(self.policy.operating_points)

    def point_for(self, accuracy: float) -> int:
        """Return the cheapest operating point that attained ``accuracy`` on held-out inputs.

        Raises:
            ValueError: none did.

        """
        for index, point in enumerate(self.points):
            if point.accuracy >= accuracy:
                return index
        best = max(point.accuracy for point in self.points)
        raise ValueError(error_text("accuracy", f"at most {best:.4f}", accuracy))

    def deployment(self, *, record: bool) -> Any:
        """Return all of it for the core; the chosen point comes after all others.

        ``record`` makes decision records of what it answers.
        """
        from muxnet import _core

        looks = self.policy.uses_router or (self.shadow is not None and self.shadow.uses_router)
        rules = [self.policy.rule_at(point) for point in self.points]
        beside = {"shadow": self.shadow.rule()} if self.shadow is not None else {}
        return _core.Deployment(
            self.models,
            self.multiplexer if looks else None,
            [*rules, self.policy.rule()],
            point=len(rules),
            reference=self.policy.best_single,
            recorders=self._recorders() if record else [],
            monitor=self.monitor,
            **beside,
        )

    def _recorders(self) -> list[Any]:
        from muxnet import _core

        costs = {"macs": [float(model.macs) for model in self.models]}
        looks = self.policy.uses_router
        router_costs = {"macs": float(self.multiplexer.macs)} if looks else {}
        points = [*range(len(self.points)), None]
        return [_core.Recorder(self.policy, costs, router_costs, point) for point in points]


def load(source: Source) -> Served:
    """Return what ``source`` names.

    Raises:
        UserError: a policy that does not fit the run.
        OSError: a file that cannot be read.

    """
    folder = RunFolder(source.run)
    config, results = load_config(folder.config), read_results(folder.results)
    models = load_models(folder, config, results)
    channels, height, width = results.data.image_shape
    policy, router = _policy(folder, source.policy, config, models), Path(source.policy)
    return Served(
        models,
        load_multiplexer(folder, config, models),
        policy,
        _policy(folder, source.shadow, config, models) if source.shadow else None,
        results.data.class_names,
        (channels, height, width),
        load_monitor(router, policy) if (router / DRIFT_FILE).is_file() else None,
    )


def _policy(folder: RunFolder, name: str, config: RunConfig, models: list[Any]) -> Any:
    from muxnet import _core
    from muxnet.policies import POLICIES

    saved = folder.policies / f"{name}.json"
    if (Path(name) / POLICY_FILE).is_file():
        policy = load_router(Path(name))
    elif saved.is_file():
        policy = _core.Policy.load(saved)
    else:
        kind = POLICIES.get(name, name)
        known = sorted({*POLICIES, *_core.policy_names()} - {"oracle", "offload"})
        if name not in known:
            expected = f"a folder with {POLICY_FILE}, or one of {', '.join(known)}"
            raise ConfigError(error_text("policy", expected, name))
        # Policies that look at the multiplexer are fitted on inputs it has not learnt from.
        split = "calibration" if _core.make_policy(kind).uses_router else "held_out"
        policy = fit_policy(kind, _core.OutcomeTable.load(folder.outcomes(split)), seed=config.seed)
    names = [str(model.name) for model in models]
    if list(policy.models) != names:
        raise ConfigError(
            error_text(f"policy {name}", "one for " + ", ".join(names), ", ".join(policy.models))
        )
    return policy
