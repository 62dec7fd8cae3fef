"""The pictures of a run, drawn from its results alone and saved as PNG."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from muxnet.base.cost_axis import cost_axis, draw_curve
from muxnet.base.drawing import (
    CURVE_STYLES,
    INK,
    MUTED,
    PLAIN_CURVE,
    PLAIN_POINT,
    POLICY_STYLES,
    STYLE,
    Line,
    ladder,
    new_figure,
    percent_axis,
    png,
)
from muxnet.base.files import write_bytes
from muxnet.base.words import cost_text, cost_title, policy_title
from muxnet.training.results import LearningCurves, ModelResult, PolicyResult, Results


def accuracy_figure(results: Results) -> Figure:
    """Return accuracy against cost of every policy, with 95 % intervals."""
    figure, (axes,) = new_figure(9.2, 5.2)
    for line in results.curves:
        points = sorted(line.points, key=lambda point: point.cost)
        draw_curve(
            axes,
            [point.cost for point in points],
            [point.accuracy for point in points],
            policy_title(line.name),
            CURVE_STYLES.get(line.name, PLAIN_CURVE),
        )
    drawn = {line.name for line in results.curves} | {"best_single"}
    for entry in results.policies:
        if entry.name in POLICY_STYLES or entry.name not in drawn:
            _draw_policy(axes, entry)
    figure.legend(loc="outside right upper", title="policies", alignment="left")
    models = [
        _interval_point(axes, model, color=colour, marker="o", markersize=8, zorder=5)
        for model, colour in zip(results.models, model_colours(results), strict=True)
    ]
    names = [model.name for model in results.models]
    figure.legend(models, names, loc="outside right lower", title="single models", alignment="left")
    on_curves = [point.cost for line in results.curves for point in line.points]
    cost_axis(axes, [*on_curves, *(entry.cost for entry in results.models)], _tick_text)
    axes.yaxis.set_major_formatter(percent_axis())
    axes.set_xlabel(f"{cost_title(results.cost_kind)} per input, multiplexer included (log scale)")
    axes.set_ylabel("accuracy on the test split")
    axes.set_title("Accuracy against cost, 95 % intervals")
    return figure


def called_figure(results: Results) -> Figure:
    """Return how often each policy runs each model, as stacked bars."""
    shown = [entry for entry in results.policies if _is_choosing(entry)]
    figure, (axes,) = new_figure(9.2, 1.5 + 0.52 * len(shown))
    colours = model_colours(results)
    longest = max(1.0, *(sum(entry.called) for entry in shown))
    for row, entry in enumerate(shown):
        left = 0.0
        for share, colour in zip(entry.called, colours, strict=True):
            axes.barh(row, share, left=left, height=0.66, color=colour, edgecolor="white")
            if share > 0.055 * longest:
                text = f"{100 * share:.0f}"
                x = left + share / 2
                axes.text(x, row, text, ha="center", va="center", color=_ink_on(colour), size=9)
            left += share
        if left > 1.005:
            axes.text(left + 0.01 * longest, row, f"{left:.2f}", va="center", color=MUTED, size=9)
    axes.set_yticks(range(len(shown)), [policy_title(entry.name) for entry in shown])
    axes.invert_yaxis()
    axes.set_xlim(0, longest * (1.0 if longest <= 1.005 else 1.08))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("models run per input (segments: called share in % of the inputs)")
    axes.set_title("Which models each policy calls")
    _model_legend(axes, results)
    return figure


def hardness_figure(results: Results) -> Figure:
    """Return the input-hardness histogram, and what hybrid-single calls at each level."""
    figure, (counts, shares) = new_figure(9.2, 4.0, columns=2, ratios=(1, 1))
    levels = range(len(results.hardness.counts))
    total = sum(results.hardness.counts) or 1
    heights = [count / total for count in results.hardness.counts]
    counts.bar(levels, heights, width=0.72, color="#7c8aa0")
    for level, height in zip(levels, heights, strict=True):
        text = f"{100 * height:.1f}"
        counts.text(level, height, text, ha="center", va="bottom", size=9)
    counts.yaxis.set_major_formatter(percent_axis())
    counts.set_ylim(0, 1.1 * (max(heights) or 1.0))
    counts.set_ylabel("share of the test inputs")
    counts.set_title(f"Input hardness ({total:,} inputs)")
    colours = model_colours(results)
    for level, called in zip(levels, results.hardness.called, strict=True):
        bottom = 0.0
        for share, colour in zip(called, colours, strict=False):
            shares.bar(level, share, 0.72, bottom=bottom, color=colour, edgecolor="white")
            bottom += share
    shares.yaxis.set_major_formatter(percent_axis())
    shares.set_ylim(0, 1)
    shares.set_title("Called by hybrid-single")
    _model_legend(shares, results)
    for axes in (counts, shares):
        axes.set_xticks(list(levels))
        axes.set_xlabel("models that fail")
        axes.grid(axis="x", visible=False)
    return figure


def right_wrong_figure(results: Results) -> Figure:
    """Return the matrix of the paper's Figure 1: A right, B wrong, in % of the inputs."""
    count = len(results.models)
    figure, (axes,) = new_figure(max(9.2, 2.6 + 0.85 * count), 1.9 + 0.42 * count)
    matrix = [[100 * share for share in row] for row in results.right_wrong_matrix]
    top = max(max(row) for row in matrix) or 1.0
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1.15 * top, aspect="auto")
    for a in range(count):
        for b in range(count):
            text = "–" if a == b else f"{matrix[a][b]:.1f}"
            colour = "white" if matrix[a][b] > 0.62 * top else INK
            axes.text(b, a, text, ha="center", va="center", color=colour)
    names = [model.name for model in results.models]
    axes.set_xticks(range(count), names, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), names)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("B wrong")
    axes.set_ylabel("A right")
    axes.set_title("A right where B is wrong, % of the test inputs")
    return figure


