"""Published collections that are not as they should be: refused by file, with what was expected."""

import json

import numpy as np
import pytest
from muxnet.base.errors import ConfigError
from muxnet.outcomes.table_files import read_outcomes

SCORES = np.arange(15).reshape(5, 3) % 2


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"model": ["a", "b"]}, r"of shape \(n, 2\), as model has 2 names, .*\(5, 3\)"),
        ({"model": ["a", "a", "c"]}, "different names of models, received a twice"),
        ({"train_score": SCORES.T, "test_score": SCORES.T}, r"\(n, 3\), as model has 3 names"),
        ({"test_score": SCORES[:, :2]}, r"of shape \(n, 3\), .*'test_score': \(5, 2\)"),
        ({"train_score": SCORES[0], "test_score": SCORES[0]}, r"of shape \(n, 3\)"),
        ({"train_score": np.float32(1)}, r"'train_score': \(\)"),
    ],
)
def test_arrays_of_routereval_of_other_shapes(tmp_path, arrays, told):
    whole = {"train_score": SCORES, "test_score": SCORES, "model": ["a", "b", "c"]}
    np.savez(tmp_path / "t.npz", **(whole | arrays))
    with pytest.raises(ConfigError, match=rf"t.npz\] expected .*{told}"):
        read_outcomes(tmp_path / "t.npz", dict.fromkeys("abc", 1), form="routereval")


@pytest.mark.parametrize(
    ("label", "answer", "told"),
    [
        ({"example_id": 1, "label": 2}, {}, "labels.json.* expected example_id, true_label in"),
        ({"true_label": 2}, {}, "labels.json.* expected example_id, true_label in each"),
        ({"example_id": 1, "true_label": 2}, {"id": 1}, "20-01-01.json.* expected example_id in"),
    ],
)
def test_objects_of_hapi_without_a_key(tmp_path, label, answer, told):
    (tmp_path / "api").mkdir()
    (tmp_path / "labels.json").write_text(json.dumps([label]))
    (tmp_path / "api" / "20-01-01.json").write_text(json.dumps([answer]))
    with pytest.raises(ConfigError, match=told):
        read_outcomes(tmp_path, {"api": 1}, form="hapi")


@pytest.mark.parametrize(
    ("lacking", "records", "told"),
    [
        ("dataset_name", [], "t.json.* expected dataset_name, split, model_name in each object"),
        ("", [{"id": 1, "score": 1}], "t.json.* expected index in each object, received id, score"),
        ("", [1, 2], "t.json, records.* expected a list of objects, received list"),
        ("", None, "t.json, records.* expected a list of objects, received NoneType"),
    ],
)
def test_objects_of_llmrouterbench_without_a_key(tmp_path, lacking, records, told):
    content = {"dataset_name": "d", "split": "test", "model_name": "m", "records": records}
    content.pop(lacking, None)
    (tmp_path / "t.json").write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=told):
        read_outcomes(tmp_path, form="llmrouterbench")


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("M,$10", r"Cost per 10k, row 2\] expected a number, or nothing, received \$10"),
        ("M,", r"Cost per 10k, row 2\] expected a cost of at least 0, received"),
        ("M,-1", r"Cost per 10k, row 2\] expected a cost of at least 0, received -1"),
        ("G,10", "different names of models, received G twice"),
    ],
)
def test_prices_of_frugalml_that_are_none(tmp_path, second, told):
    (tmp_path / "meta.csv").write_text(f"Index,MLaaS(API),Cost per 10k\n0,G,15\n1,{second}\n")
    for name in ("Model0_PredictedLabel", "Model1_PredictedLabel", "Model0_TrueLabel"):
        (tmp_path / f"{name}.txt").write_text("1\n2\n")
    with pytest.raises(ConfigError, match=f"meta.csv.*{told}"):
        read_outcomes(tmp_path, form="frugalml")
