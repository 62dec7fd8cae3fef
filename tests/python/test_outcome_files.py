import json
import os
import re

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.outcomes import study, study_results, table_files

CLASSES = 4


def write_csv(path, probabilities, labels, names=("small", "middle", "large"), full=False):
    header = ["label"]
    for name in names:
        tails = (f"p{k}" for k in range(CLASSES)) if full else ("prediction", "confidence")
        header += [f"{name}:{tail}" for tail in tails]
    lines = [",".join(header)]
    for row, label in zip(probabilities, labels, strict=True):
        cells = [str(label) if full else f"class {label}"]
        for model in row:
            top = model.argmax()
            cells += [repr(float(p)) for p in model] if full else [f"class {top}", f"{model[top]}"]
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n")


COSTS = {"small": 1.0, "middle": 4.0, "large": 20.0}


@pytest.mark.parametrize("full", [False, True])
def test_csv_of_top_answers_and_of_probabilities_says_the_same(tmp_path, full, answers):
    probabilities, labels = answers()
    write_csv(tmp_path / "answers.csv", probabilities, labels, full=full)
    table = table_files.read_outcomes(tmp_path / "answers.csv", COSTS)["all"]
    assert table.models == ["small", "middle", "large"]
    assert table.costs("cost") == [1.0, 4.0, 20.0]
    right = probabilities.argmax(axis=2) == labels[:, None]
    np.testing.assert_array_equal(np.asarray(table.quality, bool), right)
    np.testing.assert_allclose(table.confidences, probabilities.max(axis=2), 1e-5)
    assert table.distributed == full


def test_parquet_reads_as_csv(tmp_path, answers):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    probabilities, labels = answers()
    columns = {"label": labels}
    for i, name in enumerate(COSTS):
        columns[f"{name}:prediction"] = probabilities[:, i].argmax(axis=1)
        columns[f"{name}:confidence"] = probabilities[:, i].max(axis=1)
    parquet.write_table(arrow.table(columns), tmp_path / "answers.parquet")
    table = table_files.read_outcomes(tmp_path / "answers.parquet", COSTS)["all"]
    right = probabilities.argmax(axis=2) == labels[:, None]
    np.testing.assert_array_equal(np.asarray(table.quality, bool), right)


def test_npz_of_one_score_and_of_labels_that_are_no_list(tmp_path):
    arrays = {"predictions": np.array([[0, 1], [1, 1]]), "macs": [1, 2]}
    scores = np.array([[0.5, 2], [-1, 3]])
    np.savez(tmp_path / "a.npz", labels=[0, 1], answer_scores=scores, **arrays)
    table = table_files.read_outcomes(tmp_path / "a.npz")["all"]
    assert table.score_kinds == ["score"]
    np.testing.assert_array_equal(table.confidences, scores)
    np.savez(tmp_path / "b.npz", labels=np.eye(2), **arrays)
    with pytest.raises(ConfigError, match=r"labels\] expected a class of each input, of shape"):
        table_files.read_outcomes(tmp_path / "b.npz")


def test_minus_one_of_an_npz_is_a_class_beside_one_alone(tmp_path):
    labels = np.array([-1, 1, 1, -1] * 5)
    answers = np.stack([labels, np.ones(20, int)], axis=1)
    sure = np.stack([labels == -1, labels == 1], axis=1).astype(np.float32)
    np.savez(tmp_path / "a.npz", labels=labels, predictions=answers)
    np.savez(tmp_path / "b.npz", labels=labels, probabilities=np.stack([sure, 1 - sure], axis=1))
    costs = {"model_0": 1, "model_1": 2}
    for name, accuracies in (("a.npz", [1, 0.5]), ("b.npz", [1, 0])):
        table = table_files.read_outcomes(tmp_path / name, costs)["all"]
        assert (len(table), list(table.class_names)) == (20, ["-1", "1"])
        assert table.accuracies() == accuracies
    np.savez(tmp_path / "c.npz", labels=np.r_[labels, 0], predictions=np.r_[answers, [[0, 0]]])
    assert len(table_files.read_outcomes(tmp_path / "c.npz", costs)["all"]) == 11


