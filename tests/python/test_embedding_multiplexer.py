"""``muxnet fit --multiplexer embedding``: a multiplexer on what the cheapest model gives."""

import json

import muxnet
import numpy as np
import pytest
from invented_models import LARGE, OWN, SMALL, pictures
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.pool.router_folder import load_router
from PIL import Image

onnx = pytest.importorskip("onnx")
from onnx_graphs import F32, model, node, value, weight  # noqa: E402

QUICK = ["--multiplexer-epochs", "20", "--multiplexer-pretraining-epochs", "0"]
QUICK += ["--multiplexer-learning-rate", "0.05", "--batch-size", "32", "--folds", "3"]
OUTPUT = ["--multiplexer-output", "columns"]


def column_model(*, sees_bright):
    """Return the models of ``invented_models`` as ONNX: the brightest column, and all columns."""
    nodes = [
        node("ReduceMean", ["images"], "columns", axes=[1, 2], keepdims=0),
        node("MatMul", ["columns", "picks"], "right"),
        node("MatMul", ["columns", "wrong_picks"], "wrong"),
        node("ReduceMean", ["columns"], "ground", axes=[1]),
        node("Less", ["ground", "limit"], "dark"),
        node("Where", ["dark", "right", "wrong"], "seen"),
        node("Mul", ["right" if sees_bright else "seen", "sharpness"], "sharp"),
        node("Softmax", ["sharp"], "scores", axis=1),
    ]
    picks = np.zeros((8, 4))
    picks[2 * np.arange(4), np.arange(4)] = 1
    held = [weight("picks", picks), weight("wrong_picks", np.roll(picks, 1, axis=1))]
    held += [weight("limit", [[0.5]]), weight("sharpness", [[20.0]])]
    outputs = [value("columns", F32, ["n", 8]), value("scores", F32, ["n", 4])]
    return model(
        nodes, held, source=value("images", F32, ["n", 3, 8, 8]), outputs=outputs, opset=13
    )


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """A folder with two ONNX models, inputs, and what the models were recorded to answer."""
    folder = tmp_path_factory.mktemp("embedding")
    onnx.save(column_model(sees_bright=False), folder / "small.onnx")
    onnx.save(column_model(sees_bright=True), folder / "large.onnx")
    entries = [
        {"name": name, "onnx": f"{name}.onnx", "cost": cost, "output_name": "scores"}
        for name, cost in (("small", SMALL), ("large", LARGE))
    ]
    (folder / "models.json").write_text(json.dumps(entries))
    for name, seed in (("inputs", 1), ("test", 5)):
        images, labels, _ = pictures(240, seed)
        np.savez(folder / f"{name}.npz", images=images, labels=labels)
        out = folder / f"{name}.safetensors"
        data = folder / f"{name}.npz"
        collected = ["collect", "--models", folder / "models.json", "--data", data, "--out", out]
        assert cli.main([str(part) for part in collected]) == 0
    return folder


@pytest.fixture
def folder(pool, monkeypatch):
    monkeypatch.chdir(pool)
    return pool


def fit(*arguments, out="router", output=OUTPUT, models=("--models", "models.json")):
    wanted = ["fit", "inputs.safetensors", "--multiplexer", "embedding", "--data", "inputs.npz"]
    priced = ["--multiplexer-cost", str(OWN), "--out", out]
    return cli.main([*wanted, *models, *output, *priced, *QUICK, *arguments])


@pytest.fixture
def router(folder, capsys):
    assert fit() == 0
    assert "looks at what small gives, which is called first" in capsys.readouterr().out
    return folder / "router"


def paid(dark):
    return [OWN + SMALL + (0 if d else LARGE) for d in dark]


def test_the_cheapest_model_runs_first_and_is_paid_for_once(router, capsys):
    policy = load_router(router)
    assert (policy.encoder, policy.multiplexer_cost) == ("small", OWN)
    assert policy.operating_points[0].cost == pytest.approx(OWN + SMALL)
    images, labels, dark = pictures(60, 3)
    found = muxnet.open_router(router).route(images)
    assert (found.probabilities.argmax(axis=1) == labels).all()
    assert (found.called == np.stack([np.ones(60, bool), ~dark], axis=1)).all()
    for i in range(3):
        Image.fromarray(images[i].transpose(1, 2, 0)).save(f"{i}.png")
    files = [f"{i}.png" for i in range(3)]
    assert cli.main(["route", str(router), *files, "--explain", "--json", "found.json"]) == 0
    records = json.loads((router.parent / "found.json").read_text())["images"]
    assert [record["cost"]["cost"] for record in records] == paid(dark[:3])
    assert all(record["called"][0] == "small" for record in records)
    assert "calls small\n" in capsys.readouterr().out
    assert cli.main(["route", str(router), "0.png", "--decide-only"]) == 0
    assert "calls small; then the multiplexer looks at what small gives" in capsys.readouterr().out


