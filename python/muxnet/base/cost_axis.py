"""An axis of costs, which rise by factors: as many labels as have room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.scale import SymmetricalLogTransform
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, NullFormatter

from muxnet.base.drawing import Line

GAP = 6.0  # points between two labels
BENDS = 64  # places of a curve between two points of it


def cost_axis(axes: Axes, costs: Sequence[float], text: Callable[[float], str]) -> None:
    """Let the costs of a picture rise by factors from left to right; from 0 on where one is 0."""
    paid = [cost for cost in costs if cost > 0]
    if len(paid) < len(costs):  # 0 has no logarithm
        axes.set_xscale("symlog", linthresh=min(paid, default=1.0))
    else:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(RoomyTicks(axes, text))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: text(cost)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def draw_curve(
    axes: Axes, costs: Sequence[float], heights: Sequence[float], label: str, style: Line
) -> None:
    """Draw points by rising cost and, between two of them, what mixing them gives.

    That is straight in cost, and so bent where cost rises by factors.
    """
    least = min((cost for cost in costs if cost > 0), default=1.0)
    between = [
        np.geomspace(max(low, least / BENDS), max(high, least / BENDS), BENDS)[1:-1]
        for low, high in pairwise(costs)
    ]
    places = np.unique(np.concatenate([costs, *between]))
    marked = np.searchsorted(places, costs).tolist()
    drawn = np.interp(places, costs, heights)
    axes.plot(places, drawn, label=label, markevery=marked, **style)


class RoomyTicks(Locator):
    """1, 2 and 5 times powers of ten, else these, else every second, ...: the first that fit."""

    def __init__(self, axes: Axes, text: Callable[[float], str]) -> None:
        self._axes = axes
        self._text = text

    def __call__(self) -> Sequence[float]:
        """Return the ticks of what is in view."""
        low, high = sorted(self._axes.get_xlim())
        return self.tick_values(low, high)

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the ticks of such a view."""
        return next(ticks for ticks in self._choices(vmin, vmax) if self._fit(ticks))

    def _choices(self, low: float, high: float) -> Iterator[list[float]]:
        """Yield ticks in view, ever fewer of them, at last one or none."""
        scale = self._axes.xaxis.get_transform()
        least = (
            low if low > 0 or not isinstance(scale, SymmetricalLogTransform) else scale.linthresh
        )
        tens = 10.0 ** np.arange(np.floor(np.log10(least)), np.ceil(np.log10(high)) + 1)
        fine = np.outer(tens, (1.0, 2.0, 5.0)).ravel()
        if np.count_nonzero((fine >= least) & (fine <= high)) < 2:  # less than a step of these
            fine = np.asarray(MaxNLocator(4).tick_values(least, high), dtype=float)
        origin = [0.0] if low <= 0 else []
        for ticks in (fine, *(tens[::step] for step in range(1, len(tens) + 1))):
            yield [*origin, *ticks[(ticks >= least) & (ticks <= high)].tolist()]
        yield origin

    def _fit(self, ticks: Sequence[float]) -> bool:
        """Tell whether the labels lie beside each other."""
        if len(ticks) < 2:
            return True
        pixels = self._axes.transData.transform([(tick, 1.0) for tick in ticks])[:, 0]
        centres = pixels * 72 / self._axes.figure.dpi
        size = FontProperties(size=mpl.rcParams["xtick.labelsize"]).get_size_in_points()
        labels = (TextPath((0, 0), self._text(tick), size=size) for tick in ticks)
        halves = [(a + b) / 2 for a, b in pairwise(own.get_extents().width for own in labels)]
        return bool(np.all(np.diff(centres) >= np.array(halves) + GAP))
