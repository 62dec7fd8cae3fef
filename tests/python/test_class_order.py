"""Classes by name: what a router learnt of one is used for it, whatever order a table has."""

import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.outcomes.class_order import Known, number_classes, with_classes
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
    with open("e.json") as file:
        levels = json.load(file)["details"]["classes"]
    assert [level["name"] for level in levels] == list("abcdef")
    refused = accuracy_on([*rows, "a,z,0.8,a,0.9"], capsys)
    assert "expected classes among a, b, c, d, e, f, received z" in refused


def test_numbered_classes_count_as_numbers():
    labels = [str(k) for k in range(12)]
    found = number_classes("t", labels, {"a": labels}, Known())
    assert list(found.names) == labels
    assert found.labels.tolist() == found.predictions[0].tolist() == list(range(12))


def test_classes_are_the_same_however_they_are_spelled():
    labels = np.array([3, 10, -1])
    spelled = {
        "a": ["3.0", "10.00", "-01"],
        "b": np.array([3.0, 10.0, np.nan]),
        "c": [" 3", 10, ""],
    }
    found = number_classes("t", labels, spelled, Known())
    assert found.names == ("-1", "3", "10")
    assert found.labels.tolist() == [1, 2, 0]
    assert [column.tolist() for column in found.predictions] == [[1, 2, 0], [1, 2, -1], [1, 2, -1]]
    truth = number_classes("t", np.array([True, False]), {"a": ["true", "FALSE"]}, Known())
    assert truth.names == ("false", "true")
    assert truth.labels.tolist() == truth.predictions[0].tolist() == [1, 0]
    mixed = number_classes("t", [True, False], {"a": [1, "0"]}, Known())
    assert mixed.names == ("0", "1")


def test_a_router_keeps_its_names_and_compares_them_as_values():
    known = Known(3, ("2", "true", "07"))
    found = number_classes("t", ["7.0", "1"], {"a": ["2.0", "TRUE"]}, known)
    assert found.names == known.names
    assert found.labels.tolist() == [2, 1]
    assert found.predictions[0].tolist() == [0, 1]
    twins = number_classes("t", ["01", "1"], {"a": ["1", "01"]}, Known(2, ("1", "01")))
    assert twins.labels.tolist() == [1, 0]  # by the name itself where there is such a one


def test_an_unknown_label_is_one_that_no_model_says():
    known = Known(3, ("a", "b", "c"))
    found = number_classes("t", ["z", "b"], {"m": ["a", "b"], "n": ["c", "b"]}, known)
    assert found.names == ("a", "b", "c")
    assert found.labels.tolist() == [1, 1]
    with pytest.raises(
        ConfigError, match=r"label, row 1\] expected classes among a, b, received z"
    ):
        number_classes("t", ["z"], {"m": ["a"], "n": ["b"]}, Known(2, ("a", "b")))


def test_a_missing_label_is_no_class():
    for nothing in (None, "", "  ", float("nan"), "nan", "<NA>", "NA", "None"):
        found = number_classes("t", ["1", nothing], {"a": ["1", "2"]}, Known())
        assert found.names == ("1", "2")
        assert found.labels.tolist() == [0, -1]
    named = number_classes("t", ["cat", "None"], {"a": ["None", "cat"]}, Known())
    assert named.names == ("None", "cat")  # said by both: a class of this name
    other = number_classes("t", ["cat", "None"], {"a": ["cat", "cat"]}, Known())
    assert other.labels.tolist() == [0, -1]


def test_other_words_than_the_labels_are_refused_by_name():
    labels = ["cat", "dog"] * 5
    with pytest.raises(ConfigError) as error:
        number_classes("t", labels, {"a": labels, "b": ["Cat", "Dog"] * 5}, Known())
    assert "predictions of b] expected some of the labels, such as 'cat', received" in str(
        error.value
    )
    number_classes("t", labels[:4], {"a": ["Cat", "Dog"] * 2}, Known())  # it may be by chance
    # A model that always errs says classes that another one is right with.
    always = {"a": labels, "b": ["fox"] * 10, "c": ["fox", *labels[1:]]}
    number_classes("t", labels, always, Known())
    with pytest.raises(ConfigError, match="such as 'z', received none of them, such as 'a'"):
        number_classes("t", ["z"] * 10, {"m": ["a"] * 10}, Known(1, ("a",)))


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
    known = Known(5, ("cat", "dog", "fox", "owl"))
    found = read_outcomes(tmp_path / "t.safetensors", {"small": 3.0}, known)["all"]
    assert found.class_names == list(known.names)
    assert found.costs("cost") == [3.0]
    assert found.inputs == {"small": "{}"}
    assert found.labels.tolist() == [3, 1]
    np.testing.assert_array_equal(found.probabilities[0, 0], np.float32([0.2, 0.1, 0, 0.7, 0]))
    with pytest.raises(ConfigError, match=r"t\] expected classes among cat, dog, received owl"):
        with_classes(table, Known(2, ("cat", "dog")), "t")
    assert with_classes(table, Known(3), "t") is table


def test_probabilities_are_of_classes_that_are_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("label,a:p0,a:p1\n1,0.25,0.75\n0,0.5,0.5\n")
    table = read_outcomes(tmp_path / "t.csv", {"a": 1.0})["all"]
    assert table.class_names == ["0", "1"]
    with pytest.raises(ConfigError, match="expected classes among no, yes, received 0, 1"):
        read_outcomes(tmp_path / "t.csv", {"a": 1.0}, Known(2, ("no", "yes")))


