"""What ``muxnet study`` finds: as records, and as tables for the terminal and for notebooks."""

import dataclasses
from html import escape
from typing import Any

from muxnet.base.measures import MEASURES
from muxnet.base.tables import TextTable
from muxnet.base.words import (
    cost_share,
    cost_text,
    cost_title,
    interval_text,
    percent_text,
    points_text,
    policy_title,
)
from muxnet.outcomes.details import Details

DEFAULT = "learned_cascade"

# Below so much between the oracle and the best single model there is nothing to win.
ALIKE = 0.01


@dataclasses.dataclass(frozen=True)
class ModelStudy:
    """One model alone. ``only_right``: share of the inputs that no other model gets right.

    Of recorded quality: the mean of what its answer is worth above the best of the others.
    """

    name: str
    accuracy: float
    interval: tuple[float, float]  # 95 %
    cost: float
    only_right: float


@dataclasses.dataclass(frozen=True)
class PolicyStudy:
    """A policy over budgets, which are shares of the best single model's cost.

    ``area``: mean height of its curve above random mixing up to that cost, with its 95 % interval;
    None where it has one operating point only, or the cost is nothing. ``curve``: at shares of that
    cost, where it is nothing at costs themselves. ``accuracy_at``: at budgets
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
    """An operating point chosen on the fitting part, against the best single model.

    ``multiplexed``: the difference to the best single model's answers as the policy takes them,
    where it has learnt that some are wrong more often than right: what it owes to other models.
    """

    cost: float | None  # a share of the best single model's; None where that costs nothing
    accuracy: float
    difference: float
    interval: tuple[float, float]  # paired, 95 %
    multiplexed: float
    multiplexed_interval: tuple[float, float]
    alone: str | None  # the only model that it calls


@dataclasses.dataclass(frozen=True)
class Diversity:
    """How differently the models err, in shares of the inputs; means over pairs of models.

    Of recorded quality: the mean distance of two answers, what the better of them, and the best of
    all, lack to 1, and what the best is above the best single model's.
    """

    disagreement: float  # another answer
    double_fault: float  # both wrong
    all_wrong: float
    oracle_gain: float  # the best single model is wrong, another one right


@dataclasses.dataclass(frozen=True)
class Study:
    """All that ``muxnet study`` prints and draws."""

    source: str
    fitted_on: int
    fitted_groups: int  # that these inputs stand in; each its own: as many
    evaluated_on: int
    evaluated_groups: int
    cost_kind: str
    measure: str  # what accuracies are: a name of MEASURES
    seed: int
    best_single: ModelStudy
    models: tuple[ModelStudy, ...]
    policies: tuple[PolicyStudy, ...]
    at_best_accuracy_cost: float | None
    saving: Choice | None  # cheapest with the best single model's accuracy
    gain: Choice | None  # most accurate at the best single model's cost
    diversity: Diversity
    verdict: str  # one of VERDICTS
    sentences: tuple[str, ...]
    details: Details  # of the default policy at its default point

    @property
    def unit(self) -> float:
        """What curves count costs in: the best single model's, 1 where that costs nothing."""
        return self.best_single.cost or 1.0

    def _repr_html_(self) -> str:
        """Return the study for a notebook."""
        return html(self)


def to_json(found: Study) -> dict[str, Any]:
    """Return what ``--json`` writes; every cost is a share of the best single model's.

    Where that is nothing, other costs are no shares (None), and curves tell costs themselves.
    """
    default = next(entry for entry in found.policies if entry.name == DEFAULT)
    content = dataclasses.asdict(found)
    for model in (content["best_single"], *content["models"]):
        model["cost"] = cost_share(model["cost"], found.best_single.cost)
    content["best_single"]["absolute_cost"] = found.best_single.cost
    content["default"] = {
        "policy": DEFAULT,
        "at_best_accuracy_cost": content.pop("at_best_accuracy_cost"),
        "accuracy_at": default.accuracy_at,
        "saving": content.pop("saving"),
        "gain": content.pop("gain"),
        "details": content.pop("details"),
    }
    return content


# The words of the core's Verdict.
VERDICTS = {
    "pays": "Multiplexing pays for these models (within 0.5 points for less).",
    "pays at full cost": "Multiplexing pays for these models in accuracy, at about the best "
    "one's cost; a saving is not shown.",
    "unclear": "A gain is possible, but not shown by so few inputs.",
    "does not pay": "Multiplexing does not pay for these models.",
}


def model_table(found: Study) -> TextTable:
    """Return the models alone, as text."""
    measure = MEASURES[found.measure]
    columns = (
        "model",
        cost_title(found.cost_kind),
        "of the best",
        f"{measure.mean} %",
        "95 % interval",
        measure.alone,
    )
    rows = tuple(
        (
            model.name,
            cost_text(model.cost),
            percent_text(cost_share(model.cost, found.best_single.cost), 1),
            percent_text(model.accuracy)[:-2],
            interval_text(model.interval),
            percent_text(model.only_right)[:-2],
        )
        for model in found.models
    )
    return TextTable("Models", columns, rows)


def policy_table(found: Study) -> TextTable:
    """Return accuracy in % at each budget and the area above random mixing, as text."""
    budgets = tuple(f"{100 * float(share):.0f} %" for share in found.policies[0].accuracy_at)
    within = f"{MEASURES[found.measure].mean} % within"
    columns = (within, *budgets, "area, points", "95 % interval")
    rows = []
    for entry in found.policies:
        cells = [
            "–" if accuracy is None else percent_text(accuracy)[:-2]
            for accuracy in entry.accuracy_at.values()
        ]
        area = "–" if entry.area is None else points_text(entry.area)
        low_high = "–" if entry.area_interval is None else interval_text(entry.area_interval)
        rows.append((policy_title(entry.name), *cells, area, low_high))
    return TextTable("Policies", columns, tuple(rows))


def html(found: Study) -> str:
    """Return both tables and the sentences as HTML."""
    words = [VERDICTS[found.verdict], *found.sentences]
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in words)
    return model_table(found)._repr_html_() + policy_table(found)._repr_html_() + paragraphs
