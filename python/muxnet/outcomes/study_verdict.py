"""What a study showed, in a few plain sentences."""

from collections.abc import Sequence

from muxnet.base.compiled import _core
from muxnet.base.words import (
    count_text,
    inputs_text,
    interval_text,
    percent_text,
    points_text,
    policy_title,
)
from muxnet.outcomes.study_results import (
    ALIKE,
    DEFAULT,
    Choice,
    Diversity,
    ModelStudy,
    PolicyStudy,
)


def sentences(
    best: ModelStudy,
    diversity: Diversity,
    policies: Sequence[PolicyStudy],
    saving: Choice | None,
    gain: Choice | None,
) -> tuple[str, ...]:
    """Return what was found, with the numbers."""
    words = []
    title = policy_title(DEFAULT)
    name, accuracy = best.name, percent_text(best.accuracy)
    if saving is None:
        words.append(
            f"No setting of the {title} was as accurate as {name} ({accuracy}) on the "
            "inputs it was fitted on."
        )
    else:
        words.append(
            f"Chosen to be as accurate as {name} ({accuracy}), the {title} needs "
            f"{percent_text(saving.cost, 1)} of its cost and is right for "
            f"{_compared(saving)}."
        )
    if gain is not None:
        words.append(
            f"At {name}'s own cost or less ({percent_text(gain.cost, 1)} of it) it is right for "
            f"{_compared(gain)}."
        )
    cascade = next(entry for entry in policies if entry.name == "cascade")
    default = next(entry for entry in policies if entry.name == DEFAULT)
    if default.area is not None and cascade.area is not None and cascade.area > default.area:
        words.append(
            "A max-softmax cascade does better over all budgets: there are too few inputs to "
            "learn more from, or confidence already says all."
        )
    words.append(
        f"Where {name} is wrong, another model is right for {percent_text(diversity.oracle_gain)} "
        f"of the inputs; two models disagree on {percent_text(diversity.disagreement)} and are "
        f"both wrong on {percent_text(diversity.double_fault)}, on average."
    )
    if diversity.oracle_gain < ALIKE:
        words.append(
            f"Hardly any accuracy is left to gain: what {name} gets wrong, the others do too. A "
            "model of another family, or trained on other data, would help more than a router."
        )
    return tuple(words)


def too_few(verdict: str, saving: Choice | None, inputs: int, groups: int) -> str:
    """Return that so few inputs do not tell whether multiplexing pays; empty where they do.

    Intervals shrink with the root of the number of groups: ``needed = groups (half / wanted)^2``.
    """
    if saving is None or verdict != "unclear":
        return ""
    half, wanted = (saving.interval[1] - saving.interval[0]) / 2, _core.AS_GOOD_WITHIN
    if half <= wanted:
        return ""
    needed = inputs * (half / wanted) ** 2
    return (
        f"too few inputs to tell whether it pays: {inputs_text(inputs, groups)} tell "
        f"accuracies apart by {100 * half:.2g} points, and as good means {100 * wanted:g}; about "
        f"{count_text(float(f'{needed:.2g}'))} inputs would do"
    )


def _compared(choice: Choice) -> str:
    return (
        f"{percent_text(choice.accuracy)}: {points_text(choice.difference)} points "
        f"(95 % interval {interval_text(choice.interval)})"
    )
