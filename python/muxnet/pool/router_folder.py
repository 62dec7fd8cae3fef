"""The folder of a saved router."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.base.measures import measure_of
from muxnet.base.run_folder import RunFolder
from muxnet.base.words import cost_text, cost_title, percent_text
from muxnet.outcomes.policies import OFFLOAD

POLICY_FILE = "policy.json"
MODELS_FILE = "models.json"
DRIFT_FILE = "drift.json"
OUTCOMES_FILE = "outcomes.safetensors"  # with cross-fitted scores
ONNX_FILE = "multiplexer.onnx"


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


def load_multiplexer(folder: Path, policy: _core.Policy) -> _core.SavedMultiplexer | None:
    """Return the multiplexer of a router; None where its policy looks at none.

    Raises:
        ConfigError: there is none, or it belongs to another router.
        ValueError: the files hold no multiplexer.
        OSError: they cannot be read.

    """
    if not policy.uses_multiplexer:
        return None
    folder = multiplexer_folder(folder, policy.name)
    path = folder / _core.MULTIPLEXER_FILE
    if not path.is_file():
        expected = f"{path.name} (muxnet fit --multiplexer) for policy {policy.name}"
        raise ConfigError(error_text(str(folder), expected, "none"))
    saved = _core.load_multiplexer(folder)
    if list(saved.models) != list(policy.models) or saved.classes != policy.classes:
        expected = f"a multiplexer for {', '.join(policy.models)} of {policy.classes} classes"
        received = f"one for {', '.join(saved.models)} of {saved.classes}"
        raise ConfigError(error_text(str(path), expected, received))
    if saved.learnt_from != policy.inputs_digest:
        expected = "a multiplexer that learnt from the inputs that the policy was fitted on"
        raise ConfigError(error_text(str(path), expected, "one of other inputs"))
    return saved


def multiplexer_folder(folder: Path, policy: str) -> Path:
    """Return where the multiplexer is that a policy looks at: a run has two of them."""
    run = RunFolder(folder)
    return run.offload if run.finished and policy == OFFLOAD else folder


def keep_multiplexer(saved: _core.SavedMultiplexer, folder: Path) -> str:
    """Write a router's multiplexer, an ONNX file beside it, and return what was left out.

    Raises:
        OSError: a file cannot be written.

    """
    from muxnet.pool.onnx_export import export_onnx

    _core.save_multiplexer(saved, folder)
    try:
        export_onnx(saved.multiplexer, folder / ONNX_FILE)
    except MissingPackageError as error:
        (folder / ONNX_FILE).unlink(missing_ok=True)
        return f"no {ONNX_FILE}: {error}"
    return ""


def forget_multiplexer(folder: Path) -> None:
    """Remove the multiplexer of the router that was here before."""
    names = (_core.MULTIPLEXER_FILE, _core.MULTIPLEXER_WEIGHTS_FILE, ONNX_FILE, OUTCOMES_FILE)
    for name in names:
        (folder / name).unlink(missing_ok=True)


class Drift(TypedDict):
    """What a drift monitor has found."""

    alarm: bool
    e_value: float
    cause: str
    observed: int
    alpha: float


def describe_drift(drift: _core.DriftMonitor) -> Drift:
    """Return what a drift monitor has found."""
    return {
        "alarm": drift.alarm,
        "e_value": drift.e_value,
        "cause": drift.cause,
        "observed": drift.observed,
        "alpha": drift.alpha,
    }


class Abstains(TypedDict):
    """Which answers are left to a person, and what is promised of the others."""

    threshold: float
    at_least: float
    delta: float
    coverage: float
    accuracy: float
    inputs: int
    groups: int


def describe_abstention(found: _core.Abstention) -> Abstains:
    """Return what a calibration found of abstaining."""
    return {
        "threshold": found.threshold,
        "at_least": found.at_least,
        "delta": found.delta,
        "coverage": found.coverage,
        "accuracy": found.accuracy,
        "inputs": found.inputs,
        "groups": found.groups,
    }


def describe_point(policy: _core.Policy) -> dict[str, object]:
    """Return a policy's chosen operating point: its settings, accuracy, cost and ``text``.

    Where it leaves answers to a person, ``abstains`` says which.
    """
    point = policy.point
    abstention = policy.abstention
    abstains = {} if abstention is None else {"abstains": describe_abstention(abstention)}
    cost = f"{cost_text(point.cost)} {cost_title(policy.cost_kind)}"
    figure = measure_of(policy).figure.format(percent_text(point.accuracy))
    return {
        "policy": policy.name,
        "cost_kind": policy.cost_kind,
        "parameters": dict(point.parameters),
        "accuracy": point.accuracy,
        "cost": point.cost,
        "text": f"{figure} at {cost} per input",
        **abstains,
    }