def test_a_table_refuses_names_that_do_not_fit():
    answers, costs = np.full((1, 1, 2), 0.5, np.float32), {"cost": [1.0]}
    for options, message in (
        ({"class_names": ["a", "a"]}, "different class names, received 'a' twice"),
        ({"class_names": ["a", "b", "c"]}, "names of at most 2 classes, received 3"),
        ({"inputs": {"b": "{}"}}, "inputs of its models, received 'b'"),
    ):
        with pytest.raises(ValueError, match=message):
            _core.OutcomeTable(["a"], answers, costs, **options)


def test_all_that_a_table_holds_is_kept_in_another_order(tmp_path):
    nan = np.float32(np.nan)
    table = _core.OutcomeTable(
        ["small", "large"],
        predictions=np.array([[0, 1], [-1, 2]], np.int32),
        answer_scores=np.array([[[3], [-1]], [[nan], [7]]], np.float32),
        score_kinds=["score"],
        labels=np.array([0, 2], np.int32),
        groups=np.array([4, 5]),
        input_costs={"usd": np.array([[1, 2], [nan, 4]], np.float32)},
        class_names=["owl", "cat", "dog"],
    )
    known = Known(4, ("cat", "dog", "fox", "owl"))
    found = with_classes(table, known, "t")
    assert found.predictions.tolist() == [[3, 0], [-1, 1]]
    assert found.labels.tolist() == [3, 1]
    assert found.classes == 4
    np.testing.assert_array_equal(found.answer_scores, table.answer_scores)
    np.testing.assert_array_equal(found.quality, table.quality)
    np.testing.assert_array_equal(found.input_costs["usd"], table.input_costs["usd"])
    assert found.groups.tolist() == [4, 5]
    table.save(tmp_path / "t.safetensors")
    priced = read_outcomes(tmp_path / "t.safetensors", {"small": 0, "large": 2.0})["all"]
    assert priced.cost_kinds == ["cost"]
    assert priced.input_costs == {}


def test_quality_and_the_likeliest_classes_are_kept_too():
    quality = np.array([[0.25, 1], [0.5, 0]], np.float32)
    table = _core.OutcomeTable(
        ["small", "large"],
        np.array([[[0.6, 0.3], [0.5, 0.4]]] * 2, np.float32),
        {"cost": [1.0, 2.0]},
        top_classes=np.array([[[0, 2], [1, 0]]] * 2, np.int32),
        quality=quality,
        labels=np.array([0, 1], np.int32),
        class_names=["owl", "cat", "dog"],
    )
    found = with_classes(table, Known(3, ("cat", "dog", "owl")), "t")
    assert found.top_classes[0].tolist() == [[2, 1], [0, 2]]
    assert found.predictions[0].tolist() == [2, 0]
    np.testing.assert_array_equal(found.quality, quality)


def test_arrays_name_their_classes_as_files_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    known = Known(3, ("a", "b", "c"))
    whole = np.array([[[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], [[0.1, 0.1, 0.8], [0.6, 0.3, 0.1]]])
    table = {"probabilities": whole.astype(np.float32), "macs": [1, 2]}
    names = {"class_names": np.array(["c", "a", "b"])}
    for labels in ([0, 1], [0.0, 1.0], ["c", "a"]):
        np.savez("t.npz", **table, **names, labels=np.array(labels))
        read = read_outcomes("t.npz", None, known)["all"]
        assert read.class_names == list(known.names)
        assert read.labels.tolist() == [2, 0]
        np.testing.assert_allclose(read.probabilities[0, 0], [0.2, 0.1, 0.7], 1e-6)
        assert read_outcomes("t.npz")["all"].class_names == ["c", "a", "b"]
    said = {"predictions": np.array([[0, -1], [2, 1]]), "labels": [0, 1], "macs": [1, 2]}
    np.savez("t.npz", **said, **names)
    assert read_outcomes("t.npz", None, known)["all"].predictions.tolist() == [[2, -1], [1, 0]]
    np.savez("t.npz", **table, labels=[0, 1])
    with pytest.raises(ConfigError, match="expected classes among a, b, c, received 0, 1, 2"):
        read_outcomes("t.npz", None, known)
    assert read_outcomes("t.npz", None, Known(3))["all"].labels.tolist() == [0, 1]
    for wrong, told in (
        ({"labels": [0, 3]}, "labels, row 2] expected a class of 0 .. 2, received 3"),
        ({"labels": ["c", "z"]}, "labels, row 2] expected a class of c .. b, received z"),
        ({"labels": [0, 1], "class_names": ["a", "b"]}, "class_names] expected 3 names, received"),
    ):
        np.savez("t.npz", **table, **{**names, **wrong})
        with pytest.raises(ConfigError) as error:
            read_outcomes("t.npz", None, known)
        assert told in str(error.value)


@pytest.mark.parametrize("small", [["1", "0"], ["True", "False"]])
def test_a_refusal_shows_what_the_column_itself_says(small):
    columns = {"small": small * 10, "large": ["1", "0"] * 10, "mid": ["True", "False"] * 10}
    with pytest.raises(ConfigError) as error:
        number_classes("t", ["yes", "no"] * 10, columns, Known())
    told = "predictions of small] expected some of the labels, such as 'no', received none of them"
    assert f"{told}, such as {small[1]!r}" in str(error.value)
