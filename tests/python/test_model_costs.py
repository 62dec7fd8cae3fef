"""What models cost where a table or a file of costs has others than are asked for."""

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError, UsageError
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.table_files import parse_costs, read_outcomes

ROUTER = Known(2, ("0", "1"), {"dollars": {"small": 1.0, "large": 10.0}})
ANSWERS = {"small": [0, 1, 1, 0], "other": [7, 7, 7, 7], "large": [0, 1, 0, 1]}
COSTS = "small=1,large=10"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write a table of three models, of which a router knows two, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    header = "label," + ",".join(f"{name}:prediction" for name in ANSWERS)
    rows = zip([0, 1, 0, 1], *ANSWERS.values(), strict=True)
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "t.csv"


@pytest.mark.parametrize("costs", [None, parse_costs(COSTS), parse_costs(f"{COSTS},other=5")])
def test_models_that_a_router_does_not_know_are_left_out_before_prices(table, caplog, costs):
    found = read_outcomes(table, costs, ROUTER)["all"]
    assert found.models == ["small", "large"]
    assert found.costs(found.cost_kinds[0]) == [1, 10]
    assert found.accuracies() == [0.5, 1]
    assert "t.csv: passed over models that are not known: other" in caplog.text


def test_and_of_arrays_and_of_stored_tables(table, tmp_path):
    arrays = {"labels": [0, 1, 0, 1], "predictions": np.stack([*ANSWERS.values()], axis=1)}
    scores = np.arange(12).reshape(4, 3)
    np.savez("t.npz", models=[*ANSWERS], macs=[3, 4, 5], answer_scores=scores, **arrays)
    found = read_outcomes("t.npz", None, ROUTER)["all"]
    assert found.models == ["small", "large"]
    assert found.costs("macs") == [3, 5]
    assert found.answer_scores[:, :, 0].tolist() == scores[:, [0, 2]].tolist()
    read_outcomes(table, dict.fromkeys(ANSWERS, 1))["all"].save(tmp_path / "t.safetensors")
    known = Known(costs=ROUTER.costs)
    found = read_outcomes("t.safetensors", parse_costs(COSTS), known)["all"]
    assert found.models == ["small", "large"]
    assert found.costs("cost") == [1, 10]


def test_all_models_are_asked_for_where_not_all_known_are_there(table):
    with pytest.raises(ConfigError, match="one each for small, other, large"):
        read_outcomes(table, parse_costs(COSTS), Known(costs={"dollars": {"small": 1, "huge": 2}}))


def test_a_file_of_costs_may_have_other_models(table, caplog):
    (table.parent / "c.json").write_text('{"small": 1, "other": 2, "large": 3, "huge": 4}')
    found = read_outcomes(table, parse_costs("c.json"))["all"]
    assert found.costs("cost") == [1, 2, 3]
    assert "t.csv, costs: passed over those of models that are not there: huge" in caplog.text
    with pytest.raises(ConfigError, match="one each for small, other, large"):
        read_outcomes(table, parse_costs("small=1,other=2,large=3,huge=4"))
    (table.parent / "c.json").write_text('{"small": 1, "huge": 4}')
    with pytest.raises(ConfigError, match=r"one each for small, other, large .*small=1"):
        read_outcomes(table, parse_costs("c.json"))


