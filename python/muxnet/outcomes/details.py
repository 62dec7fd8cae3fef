"""What lies behind an evaluation: failure prediction, hardness, classes, distance to the oracle."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from muxnet.base.compiled import _core
from muxnet.base.tables import TextTable
from muxnet.base.words import count_text, interval_text, percent_text, points_text

RECOVERED = (0.5, 0.8, 0.95, 1.0)  # of the gap from the cheapest to the best single model


@dataclasses.dataclass(frozen=True)
class Level:
    """The inputs of one class, or of one hardness, which is the number of models that fail."""

    name: str
    inputs: int
    accuracy: float
    called: dict[str, float]  # empty for classes


@dataclasses.dataclass(frozen=True)
class Details:
    """A policy's chosen point, looked at closely.

    ``regret``: accuracy of the oracle, which calls a model that is right, less the policy's.
    ``recovered``: by share of the gap from the cheapest to the best single model, the least cost of
    an operating point that recovers it, as a share of the best single model's cost.
    ``auroc``: by model, how well its confidence, and the multiplexer, tell whether it is right.
    """

    regret: float
    regret_interval: tuple[float, float]
    recovered: dict[str, float | None]
    auroc: dict[str, dict[str, float | None]]
    hardness: list[Level]
    classes: list[Level]


def recovered(
    points: Sequence[Any], accuracies: Sequence[float], costs: Sequence[float], best: int
) -> dict[str, float | None]:
    """Return the costs at which a curve recovers the gap, as shares of the best single model's."""
    cheapest = min(range(len(costs)), key=lambda i: costs[i])
    found = _core.recovery_costs(
        list(points), accuracies[cheapest], accuracies[best], list(RECOVERED)
    )
    return {
        f"{share:.2f}": None if cost is None else cost / costs[best]
        for share, cost in zip(RECOVERED, found, strict=True)
    }


def look_closely(policy: Any, table: Any, evaluation: Any) -> Details:
    """Return the details of ``evaluation``, a policy's at its chosen point on ``table``."""
    names = list(table.models)
    decisions = policy.decide(table)
    points = _core.accuracy_cost_curve(policy, table)
    accuracies = [float(value) for value in table.correct.mean(axis=0)]
    costs = table.costs(policy.cost_kind)
    regret = evaluation.regret
    return Details(
        regret=regret.value,
        regret_interval=(regret.interval.low, regret.interval.high),
        recovered=recovered(points, accuracies, costs, policy.best_single),
        auroc={
            name: {"confidence": entry.confidence, "multiplexer": entry.multiplexer}
            for name, entry in zip(names, _core.failure_prediction(table), strict=True)
        },
        hardness=[
            Level(
                str(level),
                entry.inputs,
                entry.accuracy,
                dict(zip(names, entry.called_shares, strict=True)),
            )
            for level, entry in enumerate(_core.hardness_levels(table, decisions))
        ],
        classes=[
            Level(str(number), entry.inputs, entry.accuracy, {})
            for number, entry in enumerate(_core.class_figures(table, decisions))
        ],
    )


def tables(found: Details) -> list[TextTable]:
    """Return the details as text."""
    return [
        _recovery_table(found),
        _auroc_table(found),
        _level_table("models that fail", found.hardness),
        _level_table("class", found.classes),
    ]


def _recovery_table(found: Details) -> TextTable:
    rows = [
        (
            f"{100 * float(share):.0f} %",
            "never" if cost is None else percent_text(cost, 1),
        )
        for share, cost in found.recovered.items()
    ]
    regret = f"{points_text(found.regret)} points ({interval_text(found.regret_interval)})"
    rows.append(("the oracle is ahead by", regret))
    columns = ("recovered of the gap from the cheapest to the best single", "at, of its cost")
    return TextTable("Recovery and regret", columns, tuple(rows))


def _auroc_table(found: Details) -> TextTable:
    rows = tuple(
        (name, _number(entry["confidence"]), _number(entry["multiplexer"]))
        for name, entry in found.auroc.items()
    )
    columns = ("AUROC of who is right", "its confidence", "the multiplexer's score")
    return TextTable("Failure prediction", columns, rows)


def _level_table(what: str, levels: Sequence[Level]) -> TextTable:
    names = list(levels[0].called)
    columns = (what, "inputs", "accuracy %", *(f"calls {name} %" for name in names))
    rows = tuple(
        (
            level.name,
            count_text(level.inputs),
            percent_text(level.accuracy)[:-2] if level.inputs else "–",
            *(percent_text(level.called[name], 1)[:-2] if level.inputs else "–" for name in names),
        )
        for level in levels
    )
    return TextTable(f"By {what}", columns, rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
