"""What a study showed, in a few plain sentences."""

from collections.abc import Sequence

from muxnet.base.compiled import _core
from muxnet.base.measures import Measure
from muxnet.base.words import (
    count_text,
    inputs_text,
    interval_text,
    of_its_cost_text,
    percent_text,
    points_text,
    policy_title,
)
from muxnet.outcomes.details import Details
from muxnet.outcomes.study_results import (
    ALIKE,
    DEFAULT,
    Choice,
    Diversity,
    ModelStudy,
    PolicyStudy,
)

BACKWARD = 0.4  # an AUROC below which a score tells the opposite of what it should


def sentences(
    best: ModelStudy,
    diversity: Diversity,
    policies: Sequence[PolicyStudy],
    saving: Choice | None,
    gain: Choice | None,
    measure: Measure,
) -> tuple[str, ...]:
    """Return what was found, with the numbers."""
    words = [_saved(best, saving, measure)]
    name = best.name
    if gain is not None and (gain.difference or gain != saving):
        words += _gained(best, gain, measure)
    if best.cost == 0:
        words.append(
            f"{name} costs nothing: no cost is a share of that, and within any budget below only "
            "what costs nothing is called."
        )
    cascade = next(entry for entry in policies if entry.name == "cascade")
    default = next(entry for entry in policies if entry.name == DEFAULT)
    if default.area is not None and cascade.area is not None and cascade.area > default.area:
        words.append(
            "A max-softmax cascade does better over all budgets: there are too few inputs to "
            "learn more from, or confidence already says all."
        )
    words.append(
        measure.diversity.format(
            best=name,
            gain=f"{100 * diversity.oracle_gain:.2f}",
            apart=f"{100 * diversity.disagreement:.2f}",
            both=f"{100 * diversity.double_fault:.2f}",
        )
    )
    if diversity.oracle_gain < ALIKE:
        words.append(
            f"{measure.nothing_left.format(best=name)} A model of another family, or trained on "
            "other data, would help more than a router."
        )
    return tuple(words)


def backward_scores(details: Details) -> tuple[str, ...]:
    """Return that scores fall where they should rise, as an entropy or a distance does."""
    names = [
        name
        for name, told in details.auroc.items()
        if told["confidence"] is not None and told["confidence"] < BACKWARD
    ]
    if not names:
        return ()
    return (
        f"The score of {' and '.join(names)} is higher where the answer is worse: what is learnt "
        "from a score rises with it, so give its negative.",
    )


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
        f"a difference of {100 * half:.2g} points, and as good means {100 * wanted:g}; about "
        f"{count_text(float(f'{needed:.2g}'))} inputs would do"
    )


def _saved(best: ModelStudy, saving: Choice | None, measure: Measure) -> str:
    title = policy_title(DEFAULT)
    as_good = f"{measure.as_good} {best.name} ({percent_text(best.accuracy)})"
    if saving is None:
        return f"No setting of the {title} was {as_good} on the inputs it was fitted on."
    if percent_text(saving.cost, 1) == percent_text(1, 1):
        return f"To be {as_good}, the {title} costs as much."
    share = of_its_cost_text(saving.cost)
    needs = f"needs {share}"
    if saving.alone is not None:
        needs = f"calls {saving.alone} alone, which multiplexes nothing, for {share}"
    return f"Chosen to be {as_good}, the {title} {needs} and {_compared(saving, measure)}."


def _gained(best: ModelStudy, gain: Choice, measure: Measure) -> list[str]:
    alone = "" if gain.alone is None else f"calls {gain.alone} alone, "
    words = [
        f"Chosen to cost no more than {best.name} on the inputs it was fitted on, it {alone}takes "
        f"{of_its_cost_text(gain.cost)} on the others and {_compared(gain, measure)}."
    ]
    owed = points_text(gain.difference - gain.multiplexed)
    if owed != points_text(0):
        words.append(
            f"{owed} points of that need no other model: where {best.name}'s answer is wrong more "
            "often than right, another class is given."
        )
    return words


def _compared(choice: Choice, measure: Measure) -> str:
    return (
        f"{measure.attains.format(percent_text(choice.accuracy))}: "
        f"{points_text(choice.difference)} points (95 % interval {interval_text(choice.interval)})"
    )