def test_a_router_is_evaluated_and_priced_with_files_of_more_models(table, caplog, capsys):
    rows = [f"{i % 2},{int(i % 7 < 4)},0.{i % 9 + 1},{i % 2},0.5,9" for i in range(120)]
    names = "label,small:prediction,small:score,large:prediction,large:score"
    (table.parent / "fit.csv").write_text(
        "\n".join([names, *(row.rpartition(",")[0] for row in rows)])
    )
    shifted = [row.replace("0.", "0.0", 1) for row in rows]
    (table.parent / "new.csv").write_text("\n".join([f"{names},other:prediction", *shifted]))
    fit = ["fit", "fit.csv", "--costs", COSTS, "--out", "router", "--folds", "0"]
    assert cli.main(fit) == 0
    assert cli.main(["evaluate", "router", "--outcomes", "new.csv"]) == 0
    (table.parent / "c.json").write_text('{"small": 2, "large": 30, "huge": 4}')
    assert cli.main(["calibrate", "router", "--costs", "c.json"]) == 0
    assert "--costs: passed over those of models that are not there: huge" in caplog.text
    assert cli.main(["calibrate", "router", "--costs", f"{COSTS},huge=4"]) == 2
    assert "received huge" in capsys.readouterr().err


def test_costs_of_many_models_are_no_path():
    named = {f"model-of-a-long-name-{i:03}": float(i) for i in range(300)}
    assert parse_costs(",".join(f"{name}={cost}" for name, cost in named.items())) == named
    with pytest.raises(UsageError, match="a file or a run"):
        parse_costs("x" * 10_000)


def saved(name, **more):
    arrays = {"labels": [0, 1, 0, 1], "predictions": np.array([[0, 0], [0, 1], [1, 0], [1, 1]])}
    np.savez(name, models=["small", "large"], **arrays, **more)
    return name


def test_costs_of_an_npz_are_of_each_model_or_of_each_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    each = [[1, 10], [2, 20], [3, 30], [4, 40]]
    found = read_outcomes(saved("t.npz", cost=[1, 10]))["all"]
    assert (found.cost_kinds, found.costs("cost")) == (["cost"], [1, 10])
    assert not found.input_costs
    found = read_outcomes(saved("t.npz", cost=each))["all"]
    assert found.input_costs["cost"].tolist() == each
    found = read_outcomes(saved("t.npz", cost=each, macs=[3, 4]))["all"]
    assert found.cost_kinds == ["cost", "macs"]
    assert (found.costs("macs"), found.costs("cost")) == ([3, 4], [2.5, 25])
    assert found.input_costs["cost"].tolist() == each
    found = read_outcomes(saved("t.npz", cost=[1, 10], macs=[3, 4]))["all"]
    assert (found.costs("macs"), found.costs("cost")) == ([3, 4], [1, 10])
    found = read_outcomes("t.npz", parse_costs("small=5,large=6"))["all"]
    assert (found.cost_kinds, found.costs("cost")) == (["cost"], [5, 6])


def test_costs_of_the_models_that_a_router_knows(table, tmp_path):
    arrays = {"labels": [0, 1, 0, 1], "predictions": np.stack([*ANSWERS.values()], axis=1)}
    np.savez("t.npz", models=[*ANSWERS], cost=[3, 4, 5], **arrays)
    assert read_outcomes("t.npz", None, ROUTER)["all"].costs("cost") == [3, 5]
    parts = {
        f"{part}_{name}": rows for part in ("held_out", "test") for name, rows in arrays.items()
    }
    np.savez("t.npz", models=[*ANSWERS], cost=[3, 4, 5], **parts)
    assert [t.costs("cost") for t in read_outcomes("t.npz").values()] == [[3, 4, 5], [3, 4, 5]]


@pytest.mark.parametrize(
    ("array", "costs", "refused"),
    [
        ("cost", [1, 2, 3], "cost] expected a cost of each model, of shape (2,), or of each input"),
        ("cost", [[1, 2, 3, 4]] * 2, "input and model, (4, 2), received (2, 4)"),
        ("cost", 1, "received ()"),
        ("macs", [1, 2, 3], "macs] expected a cost of each model, of shape (2,), received (3,)"),
    ],
)
def test_costs_of_another_shape_are_refused_by_the_array(
    tmp_path, monkeypatch, array, costs, refused
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as told:
        read_outcomes(saved("t.npz", **{array: costs}))
    assert refused in str(told.value)
    assert str(told.value).startswith("[t.npz, ")
