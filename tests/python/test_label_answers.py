"""Functions that answer with labels, as APIs do: their classes and scores become probabilities."""

import json

import numpy as np
import pytest
from muxnet import Router
from muxnet.base.errors import ConfigError
from muxnet.outcomes.fitting import fit_policy
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.label_answers import rows_of_labels
from muxnet.pool.labelled import labelled
from muxnet.pool.model_list import read_models

CLASSES = ("negative", "neutral", "positive")
TEXTS = ["awful", "fine", "great", "bad"]
WORDS = {"awful": "negative", "bad": "negative", "fine": "neutral", "great": "positive"}
SURE = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


def rows(given, count=4, classes=CLASSES):
    return rows_of_labels(given, count, classes, "api")


@pytest.mark.parametrize(
    "given",
    [
        ["negative", "neutral", "positive", "negative"],
        ("negative", " neutral ", "positive", "negative"),
        np.array(["negative", "neutral", "positive", "negative"]),
        np.array([0, 1, 2, 0]),  # places, as numpy.argmax gives them
        np.array([[0], [1], [2], [0]]),
        [0, 1.0, "2", np.int64(0)],
        [("negative", 1), ["neutral", 1.0], ("positive", np.float32(1)), ("negative", 1)],
        [{"label": WORDS[text], "score": 1.0} for text in TEXTS],
        [[{"label": WORDS[text], "score": 1.0}] for text in TEXTS],
    ],
)
def test_labels_are_rows_however_they_are_given(given):
    assert rows(given).tolist() == SURE


def test_a_score_is_that_of_the_class_and_the_others_share_the_rest():
    found = rows([("positive", 0.9)], 1)
    assert np.allclose(found, [[0.05, 0.05, 0.9]])


def test_the_class_said_is_the_likeliest_however_unsure():
    for score in (0.0, 0.2, 1 / 3):
        found = rows([("positive", score)], 1)
        assert found.argmax() == 2
        assert np.allclose(found.sum(), 1)
    assert rows([("b", 0.4)], 1, ("a", "b")).argmax() == 1


def test_scores_of_several_classes_are_shared_as_said():
    every = [{"label": "neutral", "score": 0.5}, {"label": "positive", "score": 0.3}]
    assert np.allclose(rows([every], 1), [[0.2, 0.5, 0.3]])
    with pytest.raises(ValueError, match="scores of different classes"):
        rows([[every[0], every[0]]], 1)


def test_labels_are_compared_as_in_tables():
    assert rows([3, "3.0", "003"], 3, ("1", "3")).tolist() == [[0, 1]] * 3
    with pytest.raises(ValueError, match=r"\[api\] expected classes among 1, 3, received '0'"):
        rows([0], 1, ("1", "3"))  # names that are numbers are no places


def test_columns_of_data_frames_are_taken():
    class Column:  # what those of pandas and polars have alike
        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return np.array(self.values, dtype)

    words = [WORDS[text] for text in TEXTS]
    assert rows(Column(words)).tolist() == SURE
    with pytest.raises(ValueError, match=r"received an array of shape \(4, 2\)"):
        rows(Column([[word, word] for word in words]))
    with pytest.raises(ValueError, match="received ''"):
        rows(Column([None] * 4))
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"prediction": words}, index=[3, 2, 1, 0])
    assert rows(frame["prediction"]).tolist() == rows(pandas.Categorical(words)).tolist() == SURE


