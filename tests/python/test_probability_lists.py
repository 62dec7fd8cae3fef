"""Whole probabilities in one column: whatever type a list has it is read, or it is refused."""

import json
from decimal import Decimal

import numpy as np
import pytest
from muxnet.base.errors import ConfigError
from muxnet.outcomes.table_files import read_outcomes

COSTS = {"a": 1.0, "b": 2.0}
GIVEN = [[0.25, 0.75], [0.5, 0.5], [0.875, 0.125]]
ROW = {"label": 1, "a:prediction": 1, "b:prediction": 0}


def test_lists_of_probabilities_in_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"label": [1, 0, 1], "a:p": [[0.25, 0.75], [0.5, 0.5], None], "b:p": [[0.5, 0.5]] * 3}
    parquet.write_table(arrow.table(columns), tmp_path / "t.parquet")
    table = read_outcomes(tmp_path / "t.parquet", COSTS)["all"]
    np.testing.assert_array_equal(table.probabilities[:2, 0], columns["a:p"][:2])
    assert table.predictions[2].tolist() == [-1, 0]


def in_json(path, values, name="p", beside=ROW):
    """Write the same values of both models, in a row each; return the table."""
    rows = [{**beside, **{model: {name: value} for model in "ab"}} for value in values]
    path.write_text("\n".join(map(json.dumps, rows)))
    return read_outcomes(path, COSTS)["all"]


def in_parquet(path, values):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    single = {name: [value] * len(values) for name, value in ROW.items()}
    parquet.write_table(pyarrow.table({**single, "a:p": values, "b:p": values}), path)
    return read_outcomes(path, COSTS)["all"]


def in_csv(path, values):
    rows = [";".join([*map(str, ROW.values()), value, value]) for value in values]
    path.write_text("\n".join([";".join([*ROW, "a : P", "b : P"]), *rows]))
    return read_outcomes(path, COSTS)["all"]


def holds_what_was_given(table):
    assert table.class_names == ["0", "1"]
    np.testing.assert_array_equal(table.probabilities, np.stack([GIVEN, GIVEN], axis=1))
    return table.accuracies() == [1, 0]


@pytest.mark.parametrize("name", ["p", "P", " P "])
@pytest.mark.parametrize(
    "of",
    [
        lambda row: row,
        lambda row: [str(value) for value in row],
        lambda row: [row],
        lambda row: dict(zip("01", row, strict=True)),
        json.dumps,
    ],
)
def test_probabilities_in_json_are_read_beside_predictions(tmp_path, name, of):
    assert holds_what_was_given(in_json(tmp_path / "t.jsonl", map(of, GIVEN), name))


@pytest.mark.parametrize("of", [json.dumps, lambda row: json.dumps({"1": row[1], "0": row[0]})])
def test_probabilities_in_csv_are_read_beside_predictions(tmp_path, of):
    assert holds_what_was_given(in_csv(tmp_path / "t.csv", list(map(of, GIVEN))))


@pytest.mark.parametrize("kind", ["float16", "float64", "decimal128(4, 3)", "string"])
@pytest.mark.parametrize("form", ["list_", "large_list", "fixed", "batch", "map_"])
def test_lists_and_maps_of_any_numbers_in_parquet(tmp_path, kind, form):
    arrow = pytest.importorskip("pyarrow")
    call, _, digits = kind.rstrip(")").partition("(")
    inner = getattr(arrow, call)(*[int(digit) for digit in digits.split(",") if digit])
    of = {"float16": np.float16, "decimal128": lambda value: Decimal(str(value)), "string": str}
    rows = [[of.get(call, float)(value) for value in row] for row in GIVEN]
    if form == "map_":
        pairs = [list(zip("01", row, strict=True)) for row in rows]
        values = arrow.array(pairs, arrow.map_(arrow.string(), inner))
    elif form == "batch":
        values = arrow.array([[row] for row in rows], arrow.list_(arrow.list_(inner)))
    else:
        listed = arrow.list_(inner, 2) if form == "fixed" else getattr(arrow, form)(inner)
        values = arrow.array(rows, listed)
    assert holds_what_was_given(in_parquet(tmp_path / "t.parquet", values))


def test_whole_numbers_in_parquet_are_probabilities_too(tmp_path):
    table = in_parquet(tmp_path / "t.parquet", [[0, 1], [0, 1], None])
    assert table.probabilities[:, 0].tolist() == [[0, 1], [0, 1], [0.5, 0.5]]
    assert table.predictions.tolist() == [[1, 0], [1, 0], [-1, -1]]


