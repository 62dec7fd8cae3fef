"""Files of recorded answers in a form that is none of ours: what is wrong is said in few words."""

import json
import os

import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import ConfigError
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.table_files import read_outcomes
from muxnet.pool.labelled import labelled

HEADER = "label,a:prediction,a:score,b:prediction,b:score\n"
COSTS = {"a": 1.0, "b": 2.0}


def refused(path, content):
    path.write_text(content)
    with pytest.raises(ConfigError) as error:
        read_outcomes(path, COSTS)
    assert len(str(error.value)) < len(str(path)) + 300
    return str(error.value)


RECORDS = [{"label": k % 2, "a:prediction": 1, "b:prediction": 0} for k in range(1000)]
COLUMNS = {name: {str(k): row[name] for k, row in enumerate(RECORDS)} for name in RECORDS[0]}
SPLIT = {"columns": list(COLUMNS), "data": [list(row.values()) for row in RECORDS]}
INDEX = {str(k): row for k, row in enumerate(RECORDS)}


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize(
    ("content", "received"),
    [
        (json.dumps(COLUMNS), "one object of label, a:prediction, b:prediction"),
        (json.dumps(SPLIT, indent=1), "one object of columns, data"),
        (json.dumps({"data": RECORDS}), "one object of data"),
        (json.dumps(INDEX), "one object of 0, 1, 2"),
        (json.dumps(SPLIT["data"]), "list"),
        ("[]", "none"),
        (" \n", "none"),
    ],
)
def test_json_of_another_form_is_told_to_be_records(tmp_path, ending, content, received):
    told = refused(tmp_path / f"t.{ending}", content)
    assert f'orient="records"), received {received}' in told


def test_one_object_over_lines_is_a_row(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(RECORDS[0], indent=1))
    assert len(read_outcomes(path, COSTS)["all"]) == 1
    path.write_text("\n\n".join(map(json.dumps, RECORDS)))
    assert len(read_outcomes(path, COSTS)["all"]) == 1000


