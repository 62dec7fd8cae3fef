"""Classes in npz files: one numbering for all parts, by the names that a file gives them."""

import logging

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.table_files import read_outcomes
from muxnet.pool.input_sources import open_inputs


@pytest.fixture
def read(tmp_path, caplog):
    """Return what reads arrays as an npz file; ``read.told()`` is what was said of the last."""

    def read(known=None, **arrays):
        caplog.clear()
        np.savez(tmp_path / "t.npz", macs=[1, 10], **arrays)
        with caplog.at_level(logging.WARNING, "muxnet"):
            return read_outcomes(tmp_path / "t.npz", None, known)

    read.told = lambda: [record.getMessage().split("t.npz")[-1] for record in caplog.records]
    return read


def parts(held_out, test):
    """Return labels of two parts, with predictions that say the same."""
    given = {"held_out_": np.array(held_out), "test_": np.array(test)}
    arrays = {f"{part}labels": labels for part, labels in given.items()}
    return arrays | {
        f"{part}predictions": np.stack([labels, labels], axis=1) for part, labels in given.items()
    }


@pytest.mark.parametrize(
    ("held_out", "test", "names"),
    [
        ([0, 1, 2, 5], [5, 2, 1], ["0", "1", "2", "5"]),
        ([1, 2], [0, 2, 3], ["0", "1", "2", "3"]),
        (["a", "b", "d"], ["b", "d"], ["a", "b", "d"]),
        (["b"], ["c", "a"], ["a", "b", "c"]),
    ],
)
def test_parts_of_a_file_number_their_classes_alike(read, held_out, test, names):
    found = read(**parts(held_out, test))
    for part, labels in (("held_out", held_out), ("test", test)):
        table = found[part]
        assert table.class_names == names
        assert table.classes == len(names)
        assert [names[k] for k in table.labels] == [str(label) for label in labels]
        np.testing.assert_array_equal(table.predictions, np.stack([table.labels] * 2, axis=1))
    assert read.told() == []


@pytest.mark.parametrize("labels", [([0, 1, 2], [2, 1]), (["c", "a", "b"], ["b", "a"])])
def test_parts_have_the_names_that_a_file_gives(read, labels):
    names = ["c", "a", "b"]
    found = read(**parts(*labels), class_names=names)
    assert [found[part].class_names for part in found] == [names, names]
    assert found["held_out"].labels.tolist() == [0, 1, 2]
    assert found["test"].labels.tolist() == [2, 1]
    known = read(Known(4, ("a", "b", "c", "d")), **parts(*labels), class_names=names)
    assert known["test"].labels.tolist() == [1, 0]
    assert known["test"].classes == 4
    with pytest.raises(ConfigError, match=r"test_labels, row 2\] expected a class of c .. z, rec"):
        read(**parts(["c", "a", "b"], ["b", "f"]), class_names=["c", "a", "b", "z"])


def test_a_test_part_without_a_class_is_studied_as_with_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    arrays = {}
    for part, first in (("held_out_", 0), ("test_", 1)):
        small = random.integers(first, 6, 1000)
        right = random.random(1000) < np.where(small % 2, 0.99, 0.3)
        labels = np.where(right, small, first + (small - first + 1) % (6 - first))
        large = np.where(random.random(1000) < 0.96, labels, 5)
        arrays[part + "labels"] = labels
        arrays[part + "predictions"] = np.stack([small, large], axis=1)
        arrays[part + "answer_scores"] = random.uniform(0.75, 0.85, (1000, 2))
    np.savez("t.npz", **arrays, macs=[1, 10], class_names=list("abcdef"))
    assert cli.main(["study", "t.npz"]) == 0
    assert "Multiplexing pays for these models" in capsys.readouterr().out


def test_parts_have_as_many_models_and_classes(read):
    whole = {"held_out_labels": [0, 1], "test_labels": [0, 1]}
    three, two = np.full((2, 2, 3), 1 / 3), np.full((2, 2, 2), 0.5)
    with pytest.raises(ConfigError, match="as many classes in each part, received 3 in held_out,"):
        read(**whole, held_out_probabilities=three, test_probabilities=two)
    answers = {"held_out_predictions": np.ones((2, 2)), "test_predictions": np.ones((2, 3))}
    with pytest.raises(ConfigError, match="as many models in each part, received 2 in held_out, 3"):
        read(**whole, **answers)
    mixed = read(**whole, held_out_probabilities=three, test_predictions=np.array([[0, 2], [1, 1]]))
    assert mixed["test"].class_names == mixed["held_out"].class_names == ["0", "1", "2"]
    assert mixed["test"].predictions.tolist() == [[0, 2], [1, 1]]


