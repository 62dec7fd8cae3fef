"""Collections of recorded answers as published elsewhere, read by name."""

import json
import math

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
from muxnet.outcomes.published import FORMS
from muxnet.outcomes.table_files import read_outcomes


def test_the_wide_table_of_routerbench(tmp_path):
    (tmp_path / "t.csv").write_text(
        "sample_id,prompt,eval_name,small,big,small|model_response,big|model_response,"
        "small|total_cost,big|total_cost,oracle_model_to_route_to\n"
        'x.1,"a\nb",x,0.0,1.0,no,yes,0.001,0.02,big\nx.2,c,x,0.5,0.75,no,yes,0.003,0.04,big\n'
    )
    table = read_outcomes(tmp_path / "t.csv", form="routerbench")["all"]
    assert table.models == ["small", "big"]
    assert table.quality.tolist() == [[0, 1], [0.5, 0.75]]
    assert table.costs("cost") == [pytest.approx(0.002), pytest.approx(0.03)]
    with pytest.raises(ConfigError, match=r"read_pickle"):
        read_outcomes(tmp_path / "t.pkl", form="routerbench")


def test_the_tables_of_routellm(tmp_path):
    for name, row in (("one", "True,False"), ("two", "False,True")):
        text = f'prompt,weak,strong,weak_response\n"a, ""b""\nc",{row},"so, and so"\n'
        (tmp_path / f"{name}.csv").write_text(text)
    costs = {"weak": 0.0, "strong": 1.0}
    alone = read_outcomes(tmp_path / "one.csv", costs, form="routellm")["all"]
    assert alone.quality.tolist() == [[1, 0]]
    folder = read_outcomes(tmp_path, costs, form="routellm")["all"]
    assert folder.quality.tolist() == [[1, 0], [0, 1]]
    (tmp_path / "three.csv").write_text("prompt,weak\nx,True\n")
    with pytest.raises(ConfigError, match="expected a column strong"):
        read_outcomes(tmp_path, costs, form="routellm")


def test_the_results_of_llmrouterbench(tmp_path):
    def leave(model, time, scores, demo=False):
        folder = tmp_path / "bench" / "aime" / "test" / model
        folder.mkdir(parents=True, exist_ok=True)
        records = [
            {"index": i, "score": score, "cost": 0.5, "prompt": "p", "raw_output": ["x"]}
            for i, score in scores.items()
        ]
        content = {"model_name": model, "dataset_name": "aime", "split": "test", "demo": demo}
        file = folder / f"aime-test-{model}-{time}.json"
        file.write_text(json.dumps(content | {"records": records}))

    leave("small", "20250101_000000", {0: 0.0, 1: 0.0})
    leave("small", "20250102_000000", {0: 1.0, 1: 0.0, 2: None})
    leave("small", "20250103_000000", {0: 0.5}, demo=True)
    leave("big", "20250101_000000", {1: 1.0, 0: 0.25})
    table = read_outcomes(tmp_path / "bench", form="llmrouterbench")["all"]
    assert sorted(table.models) == ["big", "small"]
    by_model = dict(zip(table.models, table.quality.T.tolist(), strict=True))
    assert sorted(zip(by_model["small"][:2], by_model["big"][:2], strict=True)) == [
        (0.0, 1.0),
        (1.0, 0.25),
    ]
    assert math.isnan(by_model["small"][2])
    assert math.isnan(by_model["big"][2])
    assert table.costs("cost") == [0.5, 0.5]


def test_the_arrays_of_routereval(tmp_path):
    scores = {"train_score": np.eye(2), "test_score": np.ones((3, 2))}
    for kind in ("U", "S"):
        np.savez(tmp_path / "t.npz", model=np.array(["x", "y"], kind), **scores)
        parts = read_outcomes(tmp_path / "t.npz", {"x": 1, "y": 2}, form="routereval")
        assert parts["held_out"].quality.tolist() == [[1, 0], [0, 1]]
    assert parts["test"].accuracies() == [1, 1]
    assert parts["test"].split == "test"


def test_the_folder_of_a_data_set_of_hapi(tmp_path):
    for api, date, answers in (
        ("google_fer", "20-03-05", {"x": 1, "y": 0}),
        ("google_fer", "21-02-15", {"x": 0, "y": 1}),
        ("ms_fer", "20-03-05", {"y": 1}),
    ):
        rows = [
            {"example_id": key, "predicted_label": label, "confidence": 0.5}
            for key, label in answers.items()
        ]
        (tmp_path / api).mkdir(exist_ok=True)
        (tmp_path / api / f"{date}.json").write_text(json.dumps(rows))
    labels = [{"example_id": key, "true_label": 1} for key in "xy"]
    costs = {"google_fer": 15, "ms_fer": 10}
    with pytest.raises(ConfigError, match="true labels"):
        read_outcomes(tmp_path, costs, form="hapi")
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    table = read_outcomes(tmp_path, costs, form="hapi")["all"]
    assert table.models == ["google_fer", "ms_fer"]
    assert table.predictions.tolist() == [[0, -1], [1, 1]]
    assert table.labels.tolist() == [1, 1]
    assert table.answer_scores[0, 0, 0] == 0.5


def test_the_folder_of_a_data_set_of_frugalml(tmp_path):
    (tmp_path / "meta.csv").write_text(
        "Index,MLaaS(API),Cost per 10k images,class number\n"
        "0,Google,15,7\n100,GitHub(CNN),0.001,7\n"
    )
    for name, lines in {
        "Model0_PredictedLabel": "6.000000000000000000e+00\n3.000000000000000000e+00\n",
        "Model0_Confidence": "2.000000000000000111e-01\n0.000000000000000000e+00\n",
        "Model0_TrueLabel": "6\n2\n",
        "Model100_PredictedLabel": "6\n2\n",
    }.items():
        (tmp_path / f"{name}.txt").write_text(lines)
    table = read_outcomes(tmp_path, form="frugalml")["all"]
    assert table.models == ["Google", "GitHub(CNN)"]
    assert table.class_names == ["2", "3", "6"]
    assert table.quality.tolist() == [[1, 1], [0, 1]]
    assert table.costs("cost") == [15, 0.001]
    np.testing.assert_array_equal(table.answer_scores[:, 0, 0], np.float32([0.2, 0]))
    (tmp_path / "Model100_PredictedLabel.txt").write_text("6\n")
    with pytest.raises(ConfigError, match="files of as many lines"):
        read_outcomes(tmp_path, form="frugalml")


def test_a_collection_is_named_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"p{i},{i % 3 > 0},{i % 5 > 0}\n" for i in range(60))
    (tmp_path / "t.csv").write_text("prompt,weak,strong\n" + rows)
    costs = ["--costs", "weak=1,strong=20"]
    assert cli.main(["fit", "t.csv", *costs, "--format", "routellm", "--out", "router"]) == 0
    assert cli.main(["fit", "t.csv", *costs, "--format", "nobody"]) == 2
    assert all(name in capsys.readouterr().err for name in list(FORMS)[:1])
