"""``results.json``: every number of a run under a stable name.

Accuracies and shares are fractions of 1, intervals are 95 % ``[low, high]``, costs are per input
in the unit of ``cost_kind``, times are in the unit that their name ends with. Everything that a
clock measured lies under a key of ``TIME_KEYS``; the rest is the same for the same seed on the same
machine with the same number of threads.
"""

import os
from dataclasses import dataclass, field
from typing import Literal

from muxnet.base import schema
from muxnet.base.errors import ConfigError
from muxnet.base.files import read_json
from muxnet.outcomes.policies import OFFLOAD, reported_policies
from muxnet.outcomes.reliability import ModelReliability

FORMAT_VERSION = 1

TIME_KEYS = ("latency_ms", "seconds", "seconds_by_phase", "images_per_second", "slowdown")

Interval = tuple[float, float]
Provenance = Literal["measured", "counted", "modelled", "given", "paper"]

PROVENANCE: dict[str, Provenance] = {
    "models.parameters": "counted",
    "models.cost": "counted",
    "models.latency_ms": "measured",
    "models.accuracy": "measured",
    "models.called": "measured",
    "models.reliability": "measured",
    "policies.accuracy": "measured",
    "policies.cost": "counted",
    "policies.latency_ms": "modelled",
    "policies.models_per_input": "measured",
    "multiplexer.parameters": "counted",
    "multiplexer.cost": "counted",
    "multiplexer.latency_ms": "measured",
    "hardness": "measured",
    "right_wrong_matrix": "measured",
    "seconds": "measured",
}


@dataclass(frozen=True)
class ModelResult:
    """One model of the pool, alone on the test split.

    ``latency_ms`` is that of one image on an idle machine; ``called`` its share of the inputs under
    hybrid_single; ``called_by_policy`` the same under every policy. ``reliability``: how far its
    confidence lies from its accuracy.
    """

    name: str
    parameters: int | None
    cost: float
    latency_ms: float | None
    accuracy: float
    accuracy_interval: Interval
    called: float
    called_by_policy: dict[str, float] = field(default_factory=dict)
    reliability: ModelReliability = field(default_factory=ModelReliability)


@dataclass(frozen=True)
class PolicyResult:
    """One policy on the test split; cost and latency include the multiplexer where it is used.

    ``latency_ms`` is modelled: the multiplexer's latency and that of each called model, in turn.
    ``called`` is the share of inputs that each model ran on, in the order of ``models``.
    ``cost_p99`` and ``cost_worst`` are the tail of the costs over the inputs.
    ``settings`` are the thresholds and other choices, all made on held-out data.
    """

    name: str
    accuracy: float
    accuracy_interval: Interval
    cost: float
    latency_ms: float | None
    models_per_input: float
    called: tuple[float, ...]
    note: str = ""
    cost_p99: float | None = None
    cost_worst: float | None = None
    settings: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CurvePoint:
    """One operating point of a curve."""

    cost: float
    accuracy: float
    accuracy_interval: Interval | None = None


