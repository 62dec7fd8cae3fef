"""``muxnet compare``: policies at equal budgets, over seeds and inputs."""

import json

import numpy as np
import pytest
from muxnet.base.errors import UsageError
from muxnet.cli import main
from muxnet.commands.compare import sentence
from muxnet.outcomes.compare import (
    Comparison,
    Contender,
    Difference,
    Interval,
    Line,
    parse_contenders,
)

POLICIES = "learned_cascade,cascade:max_models=2,random_mixing"


@pytest.fixture
def table(tmp_path, answers):
    held_out, held_out_labels = answers(rows=600)
    test, test_labels = answers(1, rows=500)
    path = tmp_path / "answers.npz"
    np.savez(
        path,
        held_out_probabilities=held_out,
        held_out_labels=held_out_labels,
        test_probabilities=test,
        test_labels=test_labels,
        macs=[1.0, 3.0, 9.0],
    )
    return path


def compared(tmp_path, *arguments: str) -> list[dict]:
    target = tmp_path / "compared.json"
    command = ["compare", *arguments, "--policies", POLICIES, "--seeds", "3"]
    assert main([*command, "--json", str(target)]) == 0
    return json.loads(target.read_text())


def test_policies_meet_at_equal_budgets(table, tmp_path, capsys) -> None:
    budgets = ("--budgets", "0.05", "0.2", "0.351", "1")
    (found,) = compared(tmp_path, str(table), *budgets)
    assert (found["fitted_on"], found["evaluated_on"], found["seeds"]) == (600, 500, 3)
    learned, cascade, mixing = found["lines"]
    assert list(learned["accuracy"]) == ["0.05", "0.20", "0.351", "1.00"]
    assert learned["accuracy"]["0.05"] is None  # the cheapest model costs more
    assert all(0.5 < cascade["accuracy"][share] < 1 for share in ("0.20", "0.351", "1.00"))
    assert cascade["cost"]["0.351"] == pytest.approx(0.351, abs=0.06)
    assert cascade["area"]["low"] < cascade["area"]["value"] < cascade["area"]["high"]
    assert cascade["area"]["value"] > 0
    assert mixing["area"] is None
    first, second, best = found["differences"]
    assert [entry["against"] for entry in (first, second, best)] == [
        "cascade:max_models=2",
        "random_mixing",
        "best_single",
    ]
    for share, difference in first["accuracy"].items():
        if difference is not None:
            expected = learned["accuracy"][share] - cascade["accuracy"][share]
            assert difference["value"] == pytest.approx(expected)
            assert difference["low"] <= difference["value"] <= difference["high"]
    assert second["accuracy"]["0.351"]["low"] > 0  # these models know when they are right
    assert best["area"] is None
    printed = capsys.readouterr().out
    assert "fitted on 600 inputs with 3 seeds, evaluated on 500 others" in printed
    assert "learned cascade against random mixing: above at 20 %, 35.1 %" in printed


def test_several_tables_and_whole_ones_are_divided(table, tmp_path, answers) -> None:
    probabilities, labels = answers(2)
    whole = tmp_path / "whole.npz"
    np.savez(whole, probabilities=probabilities, labels=labels, macs=[1.0, 3.0, 9.0])
    first, second = compared(tmp_path, str(table), str(whole), "--budgets", "0.5")
    assert first["table"] == str(table)
    assert (second["fitted_on"], second["evaluated_on"]) == (200, 200)


def test_models_trained_again_are_compared_together(table, tmp_path, capsys) -> None:
    content = dict(np.load(table))
    again = {**content}
    for part in ("held_out_probabilities", "test_probabilities"):
        again[part] = content[part][:, [1, 0, 2]]  # another training: who is good at what differs
    np.savez(tmp_path / "again.npz", **again)
    budgets = ("--budgets", "0.35", "1")
    apart = compared(tmp_path, str(table), str(tmp_path / "again.npz"), *budgets)
    (both,) = compared(tmp_path, str(table), str(tmp_path / "again.npz"), "--together", *budgets)
    assert (both["seeds"], both["evaluated_on"]) == (6, 500)

    def mean(*path):
        values = list(apart)
        for key in path:
            values = [value[key] for value in values]
        return sum(values) / 2

    for share in ("0.35", "1.00"):
        found = both["lines"][0]["accuracy"][share]
        assert found == pytest.approx(mean("lines", 0, "accuracy", share))
        ahead = both["differences"][0]["accuracy"][share]
        assert ahead["value"] == pytest.approx(mean("differences", 0, "accuracy", share, "value"))
    area = both["differences"][0]["area"]["value"]
    assert area == pytest.approx(mean("differences", 0, "area", "value"))
    again["test_labels"] = np.roll(content["test_labels"], 1)
    np.savez(tmp_path / "again.npz", **again)
    assert main(["compare", str(table), str(tmp_path / "again.npz"), "--together"]) == 2
    assert "[--together] expected the same inputs to evaluate on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cascade,unknown", "expected .*always.*received unknown"),
        ("cascade", "two or more different policies"),
        ("cascade,cascade", "two or more different policies"),
        ("oracle,cascade:depth=2", "OPTION=NUMBER with one of max_models, bins.*depth=2"),
        ("oracle,cascade:bins=few", "received bins=few"),
    ],
)
def test_policies_that_are_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_contenders(text)


def test_policies_carry_options() -> None:
    assert parse_contenders("oracle,cascade:max_models=2:bins=20")[1] == Contender(
        "cascade:max_models=2:bins=20", "cascade", {"max_models": 2, "bins": 20}
    )


def test_senseless_arguments_are_refused(table) -> None:
    assert main(["compare", str(table), "--seeds", "0"]) == 2
    assert main(["compare", str(table), "--budgets", "0"]) == 2


def test_what_chance_explains_is_not_called_a_difference() -> None:
    line = Line("learned_cascade", {"0.20": 0.9, "0.50": 0.9, "1.00": None}, {}, None)
    known = {"0.20": Interval(0.01, -0.001, 0.02), "0.50": Interval(-0.02, -0.03, -0.01)}
    entry = Difference("cascade", {**known, "1.00": None}, Interval(0.001, -0.001, 0.003))
    found = Comparison("t", 1, 1, 1, 1, 1, "macs", "accuracy", 1.0, "large", (line,), (entry,))
    assert sentence(found, entry) == (
        "learned cascade against max-softmax cascade: above nowhere; below at 50 %; "
        "areas not told apart"
    )