def test_npz_with_its_own_division(tmp_path, answers):
    probabilities, labels = answers()
    np.savez(
        tmp_path / "answers.npz",
        held_out_probabilities=probabilities[:300].astype(np.float16),
        held_out_labels=labels[:300].astype(np.uint8),
        test_probabilities=probabilities[300:],
        test_labels=labels[300:],
        macs=np.array([1, 4, 20]),
    )
    tables = table_files.read_outcomes(tmp_path / "answers.npz")
    assert [len(tables["held_out"]), len(tables["test"])] == [300, 100]
    assert tables["test"].split == "test"
    assert tables["test"].costs("macs") == [1.0, 4.0, 20.0]


def test_safetensors_comes_back_and_takes_other_costs(tmp_path, answers):
    probabilities, labels = answers()
    np.savez(tmp_path / "a.npz", probabilities=probabilities, labels=labels, macs=[1, 4, 20])
    table = table_files.read_outcomes(tmp_path / "a.npz")["all"]
    table.save(tmp_path / "a.safetensors")
    again = table_files.read_outcomes(tmp_path / "a.safetensors")["all"]
    np.testing.assert_array_equal(again.probabilities, probabilities)
    costs = {f"model_{i}": 1.0 + i for i in range(3)}
    priced = table_files.read_outcomes(tmp_path / "a.safetensors", costs)["all"]
    assert priced.cost_kinds == ["cost"]
    assert priced.costs("cost") == [1.0, 2.0, 3.0]


def test_rare_classes_leave_the_top_answer_on_top(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("label,a:prediction,a:confidence,b:prediction,b:confidence\n0,0,0.1,1,0.2\n")
    table = table_files.read_outcomes(path, {"a": 1, "b": 2})["all"]
    assert np.asarray(table.quality).tolist() == [[1, 0]]
    assert table.predictions.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a header, received an empty file"),
        ("label\n1\n", "expected columns NAME:prediction, with NAME:score, or NAME:p0"),
        ("a:prediction,a:confidence\n1,0.5\n", "expected a column label"),
        ("label,a:score\n1,1\n", "expected a column a:prediction beside a:score"),
        (
            "label,a:prediction,a:confidence\n1,1\n",
            "line 2] expected 3 columns, as line 1 names them",
        ),
        (
            "label,a:prediction,a:confidence\n1,1,inf\n",
            "a:confidence, row 1] expected a finite number, received inf",
        ),
        (
            "label,a:prediction,a:score\n1,1,0\n1,1,sure\n",
            "a:score, row 2] expected a number, or nothing, received sure",
        ),
        ('label,a:prediction\n1,"1\n', "line 2] expected lines of values"),
        ("label,a:prediction\n,1\n", "label] expected a label of some input, received none"),
        ("a:quality\n1.5\n", "a:quality, row 1] expected a finite number of 0 to 1, received 1.5"),
        ("label,a:prediction,a:cost\n1,1,-1\n", "a:cost, row 1] expected a finite number of at"),
        ("label,a:p0,a:p1\n1,,0.5\n", "a:p0, row 1] expected a probability, as of the other"),
        ("label,label,a:p0\n1,1,1\n", "expected columns with different names"),
        ("label,a:p0,a:p1\n2,0.5,0.5\n", "row 1] expected a class of 0 .. 1, received 2"),
    ],
)
def test_a_csv_that_does_not_fit_is_told_where(tmp_path, text, message):
    path = tmp_path / "answers.csv"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        table_files.read_outcomes(path, {"a": 1.0})
    assert message in str(error.value)


def test_costs_must_name_every_model(tmp_path, answers):
    write_csv(tmp_path / "answers.csv", *answers(rows=10))
    with pytest.raises(ConfigError, match="expected one each for small, middle, large"):
        table_files.read_outcomes(tmp_path / "answers.csv", {"small": 1.0})


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (({"label": [0]},), "path.* received dict"),
        (("answers.csv", [1, 10]), "costs.* received list"),
        (("answers.csv", None, None, ["label"]), "columns.* received list"),
    ],
)
def test_arguments_of_another_kind_are_told(arguments, received):
    path, costs, classes, columns = (*arguments, None, None, None)[:4]
    with pytest.raises(TypeError, match=rf"\[read_outcomes, {received}$"):
        table_files.read_outcomes(path, costs, classes, columns=columns)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "answers.npz").write_bytes(b"no archive")
    with pytest.raises(ConfigError):
        table_files.read_outcomes(tmp_path / "answers.npz")
    np.savez(tmp_path / "other.npz", labels=np.zeros(3, np.int32))
    with pytest.raises(ConfigError, match="expected an array probabilities"):
        table_files.read_outcomes(tmp_path / "other.npz")
    with pytest.raises(ConfigError, match=r"received \.pkl"):
        table_files.read_outcomes(tmp_path / "answers.pkl")
    with pytest.raises(OSError, match="nothing"):
        table_files.read_outcomes(tmp_path / "nothing.csv", COSTS)


