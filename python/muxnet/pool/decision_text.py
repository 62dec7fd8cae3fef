"""Decision records in words."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from muxnet.base.words import cost_text, cost_title


class Why(TypedDict):
    """The comparison that decided a step."""

    quantity: str
    value: float
    relation: str
    threshold: float
    against: str
    values: NotRequired[list[float]]


class Step(TypedDict, total=False):
    """Models called, or those answered from."""

    call: list[str]
    answer_from: list[str]
    why: Why


class Alternative(TypedDict):
    """What a model alone would have cost, and answered where it ran."""

    model: str
    cost: dict[str, float]
    answer: NotRequired[int]
    right: NotRequired[bool]


# An answer's name is its "class", which no attribute can be called.
_Named = TypedDict("_Named", {"class": NotRequired[str], "image": NotRequired[str]})


class Record(_Named):
    """What is read here of a decision record (cpp/muxnet/routing/record.cpp)."""

    input: int
    policy: str
    version: str
    steps: list[Step]
    called: list[str]
    answer: int
    probability: float
    confidence: NotRequired[float | None]
    abstained: NotRequired[bool]
    cost: dict[str, float]
    alternatives: list[Alternative]
    label: NotRequired[int]
    right: NotRequired[bool]


class Then(TypedDict):
    """A comparison that may call for more."""

    quantity: str
    threshold: float
    call: list[str]


class Plan(TypedDict):
    """A decision before any model has run."""

    image: str
    call: list[str]
    why: NotRequired[Why]
    then: list[Then]
    awaits: NotRequired[list[str]]  # models whose output the multiplexer is shown


def answer_line(record: Record, kind: str) -> str:
    """Return one line on a decision: what was answered, who was called, what it cost."""
    return (
        f"{record['image']}: {_abstained(record)}{_class_text(record)} "
        f"({record['probability']:.3f}), called {', '.join(record['called'])}: "
        f"{_cost(record, kind)}"
    )


def explanation(record: Record, kind: str) -> str:
    """Return why an input went where it went, several lines."""
    lines = [
        f"{record.get('image', record['input'])}: {_abstained(record)}{_class_text(record)}, "
        "probability "
        f"{record['probability']:.3f}, by {record['policy']} (version {record['version']})"
    ]
    for number, step in enumerate(record["steps"], 1):
        lines.append(f"  {number}. {step_text(step)}")
        lines += _value_lines(record, step)
    lines.append(f"  cost {_cost(record, kind)}; alone would have cost:")
    for other in record["alternatives"]:
        known = f", answers class {other['answer']}" if "answer" in other else ""
        right = {True: ", right", False: ", wrong", None: ""}[other.get("right")]
        lines.append(f"    {other['model']}: {_cost(other, kind)}{known}{right}")
    if "label" in record:
        lines.append(f"  the label is {record['label']}: {'right' if record['right'] else 'wrong'}")
    return "\n".join(lines)


def step_text(step: Step) -> str:
    """Return ``max_softmax 0.83 >= threshold 0.71: answers from small``."""
    names = ", ".join(step.get("call") or step["answer_from"])
    does = f"calls {names}" if "call" in step else f"answers from {names}"
    why = step.get("why")
    if why is None:
        return does
    value, relation = number_text(why["value"]), why["relation"]
    return (
        f"{why['quantity']} {value} {relation} {number_text(why['threshold'])} ({why['against']}): "
        f"{does}"
    )


def plan_line(plan: Plan) -> str:
    """Return one line on a decision before any model has run."""
    step: Step = {"call": plan["call"]}
    if "why" in plan:
        step["why"] = plan["why"]
    parts = [step_text(step)]
    for then in plan["then"]:
        condition = f"{then['quantity']} < {number_text(then['threshold'])}"
        # Even the most unsure answer is enough there, as far as can be told without one.
        calls = f"calls {', '.join(then['call'])}" if then["call"] else "may call more"
        parts.append(f"{calls} where {condition}")
    if "awaits" in plan:
        parts.append(f"the multiplexer looks at what {', '.join(plan['awaits'])} gives")
    return f"{plan['image']}: " + "; then ".join(parts)


def number_text(value: float) -> str:
    """Return a compared number with four significant digits."""
    return f"{value:.4g}"


def _abstained(record: Record) -> str:
    """Return that an answer is left to a person, where it is; the answer stands beside it."""
    if not record.get("abstained"):
        return ""
    confidence = record["confidence"]
    known = "none" if confidence is None else number_text(confidence)
    return f"abstained (confidence {known}), would answer "


def _class_text(record: Record) -> str:
    return str(record.get("class", f"class {record['answer']}"))


def _cost(entry: Record | Alternative, kind: str) -> str:
    return f"{cost_text(entry['cost'][kind])} {cost_title(kind)}"


def _value_lines(record: Record, step: Step) -> Sequence[str]:
    values = step.get("why", {}).get("values")
    if not values:
        return ()
    names = [other["model"] for other in record["alternatives"]]
    pairs = zip(names, values, strict=True)
    return ("     " + ", ".join(f"{name} {number_text(value)}" for name, value in pairs),)
