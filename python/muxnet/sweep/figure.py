"""The accuracy-cost plane of a sweep."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from muxnet.base import drawing
from muxnet.sweep.table import SEED
from muxnet.sweep.trials import Record, Trial

LISTED = 16  # groups that a legend can hold
ALONG = (SEED, "budget", "lambda_cost")  # axes whose trials belong to one group


def plane(trials: Sequence[tuple[Trial, Record]]) -> bytes | None:
    """Return accuracy against cost of every trial as PNG; None where no trial has both.

    Trials that differ in their seed or budget alone have one colour.
    """
    groups: dict[str, list[tuple[float, float]]] = {}
    for trial, record in trials:
        cost, accuracy = record.metrics.get("cost_share"), record.metrics.get("accuracy")
        if cost is not None and accuracy is not None:
            names = [str(label) for name, label in trial.labels.items() if name not in ALONG]
            groups.setdefault(", ".join(names) or "all", []).append((cost, accuracy))
    if not groups:
        return None
    with mpl.rc_context(drawing.STYLE):
        return drawing.png(_figure(groups))


def _figure(groups: dict[str, list[tuple[float, float]]]) -> Figure:
    figure, (axes,) = drawing.new_figure(9.2, 5.2)
    colours = mpl.colormaps["tab20" if len(groups) > 10 else "tab10"]
    for i, (name, points) in enumerate(groups.items()):
        costs, accuracies = zip(*sorted(points), strict=True)
        label = name if len(groups) <= LISTED else None
        colour = colours(i % colours.N)
        axes.plot(costs, accuracies, "o", markersize=6, alpha=0.8, color=colour, label=label)
    if len(groups) <= LISTED:
        figure.legend(loc="outside right upper", alignment="left")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_xlabel("cost per input, of the dearest model's")
    axes.set_ylabel("accuracy")
    axes.set_title("Accuracy against cost, a point per trial")
    return figure
