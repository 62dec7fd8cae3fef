"""``muxnet fit --multiplexer`` where models gave answers alone, and not to every input."""

import json

import numpy as np
import pytest
from muxnet import cli

CLASSES = ("cat", "dog", "cow")
OPTIONS = ["--costs", "small=1,large=9", "--multiplexer-cost", "0.1", "--folds", "3"]
OPTIONS += ["--multiplexer", "features"]


def write_answers(path, unanswered=0):
    """The small model is right where feature a is above 0, and else by chance."""
    random = np.random.default_rng(0)
    rows = ["label,small:prediction,large:prediction,feature:a"]
    for row in range(300):
        feature, label = random.normal(), random.choice(CLASSES)
        small = label if feature > 0 else random.choice(CLASSES)
        rows.append(f"{label},{small},{'' if row < unanswered else label},{feature}")
    path.write_text("\n".join(rows))


@pytest.mark.parametrize("unanswered", [0, 30])
def test_it_learns_from_the_inputs_that_every_model_answered(
    tmp_path, monkeypatch, capsys, unanswered
):
    monkeypatch.chdir(tmp_path)
    write_answers(tmp_path / "answers.csv", unanswered)
    assert cli.main(["fit", "answers.csv", *OPTIONS, "--json", "found.json"]) == 0
    assert f"cross-fitting: {300 - unanswered} inputs in 3" in capsys.readouterr().out
    found = json.loads((tmp_path / "found.json").read_text())["cross_validated"]
    assert found["best_single"] == 1
    assert found["accuracy"] > 0.97
    assert found["cost"] < 7  # half of the inputs need the large one
