"""A plan as tables and sentences."""

from __future__ import annotations

from muxnet.base.measures import MEASURES
from muxnet.base.tables import TextTable
from muxnet.base.words import (
    compared_text,
    count_text,
    interval_text,
    latency_text,
    percent_text,
    policy_title,
)
from muxnet.plan.planning import Plan, Side


def replica_table(found: Plan) -> TextTable:
    """Return the replicas of both fleets."""
    rows = tuple(
        (
            f"{_title(side)}: {station.name}",
            count_text(station.replicas),
            count_text(station.spares),
            percent_text(station.utilisation, 0),
            f"{station.calls:.3f}",
            f"{station.price:g}",
        )
        for side in (found.routed, found.best)
        if side is not None
        for station in side.stations
    )
    columns = ("", "replicas", "of them spare", "utilisation", "calls a request", "price an hour")
    return TextTable("Replicas", columns, rows)


def side_table(found: Plan) -> TextTable:
    """Return what both fleets attain and cost."""
    mean = f"{MEASURES[found.measure].mean} %"
    columns = ("", "replicas", "p50 ms", "p99 ms", "of parts", mean, "95 % interval", "a million")
    rows = tuple(
        (
            _title(side),
            count_text(side.replicas),
            latency_text(side.p50),
            latency_text(side.p99),
            " to ".join(latency_text(p99) for p99 in side.p99_range),
            percent_text(side.attained.accuracy)[:-2],
            interval_text(side.attained.interval),
            money_text(side.money),
        )
        for side in (found.routed, found.best)
        if side is not None
    )
    title = f"{found.rate:g} requests a second within {found.p99_ms:g} ms (99 %)"
    return TextTable(title, columns, rows)


def sentences(found: Plan) -> list[str]:
    """Return what the plan says, in words."""
    notes = [
        note for side in (found.routed, found.best) if side for note in _notes(side, found.p99_ms)
    ]
    return [_verdict(found), *notes]


def money_text(money: float) -> str:
    """Return an amount with three significant digits, never as a power of ten."""
    return f"{money:,.0f}" if money >= 999.5 else f"{money:#.3g}".rstrip(".")


def _verdict(found: Plan) -> str:
    gap = 100 * (found.routed.attained.accuracy - found.best_attained.accuracy)
    beside = f"{gap:+.2f} points of {MEASURES[found.measure].mean} beside it"
    if found.best is None:
        return f"{found.best_name} alone cannot hold this p99 ({found.why_not}); {beside}."
    routed, best, start = found.routed.money, found.best.money, "Routing"
    if routed >= best:
        start = "No gain: routing"
    costs = f"costs {compared_text(routed, best)} always calling {found.best_name}"
    return f"{start} {costs}, with {beside}."


def _notes(side: Side, wanted: float) -> list[str]:
    notes = []
    if side.cheaper is not None:
        notes.append(
            f"{_title(side)}: load gave {percent_text(side.cheaper)} of the requests a cheaper "
            f"operating point ({count_text(side.changes)} changes in the simulation)."
        )
    if side.cells > 1:
        notes.append(
            f"{_title(side)}: {count_text(side.cells)} equal cells, of which one was simulated "
            f"with {count_text(side.simulated)} requests."
        )
    if any(station.spares for station in side.stations):
        fell = f"{side.failures} failures" if side.failures else "none: they are too rare for that"
        notes.append(
            f"{_title(side)}: spares are by the binomial distribution; in the simulation fell "
            f"{fell}."
        )
    if side.p99 > wanted:
        notes.append(
            f"{_title(side)}: with failures as they fall the p99 is {latency_text(side.p99)} ms, "
            "more than wanted."
        )
    return notes


def _title(side: Side) -> str:
    return policy_title(side.name)