def reliability_figure(results: Results) -> Figure:
    """Return what answers of each confidence are worth, as given and after calibration."""
    figure, panels = new_figure(9.2, 4.4, columns=2)
    titles = {"given": "Confidence as given", "calibrated": "Calibrated on held-out inputs"}
    for axes, (kind, title) in zip(panels, titles.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
        for entry, colour in zip(results.models, model_colours(results), strict=True):
            found = getattr(entry.reliability, kind)
            bins = found.bins if found is not None else ()
            places = [own.confidence for own in bins], [own.accuracy for own in bins]
            axes.plot(*places, color=colour, linewidth=1.6, marker="o", markersize=3.5)
        axes.set_title(title)
        axes.set_xlabel("mean confidence of a bin")
        axes.set_ylabel("accuracy on it")
        axes.xaxis.set_major_formatter(percent_axis())
        axes.yaxis.set_major_formatter(percent_axis())
    _model_legend(panels[1], results)
    return figure


def learning_figure(results: Results) -> Figure:
    """Return the learning curves: loss and accuracy per model, distances, multiplexer's loss."""
    figure, axes = new_figure(9.2, 6.4, columns=2, rows=2)
    loss, accuracy, distances, multiplexer = axes
    curves = results.learning_curves
    epochs = [entry.epoch for entry in curves.models]
    marker = "o" if len(epochs) == 1 else None
    held_out = bool(curves.models) and all(entry.held_out_accuracies for entry in curves.models)
    source = "held_out_accuracies" if held_out else "accuracies"
    for i, colour in enumerate(model_colours(results)):
        style: Line = {"color": colour, "linewidth": 1.8, "marker": marker}
        loss.plot(epochs, [entry.losses[i] for entry in curves.models], **style)
        accuracy.plot(epochs, [getattr(entry, source)[i] for entry in curves.models], **style)
    if curves.models:
        loss.set_yscale("log")
        loss.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        loss.yaxis.set_minor_formatter(NullFormatter())
    loss.set_title("Models: training loss")
    loss.set_ylabel("cross-entropy (log scale)")
    accuracy.yaxis.set_major_formatter(percent_axis())
    where = "held-out inputs" if held_out else "training batches"
    accuracy.set_title("Models: accuracy")
    accuracy.set_ylabel(f"accuracy on {where}")
    _draw_distances(distances, curves)
    steps = [entry.epoch for entry in curves.multiplexer]
    marker = "o" if len(steps) == 1 else None
    losses = [entry.losses[0] for entry in curves.multiplexer]
    multiplexer.plot(steps, losses, color="#d1352b", linewidth=1.8, marker=marker)
    multiplexer.set_title("Multiplexer: training loss")
    multiplexer.set_ylabel("loss")
    for panel in axes:
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    _model_legend(accuracy, results)
    return figure


FIGURES: dict[str, Callable[[Results], Figure]] = {
    "accuracy_cost": accuracy_figure,
    "called": called_figure,
    "hardness": hardness_figure,
    "right_wrong": right_wrong_figure,
    "reliability": reliability_figure,
    "learning_curves": learning_figure,
}


def draw(results: Results, names: Iterable[str] = tuple(FIGURES)) -> dict[str, bytes]:
    """Return figures as PNG, by name, of all that there is; the same results, the same bytes."""
    there = {
        "learning_curves": bool(results.learning_curves.models),
        "reliability": any(entry.reliability.given for entry in results.models),
    }
    with mpl.rc_context(STYLE):
        return {name: png(FIGURES[name](results)) for name in names if there.get(name, True)}


def save(pictures: dict[str, bytes], folder: str | os.PathLike[str]) -> list[Path]:
    """Write each picture as ``folder/NAME.png``, atomically, and return the paths.

    Raises:
        OutputError: a file cannot be written.

    """
    paths = [Path(folder) / f"{name}.png" for name in pictures]
    for path, content in zip(paths, pictures.values(), strict=True):
        write_bytes(path, content)
    return paths


def model_colours(results: Results) -> list[str]:
    """Return a colour per model, lighter for cheaper ones, the same in every figure."""
    order = sorted(range(len(results.models)), key=lambda i: results.models[i].cost)
    place = {model: rank for rank, model in enumerate(order)}
    colours = ladder(len(order))
    return [colours[place[i]] for i in range(len(order))]


def _tick_text(cost: float) -> str:
    """Return a round cost without the zeros that ``cost_text`` keeps."""
    number, _, unit = cost_text(cost).partition(" ")
    return f"{float(number):g} {unit}".rstrip()


def _draw_policy(axes: Axes, entry: PolicyResult) -> None:
    style = {"markersize": 8, "zorder": 6, **POLICY_STYLES.get(entry.name, PLAIN_POINT)}
    _interval_point(axes, entry, label=policy_title(entry.name), **style)


def _interval_point(axes: Axes, entry: PolicyResult | ModelResult, **style: Any) -> Any:
    low, high = entry.accuracy_interval
    return axes.errorbar(
        [entry.cost],
        [entry.accuracy],
        yerr=[[max(0.0, entry.accuracy - low)], [max(0.0, high - entry.accuracy)]],
        linestyle="none",
        elinewidth=1.2,
        capsize=2.5,
        **style,
    )


def _draw_distances(axes: Axes, curves: LearningCurves) -> None:
    known = [entry for entry in curves.models if entry.both_right_distance is not None]
    axes.set_title("Embeddings: mean distance")
    axes.set_ylabel("projected, (1 - cosine) / 2")
    if not known:
        text = "trained without the contrastive loss"
        axes.text(0.5, 0.5, text, ha="center", color=MUTED, transform=axes.transAxes)
        return
    epochs = [entry.epoch for entry in known]
    for name, colour in (("both", "#1d7a3e"), ("one", "#d1352b")):
        values = [getattr(entry, f"{name}_right_distance") for entry in known]
        marker = "o" if len(epochs) == 1 else None
        axes.plot(epochs, values, color=colour, linewidth=1.8, marker=marker, label=f"{name} right")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _model_legend(axes: Axes, results: Results) -> None:
    handles = [
        mpl.patches.Patch(color=colour, label=model.name)
        for model, colour in zip(results.models, model_colours(results), strict=True)
    ]
    axes.figure.legend(handles=handles, loc="outside right upper", title="models", alignment="left")


def _is_choosing(entry: PolicyResult) -> bool:
    """Return whether the policy calls anything but one model or all of them, always."""
    return entry.name not in ("best_single", "average_ensemble")


def _ink_on(colour: str) -> str:
    red, green, blue = mpl.colors.to_rgb(colour)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else "white"
