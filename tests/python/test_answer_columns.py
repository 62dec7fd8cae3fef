"""Recorded answers in files as people have them: read as they are, or refused by name."""

import csv
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError, UsageError
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.table_files import parse_columns, parse_costs, read_outcomes

COSTS = {"a": 1.0, "b": 2.0}
HEADER = "label,a:prediction,a:score,b:prediction,b:score\n"
ROWS = "cat,cat,0.5,dog,-3\ndog,dog,7,,\n"
PUBLISHED = {
    "COMMAND": (64727, 31),
    "DIGIT": (2000, 11),
    "RAFDB": (15339, 7),
    "WAIMAI": (11987, 2),
    "YELP": (20000, 2),
}


def read(folder, text, name="t.csv", costs=COSTS, **options):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_outcomes(path, costs, **options)["all"]


def refused(folder, text, **options):
    with pytest.raises(ConfigError) as error:
        read(folder, text, **options)
    return str(error.value)


def test_answers_and_scores_stay_what_they_are(tmp_path):
    table = read(tmp_path, HEADER + ROWS)
    assert table.class_names == ["cat", "dog"]
    assert table.classes == 2
    assert table.labels.tolist() == [0, 1]
    assert table.predictions.tolist() == [[0, 1], [1, -1]]
    assert table.score_kinds == ["score"]
    np.testing.assert_array_equal(table.answer_scores[:, :, 0], [[0.5, -3], [7, math.nan]])
    assert not table.distributed
    assert table.missing_share == 0.25


@pytest.mark.parametrize("name", PUBLISHED)
def test_tables_as_published_are_read_without_loss(name):
    data = os.environ.get("MUXNET_TEST_DATA")
    if not data:
        pytest.skip("MUXNET_TEST_DATA is not set")
    folder = Path(data) / "answers"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    costs = json.loads((folder / "costs.json").read_text())[name]
    table = read_outcomes(folder / f"{name}.csv", costs)["all"]
    with open(folder / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(table), table.classes) == PUBLISHED[name]
    names = np.array(table.class_names)
    assert names[table.labels].tolist() == [row["label"] for row in rows]
    for i, model in enumerate(table.models):
        said = names[table.predictions[:, i]].tolist()
        assert said == [row[f"{model}:prediction"] for row in rows]
        scores = np.array([row[f"{model}:confidence"] for row in rows], np.float32)
        np.testing.assert_array_equal(table.answer_scores[:, i, 0], scores)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + ROWS,
        (HEADER + ROWS).replace(",", "\t"),
        (HEADER + ROWS).replace(",", "|"),
        (HEADER + ROWS).replace(",", ";").replace("0.5", "0,5"),
        "sep=;\r\n" + (HEADER + ROWS).replace(",", ";").replace("\n", "\r\n"),
        (HEADER + ROWS).replace(",", " , "),
        (HEADER + ROWS).replace("\n", ",\n"),
        "\n" + (HEADER + ROWS).replace("\n", "\n\n"),
        HEADER + ROWS.replace("0.5", "50 %").replace("7", '"700%"'),
        HEADER + ROWS.replace("dog", '"dog"').replace(",,", ",NA,nan"),
        HEADER.replace("score", "confidence") + ROWS,
        HEADER.replace("label", " Label").replace(":", " : ").replace("score", "Score") + ROWS,
        HEADER.replace("label", "\u200bLABEL").replace("score", "SCORE") + ROWS,
        "text," + HEADER + 'one,"cat",cat,0.5,dog,-3\n"two\n""lines"", three",dog,dog,7,,\n',
        "Unnamed: 0,meta:file,a:prob," + HEADER + "0,x,1,cat,cat,0.5,dog,-3\n1,y,2,dog,dog,7,,\n",
        HEADER + ROWS + ",cat,1,cat,1\nnan,cat,1,cat,1\n",
    ],
)
def test_other_forms_of_the_same_file_say_the_same(tmp_path, text):
    wanted = read(tmp_path, HEADER + ROWS)
    table = read(tmp_path, text)
    assert table.class_names == wanted.class_names
    assert table.models == wanted.models
    np.testing.assert_array_equal(table.labels, wanted.labels)
    np.testing.assert_array_equal(table.predictions, wanted.predictions)
    np.testing.assert_array_equal(table.answer_scores, wanted.answer_scores)


