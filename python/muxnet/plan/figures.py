"""The two pictures of a plan."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from muxnet.base.cost_axis import cost_axis
from muxnet.base.drawing import MUTED, STYLE, Line, new_figure, png
from muxnet.base.words import policy_title
from muxnet.plan.planning import Plan, Side
from muxnet.plan.report import money_text

ROUTED: Line = {"color": "#d1352b", "marker": "o", "linewidth": 2.0}
BEST: Line = {"color": "#341c5c", "marker": "s", "linewidth": 2.0}


def cost_figure(found: Plan) -> Figure:
    """Return money per million requests against p99, of fleets of several sizes."""
    figure, (axes,) = new_figure(7.2, 4.6)
    sides = [(found.routed, ROUTED), *([(found.best, BEST)] if found.best else [])]
    for side, style in sides:
        _draw(axes, side.curve, _title(side), style)
        axes.plot(side.p99, side.money, "*", markersize=15, color=style["color"], zorder=5)
    axes.axvline(found.p99_ms, color=MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda money, _: money_text(money))
    axes.yaxis.set_minor_formatter(lambda money, _: money_text(money))
    cost_axis(axes, [p99 for side, _ in sides for p99, _ in side.curve], lambda ms: f"{ms:g}")
    axes.set_xlabel("p99 in ms (log scale); a star is the plan")
    axes.set_ylabel("money per million requests")
    axes.set_title(f"Cost against p99 at {found.rate:g} requests a second")
    axes.legend()
    return figure


def replica_figure(found: Plan) -> Figure:
    """Return replicas against the rate, at the p99 that is wanted."""
    figure, (axes,) = new_figure(7.2, 4.6)
    for points, title, style in (
        (found.rates, _title(found.routed), ROUTED),
        (found.best_rates, "always-best", BEST),
    ):
        if points:
            _draw(axes, [(point.rate, float(point.replicas)) for point in points], title, style)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    cost_axis(axes, [point.rate for point in found.rates], lambda rate: f"{rate:,.0f}")
    axes.set_xlabel("requests a second (log scale)")
    axes.set_ylabel("replicas (log scale)")
    axes.set_title(f"Replicas against rate for a p99 of {found.p99_ms:g} ms")
    axes.legend()
    return figure


def pictures(found: Plan) -> dict[str, bytes]:
    """Return both as PNG, by name; that of replicas where there are rates."""
    with mpl.rc_context(STYLE):
        drawn = {"cost": png(cost_figure(found))}
        return {**drawn, "replicas": png(replica_figure(found))} if found.rates else drawn


def _draw(
    axes: Axes,
    points: list[tuple[float, float]] | tuple[tuple[float, float], ...],
    label: str,
    style: Line,
) -> None:
    across, up = zip(*sorted(points), strict=True)
    axes.plot(across, up, label=label, **style)


def _title(side: Side) -> str:
    return policy_title(side.name)
