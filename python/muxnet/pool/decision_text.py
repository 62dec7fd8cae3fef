"""Decision records in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from muxnet.base.words import cost_text, cost_title

Record = Mapping[str, Any]


def answer_line(record: Record, kind: str) -> str:
    """Return one line on a decision: what was answered, who was called, what it cost."""
    return (
        f"{record['image']}: {_class_text(record)} ({record['probability']:.3f}), called "
        f"{', '.join(record['called'])}: {_cost(record, kind)}"
    )


def explanation(record: Record, kind: str) -> str:
    """Return why an input went where it went, several lines."""
    lines = [
        f"{record.get('image', record['input'])}: {_class_text(record)}, probability "
        f"{record['probability']:.3f}, by {record['policy']} (version {record['version']})"
    ]
    for number, step in enumerate(record["steps"], 1):
        lines.append(f"  {number}. {step_text(step)}")
        lines += _value_lines(record, step)
    lines.append(f"  cost {_cost(record, kind)}; alone would have cost:")
    for other in record["alternatives"]:
        known = f", answers class {other['answer']}" if "answer" in other else ""
        right = {True: ", right", False: ", wrong"}.get(other.get("right"), "")
        lines.append(f"    {other['model']}: {_cost(other, kind)}{known}{right}")
    if "label" in record:
        lines.append(f"  the label is {record['label']}: {'right' if record['right'] else 'wrong'}")
    return "\n".join(lines)


def step_text(step: Mapping[str, Any]) -> str:
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


def plan_line(plan: Record) -> str:
    """Return one line on a decision before any model has run."""
    step = {key: plan[key] for key in ("call", "why") if key in plan}
    parts = [step_text(step)]
    for then in plan["then"]:
        condition = f"{then['quantity']} < {number_text(then['threshold'])}"
        # Even the most unsure answer is enough there, as far as can be told without one.
        calls = f"calls {', '.join(then['call'])}" if then["call"] else "may call more"
        parts.append(f"{calls} where {condition}")
    return f"{plan['image']}: " + "; then ".join(parts)


def number_text(value: float) -> str:
    """Return a compared number with four significant digits."""
    return f"{value:.4g}"


def _class_text(record: Record) -> str:
    return str(record.get("class", f"class {record['answer']}"))


def _cost(entry: Record, kind: str) -> str:
    return f"{cost_text(entry['cost'][kind])} {cost_title(kind)}"


def _value_lines(record: Record, step: Mapping[str, Any]) -> Sequence[str]:
    values = step.get("why", {}).get("values")
    if not values:
        return ()
    names = [other["model"] for other in record["alternatives"]]
    pairs = zip(names, values, strict=True)
    return ("     " + ", ".join(f"{name} {number_text(value)}" for name, value in pairs),)
