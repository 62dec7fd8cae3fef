"""The folder of a saved router."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.words import cost_text, cost_title, percent_text

POLICY_FILE = "policy.json"
MODELS_FILE = "models.json"
DRIFT_FILE = "drift.json"


def load_router(folder: Path) -> _core.Policy:
    """Return the policy that ``muxnet fit`` left in ``folder``.

    Raises:
        ConfigError: there is none.
        ValueError: the file holds no policy.

    """
    path = folder / POLICY_FILE
    if not path.is_file():
        raise ConfigError(error_text(str(folder), f"a router with {POLICY_FILE}", "none"))
    return _core.Policy.load(path)


def load_monitor(folder: Path, policy: _core.Policy) -> _core.DriftMonitor:
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


class Drift(TypedDict):
    """What a drift monitor has found."""

    alarm: bool
    e_value: float
    cause: str
    observed: int
    alpha: float


def describe_drift(drift: _core.DriftMonitor | _core.DriftReading) -> Drift:
    """Return what a drift monitor, or a reading of one, has found."""
    return {
        "alarm": drift.alarm,
        "e_value": drift.e_value,
        "cause": drift.cause,
        "observed": drift.observed,
        "alpha": drift.alpha,
    }


def describe_point(policy: _core.Policy) -> dict[str, object]:
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
