"""What a run showed, in three plain sentences; "no gain" when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from muxnet.base.compiled import _core
from muxnet.base.words import (
    compared_text,
    interval_text,
    paid_text,
    percent_text,
)
from muxnet.training.results import Comparison, CurvePoint, Results, curve, policy


@dataclass(frozen=True)
class Verdict:
    """``kind`` for the eye, ``headline`` in a few words, ``sentences`` with the numbers."""

    kind: Literal["gain", "unclear", "none"]
    headline: str
    sentences: tuple[str, ...]


def verdict(results: Results) -> Verdict:
    """Return whether multiplexing pays for these models on this data.

    It pays when hybrid_single beats random mixing of the singles at equal cost (interval above
    zero) without being below the cascade at equal cost.
    """
    random = _against(results, "random_mixing")
    cascade = _against(results, "cascade")
    sentences = (
        _first_sentence(results),
        _other_sentence(
            "A model drawn at random for each input, at the same cost, answers", random
        ),
        _other_sentence(
            "A cascade, which asks cheap models first and needs no multiplexer, at the same cost "
            "answers",
            cascade,
        ),
    )
    if random.interval[1] < 0 or (random.interval[0] <= 0 and random.difference <= 0):
        return Verdict("none", "No gain from multiplexing here", sentences)
    if random.interval[0] <= 0:
        return Verdict(
            "unclear",
            "No gain shown: the difference to models drawn at random may be chance",
            sentences,
        )
    if cascade.interval[1] < 0:
        return Verdict("unclear", "It pays, but a plain cascade pays more", sentences)
    return Verdict("gain", "Multiplexing pays here", sentences)


def collapse_warnings(names: list[str], called: list[float]) -> list[str]:
    """Return a warning in words where one model gets nearly every input."""
    model = _core.collapsed_model(called)
    if model is None:
        return []
    share = percent_text(called[model], 1)
    return [
        f"The multiplexer collapsed: it calls {names[model]} for {share} of the inputs "
        "whatever they show, so it decides nothing."
    ]


def distance_warnings(epochs: Sequence[_core.EpochRecord]) -> list[str]:
    """Return a warning where the contrastive loss was trained with and separates nothing."""
    both = epochs[-1].both_right_distance if epochs else None
    one = epochs[-1].one_right_distance if epochs else None
    if both is None or one is None:
        return []
    words = _core.describe_contrastive_collapse(both, one)
    return [words] if words else []


def accuracy_at(points: tuple[CurvePoint, ...], cost: float) -> float:
    """Return the accuracy of a curve at ``cost``, linear between points, level beyond them."""
    return _core.interpolate(sorted((point.cost, point.accuracy) for point in points), cost)


def _against(results: Results, name: str) -> Comparison:
    """Return the paired comparison of hybrid_single with ``name``, else one from the curves."""
    for entry in results.comparisons:
        if (entry.policy, entry.against) == ("hybrid_single", name):
            return entry
    hybrid = policy(results, "hybrid_single")
    other = curve(results, name)
    accuracy = accuracy_at(other.points, hybrid.cost) if other else policy(results, name).accuracy
    difference = hybrid.accuracy - accuracy
    low, high = hybrid.accuracy_interval
    # Without pairing, the hybrid's own interval shifted by the other's value: on the safe side.
    return Comparison(
        "hybrid_single", name, hybrid.cost, difference, (low - accuracy, high - accuracy)
    )


def _first_sentence(results: Results) -> str:
    hybrid = policy(results, "hybrid_single")
    best = policy(results, "best_single")
    costs = dict.fromkeys(paid_text(entry.cost, results.cost_kind) for entry in (hybrid, best))
    return (
        "Choosing one model for each input (hybrid-single) costs "
        f"{compared_text(hybrid.cost, best.cost)} the best single model alone "
        f"({' against '.join(costs)} per input) and answers "
        f"{percent_text(hybrid.accuracy)} of the test inputs right, where that one answers "
        f"{percent_text(best.accuracy)}."
    )


def _other_sentence(what: str, comparison: Comparison) -> str:
    """Return how another way of answering does at the cost of hybrid_single."""
    low, high = comparison.interval
    size = f"{abs(100 * comparison.difference):.2f}"
    if size == "0.00":
        words = "as many right"
    else:
        words = f"{size} points {'fewer' if comparison.difference > 0 else 'more'} right"
    if low > 0 or high < 0:
        ends = sorted((abs(low), abs(high)))
        return f"{what} {words} (95 % interval {interval_text((ends[0], ends[1]))})."
    if low == high:
        return f"{what} {words}."
    return f"{what} {words}, which may be chance (95 % interval {interval_text((-high, -low))})."