def test_study_command_writes_figures_and_picture(tmp_path, capsys, monkeypatch, answers):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "answers.csv", *answers(rows=2000), full=True)
    costs = ",".join(f"{name}={cost}" for name, cost in COSTS.items())
    assert cli.main(["study", "answers.csv", "--costs", costs, "--json", "study.json"]) == 0
    text = capsys.readouterr().out
    assert "fitted on 1,000 inputs, evaluated on 1,000 others" in text
    assert (tmp_path / "answers-study.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((tmp_path / "study.json").read_text())
    assert found["best_single"]["name"] == "large"
    assert found["best_single"]["cost"] == 1.0
    assert found["best_single"]["absolute_cost"] == 20.0
    assert list(found["default"]["accuracy_at"]) == ["0.05", "0.10", "0.20", "0.35", "0.50", "1.00"]
    assert found["default"]["accuracy_at"]["0.05"] == found["models"][0]["accuracy"]
    by_name = {entry["name"]: entry for entry in found["policies"]}
    assert by_name["random_mixing"]["area"] is None
    assert by_name["learned_cascade"]["area"] > 0
    assert all(0 <= accuracy <= 1 for _, accuracy in by_name["cascade"]["curve"])
    # Errors are independent here: asking more than the best one pays.
    assert found["verdict"] == "pays"
    assert found["default"]["gain"]["interval"][0] > 0
    recovered = by_name["learned_cascade"]["recovered"]
    assert list(recovered) == ["0.50", "0.80", "0.95", "1.00"]
    assert recovered["0.50"] <= recovered["0.80"] <= recovered["0.95"] <= recovered["1.00"]
    assert recovered["1.00"] == found["default"]["at_best_accuracy_cost"]
    details = found["default"]["details"]
    assert details["regret"] == pytest.approx(
        by_name["oracle"]["curve"][0][1] - found["default"]["gain"]["accuracy"]
    )
    assert "AUROC" not in text


def test_study_of_one_model_whose_answers_are_given_anew_does_not_pay(tmp_path, capsys):
    random = np.random.default_rng(8)
    labels = random.integers(0, 10, 2000)
    lines = ["label,x:prediction,y:prediction"]
    for label in labels:
        said = [label if random.random() < p else random.integers(0, 10) for p in (0.9, 0.5)]
        said[0] = {3: 5, 5: 3}.get(said[0], said[0])  # the better one, and the cheaper
        lines.append(f"c{label},c{said[0]},c{said[1]}")
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines) + "\n")
    out = ["--out", str(tmp_path / "study.png"), "--json", str(tmp_path / "study.json")]
    assert cli.main(["study", str(path), "--costs", "x=1,y=10", *out]) == 0
    shown = capsys.readouterr().out
    assert study_results.VERDICTS["does not pay"] in shown
    assert "it calls x alone, takes 100.0 % of its cost on the others" in shown
    assert "points of that need no other model" in shown
    gain = json.loads((tmp_path / "study.json").read_text())["default"]["gain"]
    assert gain["alone"] == "x"
    assert gain["interval"][0] > 0.1
    assert gain["multiplexed"] == 0


def test_every_verdict_of_the_core_has_its_words():
    names = (verdict.name.replace("_", " ") for verdict in _core.Verdict.__members__.values())
    assert set(study_results.VERDICTS) == set(names)
    tolerance = f"within {100 * _core.AS_GOOD_WITHIN:g} points"
    assert tolerance in study_results.VERDICTS["pays"]


def test_study_of_equal_models_does_not_pay(tmp_path, answers):
    probabilities, labels = answers(rows=2000, accuracies=(0.8,))
    same = np.repeat(probabilities, 2, axis=1)
    np.savez(tmp_path / "same.npz", probabilities=same, labels=labels, macs=[1.0, 1.001])
    table = table_files.read_outcomes(tmp_path / "same.npz")["all"]
    found = study.study(*study.split_outcomes(table))
    assert found.verdict == "does not pay"
    assert found.diversity.oracle_gain == 0
    assert any("Hardly any accuracy is left to gain" in words for words in found.sentences)


