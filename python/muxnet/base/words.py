"""Numbers in words: the one way MACs, shares, times and names are printed."""

from muxnet.base.compiled import _core

BUSY = 1.5  # times as long as on an idle machine, from which on it is told


def policy_title(name: str) -> str:
    """Return how a policy is called in tables and figures, ``NAME_2`` as that of two models."""
    policy, _, models = name.rpartition("_")
    if models.isdigit():
        return f"{policy_title(policy)} of {models}"
    titles = {entry.name: entry.title for entry in _core.policies()}
    return titles.get(name, name.replace("_", " "))


def inputs_text(inputs: int, groups: int, what: str = "inputs") -> str:
    """Return how many inputs something stands on: ``400 inputs``, ``400 inputs in 25 groups``."""
    if groups == inputs:
        return f"{inputs:,} {what}"
    return f"{inputs:,} {what} in {groups:,} groups"


def macs_text(macs: float | None) -> str:
    """Return MACs with three significant digits in k, M or G: ``5.75 G``; a dash for none."""
    if macs is None:
        return "–"
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if macs >= 0.9995 * size:
            return f"{_significant(macs / size)} {unit}"
    return f"{macs:.0f}"


def cost_title(kind: str) -> str:
    """Return how a kind of cost is called in tables and figures."""
    return {"macs": "MACs", "latency_ms": "latency in ms"}.get(kind, kind)


def paid_text(cost: float, kind: str) -> str:
    """Return what was paid, after "costs": ``5.75 G MACs``, ``12.3 ms``, ``0.012`` of no kind."""
    unit = {"macs": " MACs", "latency_ms": " ms", "cost": ""}.get(kind, f" {kind}")
    return f"{cost_text(cost)}{unit}"


def cost_text(cost: float) -> str:
    """Return a cost of any unit with three significant digits: ``5.75 G``, ``0.0120``."""
    if cost >= 1000:
        return macs_text(cost)
    return f"{cost:.3g}"


def compared_text(cost: float, other: float) -> str:
    """Return how a cost compares with another: ``34 % as much as``, ``2.9 times as much as``."""
    if cost == other:
        return "as much as"
    if cost >= 2 * other:
        times = _times(cost / other) if other > 0 else "many times"
        return f"{times} as much as"
    percent = round(100 * cost / other)
    if percent == 100:
        return "as much as"
    return f"{percent} % as much as" if percent else "less than 1 % as much as"


def count_text(count: float | None) -> str:
    """Return a count with its thousands separated: ``25,557,032``; a dash for none."""
    if count is None:
        return "–"
    return f"{count:,.0f}"


def bytes_text(count: float) -> str:
    """Return bytes with three significant digits in B, kB or MB: ``3.07 kB``."""
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count >= 0.9995 * size:
            return f"{_significant(count / size)} {unit}"
    return f"{count:.0f} B"


def megabytes_text(count: float) -> str:
    """Return bytes as megabytes with three significant digits."""
    return _significant(count / 1e6)


def cost_share(cost: float, whole: float) -> float | None:
    """Return a cost as a share of another: of nothing, nothing is as much, no other is a share."""
    if whole > 0:
        return cost / whole
    return 1.0 if cost == whole else None


def percent_text(share: float | None, digits: int = 2) -> str:
    """Return a share of 1 as per cent: ``83.86 %``; a dash for none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def of_its_cost_text(share: float | None) -> str:
    """Return a share of a model's cost, after "takes" or "at"; of a model that costs nothing."""
    return "more than nothing" if share is None else f"{percent_text(share, 1)} of its cost"


def interval_text(interval: tuple[float, float], digits: int = 2) -> str:
    """Return an interval of shares as per cent: ``83.1 to 84.6``."""
    return f"{100 * interval[0]:z.{digits}f} to {100 * interval[1]:z.{digits}f}"


def points_text(difference: float) -> str:
    """Return a difference of shares in percentage points, signed: ``+0.45``."""
    return f"{100 * difference:+z.2f}"


def latency_text(latency_ms: float | None) -> str:
    """Return milliseconds with three significant digits, a dash where nothing was measured."""
    return "–" if latency_ms is None else _significant(latency_ms)


def duration_text(seconds: float) -> str:
    """Return seconds as ``42 s``, ``3:20 min`` or ``1:02:03 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d} h"


def _significant(value: float) -> str:
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.9995 else 3
    return f"{value:.{digits}f}"


def busy_text(slowdown: float) -> str:
    """Say how busy the machine was while latencies were measured, where it was."""
    if slowdown < BUSY:
        return ""
    return (
        f"The machine was busy: a typical inference took up to {slowdown:.1f} times as long as the "
        "fastest tenth, whose latency is given."
    )


def _times(ratio: float) -> str:
    digits = 1 if ratio < 9.95 else 0
    return f"{ratio:,.{digits}f}".removesuffix(".0") + " times"
