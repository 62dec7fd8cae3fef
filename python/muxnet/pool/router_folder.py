"""The folder of a saved router."""

from pathlib import Path
from typing import Any

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.words import cost_text, cost_title, percent_text

POLICY_FILE = "policy.json"
MODELS_FILE = "models.json"
DRIFT_FILE = "drift.json"


def load_router(folder: Path) -> Any:
    """Return the policy that ``muxnet fit`` left in ``folder``.

    Raises:
        ConfigError: there is none.
        ValueError: the file holds no policy.

    """
    path = folder / POLICY_FILE
    if not path.is_file():
        raise ConfigError(error_text(str(folder), f"a router with {POLICY_FILE}", "none"))
    return _core.Policy.load(path)


def load_monitor(folder: Path, policy: Any) -> Any:
    """Return the drift monitor of a router.

    Raises:
        ConfigError: there is none, or it belongs to another operating point.

    """
    path = folder / DRIFT_FILE
    how = "muxnet calibrate with --outcomes"
    if not path.is_file():
        raise ConfigError(error_text(str(folder), f"{DRIFT_FILE} of {how}", "none"))
    monitor = _core.DriftMonitor.load(path)
    if monitor.version != policy.version:
        expected = f"a monitor of the router in version {policy.version} ({how})"
        raise ConfigError(error_text(str(path), expected, monitor.version))
    return monitor


def describe_drift(drift: Any) -> dict[str, Any]:
    """Return what a drift monitor, or a reading of one, has found."""
    names = ("alarm", "e_value", "cause", "observed", "alpha")
    return {name: getattr(drift, name) for name in names}


def describe_point(policy: Any) -> dict[str, Any]:
    """Return a policy's chosen operating point: its settings, accuracy, cost and ``text``."""
    point = policy.point
    cost = f"{cost_text(point.cost)} {cost_title(policy.cost_kind)}"
    return {
        "policy": policy.name,
        "cost_kind": policy.cost_kind,
        "parameters": dict(point.parameters),
        "accuracy": point.accuracy,
        "cost": point.cost,
        "text": f"{percent_text(point.accuracy)} right at {cost} per input",
    }