def test_only_columns_that_are_read_have_to_be_unique(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("note," + HEADER[:-1] + ",note,note \nx,1,1,0.5,2,3,y,z\n")
    table = read_outcomes(path, COSTS)["all"]
    assert table.answer_scores.ravel().tolist() == [0.5, 3]
    told = refused(path, "note," + HEADER[:-1] + ",note, a:score\nx,1,1,0.5,2,3,y,z\n")
    assert "t.csv, header] expected columns with different names, received ['a:score']" in told
    path.write_text("note,note,label,a:prediction\nx,y,1,1\n")
    with pytest.raises(ConfigError, match=r"received \['note'\]"):
        read_outcomes(path, COSTS, columns={"note": "group"})


def test_a_row_of_another_length_names_the_line_that_names_the_columns(tmp_path):
    told = refused(tmp_path / "t.csv", "# made by x\n" + HEADER + "1,1,0.5,2,3\n")
    assert "line 2] expected 1 columns, as line 1 names them (# made by x), received 5" in told
    told = refused(tmp_path / "t.csv", HEADER * 2 + "1,1,0.5,2\n")
    assert "line 3] expected 5 columns, as line 1 names them (label,a:pred" in told


@pytest.mark.parametrize("text", ["1_0", "1_000.5", "_1"])
@pytest.mark.parametrize("other", ["0.5", "50 %", ""])
def test_numbers_of_programs_are_texts(tmp_path, text, other):
    rows = f"1,1,{other},2,3\n1,1,{text},2,3\n"
    told = refused(tmp_path / "t.csv", HEADER + rows)
    assert f"a:score, row 2] expected a number, or nothing, received {text}" in told


def test_classes_are_told_as_they_are_written(tmp_path):
    rows = "True,yes,1,yes,1\nFalse,no,1,yes,1\n" * 10
    told = refused(tmp_path / "t.csv", HEADER + rows)
    assert "such as 'False', received none of them, such as 'no'" in told
    known = Known(2, ("no", "yes"))
    (tmp_path / "t.csv").write_text(HEADER + "yes,True,1,TRUE,1\nno,no,1,no,1\n")
    with pytest.raises(ConfigError, match=r"among no, yes, received (True|TRUE)$"):
        read_outcomes(tmp_path / "t.csv", COSTS, known)
    whole = "label,a:p0,a:p1,b:p0,b:p1\ncat,0.5,0.5,0.5,0.5\n07.0,1,0,1,0\n"
    assert "expected a class of 0 .. 1, received cat" in refused(tmp_path / "t.csv", whole)
    whole = whole.replace("cat", "1")
    assert "row 2] expected a class of 0 .. 1, received 07.0" in refused(tmp_path / "t.csv", whole)


def test_spellings_that_are_one_class_are_said_once(tmp_path, caplog):
    rows = "1.1,1.1,1,1.10,1\n1.10,1.1,1,1.2,1\n1.2,1.20,1,1.1,1\n1.20,1,1,1.1,1\n"
    (tmp_path / "t.csv").write_text(HEADER + rows)
    assert read_outcomes(tmp_path / "t.csv", COSTS)["all"].class_names == ["1", "1.1", "1.2"]
    (told,) = caplog.messages
    assert told.endswith("t.csv, label: '1.1' and '1.10' are taken for one class, and 1 more such")
    caplog.clear()
    (tmp_path / "t.csv").write_text(HEADER + "3,3.0,1,3,1\n2,2.0,1, 2,1\n,3.0,1,2,1\n")
    assert read_outcomes(tmp_path / "t.csv", COSTS)["all"].classes == 2
    assert not [
        told for told in caplog.messages if "taken" in told
    ]  # each column spells in one way
    labelled("x", np.zeros((3, 2)), ["1", "01", "2"])
    assert caplog.messages[-1] == "x, labels: '1' and '01' are taken for one class"


@pytest.mark.parametrize("scores", [("0,5", "1.250"), ("1.250", "0,5"), ("1.250", "12,5 %")])
def test_points_beside_decimal_commas_may_be_either(tmp_path, scores):
    header = HEADER.replace(",", ";")
    rows = "1;1;{};1;{}\n".format(*scores)
    told = refused(tmp_path / "t.csv", header + rows)
    assert "row 1] expected 1250 or 1,250, which it may both be beside decimal commas" in told
    for of in ("a", "b"):  # within one column too
        cells = [score if of == "a" else "" for score in scores]
        others = ["" if of == "a" else score for score in scores]
        rows = "".join(f"1;1;{a};1;{b}\n" for a, b in zip(cells, others, strict=True))
        assert f"t.csv, {of}:score, row" in refused(tmp_path / "t.csv", header + rows)
    for plain in ("0.250", "1.25", "1,250"):  # which are one number only
        (tmp_path / "t.csv").write_text(f"{header}1;1;{plain};1;0,5\n")
        read_outcomes(tmp_path / "t.csv", COSTS)


WHOLE = "label,a:p0,a:p1,b:p0,b:p1\n"


def test_probabilities_are_lists_objects_or_columns_by_name(tmp_path):
    names = ["dog", "cat", "10", "9"]
    given = np.random.default_rng(1).dirichlet(np.ones(4), (6, 2)).astype(np.float32)
    rows = [dict(zip("ab", row.tolist(), strict=True)) for row in given]
    labels = [names[k % 4] for k in range(6)]

    def table(ending, content):
        (tmp_path / f"t.{ending}").write_text(content)
        return read_outcomes(tmp_path / f"t.{ending}", COSTS)["all"]

    def lines(form):
        return "\n".join(json.dumps(form(k)) for k in range(6))

    lists = table(
        "jsonl", lines(lambda k: {"label": k % 4, **{m: {"p": rows[k][m]} for m in "ab"}})
    )
    np.testing.assert_array_equal(lists.probabilities, given)

    def named(k):
        return {m: {"p": dict(zip(names, rows[k][m], strict=True))} for m in "ab"}

    objects = table("jsonl", lines(lambda k: {"label": labels[k], **named(k)}))
    header = ",".join(f"{m}:p:{name}" for m in "ab" for name in names)
    cells = [",".join(map(repr, rows[k]["a"] + rows[k]["b"])) for k in range(6)]
    text = "".join(f"{labels[k]},{cells[k]}\n" for k in range(6))
    for found in (objects, table("csv", f"label,{header}\n{text}")):
        assert list(found.class_names) == ["9", "10", "cat", "dog"]
        np.testing.assert_array_equal(found.probabilities, given[:, :, [3, 2, 1, 0]])
        assert found.accuracies() == lists.accuracies()


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("label,a:p1,a:p2", "expected a column a:p0, as classes are counted from 0"),
        ("label,a:p0,a:p2", "expected a column a:p1, received a:p0, a:p2"),
        ("label,a:p:x,a:p:y,b:p:x", "expected a column b:p:y, received b:p:x"),
        ("label,a:p:1,a:p:01", "a column of each class of a, received a:p:1 and a:p:01"),
        ("label,a:p:x,a:p:y", "label, row 1] expected a class of x .. y, received 0"),
        ("label,a:p0,a:p00", "a column of each class of a, received a:p0 and a:p00"),
        ("label,a:p:prediction,a:p:score", "expected a class of prediction .. score, received 0"),
    ],
)
def test_probabilities_that_are_missing_are_told(tmp_path, header, told):
    cells = ",".join(["0"] * len(header.split(",")))
    assert told in refused(tmp_path / "t.csv", f"{header}\n{cells}\n")


