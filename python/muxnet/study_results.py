"""What ``muxnet study`` finds, as records."""

import dataclasses
from typing import Any, Literal

from muxnet.details import Details

DEFAULT = "learned_cascade"

SHARES = (0.05, 0.10, 0.20, 0.35, 0.50, 1.00)  # of the best single model's cost

# Points that an answer may lie below the best single model's and still be called as good.
TOLERANCE = 0.005
# Below so much between the oracle and the best single model there is nothing to win.
ALIKE = 0.01


@dataclasses.dataclass(frozen=True)
class ModelFigures:
    """One model alone. ``only_right``: share of the inputs that no other model gets right."""

    name: str
    accuracy: float
    cost: float
    only_right: float


@dataclasses.dataclass(frozen=True)
class PolicyFigures:
    """A policy over budgets; costs are shares of the best single model's.

    ``area``: mean height of its curve above random mixing up to the best single model's cost, with
    its 95 % interval; None where it has one operating point only. ``accuracy_at``: at budgets
    chosen on the fitting part. ``recovered``: by share of the gap from the cheapest to the best
    single model, the least cost that recovers it.
    """

    name: str
    area: float | None
    area_interval: tuple[float, float] | None
    curve: list[tuple[float, float]]
    accuracy_at: dict[str, float | None]
    recovered: dict[str, float | None]


@dataclasses.dataclass(frozen=True)
class Choice:
    """An operating point chosen on the fitting part, against the best single model."""

    cost: float  # a share of the best single model's
    accuracy: float
    difference: float
    interval: tuple[float, float]  # paired, 95 %


@dataclasses.dataclass(frozen=True)
class Diversity:
    """How differently the models err, in shares of the inputs; means over pairs of models."""

    disagreement: float  # another answer
    double_fault: float  # both wrong
    all_wrong: float
    oracle_gain: float  # the best single model is wrong, another one right


@dataclasses.dataclass(frozen=True)
class Study:
    """All that ``muxnet study`` prints and draws."""

    source: str
    fitted_on: int
    evaluated_on: int
    cost_kind: str
    seed: int
    best_single: ModelFigures
    models: tuple[ModelFigures, ...]
    policies: tuple[PolicyFigures, ...]
    at_best_accuracy_cost: float | None
    saving: Choice | None  # cheapest with the best single model's accuracy
    gain: Choice | None  # most accurate at the best single model's cost
    diversity: Diversity
    verdict: Literal["pays", "unclear", "does not pay"]
    sentences: tuple[str, ...]
    details: Details  # of the default policy at its default point

    def _repr_html_(self) -> str:
        """Return the study for a notebook."""
        from muxnet.study_tables import html

        return html(self)


def to_json(found: Study) -> dict[str, Any]:
    """Return what ``--json`` writes; every cost is a share of the best single model's."""
    default = next(entry for entry in found.policies if entry.name == DEFAULT)
    unit = found.best_single.cost
    content = dataclasses.asdict(found)
    for model in (content["best_single"], *content["models"]):
        model["cost"] /= unit
    content["best_single"]["absolute_cost"] = unit
    content["default"] = {
        "policy": DEFAULT,
        "at_best_accuracy_cost": content.pop("at_best_accuracy_cost"),
        "accuracy_at": default.accuracy_at,
        "saving": content.pop("saving"),
        "gain": content.pop("gain"),
        "details": content.pop("details"),
    }
    return content