def test_study_knows_neighbours_where_there_are_features(tmp_path, answers):
    probabilities, labels = answers(rows=1200)
    right = probabilities.argmax(axis=2) == labels[:, None]
    plain = {"probabilities": probabilities, "labels": labels, "macs": [1e3, 4e3, 20e3]}
    features = right.astype(np.float32) + np.random.default_rng(0).normal(0, 0.3, right.shape)
    np.savez(tmp_path / "plain.npz", **plain)
    np.savez(tmp_path / "seen.npz", features=features, **plain)
    found = {}
    for name in ("plain", "seen"):
        table = table_files.read_outcomes(tmp_path / f"{name}.npz")["all"]
        found[name] = study.study(*study.split_outcomes(table))
    assert found["plain"].sentences[-1] == (
        "Left out: hybrid-single and hybrid-ensemble and staged cascade for want of a "
        "multiplexer's scores; "
        "kNN on features for want of features of the inputs."
    )
    assert "features" not in found["seen"].sentences[-1]
    neighbours = next(entry for entry in found["seen"].policies if entry.name == "knn")
    assert neighbours.area > 0.02  # the search of 600 x 3 MACs included
    assert min(cost for cost, _ in neighbours.curve) >= (1e3 + 600 * 3) / 20e3


def test_study_refuses_one_model_and_unknown_costs(tmp_path, answers):
    probabilities, labels = answers(rows=20, accuracies=(0.8, 0.9))
    np.savez(tmp_path / "two.npz", probabilities=probabilities, labels=labels, macs=[1.0, 2.0])
    table = table_files.read_outcomes(tmp_path / "two.npz")["all"]
    with pytest.raises(ConfigError, match="expected macs, received money"):
        study.study(*study.split_outcomes(table), cost_kind="money")
    with pytest.raises(ConfigError, match="two parts of 20 inputs"):
        study.split_outcomes(table, 0.0)


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=-1", "a=1,a=2", "a=nan"])
def test_costs_of_another_form_are_usage_errors(tmp_path, capsys, text, answers):
    write_csv(tmp_path / "answers.csv", *answers(rows=10))
    assert cli.main(["study", str(tmp_path / "answers.csv"), "--costs", text]) == 2
    assert "expected NAME=COST,..." in capsys.readouterr().err


def test_study_of_a_few_inputs_is_drawn_too(tmp_path, answers, monkeypatch):
    monkeypatch.chdir(tmp_path)
    probabilities, labels = answers(rows=4, accuracies=(0.8, 0.9))
    np.savez("few.npz", probabilities=probabilities, labels=labels, macs=[1.0, 2.0])
    assert cli.main(["study", "few.npz"]) == 0
    assert (tmp_path / "few-study.png").exists()


def test_the_best_model_may_cost_nothing(tmp_path, capsys):
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, 700)
    lines = ["label,own:prediction,own:score,api:prediction,api:score"]
    for label in labels:
        said = [label if random.random() < p else (label + 1) % 3 for p in (0.9, 0.6)]
        scores = random.random(2) / 2 + [0.5 * (k == label) for k in said]
        lines.append(f"{label},{said[0]},{scores[0]:.3f},{said[1]},{scores[1]:.3f}")
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines[:401]) + "\n")
    costs = ["--costs", "own=0,api=3"]
    assert cli.main(["study", str(path), *costs, "--out", str(tmp_path / "study.png")]) == 0
    shown = capsys.readouterr().out
    assert "own costs nothing: no cost is a share of that" in shown
    assert re.search(r"own +0 +100\.0 %", shown)
    assert re.search(r"api +3 +–", shown)
    assert cli.main(["fit", str(path), *costs, "--out", str(tmp_path / "router")]) == 0
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *lines[401:]]) + "\n")
    capsys.readouterr()
    assert cli.main(["evaluate", str(tmp_path / "router"), "--outcomes", str(other), *costs]) == 0
    assert "100.0 %" in capsys.readouterr().out


def test_a_name_that_is_no_utf_8_is_read_and_told_by_its_bytes(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.npz")
    np.savez(path, labels=[0, 1], predictions=np.array([[0, 1], [1, 1]]), macs=[1, 2])
    assert table_files.read_outcomes(path)["all"].source == "caf\\xe9.npz/all"
