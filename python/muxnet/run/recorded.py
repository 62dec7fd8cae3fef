"""What the first half of the main job hands to the second: models, multiplexer, their answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from muxnet.base.compiled import _core
from muxnet.training.results import DataResult, LearningCurves, MultiplexerResult, Provenance


@dataclass(frozen=True)
class Alone:
    """A model by itself; None: not known, as of models that others have made."""

    name: str
    cost: float
    parameters: int | None = None
    latency_ms: float | None = None


@dataclass(frozen=True)
class Outcomes:
    """What every model answers, and what those of the mobile/cloud pair answer, where there is one.

    The scores of the calibration part are of inputs that the multiplexer has not learnt from.
    """

    held_out: _core.OutcomeTable
    calibration: _core.OutcomeTable
    calibration_pair: _core.OutcomeTable | None
    test: _core.OutcomeTable
    test_pair: _core.OutcomeTable | None

    @property
    def parts(self) -> dict[str, _core.OutcomeTable]:
        """What policies are fitted on, by part."""
        found = {"held_out": self.held_out, "calibration": self.calibration}
        if self.calibration_pair is not None:
            found["offload-calibration"] = self.calibration_pair
        return found


@dataclass(frozen=True)
class Recorded:
    """A pool with its multiplexer, and what they answer; ``slowdown``: of the measured times."""

    dataset: str  # its kind, or its name
    data: DataResult
    models: tuple[Alone, ...]
    multiplexer: MultiplexerResult
    outcomes: Outcomes
    curves: LearningCurves
    warnings: tuple[str, ...] = ()
    slowdown: float = 1.0
    provenance: dict[str, Provenance] = field(default_factory=dict)  # where it is another