@dataclass(frozen=True)
class Curve:
    """Accuracy against cost: ``multiplexer``, ``cascade``, ``random_mixing``, ..."""

    name: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class Area:
    """Mean gain in accuracy over random mixing across the budgets that both reach."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Comparison:
    """Accuracy of ``policy`` minus that of ``against`` at equal cost, paired over the inputs."""

    policy: str
    against: str
    cost: float
    difference: float
    interval: Interval


@dataclass(frozen=True)
class MultiplexerResult:
    """The multiplexer's own size and cost, and how well it foresees each model's success."""

    parameters: int
    cost: float
    latency_ms: float | None
    kind: str
    objective: str
    formulation: str
    resolution: int
    width: int
    lambda_cost: float
    auroc: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Hardness:
    """Inputs by the number of models that fail on them, 0..N.

    ``counts[h]`` inputs have hardness h; ``called[h][i]`` is the share of them on which
    hybrid_single called model i (empty where there are none).
    """

    counts: tuple[int, ...]
    called: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Epoch:
    """One epoch of a training, means over its batches; lists have one entry per network.

    ``losses`` are cross-entropies, or what the multiplexer learns by; ``accuracies`` of the
    multiplexer are those of the models it would call; ``held_out_accuracies`` may be empty.
    ``contrastive`` is Eq. 2 with the mean distances of its pairs, ``distillation`` the on-line one
    or Eq. 8; None where not trained with. ``seconds`` count from the start.
    """

    epoch: int
    learning_rate: float
    losses: tuple[float, ...]
    accuracies: tuple[float, ...] = ()
    held_out_accuracies: tuple[float, ...] = ()
    contrastive: float | None = None
    both_right_distance: float | None = None
    one_right_distance: float | None = None
    distillation: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class LearningCurves:
    """Both steps of Algorithm 1, epoch by epoch."""

    models: tuple[Epoch, ...] = ()
    multiplexer: tuple[Epoch, ...] = ()


@dataclass(frozen=True)
class Contrastive:
    """Mean distances of projected embeddings in the last epoch (Eq. 3), None without the loss."""

    formulation: str
    weight: float
    both_right_distance: float | None = None
    one_right_distance: float | None = None


@dataclass(frozen=True)
class DataResult:
    """What was learnt from and tested on; ``router_data`` is held_out, or train as in the paper."""

    classes: int
    image_shape: tuple[int, ...]
    train: int
    held_out: int
    test: int
    router_data: Literal["held_out", "train"]
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """What the run ran on; ``slowdown``: a typical inference's time over the fastest tenth's."""

    cpu: str
    threads: int
    system: str
    slowdown: float = 1.0
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """Everything in ``results.json``; costs of curves and policies count the multiplexer too.

    ``cost_kind``: ``macs`` (multiply-accumulates) or another unit.
    """

    dataset: str
    seed: int
    seconds: float
    data: DataResult
    models: tuple[ModelResult, ...]
    policies: tuple[PolicyResult, ...]
    curves: tuple[Curve, ...]
    area_above_random_mixing: Area
    multiplexer: MultiplexerResult
    hardness: Hardness
    right_wrong_matrix: tuple[tuple[float, ...], ...]
    learning_curves: LearningCurves
    contrastive: Contrastive
    machine: Machine
    config: dict[str, object]
    cost_kind: str = "macs"
    comparisons: tuple[Comparison, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds_by_phase: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=lambda: dict(PROVENANCE))
    format: str = "muxnet-results"
    version: int = FORMAT_VERSION


def policy(results: Results, name: str) -> PolicyResult:
    """Return the policy called ``name``.

    Raises:
        KeyError: there is none.

    """
    for entry in results.policies:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in results.policies)
    raise KeyError(f"[results] expected a policy among {known}, received '{name}'")


def curve(results: Results, name: str) -> Curve | None:
    """Return the curve called ``name``, or None."""
    return next((entry for entry in results.curves if entry.name == name), None)


def from_dict(data: object, where: str = "results") -> Results:
    """Return checked results.

    Raises:
        ConfigError: a key is unknown or missing, a type is wrong, or the parts do not fit.

    """
    results = schema.from_dict(Results, data, where)
    if results.format != "muxnet-results" or results.version != FORMAT_VERSION:
        raise ConfigError(
            f"[{where}] expected format muxnet-results version {FORMAT_VERSION}, "
            f"received {results.format} version {results.version}"
        )
    _check(results, where)
    return results


def read_results(path: str | os.PathLike[str]) -> Results:
    """Return the checked results in the file at ``path``.

    Raises:
        ConfigError: the file is no results file.
        OSError: the file cannot be read.

    """
    return from_dict(read_json(path), str(path))


def without_times(data: object) -> object:
    """Return ``data`` (plain JSON values) without all that a clock measured."""
    if isinstance(data, dict):
        return {key: without_times(v) for key, v in data.items() if key not in TIME_KEYS}
    if isinstance(data, (list, tuple)):
        return [without_times(value) for value in data]
    return data


def _check(results: Results, where: str) -> None:
    count = len(results.models)
    names = [entry.name for entry in results.policies]
    for name in reported_policies():
        if name != OFFLOAD or names.count(name) > 1:
            _expect(where, "policies", f"one '{name}'", 1, names.count(name))
    for entry in results.policies:
        _expect(where, f"policies.{entry.name}.called", "one per model", count, len(entry.called))
    _expect(where, "hardness.counts", "one per level", count + 1, len(results.hardness.counts))
    _expect(where, "hardness.called", "one per level", count + 1, len(results.hardness.called))
    _expect(where, "right_wrong_matrix", "a row per model", count, len(results.right_wrong_matrix))
    for row in results.right_wrong_matrix:
        _expect(where, "right_wrong_matrix", "a column per model", count, len(row))
    for epoch in results.learning_curves.models:
        _expect(where, "learning_curves.models", "one per model", count, len(epoch.losses))


def _expect(where: str, key: str, what: str, expected: int, received: int) -> None:
    if expected != received:
        raise ConfigError(
            f"[{where}] key '{key}': expected {what} ({expected}), received {received}"
        )
