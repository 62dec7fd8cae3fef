"""``muxnet run --models FILE``: the whole main job on models that somebody else has made."""

import json

import muxnet
import numpy as np
import pytest
from invented_models import LARGE, MODULE, OWN, SMALL, pictures, write_pool
from muxnet import _core, cli
from muxnet.base.run_folder import RunFolder
from muxnet.training.results import policy, read_results

LEARNING = ["--multiplexer-epochs", "12", "--multiplexer-pretraining-epochs", "0"]
LEARNING += ["--multiplexer-learning-rate", "0.02", "--batch-size", "32"]

COSTS = {"small": SMALL, "large": LARGE}

SORTERS = """
def large(texts):
    return [[0.9, 0.1] if text.endswith("a") else [0.1, 0.9] for text in texts]


def small(texts):
    return [row if "easy" in text else row[::-1] for text, row in zip(texts, large(texts))]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pool(tmp_path, 300)
    return tmp_path


def run(*arguments, cost=str(OWN)):
    options = [
        "--models",
        "models.json",
        "--data",
        "inputs.npz",
        "--out",
        "o",
        "--threads",
        "1",
        *LEARNING,
    ]
    return cli.main(["run", *options, "--multiplexer-cost", cost, *arguments])


def test_one_command_leaves_a_report_and_a_router(folder, capsys):
    assert run() == 0
    said = capsys.readouterr()
    assert "Multiplexing pays here" in said.out
    assert "240 held-out and 60 test inputs" in said.err
    found = read_results(folder / "o" / "results.json")
    assert (found.cost_kind, found.data.train, found.data.test) == ("cost", 0, 60)
    assert [model.cost for model in found.models] == [SMALL, LARGE]
    hybrid = policy(found, "hybrid_single")
    assert hybrid.accuracy == 1.0
    assert hybrid.cost == pytest.approx(OWN + SMALL * hybrid.called[0] + LARGE * hybrid.called[1])
    assert found.provenance["models.cost"] == "given"
    report = RunFolder(folder / "o").report.read_text()
    assert "The models came trained" in report
    router = muxnet.open_router("o", policy="hybrid_single")
    images, labels, dark = pictures(60, 3)
    answers = router.route(images)
    assert (answers.probabilities.argmax(axis=1) == labels).all()
    assert (answers.called == np.stack([dark, ~dark], axis=1)).all()


def test_the_steps_of_their_own_give_the_same(folder, capsys):
    assert run() == 0
    held_out = _core.OutcomeTable.load(folder / "o" / "outcomes-held_out.safetensors")
    rows = held_out.indices.tolist()
    arrays = np.load("inputs.npz")
    np.savez("part.npz", images=arrays["images"][rows], labels=arrays["labels"][rows])
    assert cli.main(["collect", "--models", "models.json", "--data", "part.npz"]) == 0
    options = ["--multiplexer", "image", "--data", "part.npz", "--multiplexer-cost", str(OWN)]
    assert cli.main(["fit", "outcomes.safetensors", *options, *LEARNING, "--seed", "1"]) == 0
    apart = _core.OutcomeTable.load(folder / "router" / "outcomes.safetensors")
    whole = _core.OutcomeTable.load(folder / "o" / "outcomes-calibration.safetensors")
    np.testing.assert_allclose(apart.scores, whole.scores, atol=1e-3)  # on more threads


def test_a_run_that_a_model_broke_goes_on_where_it_was(folder, capsys):
    broken = MODULE.replace("def large(images):", "def large(images):\n    assert mended")
    (folder / "breaking.py").write_text(f"mended = False\n{broken}")
    listed = (folder / "models.json").read_text()
    (folder / "models.json").write_text(listed.replace("columns:large", "breaking:large"))
    assert run() == 1
    assert "large failed on input 0" in capsys.readouterr().err
    assert run() == 1
    assert "holds an unfinished run: go on with it by --resume" in capsys.readouterr().err
    (folder / "models.json").write_text(listed)
    assert run("--resume", "--models", "models.json") == 0
    assert "small: kept from before" in capsys.readouterr().err


def test_texts_are_routed_by_vectors_that_come_with_them(folder, capsys):
    random = np.random.default_rng(4)
    easy = random.random(200) < 0.5
    names = [f"{i} {'easy' if e else 'hard'} {'ab'[i % 2]}" for i, e in enumerate(easy)]
    rows = "".join(f"{name},{name[-1]}\n" for name in names)
    (folder / "texts.csv").write_text(f"text,label\n{rows}")
    (folder / "sorters.py").write_text(SORTERS)
    entries = [{"name": n, "callable": f"sorters:{n}", "cost": c} for n, c in COSTS.items()]
    (folder / "models.json").write_text(json.dumps(entries))
    vectors = np.stack([easy, ~easy], axis=1) + random.normal(0, 0.1, (200, 2))
    labels = [name[-1] for name in names]
    np.savez("vectors.npz", features=vectors.astype(np.float32), labels=labels)
    shown = ["--data", "text:texts.csv", "--multiplexer-kind", "features"]
    assert run(*shown) == 1
    assert "or vectors that come with them" in capsys.readouterr().err
    assert run(*shown, "--multiplexer-features", "vectors.npz", "--out", "of_texts") == 0
    found = read_results(folder / "of_texts" / "results.json")
    hybrid = policy(found, "hybrid_single")
    assert hybrid.accuracy == 1.0
    assert hybrid.cost < LARGE
    router = muxnet.open_router("of_texts", policy="hybrid_single")
    answers = router.route(["0 easy a", "1 hard b"], features=np.eye(2, dtype=np.float32))
    assert (answers.called == np.eye(2, dtype=bool)).all()


def test_what_the_multiplexer_costs_must_be_known(folder, capsys):
    assert run(cost="") == 2
    assert "--multiplexer-cost" in capsys.readouterr().err


def test_inputs_without_labels_are_refused(folder, capsys):
    arrays = np.load("inputs.npz")
    labels = arrays["labels"].copy()
    labels[7] = -1
    np.savez("inputs.npz", images=arrays["images"], labels=labels)
    assert run() == 1
    assert "1 of 300 without" in capsys.readouterr().err
