"""What lies behind an evaluation: failure prediction, hardness, classes, distance to the oracle."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from muxnet.base.compiled import _core
from muxnet.base.measures import Measure
from muxnet.base.tables import TextTable
from muxnet.base.words import count_text, interval_text, percent_text, points_text
from muxnet.outcomes.reliability import ModelReliability, reliability_of, reliability_table


@dataclasses.dataclass(frozen=True)
class Level:
    """The inputs of one class, or of one hardness: the number of models that fail.

    Of recorded quality: whose answers are worth less than half.
    """

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
    ``reliability``: by model, how far its confidence lies from what its answers are worth.
    """

    regret: float
    regret_interval: tuple[float, float]
    recovered: dict[str, float | None]
    auroc: dict[str, dict[str, float | None]]
    reliability: dict[str, ModelReliability]
    hardness: list[Level]
    classes: list[Level]


def details_of(
    found: _core.Details, names: Sequence[str], class_names: Sequence[str] = ()
) -> Details:
    """Return the core's details of models, and of classes, with these names."""
    regret = found.regret
    return Details(
        regret=regret.value,
        regret_interval=(regret.interval.low, regret.interval.high),
        recovered=by_share(found.recovered),
        auroc={
            name: {"confidence": entry.confidence, "multiplexer": entry.multiplexer}
            for name, entry in zip(names, found.auroc, strict=True)
        },
        reliability=dict(zip(names, reliability_of(found.reliability), strict=True)),
        hardness=[
            Level(
                str(level),
                entry.inputs,
                entry.accuracy,
                dict(zip(names, entry.called_shares, strict=True)),
            )
            for level, entry in enumerate(found.hardness)
        ],
        classes=[
            Level(
                class_names[number] if number < len(class_names) else str(number),
                entry.inputs,
                entry.accuracy,
                {},
            )
            for number, entry in enumerate(found.classes)
        ],
    )


def by_share(found: Mapping[float, float | None]) -> dict[str, float | None]:
    """Return numbers by share under the names that JSON has for these."""
    return {f"{share:.2f}": value for share, value in found.items()}


def tables(found: Details, measure: Measure) -> list[TextTable]:
    """Return the details as text."""
    return [
        _recovery_table(found),
        _auroc_table(found, measure),
        reliability_table(found.reliability),
        _level_table(measure.fails, found.hardness, measure),
        *([_level_table("class", found.classes, measure)] if found.classes else []),
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


def _auroc_table(found: Details, measure: Measure) -> TextTable:
    rows = tuple(
        (name, _number(entry["confidence"]), _number(entry["multiplexer"]))
        for name, entry in found.auroc.items()
    )
    columns = (f"AUROC of {measure.told}", "its confidence", "the multiplexer's score")
    return TextTable("Failure prediction", columns, rows)


def _level_table(what: str, levels: Sequence[Level], measure: Measure) -> TextTable:
    names = list(levels[0].called)
    columns = (what, "inputs", f"{measure.mean} %", *(f"calls {name} %" for name in names))
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
