"""Files of answers for a router that is there: what it knows of them, and what it refuses."""

import json

import numpy as np
import pytest
from muxnet import cli

COSTS = ("--costs", "m0=1,m1=4,m2=20")


def write_scored(path, rows, kind="score", order=(0, 1, 2)):
    generator = np.random.default_rng(rows)
    labels = generator.integers(4, size=rows)
    right = generator.uniform(size=(rows, 3)) < [0.6, 0.8, 0.95]
    said = np.where(right, labels[:, None], (labels[:, None] + 1) % 4)
    scores = right + generator.normal(0, 0.5, (rows, 3))
    names = [f"m{i}:{part}" for i in order for part in ("prediction", kind)]
    columns = [column for i in order for column in (said[:, i], scores[:, i])]
    table = np.column_stack([labels, *columns])
    np.savetxt(path, table, "%g", ",", header=",".join(["label", *names]), comments="")
    return str(path)


@pytest.fixture
def router(tmp_path):
    folder = str(tmp_path / "router")
    assert cli.main(["fit", write_scored(tmp_path / "fit.csv", 900), *COSTS, "--out", folder]) == 0
    return folder


def evaluated(router, outcomes, *options):
    figures = f"{router}.json"
    arguments = ["evaluate", router, "--outcomes", outcomes, "--json", figures, *options]
    assert cli.main(arguments) == 0
    with open(figures) as file:
        return json.load(file)


def test_models_are_taken_by_name_and_scores_of_its_kind_alone(router, tmp_path, capsys):
    straight = evaluated(router, write_scored(tmp_path / "test.csv", 800), *COSTS)
    turned = write_scored(tmp_path / "turned.csv", 800, order=(2, 0, 1))
    assert evaluated(router, turned, *COSTS) == straight
    for kind, received in (("score.logit", "logit"), ("note", "none")):
        other = write_scored(tmp_path / "other.csv", 800, kind)
        assert cli.main(["evaluate", router, *COSTS, "--outcomes", other]) == 1
        told = capsys.readouterr().err
        assert f"expected scores of the kind 'score', received {received}" in told


def test_a_file_without_costs_takes_those_that_it_knows(router, tmp_path, caplog):
    table = write_scored(tmp_path / "t.csv", 800)
    given = evaluated(router, table, *COSTS)
    assert not caplog.messages
    assert evaluated(router, table) == given
    assert "t.csv: says no costs; taken are those known: m0=1, m1=4, m2=20" in caplog.text


def test_scores_of_another_scale_are_said(router, tmp_path, caplog):
    path = tmp_path / "t.csv"
    write_scored(path, 800)
    evaluated(router, str(path), *COSTS)
    assert not caplog.messages
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    table[:, 2] = 100 * table[:, 2] + 1000
    header = path.read_text().partition("\n")[0]
    np.savetxt(path, table, "%g", ",", header=header, comments="")
    evaluated(router, str(path), *COSTS)
    (told,) = caplog.messages
    assert told.startswith("t.csv/all: 100 % of the scores of m0 lie beyond those that the router")
    table[:, 2] = table[:, 6]  # of a better model: others, and of the same scale
    np.savetxt(path, table, "%g", ",", header=header, comments="")
    caplog.clear()
    evaluated(router, str(path), *COSTS)
    assert not caplog.messages
