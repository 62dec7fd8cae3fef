"""A list of models that are no more those that a table has the answers of."""

import json
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import cli
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.recorded_models import require_recorded

onnx = pytest.importorskip("onnx")
from invented_onnx import entry, network, write_onnx_pool  # noqa: E402

NAMES = ["cat", "dog", "eel", "fox"]
FIT = ["fit", "o.safetensors", "--policy", "best_single", "--models", "models.json", "--out", "r"]


def listed(**changes):
    """Write the list, the large one with such keys."""
    entries = [entry("small"), {**entry("large"), **changes}]
    with open("models.json", "w") as file:
        json.dump(entries, file)


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Return the folder of what both models answered, in the order of the data's classes."""
    monkeypatch.chdir(tmp_path)
    write_onnx_pool(tmp_path, 60)
    with np.load("inputs.npz") as inputs:
        images, labels = inputs["images"], inputs["labels"]
    np.savez("inputs.npz", images=images, labels=np.array(NAMES)[labels])
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    listed(classes="names.txt")
    collect = ["collect", "--models", "models.json", "--data", "inputs.npz"]
    assert cli.main([*collect, "--out", "o.safetensors"]) == 0
    return tmp_path


def other_network():
    model = network("large")
    model.doc_string = "trained anew"
    onnx.save(model, "large.onnx")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: listed(classes=NAMES[::-1]), "classes changed"),
        (lambda: listed(classes="names.txt", output="scores"), "output logits became scores"),
        (other_network, "file changed"),
    ],
    ids=["classes", "output", "file"],
)
def test_another_model_than_was_recorded_is_refused(recorded, capsys, change, told):
    change()
    assert cli.main(FIT) == 1
    said = capsys.readouterr().err
    assert "models.json, large" in said
    assert told in said
    assert "muxnet collect" in said
    assert not (recorded / "r" / "policy.json").exists()


def test_other_names_in_the_file_of_classes_are_another_model(recorded, capsys):
    (recorded / "names.txt").write_text("\n".join(NAMES[::-1]))
    assert cli.main(FIT) == 1
    assert "classes changed" in capsys.readouterr().err


def test_the_same_model_is_taken_from_another_file_and_with_all_keys_said(recorded, capsys):
    (recorded / "large.onnx").rename(recorded / "moved.onnx")
    listed(onnx="moved.onnx", output_name="logits", layout="nchw", classes=NAMES)
    assert cli.main(FIT) == 0
    listed(onnx="moved.onnx")  # the data's classes, in their order
    assert cli.main(FIT) == 0
    assert "cannot be known" not in capsys.readouterr().out


def test_a_table_that_does_not_tell_its_models_is_taken(recorded):
    table = _core.OutcomeTable.load("o.safetensors")
    costs = {"cost": table.costs("cost")}
    answers, labels = table.probabilities, table.labels
    bare = _core.OutcomeTable(
        table.models, answers, costs, labels=labels, class_names=table.class_names
    )
    bare.save("o.safetensors")
    other_network()
    assert cli.main(FIT) == 0


def test_a_functions_source_that_changed_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = "import numpy as np\n\n\ndef even(x):\n    return np.full((len(x), 4), 0.25)\n"
    (tmp_path / "evens.py").write_text(source)
    (tmp_path / "models.json").write_text('[{"name": "m", "callable": "evens:even", "cost": 1}]')
    np.savez("inputs.npz", images=np.zeros((8, 3, 8, 8), np.uint8), labels=np.arange(8) % 4)
    collect = ["collect", "--models", "models.json", "--data", "inputs.npz"]
    assert cli.main([*collect, "--out", "o.safetensors"]) == 0
    assert cli.main(FIT) == 0
    assert "cannot be known" not in capsys.readouterr().out
    (tmp_path / "evens.py").write_text(source + "# of 2026\n")
    assert cli.main(FIT) == 0
    assert "m: cannot be known to be the model that was recorded: source evens.py changed" in (
        capsys.readouterr().out
    )


def test_a_run_does_not_go_on_with_another_model(recorded, capsys):
    run = ["run", "--models", "models.json", "--data", "inputs.npz", "--out", "o", "--threads", "1"]
    run += ["--multiplexer-cost", "0.25", "--multiplexer-epochs", "1"]
    run += ["--multiplexer-pretraining-epochs", "0", "--batch-size", "16"]
    assert cli.main(run) == 0
    (recorded / "o" / "results.json").unlink()
    other_network()
    assert cli.main([*run, "--resume"]) == 1
    assert "file changed" in capsys.readouterr().err


def test_what_may_change_and_what_cannot_be_asked_is_said(recorded, capsys):
    def silent():
        raise UserError("[m] expected an answer, received none")

    own = tuple(NAMES)

    def model(parts):
        return ForeignModel("m", 1, lambda x: np.eye(4)[[0] * len(x)], classes=own, parts=parts)

    data = [(np.zeros((3, 8, 8), np.uint8), name) for name in NAMES]
    first = model(lambda: {"engine": "onnxruntime", "file": "1", "layout": ""})
    table = muxnet.collect([first], data, "m.safetensors")
    capsys.readouterr()
    for parts, told in (
        (lambda: {"engine": "openvino", "file": "1", "layout": "nchw"}, "engine onnxruntime bec"),
        (silent, "[m] expected an answer, received none"),
    ):
        require_recorded(Path("models.json"), [model(parts)], table)
        assert f"m: cannot be known to be the model that was recorded: {told}" in (
            capsys.readouterr().out
        )
    with pytest.raises(ConfigError, match="file changed"):
        require_recorded(Path("models.json"), [model(lambda: {"file": "2"})], table)
