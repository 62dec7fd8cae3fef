"""What columns of lists hold: said where nothing is labelled, refused where it is no text."""

import json

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
from muxnet.outcomes.table_files import read_outcomes
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.input_sources import open_inputs
from PIL import Image

UNLABELLED = "{}: nothing is labelled: expected {}, received {}"
COLUMN = "a column label or class"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with two images and a list of one model, as the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        Image.new("RGB", (8, 8)).save(f"{name}.png")
    (tmp_path / "even.py").write_text(
        "import numpy as np\n\n\ndef predict(inputs):\n    return np.full((len(inputs), 2), 0.5)\n"
    )
    (tmp_path / "m.json").write_text('[{"name": "a", "callable": "even:predict", "cost": 1}]')
    return tmp_path


def said(spec):
    told = []
    inputs = open_inputs(spec, say=told.append)
    return told, inputs


@pytest.mark.parametrize("name", ["labels", "target", "category", "ClassId", "y"])
def test_labels_under_another_name_are_said(folder, name):
    (folder / "l.csv").write_text(f"path,{name}\na.png,0\nb.png,1\n")
    told, inputs = said("list:l.csv")
    assert told == [UNLABELLED.format("l.csv", COLUMN, f"path, {name}")]
    assert inputs.labels.tolist() == [-1, -1]
    (folder / "t.jsonl").write_text(json.dumps({"text": "a", name: 1}))
    assert said("text:t.jsonl")[0] == [UNLABELLED.format("t.jsonl", COLUMN, f"text, {name}")]
    name = "label" if name == "labels" else name
    np.savez("x.npz", features=np.zeros((2, 3)), **{name: [0, 1]})
    expected = UNLABELLED.format("x.npz", "an array labels", f"features, {name}")
    assert said("x.npz")[0] == [expected]


def test_labels_that_are_all_empty_are_said_and_others_are_not(folder):
    (folder / "l.csv").write_text("path,label\na.png,\nb.png,\n")
    assert said("list:l.csv")[0] == [UNLABELLED.format("l.csv", COLUMN, "path, label")]
    (folder / "l.csv").write_text("path,label\na.png,\nb.png,1\n")
    assert said("list:l.csv")[0] == []
    names = [f"column {i}" for i in range(1000)]
    (folder / "l.csv").write_text(f"path,{','.join(names)}\n" + "a.png" + "," * 1000)
    assert len(said("list:l.csv")[0][0]) < 250


def test_collect_says_that_nothing_is_labelled(folder, capsys):
    (folder / "l.csv").write_text("path,labels\na.png,0\nb.png,1\n")
    assert cli.main(["collect", "--models", "m.json", "--data", "list:l.csv"]) == 0
    assert "l.csv: nothing is labelled: expected a column label" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["t.npz", "t.csv", "t.parquet", "t.json", "t.csv.gz"])
def test_a_table_is_written_under_its_own_ending_alone(folder, capsys, out):
    (folder / "l.csv").write_text("path,label\na.png,0\nb.png,1\n")
    asked = ["collect", "--models", "none.json", "--data", "list:l.csv", "--out", out]
    assert cli.main(asked) == 1
    error = capsys.readouterr().err
    assert f"[{out}] expected a name that ends in .safetensors" in error
    with pytest.raises(ConfigError, match=r"ends in \.safetensors"):
        collect([ForeignModel("a", 1, None)], [("a", 0), ("b", 1)], out)
    assert not (folder / out).exists()


@pytest.mark.parametrize("out", ["t.safetensors", "t.st", "t.table", "t"])
def test_a_table_under_any_other_name_is_read_by_its_content(folder, out):
    (folder / "l.csv").write_text("path,label\na.png,0\nb.png,1\n")
    assert cli.main(["collect", "--models", "m.json", "--data", "list:l.csv", "--out", out]) == 0
    assert len(read_outcomes(out)["all"]) == 2
    (folder / out).write_bytes(b"something else")
    with pytest.raises((ConfigError, OSError), match=out):
        read_outcomes(out)


def test_columns_of_a_parquet_file_are_refused_in_short(folder):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def refused(values, match):
        table = pyarrow.table({"image": values, "label": [0, 1]})
        parquet.write_table(table, "l.parquet")
        with pytest.raises(ConfigError, match=match) as error:
            open_inputs("list:l.parquet")
        assert len(str(error.value)) < 200

    held = [{"bytes": b"\xff" * 100_000, "path": f"{name}.png"} for name in "ab"]
    inner = [{"content": b"\xff" * 100_000, "height": 4}] * 2
    refused(inner, r"single values, received image, which holds content, height$")
    refused([["a.png"], ["b.png"]], r"single values, received image$")
    refused(["x" * 100_000, "a"], r"at most 4,096 characters, received x+\.\.\. \(100,000")
    table = pyarrow.table({"path": ["a.png", "b.png"], "label": [0, 1], "meta": held})
    parquet.write_table(table, "l.parquet")
    assert open_inputs("list:l.parquet").labels.tolist() == [0, 1]
    parquet.write_table(pyarrow.table({"text": [b"a", b"b"]}), "l.parquet")
    with pytest.raises(ConfigError, match=r"l.parquet, text\] expected texts, received bytes$"):
        open_inputs("text:l.parquet")
    answers = pyarrow.table({"label": ["0", "1"], "a:prediction": [{"is": 1}] * 2})
    parquet.write_table(answers, "a.parquet")
    with pytest.raises(ConfigError, match=r"received a:prediction, which holds is$"):
        read_outcomes("a.parquet", {"a": 1.0})
