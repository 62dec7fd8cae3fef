"""Recorded answers of which some are missing: records, limits and monitors are of the others."""

import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.outcomes.fitting import fit_policy

CLASSES = ["cat", "dog", "fox", "hen", "owl"]
COSTS = ["--costs", "small=1,large=10"]


def written(file, count, seed, missing=0):
    """Write labels and two models' answers with scores, the first rows of small's missing."""
    draw = np.random.default_rng(seed)
    lines = ["label,small:prediction,small:confidence,large:prediction,large:confidence"]
    for i in range(count):
        label = draw.choice(CLASSES)
        row = [label]
        for accuracy in (0.7, 0.95):
            right = draw.random() < accuracy
            sure = draw.uniform(0.6, 1) if right else draw.uniform(0.2, 0.8)
            row += [label if right else draw.choice(CLASSES), f"{sure:.4f}"]
        lines.append(",".join([row[0], "", "", *row[3:]] if i < missing else row))
    file.write_text("\n".join(lines) + "\n")
    return str(file)


@pytest.fixture
def router(tmp_path):
    table = written(tmp_path / "fit.csv", 400, 1)
    assert cli.main(["fit", table, *COSTS, "--folds", "0", "--out", str(tmp_path / "router")]) == 0
    return tmp_path / "router"


@pytest.mark.parametrize("missing", [1, 100])
def test_records_are_of_complete_inputs(router, tmp_path, capsys, missing):
    table = written(tmp_path / "other.csv", 400, 2, missing)
    records = tmp_path / "records.jsonl"
    capsys.readouterr()
    command = ["evaluate", str(router), "--outcomes", table, *COSTS, "--records", str(records)]
    assert cli.main(command) == 0
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    assert len(lines) == 400 - missing
    assert f"{400 - missing} inputs" in capsys.readouterr().out
    assert all(0 <= line["answer"] < len(CLASSES) for line in lines)


@pytest.mark.parametrize("chosen", [["--budget", "5"], ["--drop", "30"], ["--abstain", "0.5"]])
def test_limits_and_monitor_are_of_complete_inputs(router, tmp_path, capsys, chosen):
    table = written(tmp_path / "other.csv", 400, 2, 100)
    capsys.readouterr()
    assert cli.main(["calibrate", str(router), "--outcomes", table, *COSTS, *chosen]) == 0
    assert "drift: 300 inputs kept" in capsys.readouterr().out


def test_answers_of_more_classes_are_refused():
    draw = np.random.default_rng(1)

    def table(classes):
        answers = draw.integers(0, classes, (300, 2)).astype(np.int32)
        return _core.OutcomeTable(
            ["small", "large"],
            costs={"cost": [1, 10]},
            predictions=answers,
            answer_scores=draw.random((300, 2, 1), np.float32),
            score_kinds=["confidence"],
            labels=draw.integers(0, classes, 300).astype(np.int32),
            classes=classes,
        )

    policy, others = fit_policy("learned_cascade", table(5)), table(12)
    for replay in (policy.decide, lambda t: _core.record_decisions(policy, t)):
        with pytest.raises(ValueError, match="5 classes"):
            replay(others)
    with pytest.raises(ValueError, match="5 classes"):
        _core.monitored_values(policy, others)
    with pytest.raises(ValueError, match="inputs that every model answered"):
        _core.record_decisions(policy, _without_first(table(5)), [0])


def _without_first(table):
    answers = np.array(table.predictions)
    answers[0, 0] = -1
    return _core.OutcomeTable(
        table.models,
        costs={"cost": [1, 10]},
        predictions=answers,
        classes=5,
        answer_scores=table.answer_scores,
        score_kinds=["confidence"],
        labels=table.labels,
    )
