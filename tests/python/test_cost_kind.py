"""``cost_kind`` in a list of models: what its costs are, in tables, routers and reports."""

import json

import muxnet
import numpy as np
import pytest
from invented_models import LARGE, SMALL, pictures, write_pool
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.model_list import describe_models, read_models
from PIL import Image

QUICK = ["--multiplexer-epochs", "2", "--multiplexer-pretraining-epochs", "0", "--folds", "2"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pool(tmp_path, 60)
    return tmp_path


def say(folder, kind):
    """Let the list say of what kind its costs are."""
    path = folder / "models.json"
    models = json.loads(path.read_text())
    path.write_text(json.dumps({"cost_kind": kind, "models": models}))


def collect():
    return cli.main(["collect", "--models", "models.json", "--data", "inputs.npz"])


def test_tables_routers_and_reports_call_costs_what_the_list_does(folder, capsys):
    say(folder, "dollars")
    assert collect() == 0
    table = _core.OutcomeTable.load("outcomes.safetensors")
    assert table.cost_kinds == ["dollars"]
    assert list(table.costs("dollars")) == [SMALL, LARGE]
    assert cli.main(["study", "outcomes.safetensors"]) == 0
    assert "dollars" in capsys.readouterr().out
    assert cli.main(["fit", "outcomes.safetensors", "--models", "models.json"]) == 0
    assert "dollars per input" in capsys.readouterr().out
    images, _, _ = pictures(1, 3)
    Image.fromarray(images[0].transpose(1, 2, 0)).save("0.png")
    (record,) = muxnet.open_router("router").route_files(["0.png"]).records
    assert set(record["cost"]) == {"dollars"}


def test_of_macs_the_multiplexers_own_are_counted_unasked(folder, capsys):
    say(folder, "macs")
    assert collect() == 0
    wanted = ["--multiplexer", "image", "--data", "inputs.npz", "--models", "models.json"]
    assert cli.main(["fit", "outcomes.safetensors", *wanted, *QUICK]) == 0
    table = _core.OutcomeTable.load("router/outcomes.safetensors")
    assert table.multiplexer_cost("macs") > 1000
    kept = describe_models("router/models.json")
    assert [fields["cost_kind"] for fields in kept] == ["macs", "macs"]


def test_costs_that_cannot_be_compared_are_refused(folder):
    say(folder, "dollars")
    content = json.loads((folder / "models.json").read_text())
    for change, message in (
        ({"cost_kind": 3}, "cost_kind] expected a text"),
        ({"currency": "dollars"}, "the keys models and cost_kind, received currency"),
        ({"models": []}, "a list of models"),
    ):
        (folder / "models.json").write_text(json.dumps({**content, **change}))
        with pytest.raises(ConfigError) as refused:
            read_models("models.json")
        assert message in str(refused.value)
    content["models"][0]["cost_kind"] = "latency_ms"
    (folder / "models.json").write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="small latency_ms, large dollars"):
        read_models("models.json")


def test_models_of_several_kinds_of_cost_are_not_collected(folder):
    def answer(images):
        return np.full((len(images), 4), 0.25, np.float32)

    images, labels, _ = pictures(3, 1)
    data = [(image, int(label)) for image, label in zip(images, labels, strict=True)]
    models = [ForeignModel(kind, 1.0, answer, cost_kind=kind) for kind in ("dollars", "macs")]
    with pytest.raises(ConfigError, match="the same of all models"):
        muxnet.collect(models, data, folder / "out.safetensors")


def test_a_network_that_says_no_cost_counts_macs_and_nothing_else(folder):
    entry = {"network": "alexnet_small", "weights": "w.safetensors", "cost_kind": "dollars"}
    muxnet.zoo(train=muxnet.load_data("digits").train, names=["alexnet_small"])[0].save(
        folder / "w.safetensors"
    )
    (folder / "models.json").write_text(json.dumps([entry]))
    with pytest.raises(ConfigError, match="its cost in dollars"):
        read_models("models.json")
    (folder / "models.json").write_text(json.dumps([{**entry, "cost": 0.5}]))
    assert read_models("models.json")[0].cost_kind == "dollars"


def test_the_kind_of_cost_that_nobody_asked_for_is_said(tmp_path, capsys):
    random = np.random.default_rng(3)
    names = ("usd", "latency_ms")
    header = [f"{model}:cost.{kind}" for kind in names for model in "ab"]
    lines = [",".join(["label", "a:prediction", "b:prediction", *header])]
    for label in random.integers(0, 3, 300):
        said = [label if random.random() < p else (label + 1) % 3 for p in (0.7, 0.9)]
        lines.append(f"{label},{said[0]},{said[1]},0.1,1,20,10")
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines) + "\n")
    told = "costs are latency in ms; --cost-kind takes usd as well"
    out = ["--out", str(tmp_path / "study.png")]
    assert cli.main(["study", str(path), *out]) == 0
    assert told in capsys.readouterr().out
    assert cli.main(["fit", str(path), "--out", str(tmp_path / "router"), "--folds", "0"]) == 0
    assert told in capsys.readouterr().out
    assert cli.main(["compare", str(path), "--seeds", "1"]) == 0
    assert told in capsys.readouterr().out
    assert cli.main(["study", str(path), *out, "--cost-kind", "usd"]) == 0
    assert "costs are" not in capsys.readouterr().out
