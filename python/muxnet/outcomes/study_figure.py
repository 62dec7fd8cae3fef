"""The picture of a study."""

import matplotlib as mpl
from matplotlib.figure import Figure

from muxnet.base.cost_axis import cost_axis, draw_curve
from muxnet.base.drawing import (
    CURVE_STYLES,
    MUTED,
    POLICY_STYLES,
    STYLE,
    ladder,
    new_figure,
    percent_axis,
    png,
)
from muxnet.base.measures import MEASURES
from muxnet.base.words import cost_title, policy_title
from muxnet.outcomes.study_results import Study


def study_figure(found: Study) -> Figure:
    """Return accuracy against cost of every policy of a study, and of the single models."""
    mean = MEASURES[found.measure].mean
    figure, (axes,) = new_figure(9.2, 5.2)
    unit = found.unit
    for entry in found.policies:
        costs, accuracies = zip(*sorted(entry.curve), strict=True)
        if len(costs) > 1:
            style = CURVE_STYLES.get(entry.name, {"linewidth": 1.4, "zorder": 3})
        else:
            # Of a family with a single point, that point in its line's colour.
            own = POLICY_STYLES.get(entry.name, {**CURVE_STYLES.get(entry.name, {}), "marker": "h"})
            style = {"markersize": 8, **own, "linestyle": "none"}
        draw_curve(axes, costs, accuracies, policy_title(entry.name), style)
    figure.legend(loc="outside right upper", title="policies", alignment="left")
    models = sorted(found.models, key=lambda model: model.cost)
    dots = [
        axes.plot(model.cost / unit, model.accuracy, "o", markersize=8, zorder=5, color=colour)[0]
        for model, colour in zip(models, ladder(len(models)), strict=True)
    ]
    names = [model.name for model in models]
    figure.legend(dots, names, loc="outside right lower", title="single models", alignment="left")
    axes.axhline(found.best_single.accuracy, color=MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
    drawn = [cost for entry in found.policies for cost, _ in entry.curve]
    shares = [*drawn, *(model.cost / unit for model in models)]
    whole = found.best_single.cost
    cost_axis(axes, shares, lambda share: f"{100 * share:g} %" if whole > 0 else f"{share:g}")
    axes.yaxis.set_major_formatter(percent_axis())
    kind = cost_title(found.cost_kind)
    of_best = f", in % of {found.best_single.name}'s" if whole > 0 else ""
    axes.set_xlabel(f"{kind} per input{of_best} (log scale)")
    axes.set_ylabel(f"{mean} on the evaluation part")
    axes.set_title(f"{mean.capitalize()} against cost")
    return figure


def draw_study(found: Study) -> bytes:
    """Return the picture of a study as PNG."""
    with mpl.rc_context(STYLE):
        return png(study_figure(found))
