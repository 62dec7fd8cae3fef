import struct
from pathlib import Path
from typing import Any

import pytest
from muxnet.run import figures
from muxnet.training import results


def test_every_figure_is_a_real_picture(results_dict: dict[str, Any], tmp_path: Path) -> None:
    pictures = figures.draw(results.from_dict(results_dict))
    paths = figures.save(pictures, tmp_path)
    assert sorted(path.name for path in paths) == [
        "accuracy_cost.png",
        "called.png",
        "hardness.png",
        "learning_curves.png",
        "reliability.png",
        "right_wrong.png",
    ]
    for path in paths:
        content = path.read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert content.startswith(b"\x89PNG")
        assert width >= 1200
        assert height >= 500
        assert len(set(content)) == 256  # compressed pixels, not an empty canvas


def test_the_same_results_draw_the_same_bytes(results_dict: dict[str, Any]) -> None:
    found = results.from_dict(results_dict)
    assert figures.draw(found, ("called",)) == figures.draw(found, ("called",))


def test_figures_draw_without_curves_and_distances(results_dict: dict[str, Any]) -> None:
    results_dict["curves"] = []
    results_dict["learning_curves"] = {"models": [], "multiplexer": []}
    results_dict["hardness"] = {"counts": [0] * 7, "called": [[]] * 7}
    results_dict["right_wrong_matrix"] = [[0.0] * 6] * 6
    for model in results_dict["models"]:
        model["reliability"] = {}
    assert len(figures.draw(results.from_dict(results_dict))) == 4  # nothing trained, nobody sure


def test_cheaper_models_are_lighter_whatever_their_order(results_dict: dict[str, Any]) -> None:
    before = figures.model_colours(results.from_dict(results_dict))
    results_dict["models"].reverse()
    assert figures.model_colours(results.from_dict(results_dict)) == before[::-1]
    assert len(set(before)) == 6


@pytest.mark.parametrize(("cost", "text"), [(5e5, "500 k"), (1e6, "1 M"), (2e9, "2 G")])
def test_ticks_are_round(cost: float, text: str) -> None:
    assert figures._tick_text(cost) == text
