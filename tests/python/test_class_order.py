"""Classes by name: what a router learnt of one is used for it, whatever order a table has."""

import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.outcomes.class_order import Classes, in_order, number_classes, with_classes
from muxnet.outcomes.table_files import read_outcomes

HEADER = "label,small:prediction,small:confidence,large:prediction,large:confidence\n"
COSTS = {"small": 1.0, "large": 10.0}


def rows_of(seed, classes, count=600):
    """Return inputs on which small is right of every second class, and wrong of the others."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        said = random.integers(len(classes))
        right = random.random() < (0.99 if classes[said] in "bdf" else 0.3)
        label = said if right else (said + random.integers(1, len(classes))) % len(classes)
        large = label if random.random() < 0.96 else (label + 1) % len(classes)
        sure = random.uniform(0.75, 0.85), random.uniform(0.85, 0.95)
        rows.append(
            f"{classes[label]},{classes[said]},{sure[0]:.4f},{classes[large]},{sure[1]:.4f}"
        )
    return rows


def accuracy_on(rows, capsys):
    """Return what the router does with inputs, or the error that refuses them."""
    with open("t.csv", "w") as file:
        file.write(HEADER + "\n".join(rows) + "\n")
    costs = ["--costs", "small=1,large=10", "--json", "e.json"]
    if cli.main(["evaluate", "router", "--outcomes", "t.csv", *costs]):
        return capsys.readouterr().err
    with open("e.json") as file:
        return json.load(file)["router"]["accuracy"]


def test_a_router_knows_its_classes_by_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with open("fit.csv", "w") as file:
        file.write(HEADER + "\n".join(rows_of(1, "abcdef")) + "\n")
    assert cli.main(["fit", "fit.csv", "--costs", "small=1,large=10", "--out", "router"]) == 0
    assert _core.Policy.load("router/policy.json").class_names == list("abcdef")
    rows = rows_of(2, "bcdef")
    wanted = accuracy_on([*rows, "a,a,0.8,a,0.9"], capsys)
    assert accuracy_on(rows, capsys) == pytest.approx(wanted, abs=0.005)
    assert accuracy_on([*rows, "a,a,0.03,a,0.9"], capsys) == pytest.approx(wanted, abs=0.005)
    assert accuracy_on([*rows, "z,b,0.8,c,0.9"], capsys) == pytest.approx(wanted, abs=0.005)
    refused = accuracy_on([*rows, "a,z,0.8,a,0.9"], capsys)
    assert "expected classes among a, b, c, d, e, f, received z" in refused


def test_numbered_classes_count_as_numbers():
    assert in_order(["10", "9", "1"]) == ["1", "9", "10"]
    assert in_order(["10", "9", "x"]) == ["10", "9", "x"]
    labels = [str(k) for k in range(12)]
    names, (given, top) = number_classes("t", labels, [labels], Classes())
    assert names == labels
    assert given.tolist() == top.tolist() == list(range(12))


def test_an_unknown_label_is_one_that_no_model_says():
    known = Classes(3, ("a", "b", "c"))
    names, (given, *_) = number_classes("t", ["z", "b"], [["a", "b"], ["c", "b"]], known)
    assert names == ["a", "b", "c"]
    assert given.tolist() == [1, 1]
    with pytest.raises(
        ConfigError, match=r"label, row 1\] expected classes among a, b, received z"
    ):
        number_classes("t", ["z"], [["a"], ["b"]], Classes(2, ("a", "b")))


def test_tables_are_put_into_the_order_of_the_classes_that_are_known(tmp_path):
    answers = np.array([[[0.7, 0.2, 0.1]], [[0.1, 0.1, 0.8]]], np.float32)
    table = _core.OutcomeTable(
        ["small"],
        answers,
        {"cost": [1.0]},
        labels=np.array([0, 2], np.int32),
        class_names=["owl", "cat", "dog"],
        inputs={"small": "{}"},
    )
    table.save(tmp_path / "t.safetensors")
    known = Classes(5, ("cat", "dog", "fox", "owl"))
    found = read_outcomes(tmp_path / "t.safetensors", {"small": 3.0}, known)["all"]
    assert found.class_names == list(known.names)
    assert found.costs("cost") == [3.0]
    assert found.inputs == {"small": "{}"}
    assert found.labels.tolist() == [3, 1]
    np.testing.assert_array_equal(found.probabilities[0, 0], np.float32([0.2, 0.1, 0, 0.7, 0]))
    with pytest.raises(ConfigError, match=r"t\] expected classes among cat, dog, received owl"):
        with_classes(table, Classes(2, ("cat", "dog")), "t")
    assert with_classes(table, Classes(3), "t") is table


def test_probabilities_are_of_classes_that_are_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("label,a:p0,a:p1\n1,0.25,0.75\n0,0.5,0.5\n")
    table = read_outcomes(tmp_path / "t.csv", {"a": 1.0})["all"]
    assert table.class_names == ["0", "1"]
    with pytest.raises(ConfigError, match="expected classes among no, yes, received 0, 1"):
        read_outcomes(tmp_path / "t.csv", {"a": 1.0}, Classes(2, ("no", "yes")))


def test_a_table_refuses_names_that_do_not_fit():
    answers, costs = np.full((1, 1, 2), 0.5, np.float32), {"cost": [1.0]}
    for options, message in (
        ({"class_names": ["a", "a"]}, "different class names, received 'a' twice"),
        ({"class_names": ["a", "b", "c"]}, "names of at most 2 classes, received 3"),
        ({"inputs": {"b": "{}"}}, "inputs of its models, received 'b'"),
    ):
        with pytest.raises(ValueError, match=message):
            _core.OutcomeTable(["a"], answers, costs, **options)
