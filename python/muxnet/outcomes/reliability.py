"""How far models' confidences lie from what their answers are worth, and after calibration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from muxnet.base.compiled import _core
from muxnet.base.tables import TextTable
from muxnet.base.words import percent_text


@dataclasses.dataclass(frozen=True)
class ReliabilityBin:
    """Inputs of about the same confidence: how many, and what they average."""

    inputs: int
    confidence: float
    accuracy: float


@dataclasses.dataclass(frozen=True)
class Reliability:
    """The expected calibration error of a confidence, and its bins by rising confidence.

    ``chance``: what so many inputs make of it where confidences are true.
    """

    error: float
    chance: float
    bins: tuple[ReliabilityBin, ...]


@dataclasses.dataclass(frozen=True)
class ModelReliability:
    """A model's, as it gave its confidence and as that was calibrated on other inputs.

    None where there is no confidence, or none that is a probability.
    """

    given: Reliability | None = None
    calibrated: Reliability | None = None


def reliability_of(found: Sequence[_core.ModelReliability]) -> list[ModelReliability]:
    """Return the core's reliabilities as records."""
    return [ModelReliability(_record(own.given), _record(own.calibrated)) for own in found]


def reliability_table(found: Mapping[str, ModelReliability]) -> TextTable:
    """Return each model's calibration errors as text."""
    rows = []
    for name, own in found.items():
        errors = [None if one is None else one.error for one in (own.given, own.calibrated)]
        told = own.calibrated or own.given
        rows.append((name, *map(_points, (*errors, None if told is None else told.chance))))
    error = "calibration error of its confidence, points"
    columns = (error, "as given", "calibrated", "by chance alone")
    return TextTable("Reliability", columns, tuple(rows))


def _record(found: _core.Reliability | None) -> Reliability | None:
    if found is None:
        return None
    bins = [ReliabilityBin(own.inputs, own.confidence, own.accuracy) for own in found.bins]
    return Reliability(found.error, found.chance, tuple(bins))


def _points(error: float | None) -> str:
    return "–" if error is None else percent_text(error)[:-2]
