"""What a run showed, in two or three plain sentences; "no gain" when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from muxnet.base.compiled import _core
from muxnet.base.words import (
    compared_text,
    cost_text,
    cost_title,
    interval_text,
    percent_text,
    points_text,
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
        _first_sentence(results, random),
        _second_sentence(results, cascade),
    )
    if random.interval[1] < 0 or (random.interval[0] <= 0 and random.difference <= 0):
        return Verdict("none", "No gain from multiplexing here", sentences)
    if random.interval[0] <= 0:
        return Verdict("unclear", "No gain shown: within the noise of random mixing", sentences)
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


def _first_sentence(results: Results, random: Comparison) -> str:
    hybrid = policy(results, "hybrid_single")
    best = policy(results, "best_single")
    unit = cost_title(results.cost_kind)
    compared = compared_text(hybrid.cost, best.cost)
    return (
        f"Routing each input to one model (hybrid-single) answers {percent_text(hybrid.accuracy)} "
        f"right for {cost_text(hybrid.cost)} {unit} per input, {compared} the best single model "
        f"({percent_text(best.accuracy)}, {cost_text(best.cost)} {unit}); that is "
        f"{_difference(random)} random mixing of the singles at the same cost."
    )


def _second_sentence(results: Results, cascade: Comparison) -> str:
    return (
        f"A max-softmax cascade without any multiplexer, at the same cost, is {_opposite(cascade)}."
    )


def _difference(comparison: Comparison) -> str:
    low, high = comparison.interval
    if low > 0:
        return f"{_points(comparison.difference, (low, high))} above"
    if high < 0:
        return f"{_points(-comparison.difference, (-high, -low))} below"
    size = f"{points_text(comparison.difference)} points, {interval_text((low, high))}"
    return f"not distinguishable ({size}) from"


def _opposite(comparison: Comparison) -> str:
    low, high = comparison.interval
    if high < 0:
        return f"better by {_points(-comparison.difference, (-high, -low))}"
    if low > 0:
        return f"worse by {_points(comparison.difference, (low, high))}"
    size = f"{points_text(-comparison.difference)} points, {interval_text((-high, -low))}"
    return f"neither better nor worse within the noise ({size})"


def _points(difference: float, interval: tuple[float, float]) -> str:
    return f"{100 * difference:.2f} points ({interval_text(interval)})"
