import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from muxnet.base.cost_axis import cost_axis, draw_curve
from muxnet.base.drawing import STYLE, new_figure


def shown(low, high, costs=None):
    """Return the costs and boxes of the labels that an axis from one cost to another has."""
    with mpl.rc_context(STYLE):
        figure, (axes,) = new_figure(9.2, 5.2)
        axes.plot([low, high], [0, 1], label="a policy with a long name")
        figure.legend(loc="outside right upper")
        cost_axis(axes, costs or [low, high], lambda cost: f"{100 * cost:g} %")
        figure.canvas.draw()
        left, right = axes.get_xlim()
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        return [
            (tick, label.get_window_extent())
            for tick, label in ticks
            if left <= tick <= right and label.get_text()
        ]


@pytest.mark.parametrize("low", [0.9, 0.3, 0.02, 1e-3, 2e-5, 3e-8, 1e-15, 1e-40])
def test_labels_lie_beside_each_other(low):
    labels = shown(low, 1.5)
    assert len(labels) >= 2
    for (_, one), (_, other) in itertools.pairwise(labels):
        assert one.x1 < other.x0


def test_a_narrow_range_has_fine_labels_and_a_wide_one_powers_of_ten():
    assert [tick for tick, _ in shown(0.02, 1.5)] == pytest.approx([0.02, 0.05, 0.1, 0.2, 0.5, 1])
    assert [tick for tick, _ in shown(2e-6, 1.5)] == pytest.approx([10.0**e for e in range(-5, 1)])


def test_what_costs_nothing_stands_at_the_left_end():
    labels = shown(0, 1.5, [0, 1e-3, 1.5])
    assert labels[0][0] == 0
    for (_, one), (_, other) in itertools.pairwise(labels):
        assert one.x1 < other.x0
    assert len(shown(0, 0, [0, 0])) == 1


def test_between_two_points_a_curve_is_straight_in_cost():
    axes = Figure().add_subplot()
    draw_curve(axes, [0.0, 1.0, 100.0], [0.5, 0.6, 0.8], "one", {"marker": "o"})
    (line,) = axes.lines
    costs, heights = line.get_data()
    assert np.interp(50.5, costs, heights) == pytest.approx(0.7)
    assert len(costs) > 100
    assert [costs[i] for i in line.get_markevery()] == [0.0, 1.0, 100.0]
