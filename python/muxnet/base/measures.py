"""What answers are judged by, in words: whether they are right, or their recorded quality."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from muxnet.base.compiled import _core


@dataclasses.dataclass(frozen=True)
class Measure:
    """The words of one measure; those with braces are completed with names and figures."""

    name: str
    mean: str  # over inputs, in columns and beside axes
    figure: str  # a mean in a sentence
    attains: str  # what a way of answering does: "it is right for 83 %"
    as_good: str  # ... as large
    alone: str  # of a model, in a column: what no other model adds
    fails: str  # of single answers, in a column
    told: str  # what confidences tell
    diversity: str  # what other models add to one, and how they differ
    nothing_left: str  # where that is next to nothing


ACCURACY = Measure(
    name="accuracy",
    mean="accuracy",
    figure="{} right",
    attains="is right for {}",
    as_good="as accurate as",
    alone="only this one right %",
    fails="models that fail",
    told="who is right",
    diversity="For {gain} % of all inputs {best} is wrong and another model is right; two "
    "models disagree on {apart} % and are both wrong on {both} %, on average.",
    nothing_left="Hardly any accuracy is left to gain: what {best} gets wrong, the others do too.",
)
QUALITY = Measure(
    name="quality",
    mean="mean quality",
    figure="{} mean quality",
    attains="has a mean quality of {}",
    as_good="as good as",
    alone="above all others %",
    fails="models of quality below 50 %",
    told="whose quality is 50 % or more",
    diversity="The best answer to each input would add {gain} points to {best}'s mean quality; two "
    "models' answers lie {apart} points apart, and the better one {both} below 100, on average.",
    nothing_left="Hardly any quality is left to gain: where {best} is poor, the others are too.",
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in (ACCURACY, QUALITY)}


def measure_of(judged: _core.OutcomeTable | _core.Policy) -> Measure:
    """Return what a table's answers, or the figures of a policy, are judged by."""
    return QUALITY if judged.by_quality else ACCURACY