def test_tensors_are_taken():
    torch = pytest.importorskip("torch")
    assert rows(torch.tensor([0, 1, 2, 0])).tolist() == SURE
    assert rows([torch.tensor(i) for i in (0, 1, 2, 0)]).tolist() == SURE


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["cat"] * 4, "expected classes among negative, neutral, positive, received 'cat'"),
        ([None] * 4, "received ''"),
        ([3] * 4, "received '3'"),
        ([-1] * 4, "received '-1'"),
        (["negative"] * 3, "expected 4 labels, received 3"),
        ("negative", "expected a list: a class of each input"),
        (np.ma.masked_array([0, 1, 2, 0], [0, 0, 0, 1]), "expected a value everywhere, received 1"),
        (np.zeros((4, 3)), r"received an array of shape \(4, 3\)"),
        ([("negative", 93)] * 4, r"expected a score in \[0, 1\], received 93"),
        ([("negative", float("nan"))] * 4, "received nan"),
        ([("negative", None)] * 4, r"expected a score in \[0, 1\], received None"),
        ([("negative", 0.5, 1)] * 4, "received 3 values for an input"),
        ([{"class": "negative"}] * 4, "received the keys class"),
    ],
)
def test_what_is_no_label_is_refused(given, told):
    with pytest.raises(ValueError, match=told):
        rows(given)


def test_classes_must_be_named():
    model = ForeignModel("api", 1, lambda texts: texts, "labels")
    with pytest.raises(ValueError, match=r"expected the names of its classes \(`classes`\)"):
        model.probabilities(TEXTS)


MODULE = f"""
WORDS = {WORDS!r}
def each(text): return {{"label": WORDS[text], "score": 0.8}}
def batch(texts): return [WORDS[text].upper().lower() for text in texts]
async def later(text): return WORDS[text]
"""


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "sentiment_api.py").write_text(MODULE)
    names = {"each": "one", "batch": "batch", "later": "one"}
    entries = [
        {"name": name, "callable": f"sentiment_api:{name}", "takes": takes, "cost": 1 + i}
        | {"output": "labels", "classes": list(CLASSES)}
        for i, (name, takes) in enumerate(names.items())
    ]
    (tmp_path / "models.json").write_text(json.dumps(entries))
    return tmp_path


def test_functions_of_a_list_answer_with_labels(listed):
    models = read_models(listed / "models.json")
    inputs = labelled("texts", TEXTS, [WORDS[text] for text in TEXTS])
    table = collect(models, inputs, listed / "o.safetensors", say=lambda _: None)
    assert table.models == ["each", "batch", "later"]
    assert table.accuracies() == [1, 1, 1]
    assert np.allclose(table.confidences[:, 0], 0.8)
    assert np.allclose(table.confidences[:, 1:], 1)


def test_a_router_of_them_answers(tmp_path):
    def unsure(vectors):
        return [("cat" if vector[0] > 0 else "dog", 0.5 + abs(vector[0]) / 2) for vector in vectors]

    def sure(vectors):
        return ["cat" if vector[1] > 0 else "dog" for vector in vectors]

    vectors = np.random.default_rng(1).uniform(-1, 1, (200, 2)).astype(np.float32)
    models = [
        ForeignModel("unsure", 1, unsure, "labels", classes=("cat", "dog")),
        ForeignModel("sure", 10, sure, "labels", classes=("dog", "cat")),
    ]
    labels = ["cat" if vector[1] > 0 else "dog" for vector in vectors]
    inputs = labelled("vectors", vectors, labels)
    table = collect(models, inputs, tmp_path / "o.safetensors", say=lambda _: None)
    assert table.accuracies()[1] == 1
    policy = fit_policy("cascade", table)
    routed = Router(models, None, policy).route(vectors)
    assert routed.probabilities.argmax(1).tolist() == list(policy.decide(table).answers)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"callable": "sentiment_api:batch"}, "classes] expected the names of its classes"),
        ({"onnx": "m.onnx", "classes": ["a", "b"]}, "output] expected what its scores are"),
        ({"endpoint": "http://127.0.0.1:1/v2/models/m"}, "output] expected what its scores are"),
    ],
)
def test_labels_are_of_functions_with_named_classes(listed, entry, told):
    (listed / "models.json").write_text(
        json.dumps([{"name": "m", "cost": 1, "output": "labels"} | entry])
    )
    with pytest.raises(ConfigError, match=told.replace("]", r"\]")):
        read_models(listed / "models.json")