def test_numbers_are_names_where_the_names_are_numbers(read):
    whole = np.eye(5)[[[0, 1], [4, 4], [2, 2]]]
    names = np.arange(1, 6)
    for labels in (np.array([1, 5, 3]), np.array([1.0, 5.0, 3.0]), np.array(["1", "5", "3"])):
        table = read(labels=labels, probabilities=whole, class_names=names)["all"]
        assert table.class_names == ["1", "2", "3", "4", "5"]
        assert table.labels.tolist() == [0, 4, 2]
    said = {"labels": np.array([1, 5]), "predictions": np.array([[1, 2], [3, 3]])}
    table = read(**said, class_names=names)["all"]
    assert table.labels.tolist() == [0, 4]
    assert table.predictions.tolist() == [[0, 1], [2, 2]]
    places = read(labels=[0, 4, 2], probabilities=whole, class_names=names)["all"]
    assert places.labels.tolist() == [0, 4, 2]
    same = read(labels=[0, 4, 2], probabilities=whole, class_names=np.arange(5))["all"]
    assert same.labels.tolist() == [0, 4, 2]
    with pytest.raises(ConfigError, match="received 1, a name and the place of 2"):
        read(labels=[1, 4, 3], probabilities=whole, class_names=names)
    helped = read(labels=["1", "4", "3"], probabilities=whole, class_names=names)["all"]
    assert helped.labels.tolist() == [0, 3, 2]


@pytest.mark.parametrize("kind", [int, float])
def test_minus_one_is_none_in_numbers_and_said(read, kind):
    labels = np.array([0, -1, 1, 2], kind)
    predictions = np.array([[0, 0], [1, 1], [-1, 1], [2, -1]], kind)
    table = read(labels=labels, predictions=predictions, models=["a", "b"])["all"]
    assert table.class_names == ["0", "1", "2"]
    assert table.predictions.tolist() == [[0, 0], [-1, 1], [2, -1]]
    assert read.told() == [
        ": -1 among labels and predictions is none, 3 times",
        ": 1 of 4 inputs left out: no label",
        ": answers missing of 3 inputs: a 1, b 1; used are the 1 that every model answered",
    ]
    named = read(labels=labels, predictions=predictions, class_names=[-1, 0, 1, 2])["all"]
    assert named.labels.tolist() == [1, 0, 2, 3]
    assert read.told() == []


def test_twins_among_names_are_told_apart_as_they_are_written(read):
    whole = np.eye(2)[[[0, 1], [1, 1]]]
    table = read(labels=["01", "1"], probabilities=whole, class_names=["1", "01"])["all"]
    assert table.labels.tolist() == [1, 0]


@pytest.mark.parametrize("names", [["cat", "h\xeatre"], ["10", "9"]])
def test_names_of_bytes_are_those_of_texts(read, names):
    classes = np.array(names)
    given = {"labels": classes[[0, 1]], "predictions": classes[[[0, 1], [1, 1]]]}
    given |= {"class_names": classes, "models": np.array(["a", "b"])}
    given |= {"score_kinds": np.array(["score", "margin"])}
    scores = np.ones((2, 2, 2))
    told = read(**given, answer_scores=scores)["all"]
    coded = {name: np.char.encode(values, "utf-8") for name, values in given.items()}
    for labels in (coded["labels"], np.array([0, 1])):
        found = read(**{**coded, "labels": labels}, answer_scores=scores)["all"]
        assert found.class_names == told.class_names == names
        assert (found.models, found.score_kinds) == (["a", "b"], ["score", "margin"])
        np.testing.assert_array_equal(found.predictions, told.predictions)
        np.testing.assert_array_equal(found.labels, told.labels)


def test_names_of_bytes_of_inputs(tmp_path):
    arrays = {"features": np.eye(2), "labels": [1, 0], "class_names": [b"a", b"b"]}
    np.savez(tmp_path / "t.npz", **arrays)
    assert list(open_inputs(str(tmp_path / "t.npz")).class_names) == ["a", "b"]
