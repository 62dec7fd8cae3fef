"""What ``muxnet bench serve`` found, in words."""

from muxnet.base.tables import TextTable
from muxnet.base.words import interval_text, points_text
from muxnet.bench.serve_load import LoadResult


def load_table(result: LoadResult) -> TextTable:
    """Return the loads as text."""
    latency = ("p50 ms", "p99 ms", "p99 / p50")
    columns = ("load", "per s", *latency, "answered / s", "refused", "p99 ms", "failed", "MB")
    rows = tuple(
        (
            f"{row.load:g}",
            f"{row.rate:.0f}",
            f"{row.p50_ms:.2f}",
            f"{row.p99_ms:.2f}",
            f"{row.p99_ms / row.p50_ms:.1f}",
            f"{row.goodput:.0f}",
            str(row.refused),
            f"{row.refused_p99_ms:.0f}",
            str(row.failed),
            f"{row.memory_mb:.0f}",
        )
        for row in result.rows
    )
    how = "evenly" if result.even else "at random"
    title = f"{result.routed.policy}, {result.images} images a request, which come {how}"
    return TextTable(title, columns, rows)


def comparison(result: LoadResult) -> list[str]:
    """Return what routing gained, in words."""
    routed, best = result.routed, result.best
    lines = [
        f"{side.policy}: {side.capacity:.0f} images/s, {side.macs / 1e6:.2f} M MACs an image, "
        f"{100 * side.accuracy:.2f} % right"
        for side in (routed, best)
    ]
    ahead = f"{points_text(result.ahead)} points ({interval_text(result.ahead_interval)})"
    added = 1000 * (result.router_p50_ms - result.model_p50_ms)
    return [
        *lines,
        f"routed against always-best: {routed.capacity / best.capacity:.2f} x the throughput, "
        f"{best.macs / routed.macs:.2f} x less compute, {ahead}",
        f"one image at a time, the same model: {result.router_p50_ms:.3f} ms by the router, "
        f"{result.model_p50_ms:.3f} ms by its own name: {added:+.0f} us",
    ]
