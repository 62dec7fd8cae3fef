"""The policy of a folder that ``muxnet fit`` or ``muxnet run`` left, and the list of its models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.study_results import DEFAULT
from muxnet.pool.router_folder import MODELS_FILE, load_router
from muxnet.training.config import load_config


def models_file(router: Path, models: Path | None) -> Path:
    """Return the list of a router's models: the one given, or that beside it.

    Raises:
        ConfigError: there is none.

    """
    found = models or router / MODELS_FILE
    if not found.is_file():
        expected = f"--models, or {MODELS_FILE} beside the policy (muxnet fit --models)"
        raise ConfigError(error_text(str(router), expected, "none"))
    return found


def require_models(where: str, policy: _core.Policy, names: Sequence[str]) -> None:
    """Refuse a policy for other models, or in another order.

    Raises:
        ConfigError: it is one.

    """
    if list(policy.models) != list(names):
        expected = "one for " + ", ".join(names)
        raise ConfigError(error_text(where, expected, ", ".join(policy.models)))


def load_policy(path: Path, name: str = "") -> _core.Policy:
    """Return the policy of a router's folder, or one of a run's: the learned cascade by default.

    Raises:
        ConfigError: none, or no such policy.
        OSError: files that cannot be read.

    """
    folder = RunFolder(path)
    if folder.finished:
        return run_policy(folder, name or DEFAULT)
    if name:
        expected = f"a run's folder, which has several policies, at {path}"
        raise ConfigError(error_text("--policy", expected, name))
    return load_router(path)


def run_policy(folder: RunFolder, name: str) -> _core.Policy:
    """Return a policy of a finished run; one that the run did not save is fitted on its outcomes.

    Raises:
        ConfigError: no such policy, or one that needs labels.
        OSError: files that cannot be read.

    """
    path = folder.policies / f"{name}.json"
    known = {entry.name: entry for entry in _core.policies() if "label" not in entry.needs}
    if name not in known:
        raise ConfigError(error_text("--policy", "one of " + ", ".join(known), name))
    if path.is_file():
        return _core.Policy.load(path)
    table = _core.OutcomeTable.load(folder.outcomes(_core.make_policy(name).fitting_part))
    return fit_policy(name, table, seed=load_config(folder.config).seed)