def test_a_service_runs_it_once_and_answers_as_route_does(router):
    from muxnet.serve.served import Source, load

    served = load(Source(router))
    options = _core.ServiceOptions()
    options.workers = 2
    service = _core.Service(served.deployment(record=True), options)
    images, labels, dark = pictures(40, 4)
    answer = service.infer(_core.ServiceRequest([images]))
    service.close()
    assert (answer.answers == labels).all()
    assert answer.costs == paid(dark)
    assert [json.loads(record)["cost"]["cost"] for record in answer.records] == paid(dark)


def test_other_inputs_are_embedded_anew_to_evaluate_on_them(router):
    evaluated = ["evaluate", str(router), "--outcomes", "test.safetensors", "--data", "test.npz"]
    assert cli.main([*evaluated, "--json", "found.json"]) == 0
    found = json.loads((router.parent / "found.json").read_text())
    assert found["router"]["accuracy"] == 1
    _, _, dark = pictures(240, 5)
    assert found["router"]["cost"] == pytest.approx(np.mean(paid(dark)))


def test_policies_compared_on_its_table_pay_for_the_model(router):
    table = muxnet.read_outcomes(router / "outcomes.safetensors")["all"]
    assert table.encoder == "small"
    held_out, test = muxnet.split_outcomes(table)
    for name in ("hybrid_single", "hybrid_ensemble", "staged_cascade"):
        decisions = muxnet.fit_policy(name, held_out).decide(test)
        assert all(called & 1 for called in decisions.called), name


def test_the_main_job_does_the_same(folder):
    options = ["--models", "models.json", "--data", "inputs.npz", "--multiplexer-kind", "embedding"]
    priced = ["--multiplexer-cost", str(OWN), "--out", "run"]
    assert cli.main(["run", *options, *OUTPUT, *priced, *QUICK[:-2]]) == 0
    results = json.loads((folder / "run" / "results.json").read_text())
    assert results["multiplexer"]["kind"] == "embedding"
    for policy in results["policies"]:
        looks = policy["name"].startswith("hybrid")
        shares = np.array(policy["called"])
        cost = shares @ [SMALL, LARGE] + (OWN if looks else 0)
        assert policy["cost"] == pytest.approx(cost), policy["name"]
        assert not looks or shares[0] == 1
    curve = next(one for one in results["curves"] if one["name"] == "multiplexer")
    assert curve["points"][0]["cost"] == pytest.approx(OWN + SMALL)
    images, labels, _ = pictures(20, 6)
    found = muxnet.open_router(folder / "run", policy="hybrid_single").route(images)
    assert found.called[:, 0].all()
    assert (found.probabilities.argmax(axis=1) == labels).all()


def test_what_it_cannot_look_at_is_named(folder, capsys):
    assert fit(out="other", models=()) == 2
    assert "the list with small" in capsys.readouterr().err
    assert fit(out="other", output=[]) == 2
    assert "columns f32 (?, 8), scores f32 (?, 4)" in capsys.readouterr().err
    assert fit(out="other", output=["--multiplexer-output", "pooled"]) == 1
    assert "output 'pooled'" in capsys.readouterr().err
    entries = json.loads((folder / "models.json").read_text())
    entries[0] = {"name": "small", "callable": "columns:small", "cost": SMALL}
    (folder / "columns.py").write_text("def small(images): return images")
    (folder / "callables.json").write_text(json.dumps(entries))
    assert fit(out="other", models=("--models", "callables.json")) == 1
    assert "[small] expected an ONNX file" in capsys.readouterr().err


def test_a_router_that_has_lost_its_output_is_refused(router):
    path = router / _core.MULTIPLEXER_FILE
    content = json.loads(path.read_text())
    content["encoder"]["output"] = "gone"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="output 'gone'"):
        muxnet.open_router(router)