@pytest.mark.parametrize("value", [0.9, "cat", "0.9 0.1", {"x": [0.9]}, [[0.9], [0.1]], [{"x": 1}]])
def test_what_else_stands_for_probabilities_is_refused(tmp_path, value):
    with pytest.raises(ConfigError, match=r"\bp(:x)?\] expected|, a:p, row 2\] expected a list of"):
        in_json(tmp_path / "t.jsonl", [[0.5, 0.5], value])
    if not isinstance(value, dict):
        with pytest.raises(ConfigError, match=r"t.parquet, a:p, row 1\] expected a list of prob"):
            in_parquet(tmp_path / "t.parquet", [value])
    with pytest.raises(ConfigError, match=r"t.csv, a:p, row 2\] expected a list of prob"):
        in_csv(tmp_path / "t.csv", ["[0.5, 0.5]", json.dumps(value).strip('"')])


@pytest.mark.parametrize("written", ["[0.9 0.1]", "{'cat': 0.9}", '{"x": 1, "x": 0}', "[0.9, 0.1"])
def test_lists_in_csv_that_are_no_json_are_told_to_be(tmp_path, written):
    with pytest.raises(ConfigError, match=r"a:p, row 1\] expected a list .* in a text as JSON"):
        in_csv(tmp_path / "t.csv", [written])
    (tmp_path / "t.csv").write_text(f"label;a:p\n1;{written}\n")
    with pytest.raises(ConfigError, match=r"a:p, row 1\] expected a list .* in a text as JSON"):
        read_outcomes(tmp_path / "t.csv", COSTS)


@pytest.mark.parametrize("value", [0.95, "0,03", "top", None])
def test_what_is_called_p_of_no_model_is_passed_over(tmp_path, value):
    beside = {**ROW, "sampling": {"p": value, "temperature": 1}, "ttest:P": value}
    assert holds_what_was_given(in_json(tmp_path / "t.jsonl", GIVEN, beside=beside))
    (tmp_path / "t.csv").write_text(f"label;a:prediction;b:prediction;ttest:p\n1;1;1;{value}\n")
    assert read_outcomes(tmp_path / "t.csv", COSTS)["all"].models == ["a", "b"]
    (tmp_path / "t.jsonl").write_text(json.dumps({"label": 1, "a:p": value}))
    with pytest.raises(ConfigError, match=r"NAME:prediction.* received label, a:p"):
        read_outcomes(tmp_path / "t.jsonl", COSTS)


@pytest.mark.parametrize("column", ["prediction", "score", "quality", "cost", "p0", "p:x"])
def test_what_is_called_p_of_a_model_is_refused(tmp_path, column):
    (tmp_path / "t.csv").write_text(f"label;a:{column};a:p\n1;1;0.9\n")
    with pytest.raises(ConfigError, match=r"a:p, row 1\] expected a list"):
        read_outcomes(tmp_path / "t.csv", COSTS)


def test_probabilities_of_no_class_or_twice_are_refused(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    path = tmp_path / "t.jsonl"
    with pytest.raises(ConfigError, match="expected a:p:CLASS, the name of a class, received a:p:"):
        in_json(path, [{"x": 1, "": 0}])
    with pytest.raises(
        ConfigError, match="by number, p0, or by name, p:CLASS, received p0 and p:x"
    ):
        in_json(path, [[0.5, 0.5], {"x": 1}])
    with pytest.raises(ConfigError, match="columns] expected different names, received a:p0 twice"):
        in_json(path, [[0.5, 0.5]], beside={**ROW, "a:p0": 1})
    pairs = arrow.array([[("x", 1.0), ("x", 0.0)]], arrow.map_(arrow.string(), arrow.float64()))
    with pytest.raises(ConfigError, match=r"a:p, row 1\] expected a list"):
        in_parquet(tmp_path / "t.parquet", pairs)


@pytest.mark.parametrize("values", [[None, None], [[], None], ["", "NA"]])
def test_a_column_that_holds_no_probabilities_is_none(tmp_path, values):
    table = in_json(tmp_path / "t.jsonl", values)
    assert (table.probabilities.size, table.accuracies()) == (0, [1, 0])
    assert in_parquet(tmp_path / "t.parquet", values).accuracies() == [1, 0]


def test_lists_of_features_may_have_capitals_and_blanks(tmp_path):
    table = in_json(tmp_path / "t.jsonl", GIVEN, beside={**ROW, " Features": [1, 2]})
    assert table.features.tolist() == [[1, 2]] * 3