def named_columns(models, names):
    return [f"{model}:p:{name}" for model in models for name in names]


def written(path, columns, label, rows=2):
    cells = ",".join([label, *["0.25", "0.75"] * (len(columns) // 2)])
    path.write_text(",".join(["label", *columns]) + f"\n{cells}" * rows)
    return path


@pytest.mark.parametrize("names", [("quality", "cost"), ("p1", "p0"), ("score.x", "a:prediction")])
def test_classes_are_called_as_they_like(tmp_path, names):
    path = written(tmp_path / "t.csv", named_columns(("a", "b"), names), names[1])
    table = read_outcomes(path, COSTS)["all"]
    assert table.class_names == sorted(names)
    assert table.accuracies() == [1, 1]
    model = {name: {"p": dict(zip(names, (0.25, 0.75), strict=True))} for name in "ab"}
    (tmp_path / "t.json").write_text(json.dumps([{"label": names[1], **model}] * 2))
    found = read_outcomes(tmp_path / "t.json", COSTS)["all"]
    np.testing.assert_array_equal(found.probabilities, table.probabilities)


@pytest.mark.parametrize("old", [":p:", ":p"])
@pytest.mark.parametrize("new", [" : p : ", ":P:", " :P: "])
def test_capitals_and_blanks_before_classes_do_not_count(tmp_path, old, new):
    names = named_columns(("a:8b", "B:p1"), ("Cat", "d o:g"))  # colons in names of both
    if old == ":p":
        names, new = ["a:8b:p0", "a:8b:p1", "B:p1:p0", "B:p1:p1"], new.rstrip(": ")
    label, costs = ("d o:g" if old == ":p:" else "1"), {"a:8b": 1, "B:p1": 2}
    spelled = [new.join(name.rsplit(old, 1)) for name in names]
    for columns in (names, spelled):
        path = written(tmp_path / "t.csv", columns, label)
        table = read_outcomes(path, costs)["all"]
        assert (table.models, table.accuracies()) == (list(costs), [1, 1])
        assert table.probabilities.shape == (2, 2, 2)


def test_new_names_of_columns_may_have_capitals_and_blanks(tmp_path):
    (tmp_path / "t.csv").write_text("truth,x,y,z\n1,1,0,3\n2,2,2,3\n")
    names = {"truth": " Label", "x": "a : Prediction", "y": "B:PREDICTION", "z": "Feature:Z:1"}
    table = read_outcomes(tmp_path / "t.csv", {"a": 1, "B": 2}, columns=names)["all"]
    assert (table.models, table.accuracies()) == (["a", "B"], [1, 0.5])
    assert table.features.tolist() == [[3], [3]]


def test_probabilities_may_be_rounded(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(WHOLE + "0,1.0000001,-1e-9,0.99,0\n1,0,0.99,0.5,0.51\n")
    given = np.array([[[1, 0], [0.99, 0]], [[0, 0.99], [0.5, 0.51]]], np.float32)
    np.testing.assert_array_equal(read_outcomes(path, COSTS)["all"].probabilities, given)
    given[0, 0, 0] = 1.0000001
    before = given.copy()
    np.savez(tmp_path / "t.npz", probabilities=given, labels=[0, 1], macs=[1, 2])
    assert read_outcomes(tmp_path / "t.npz")["all"].probabilities.max() == 1
    _core.OutcomeTable(["a", "b"], given, {"cost": [1.0, 2.0]})
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("1.010002,0", "probabilities in [0, 1], received 1.010002 of class 0 in row 4, model 'a'"),
        ("0.6,0.411", "sum to 1 within 0.01, received a sum of 1.011 in row 4, model 'a'"),
        ("x,0", "a:p0, row 4] expected a number, or nothing, received x"),
    ],
)
def test_a_row_has_one_number_in_all_messages(tmp_path, cells, told):
    rows = ["0,1,0,1,0\n"] * 3 + [f"0,{cells},1,0\n"]
    assert told in refused(tmp_path / "t.csv", WHOLE + "".join(rows))
    rows[1] = ",0.4,0.4,1,0\n"  # without a label it is left out, whatever it holds
    text = refused(tmp_path / "t.csv", WHOLE + "".join(rows))
    assert told in text or ("rows with a label" in text and told.replace("row 4", "row 3") in text)


@pytest.mark.parametrize(
    ("of", "value"),
    [
        (lambda sure: sure * 1e-50, "0"),
        (lambda sure: 1 - (1 - sure) * 1e-9, "1"),
        (lambda sure: 1e6 + sure / 100, "1e+06"),
    ],
)
def test_scores_that_become_one_are_said(tmp_path, caplog, of, value):
    sure = np.random.default_rng(1).uniform(size=(200, 2))
    rows = [f"1,1,{a!r},1,{b!r}\n" for a, b in of(sure).tolist()]
    (tmp_path / "t.csv").write_text(HEADER + "".join(rows))
    answers = {"labels": np.ones(200, int), "predictions": np.ones((200, 2), int)}
    np.savez(tmp_path / "t.npz", **answers, answer_scores=of(sure), macs=[1, 2], models=["a", "b"])
    for name in ("t.csv", "t.npz"):
        caplog.clear()
        read_outcomes(tmp_path / name, COSTS)
        told = f"{name}, a:score: 200 of 200 different scores are kept as the one number {value}:"
        assert told in caplog.text
        assert len(caplog.messages) == 2


def test_scores_that_are_rounded_are_not_said(tmp_path, caplog):
    random = np.random.default_rng(1)
    scores = np.stack([random.uniform(0.9999, 1, 20_000), random.integers(5, size=20_000)], axis=1)
    answers = {"labels": np.ones(20_000, int), "predictions": np.ones((20_000, 2), int)}
    np.savez(tmp_path / "t.npz", **answers, answer_scores=scores, macs=[1, 2])
    assert len(np.unique(scores[:, 0].astype(np.float32))) < 2000
    read_outcomes(tmp_path / "t.npz")
    assert not caplog.messages
    np.savez(tmp_path / "t.npz", **answers, answer_scores=scores[:, :1], macs=[1, 2])
    with pytest.raises(ConfigError, match=r"answer_scores\] expected \(20000, 2, 1\), received"):
        read_outcomes(tmp_path / "t.npz")


def test_a_stream_is_told_what_tables_are(tmp_path):
    os.mkfifo(tmp_path / "63")
    with pytest.raises(ConfigError) as told:
        read_outcomes(tmp_path / "63")
    assert "expected a file that ends in .safetensors or .npz or .csv" in str(told.value)
    assert "received a stream, whose format no ending says: save it as a file" in str(told.value)
