"""The pictures of ``muxnet figures``."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVarTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from muxnet.base.drawing import MUTED, STYLE, Line, ladder, new_figure, png
from muxnet.run.analysis import Distances, Embeddings, OffloadDecision

RIGHT, WRONG = "o", "x"

Arguments = TypeVarTuple("Arguments")


def draw(build: Callable[[*Arguments], Figure], *arguments: *Arguments) -> bytes:
    """Return the picture that ``build(*arguments)`` makes as PNG."""
    with mpl.rc_context(STYLE):
        return png(build(*arguments))


def embedding_figure(panels: Mapping[str, tuple[Embeddings, NDArray[np.float32]]]) -> Figure:
    """Return projected embeddings in the plane, a panel each: Figures 3 and 6 of the paper.

    ``panels``: by title, the embeddings and the places (N * n, 2) of all of them, model by model.
    """
    figure, axes = new_figure(4.6 * len(panels) + 2.4, 4.6, columns=len(panels))
    found = next(iter(panels.values()))[0]
    colours = ladder(len(found.models))
    for panel, (title, (embeddings, places)) in zip(axes, panels.items(), strict=True):
        count = embeddings.right.shape[1]
        for i, colour in enumerate(colours):
            own = places[i * count : (i + 1) * count]
            x, y = own.T
            right = embeddings.right[i]
            panel.scatter(
                x[right], y[right], s=9, marker=RIGHT, color=colour, alpha=0.55, linewidths=0
            )
            panel.scatter(x[~right], y[~right], s=22, marker=WRONG, color=colour, linewidths=1.1)
        panel.set_title(title)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.set_xlabel("t-SNE of the projected embeddings")
        panel.grid(visible=False)
    handles = [
        mpl.lines.Line2D([], [], linestyle="none", marker=RIGHT, color=colour, label=name)
        for name, colour in zip(found.models, colours, strict=True)
    ]
    handles += [
        mpl.lines.Line2D([], [], linestyle="none", marker=marker, color=MUTED, label=word)
        for marker, word in ((RIGHT, "right"), (WRONG, "wrong"))
    ]
    figure.legend(handles=handles, loc="outside right upper", title="models", alignment="left")
    return figure


def distance_figure(found: Distances) -> Figure:
    """Return the mean distance of two models' embeddings by how many models are right."""
    figure, (axes,) = new_figure(7.2, 3.8)
    levels = [k for k, value in enumerate(found.by_right) if value is not None]
    heights = [found.by_right[k] or 0.0 for k in levels]
    axes.bar(levels, heights, width=0.7, color="#7c8aa0")
    for level in levels:
        text = f"{found.inputs[level]:,}"
        axes.text(level, 0.01, text, ha="center", va="bottom", size=9, color="white")
    for name, value, colour in (
        ("both right", found.both_right, "#1d7a3e"),
        ("one right", found.one_right, "#d1352b"),
    ):
        if value is not None:
            axes.axhline(value, color=colour, linewidth=1.6, linestyle=(0, (5, 3)), label=name)
    axes.set_xticks(range(len(found.by_right)))
    axes.set_xlabel("models that are right (number of inputs in the bars)")
    axes.set_ylabel("mean distance, (1 - cosine) / 2")
    axes.set_title("Embeddings of one input: how far two models are apart")
    axes.set_ylim(0, 1.15 * max([*heights, found.one_right or 0.0, 0.05]))
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right upper", title="pairs of models", alignment="left")
    return figure


def offload_figure(found: OffloadDecision) -> Figure:
    """Return the ROC of the offload decision, with the paper's threshold marked."""
    figure, (axes,) = new_figure(5.6, 4.4)
    axes.plot(found.false_positive_rates, found.true_positive_rates, color="#2457a6", linewidth=2)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (5, 3)))
    point = (1 - found.true_negative_rate, found.true_positive_rate)
    at_half = (
        f"threshold 0.5: TPR {found.true_positive_rate:.3f}, TNR {found.true_negative_rate:.3f}"
    )
    style: Line = {"marker": "o", "color": "#d1352b", "markersize": 8, "linestyle": "none"}
    axes.plot(*point, label=at_half, **style)
    axes.legend(loc="lower right")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("offloaded though the device's model is right")
    axes.set_ylabel("offloaded where it is wrong")
    area = "" if found.area is None else f", area {found.area:.3f}"
    axes.set_title(f"Offload decision{area}")
    return figure


def flat(found: Embeddings) -> NDArray[np.float32]:
    """Return (N * n, D), model by model."""
    return found.vectors.reshape(-1, found.vectors.shape[2])


def of_models(found: Embeddings, chosen: Sequence[int]) -> Embeddings:
    """Return the embeddings of some of the models."""
    rows = list(chosen)
    names = tuple(found.models[i] for i in rows)
    return Embeddings(names, found.vectors[rows], found.right[rows])
