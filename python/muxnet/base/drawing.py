"""How every picture looks, and is made into PNG."""

import io
from collections.abc import Sequence
from typing import TypedDict

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter
from matplotlib.typing import RcKeyType

DPI = 160
INK = "#20242b"
MUTED = "#6b7280"
GRID = "#e5e7eb"


class Line(TypedDict, total=False):
    """How a curve or a point is drawn, in matplotlib's words."""

    color: str
    linewidth: float
    linestyle: str | tuple[int, tuple[int, int]]
    marker: str | None
    markersize: float
    markerfacecolor: str
    zorder: float


# From light to dark as the models get dearer: told apart in grey and by the colour-blind too.
LADDER = LinearSegmentedColormap.from_list(
    "ladder", ["#f2c14e", "#8cc17a", "#35a59c", "#2f7fb8", "#4a4fa3", "#341c5c"]
)
CURVE_STYLES: dict[str, Line] = {
    "multiplexer": {"color": "#d1352b", "linewidth": 2.4, "zorder": 4},
    "hybrid_single": {"color": "#d1352b", "linewidth": 2.4, "zorder": 4},
    "hybrid_ensemble": {"color": "#e98a84", "linewidth": 1.6, "zorder": 3},
    "cascade_2": {"color": "#8fc2a1", "linewidth": 1.6, "zorder": 3},
    "cascade": {"color": "#1d7a3e", "linewidth": 2.0, "zorder": 3},
    "learned_cascade": {"color": "#2457a6", "linewidth": 2.0, "zorder": 3},
    "random_mixing": {"color": "#8a9099", "linewidth": 1.8, "linestyle": (0, (5, 3)), "zorder": 2},
}
POLICY_STYLES: dict[str, Line] = {
    "hybrid_single": {"color": "#d1352b", "marker": "D"},
    "hybrid_ensemble": {"color": "#d1352b", "marker": "s", "markerfacecolor": "white"},
    "offload": {"color": "#b0318f", "marker": "^"},
    "average_ensemble": {"color": "#59616d", "marker": "P"},
    "oracle": {"color": "#111111", "marker": "*", "markersize": 13},
}
# Of a policy without a style of its own.
PLAIN_CURVE: Line = {"linewidth": 1.4, "zorder": 3}
PLAIN_POINT: Line = {"marker": "h"}
STYLE: dict[RcKeyType, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9aa1ab",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.title_fontsize": 9.5,
    "legend.fontsize": 9,
}


def ladder(count: int) -> list[str]:
    """Return colours from light to dark, one per model by rising cost."""
    return [mpl.colors.to_hex(LADDER(rank / max(1, count - 1))) for rank in range(count)]


def new_figure(
    width: float,
    height: float,
    columns: int = 1,
    rows: int = 1,
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """Return a figure of so many inches, and its axes row by row."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    FigureCanvasAgg(figure)
    grid = figure.subplots(
        rows, columns, squeeze=False, width_ratios=list(ratios) if ratios else None
    )
    return figure, list(grid.flat)


def percent_axis() -> PercentFormatter:
    """Return how shares of 1 are written beside an axis."""
    return PercentFormatter(1.0, decimals=None, symbol=" %")


def png(figure: Figure) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()