def test_json_lines_and_parquet_say_the_same(tmp_path):
    wanted = read(tmp_path, HEADER + ROWS)
    first = {"label": "cat", "a:prediction": "cat", "a:score": 0.5, "b:prediction": "dog"}
    rows = [first | {"b:score": -3}, {"label": "dog", "a:prediction": "dog", "a:score": 7}]
    lines = read(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "t.jsonl")
    tables = [lines]
    try:
        from pyarrow import Table, parquet

        parquet.write_table(Table.from_pylist(rows), tmp_path / "t.parquet")
        tables.append(read_outcomes(tmp_path / "t.parquet", COSTS)["all"])
    except ImportError:
        pass
    tables.append(read(tmp_path, json.dumps(rows, indent=1), "t.json"))
    for table in tables:
        np.testing.assert_array_equal(table.labels, wanted.labels)
        np.testing.assert_array_equal(table.predictions, wanted.predictions)
        np.testing.assert_array_equal(table.answer_scores, wanted.answer_scores)


def test_objects_are_columns_too_and_other_lists_are_passed_over(tmp_path):
    wanted = read(tmp_path, HEADER + ROWS)
    rows = [
        {"label": "cat", "a": {"prediction": "cat", "score": 0.5}, "messages": [{"role": "user"}]},
        {"label": "dog", "a": {"prediction": "dog", "score": 7}, "meta": {"tags": [1], "b": {}}},
    ]
    rows[0]["b"] = {"prediction": "dog", "score": -3}
    table = read(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl")
    np.testing.assert_array_equal(table.predictions, wanted.predictions)
    np.testing.assert_array_equal(table.answer_scores, wanted.answer_scores)
    rows[1]["a"]["prediction"] = ["dog", "cat"]
    with pytest.raises(ConfigError, match=r"row 2, a:prediction. expected a single value"):
        read(tmp_path, json.dumps(rows), "t.json")


def test_other_lists_of_parquet_are_passed_over(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"label": [1, 2], "a:prediction": [1, 1], "a:score.x": [1.0, 2], "text": [[1], [2]]}
    parquet.write_table(arrow.table(columns), tmp_path / "t.parquet")
    table = read_outcomes(tmp_path / "t.parquet", {"a": 1.0})["all"]
    assert table.score_kinds == ["x"]
    assert table.accuracies() == [0.5]


def test_what_is_left_out_is_said(tmp_path, caplog):
    read(tmp_path, HEADER + ROWS + ",cat,1,cat,1\n")
    assert "t.csv: 1 of 3 inputs left out: no label" in caplog.text
    assert "t.csv: answers missing of 2 inputs: b 1; used are the 1 that" in caplog.text


def test_classes_that_labels_and_answers_do_not_share_are_said(tmp_path, caplog):
    rows = "cat,Cat,0.5,cat,1\n" * 10 + "?,cat,0.5,cat,1\n" * 12 + "owl,dog,0.5,cat,1\n" * 9
    table = read(tmp_path, HEADER + rows)
    assert len(table) == 31
    assert "t.csv: labels that no model answers: '?' (12 times)\n" in caplog.text
    assert "t.csv: answers that no label says: 'Cat' (10 times)\n" in caplog.text


def test_rows_that_repeat_an_id_are_said(tmp_path, caplog):
    text = "id," + HEADER + "a,cat,cat,0.5,dog,1\na,cat,cat,0.5,dog,1\nb,cat,cat,0.5,dog,1\n"
    assert read(tmp_path, text).group_count == 3
    assert "1 of 3 rows repeat an id: --columns id=group keeps" in caplog.text
    caplog.clear()
    assert read(tmp_path, text, columns={"id": "group"}).group_count == 2
    assert "repeat" not in caplog.text


def test_a_column_of_another_spelling_stands_beside_its_namesake(tmp_path):
    table = read(tmp_path, "Label,label,a:prediction,b:prediction\n1,2,2,1\n1,2,2,1\n")
    assert table.accuracies() == [1, 0]
    told = refused(tmp_path, "Label,LABEL,a:prediction,b:prediction\n1,2,2,1\n")
    assert "columns] expected different names, received label twice" in told


def test_quality_stands_in_place_of_labels(tmp_path):
    text = "a:quality,b:quality,a:cost,b:cost\n0.5,100 %,3,4\n,1,,4\nTrue,0,1,2\n"
    table = read(tmp_path, text, costs=None)
    assert table.labels.size == 0
    np.testing.assert_array_equal(table.quality, [[0.5, 1], [math.nan, 1], [1, 0]])
    assert (table.predictions < 0).tolist() == [[False, False], [True, False], [False, False]]
    np.testing.assert_array_equal(table.input_costs["cost"], [[3, 4], [math.nan, 4], [1, 2]])
    assert table.costs("cost") == [2, pytest.approx(10 / 3)]
    both = read(tmp_path, "label,a:prediction,a:quality\ncat,dog,0.25\ncat,cat,\n", costs={"a": 0})
    np.testing.assert_array_equal(both.quality, [[0.25], [math.nan]])
    assert both.predictions.tolist() == [[1], [-1]]


def test_quality_alone_says_nothing_of_the_classes_that_a_router_knows(tmp_path):
    told = refused(tmp_path, "a:quality,b:quality\n1,0\n", classes=Known(2, ("cat", "dog")))
    assert "expected label and NAME:prediction of classes among cat, dog" in told
    assert len(read(tmp_path, "a:quality,b:quality\n1,0\n", classes=Known(2))) == 1


def test_costs_come_from_the_file_or_are_given_or_wanted(tmp_path):
    text = "label,a:prediction,a:cost,a:cost.s,b:prediction,b:cost,b:cost.s\n1,1,2,0.5,1,0,0.25\n"
    table = read(tmp_path, text, costs=None)
    assert table.cost_kinds == ["cost", "s"]
    assert table.costs("s") == [0.5, 0.25]
    given = read(tmp_path, text, costs={"a": 0.0, "b": 5.0})
    assert given.costs("cost") == [0, 5]
    assert given.input_costs == {}
    told = refused(tmp_path, "label,a:prediction,b:prediction\n1,1,1\n", costs=None)
    assert "expected one each for a, b (--costs NAME=COST,...), or a column NAME:cost" in told
    told = refused(tmp_path, "label,a:prediction,a:cost\n1,1,2\n1,1,\n", costs=None)
    assert "t.csv, a, row 2] expected a cost of each answer, received none" in told
    unasked = read(tmp_path, "label,a:prediction,a:cost\n1,1,2\n1,,\n", costs=None)
    assert unasked.costs("cost") == [2]
    told = refused(tmp_path, "label,a:prediction,a:cost,b:prediction\n1,1,1,1\n", costs=None)
    assert "expected a column b:cost, as of a, received b:prediction" in told
    assert parse_costs("a=0,b=1e3") == {"a": 0.0, "b": 1000.0}


def test_costs_of_a_file_and_of_what_a_run_has_measured(tmp_path):
    file, run = tmp_path / "costs.json", tmp_path / "run"
    file.write_text('{"a=b": 0, "c": 2.5}')
    assert parse_costs(str(file)) == {"a=b": 0.0, "c": 2.5}
    for wrong in ('{"a": -1}', '{"a": true}', '{"a": "1"}', "[1]", '{"a": 1e999}'):
        file.write_text(wrong)
        with pytest.raises(ConfigError, match=r"costs\.json"):
            parse_costs(str(file))
    run.mkdir()
    results = run / "results.json"
    results.write_text(
        '{"models": [{"name": "a", "latency_ms": 1.5}, {"name": "b", "latency_ms": 2}]}'
    )
    assert parse_costs(str(run)) == {"a": 1.5, "b": 2.0}
    for wrong in ('{"models": [{"name": "a", "latency_ms": null}]}', '{"models": 1}', "[]"):
        results.write_text(wrong)
        with pytest.raises(ConfigError, match=r"a run with measured latencies"):
            parse_costs(str(run))
    with pytest.raises(UsageError, match="a file or a run"):
        parse_costs("a")


def test_groups_features_and_more_scores(tmp_path):
    header = "label,group,a:prediction,a:score.margin,a:score,b:prediction,feature:x,feature:y\n"
    table = read(tmp_path, header + "1,p,1,2,3,1,4,5\n1,,1,,3,1,6,7\n2,p,1,2,3,1,8,9\n")
    assert table.groups.tolist() == [0, 1, 0]
    assert table.features.tolist() == [[4, 5], [6, 7], [8, 9]]
    assert table.score_kinds == ["score", "margin"]
    np.testing.assert_array_equal(table.answer_scores[1], [[3, math.nan], [math.nan, math.nan]])
    lines = '{"label": 1, "a:prediction": 1, "b:prediction": 2, "features": [1, 2.5]}\n'
    assert read(tmp_path, lines, "t.jsonl").features.tolist() == [[1, 2.5]]
    text = 'label,a:prediction,b:prediction,features\n1,1,1,"[1, 2]"\n1,1,1,[3]\n'
    assert "features, row 2] expected 2 numbers, received 1" in refused(tmp_path, text)
    text = "label,a:prediction,b:prediction,feature:x\n1,1,1,\n"
    assert "feature:x, row 1] expected a number, received none" in refused(tmp_path, text)


def test_whole_probabilities_may_be_missing_of_an_answer(tmp_path):
    table = read(tmp_path, "label,a:p0,a:p1,b:p0,b:p1\n1.0,0.25,0.75,,\ntrue,1,0,0.5,0.5\n")
    assert table.labels.tolist() == [1, 1]
    assert table.predictions.tolist() == [[1, -1], [0, 0]]


def test_other_names_of_columns_are_given(tmp_path, monkeypatch, capsys):
    text = "truth;gpt;b's answer\n1;1;2\n1;1;1\n2;2;2\n2;1;2\n" * 5
    names = {"truth": "label", "gpt": "a:prediction", "b's answer": "b:prediction"}
    table = read(tmp_path, text, columns=names)
    assert table.models == ["a", "b"]
    told = refused(tmp_path, text, columns={**names, "gbt": "a:score"})
    assert "expected a column gbt, as --columns says, received truth, gpt" in told
    told = refused(tmp_path, text, columns={"truth": "gpt"})
    assert "columns] expected different names, received gpt twice" in told
    monkeypatch.chdir(tmp_path)
    Path("names.json").write_text(json.dumps(names))
    given = ["--costs", "a=1,b=2", "--columns"]
    assert cli.main(["fit", "t.csv", *given, "names.json", "--out", "router"]) == 0
    pairs = ",".join(f"{old}={new}" for old, new in names.items())
    for command in (
        ["evaluate", "router", "--outcomes", "t.csv"],
        ["compare", "t.csv", "--seeds", "1"],
        ["guarantee", "t.csv", "--divisions", "2"],
    ):
        status = cli.main([*command, *given, pairs])
        told = capsys.readouterr().err
        assert status == 0 or "column" not in told
    for wrong in ("a", "=b", "a=", "a=b,a=c"):
        with pytest.raises(UsageError, match="OLD=NEW"):
            parse_columns(wrong)
    Path("wrong.json").write_text("[1]")
    with pytest.raises(ConfigError, match="an object"):
        parse_columns("wrong.json")


def test_a_pickle_is_refused_with_the_line_that_converts_it(tmp_path):
    told = refused(tmp_path, b"", name="t.pkl")
    assert "pandas.read_pickle(" in told
    assert "t.parquet')" in told
    assert "compressed" in refused(tmp_path, b"", name="t.csv.gz")


def test_arrays_of_answers_alone(tmp_path):
    np.savez(
        tmp_path / "t.npz",
        truth=np.array(["cat", "dog", ""]),
        predictions=np.array([["cat", "dog"], ["dog", ""], ["cat", "cat"]]),
        answer_scores=np.array([[[0.5], [-3]], [[7], [np.nan]], [[1], [1]]]),
        models=np.array(["a", "b"]),
        cost=np.ones((3, 2)),
    )
    table = read_outcomes(tmp_path / "t.npz", columns={"truth": "labels"})["all"]
    wanted = read(tmp_path, HEADER + ROWS)
    np.testing.assert_array_equal(table.labels, wanted.labels)
    np.testing.assert_array_equal(table.predictions, wanted.predictions)
    np.testing.assert_array_equal(table.answer_scores, wanted.answer_scores)
    assert table.costs("cost") == [1, 1]
    numbers = {"labels": np.array([3, 7]), "predictions": np.array([[3, -1], [3, 7]])}
    np.savez(tmp_path / "n.npz", **numbers, macs=[1, 2])
    table = read_outcomes(tmp_path / "n.npz")["all"]
    assert table.class_names == ["3", "7"]
    assert table.predictions.tolist() == [[0, -1], [0, 1]]
    np.savez(tmp_path / "q.npz", held_out_quality=np.ones((3, 2)), test_quality=np.zeros((2, 2)))
    parts = read_outcomes(tmp_path / "q.npz", {"model_0": 1, "model_1": 2})
    assert parts["held_out"].accuracies() == [1, 1]
    assert parts["test"].split == "test"


def test_too_few_inputs_are_told_as_that(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for rows in (1, 2):
        Path("t.csv").write_text(HEADER + "cat,cat,1,dog,1\n" * rows)
        assert cli.main(["study", "t.csv", "--costs", "a=1,b=2"]) == 1
        assert "inputs" in capsys.readouterr().err


def test_a_router_of_answers_alone_is_calibrated_and_watched(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    for name in ("fit", "other"):
        rows = []
        for _ in range(400):
            label, sure = random.integers(3), random.random()
            small = label if random.random() < 0.5 + sure / 2 else random.integers(3)
            large = label if random.random() < 0.95 else random.integers(3)
            rows.append(f"c{label},c{small},{100 * sure:.3f},c{large},{random.normal():.3f}\n")
        Path(f"{name}.csv").write_text(HEADER + "".join(rows))
    costs = ["--costs", "a=0,b=2"]
    assert cli.main(["fit", "fit.csv", *costs, "--out", "router"]) == 0
    assert cli.main(["calibrate", "router", "--outcomes", "other.csv", *costs, "--drop", "5"]) == 0
    assert "drift: 400 inputs kept to compare with" in capsys.readouterr().out
    assert cli.main(["evaluate", "router", "--outcomes", "other.csv", *costs]) == 0
