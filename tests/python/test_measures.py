"""What commands say of recorded quality: never that an answer is right, wrong or accurate."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from muxnet.base.measures import ACCURACY, MEASURES, QUALITY, measure_of
from muxnet.cli import main
from muxnet.commands import study as study_command
from muxnet.outcomes.study import split_outcomes, study
from muxnet.outcomes.study_figure import study_figure
from muxnet.outcomes.table_files import read_outcomes

OF_LABELS = re.compile(r"accura|\bright\b|\bwrong\b|\berrs?\b", re.IGNORECASE)
COSTS = {"small": 1.0, "large": 10.0}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Return three CSV files of quality and scores: a large model is better on hard inputs."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    paths = []
    for name in ("fit.csv", "calibrate.csv", "evaluate.csv"):
        hard = generator.uniform(size=2000)
        small = np.clip(1 - 0.9 * hard**3, 0, 1)
        large = np.clip(1 - 0.15 * hard, 0, 1)
        score = np.clip(1 - hard + generator.normal(0, 0.05, 2000), 0, 1)
        table = np.stack([small, score, large, np.full(2000, 0.9)], axis=1)
        header = "small:quality,small:score,large:quality,large:score"
        np.savetxt(name, table, "%.5f", ",", header=header, comments="")
        paths.append(name)
    return paths


def said(capsys, *arguments):
    """Return what a command prints of a table of quality."""
    costs = ",".join(f"{name}={cost:g}" for name, cost in COSTS.items())
    assert main([*arguments, "--costs", costs]) == 0
    return capsys.readouterr().out


def test_no_command_calls_quality_accuracy(files, capsys):
    fit, calibrate, evaluate = files
    divisions = ("--divisions", "5", "--promise", "5", "10")
    text = {
        "study": said(capsys, "study", fit, "--details"),
        "fit": said(capsys, "fit", fit, "--out", "router"),
        "drop": said(capsys, "calibrate", "router", "--outcomes", calibrate, "--drop", "5"),
        "budget": said(capsys, "calibrate", "router", "--outcomes", evaluate, "--budget", "8"),
        "abstain": said(capsys, "calibrate", "router", "--outcomes", evaluate, "--abstain", "0.8"),
        "evaluate": said(capsys, "evaluate", "router", "--outcomes", evaluate, "--details"),
        "compare": said(capsys, "compare", fit, "--seeds", "1", "--policies", "cascade,always"),
        "guarantee": said(capsys, "guarantee", fit, *divisions, "--abstain", "80", "10"),
    }
    for command, words in text.items():
        assert not OF_LABELS.search(words), command
        assert "quality" in words, command
    assert "80 % mean quality of those answered" in text["guarantee"]
    assert "the best answer to each input would add" in text["study"].lower()


def test_a_score_that_falls_where_it_should_rise_is_said(tmp_path):
    generator = np.random.default_rng(0)
    right = generator.uniform(size=(600, 2)) < [0.7, 0.9]
    surprise = generator.normal(size=(600, 2)) - 2.0 * right
    path = tmp_path / "entropy.csv"
    table = np.stack([right[:, 0], surprise[:, 0], right[:, 1], -surprise[:, 1]], axis=1)
    header = "small:quality,small:score,large:quality,large:score"
    np.savetxt(path, table, "%.4f", ",", header=header, comments="")
    found = study(*split_outcomes(read_outcomes(path, COSTS)["all"]))
    assert any(text.startswith("The score of small is higher") for text in found.sentences)
    own = found.details.reliability["small"]
    assert own.given is None  # no probability
    assert own.calibrated is not None
    assert own.calibrated.error < 0.1


def labels_of(figure: Figure) -> str:
    axes = figure.axes[0]
    return f"{axes.get_ylabel()} {axes.get_title(loc='left')} {axes.get_title()}"


def test_the_picture_is_of_quality(files):
    table = read_outcomes(files[0], COSTS)["all"]
    found = study(*split_outcomes(table))
    assert found.measure == "quality"
    assert measure_of(table) is MEASURES[found.measure] is QUALITY
    assert "mean quality" in labels_of(study_figure(found)).lower()


def test_labels_are_told_as_before(tmp_path, monkeypatch, answers, capsys):
    monkeypatch.chdir(tmp_path)
    probabilities, labels = answers(1, 600)
    np.savez("table.npz", macs=[1e3, 4e3, 20e3], probabilities=probabilities, labels=labels)
    table = read_outcomes("table.npz")["all"]
    found = study(*split_outcomes(table))
    assert measure_of(table) is MEASURES[found.measure] is ACCURACY
    study_command.show(found)
    text = capsys.readouterr().out
    for words in ("accuracy %", "only this one right %", "is right for", "are both wrong on"):
        assert words in text
    assert "accuracy" in labels_of(study_figure(found))
