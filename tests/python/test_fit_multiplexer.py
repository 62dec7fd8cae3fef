"""``muxnet fit --multiplexer``: a multiplexer for anybody's models, from recorded answers."""

import dataclasses
import json

import muxnet
import numpy as np
import pytest
from invented_models import LARGE, OWN, SMALL, pictures, write_pool
from muxnet import _core, cli
from muxnet.base.errors import ConfigError, UsageError
from muxnet.pool import cross_fitting, model_list
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.cross_fitting import Pricing, cross_fit
from muxnet.pool.labelled import inputs_of
from muxnet.pool.router_folder import load_multiplexer, load_router
from muxnet.pool.shown_inputs import matching_rows
from PIL import Image

QUICK = ["--multiplexer-epochs", "12", "--multiplexer-pretraining-epochs", "0"]
QUICK += ["--multiplexer-learning-rate", "0.02", "--batch-size", "32", "--folds", "3"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with models, inputs, and what the models were recorded to answer."""
    monkeypatch.chdir(tmp_path)
    write_pool(tmp_path, 240)
    assert cli.main(["collect", "--models", "models.json", "--data", "inputs.npz"]) == 0
    return tmp_path


def fit(*arguments, kind="image", cost=str(OWN), data="inputs.npz"):
    wanted = ["--multiplexer", kind, "--data", data, "--models", "models.json"]
    priced = ["--multiplexer-cost", cost] if cost else []
    return cli.main(["fit", "outcomes.safetensors", *wanted, *priced, *QUICK, *arguments])


@pytest.mark.parametrize("kind", ["image", "statistics"])
def test_a_router_of_anybodys_models_calls_what_the_multiplexer_says(folder, capsys, kind):
    assert fit(kind=kind) == 0
    said = capsys.readouterr().out
    assert "240 inputs in 3 random parts of 80 to 80" in said
    assert "one pass costs 0.25 cost, counted in every decision" in said
    policy = load_router(folder / "router")
    assert policy.name == "hybrid_single"
    assert policy.multiplexer_cost == OWN
    images, _, dark = pictures(3, 2)
    for i in range(3):
        Image.fromarray(images[i].transpose(1, 2, 0)).save(f"{i}.png")
    files = [f"{i}.png" for i in range(3)]
    assert cli.main(["route", "router", *files, "--json", "found.json"]) == 0
    found = json.loads((folder / "found.json").read_text())["images"]
    assert [record["called"] for record in found] == [["small" if d else "large"] for d in dark]
    paid = [OWN + (SMALL if d else LARGE) for d in dark]
    assert [record["cost"]["cost"] for record in found] == paid
    router = muxnet.open_router("router")
    images, labels, dark = pictures(60, 3)
    answers = router.route(images)
    assert (answers.probabilities.argmax(axis=1) == labels).all()
    assert (answers.called == np.stack([dark, ~dark], axis=1)).all()


def test_the_table_of_a_router_holds_scores_that_policies_are_compared_by(folder, capsys):
    assert fit() == 0
    table = muxnet.read_outcomes("router/outcomes.safetensors")["all"]
    assert table.scores.shape == (240, 2)
    assert table.multiplexer_cost("cost") == OWN
    assert cli.main(["study", "router/outcomes.safetensors"]) == 0
    assert "hybrid-single" in capsys.readouterr().out
    for name in ("hybrid_single", "hybrid_ensemble"):
        held_out, test = muxnet.split_outcomes(table)
        policy = muxnet.fit_policy(name, held_out)
        assert policy.decide(test).called


def test_inputs_to_evaluate_on_are_scored_by_the_routers_multiplexer(folder, capsys):
    assert fit() == 0
    images, labels, dark = pictures(200, 5)
    np.savez("test.npz", images=images, labels=labels)
    collected = "collect --models models.json --data test.npz --out test.safetensors"
    assert cli.main(collected.split()) == 0
    evaluated = ["evaluate", "router", "--outcomes", "test.safetensors", "--json", "found.json"]
    assert cli.main(evaluated) == 1
    assert "weights or scores" in capsys.readouterr().err
    assert cli.main([*evaluated, "--data", "test.npz"]) == 0
    found = json.loads((folder / "found.json").read_text())
    assert found["router"]["accuracy"] == 1
    share = dark.mean()
    cost = OWN + share * SMALL + (1 - share) * LARGE
    assert found["router"]["cost"] == pytest.approx(cost)
    calibrated = ["calibrate", "router", "--outcomes", "test.safetensors", "--data", "test.npz"]
    assert cli.main([*calibrated, "--share", "large=0.6"]) == 0
    seen = ["evaluate", "router", "--outcomes", "outcomes.safetensors", "--data", "inputs.npz"]
    assert cli.main(seen) == 1  # it was fitted on them


def test_a_service_runs_the_multiplexer_and_counts_it(folder):
    from muxnet.serve.served import Source, load

    assert fit(kind="statistics") == 0
    served = load(Source(folder / "router"))
    options = _core.ServiceOptions()
    options.workers = 2
    service = _core.Service(served.deployment(record=True), options)
    images, labels, dark = pictures(40, 4)
    answer = service.infer(_core.ServiceRequest([images]))
    service.close()
    assert (answer.answers == labels).all()
    assert answer.costs == [OWN + (SMALL if d else LARGE) for d in dark]
    costs = [json.loads(record)["cost"]["cost"] for record in answer.records]
    assert costs == answer.costs


def test_no_input_is_scored_by_a_multiplexer_that_learnt_from_it(folder, monkeypatch):
    learnt, scored = [], []
    fit_part, score_part = cross_fitting._Learner.fit, cross_fitting._Learner.scores

    def fits(learner, part):
        learnt.append(part)
        return fit_part(learner, part)

    def scores(learner, multiplexer, part):
        scored.append(part)
        return score_part(learner, multiplexer, part)

    monkeypatch.setattr(cross_fitting._Learner, "fit", fits)
    monkeypatch.setattr(cross_fitting._Learner, "scores", scores)
    assert fit(kind="statistics") == 0
    assert len(learnt) == len(scored) + 1 == 4
    assert not any((one & other).any() for one, other in zip(learnt, scored, strict=False))
    assert (np.sum(scored, axis=0) == 1).all()  # each input once
    assert learnt[-1].all()


def chance(n=120, seed=0):
    """Answers that are right by chance, and vectors in which all can be told apart."""
    random = np.random.default_rng(seed)
    right = random.random((n, 2)) < 0.5
    probabilities = np.where(right[:, :, None], [0.9, 0.1], [0.1, 0.9]).astype(np.float32)
    labels = np.array([0, 1] * (n // 2), np.int32)
    probabilities[labels == 1] = probabilities[labels == 1, :, ::-1]
    vectors = random.normal(size=(n, 60)).astype(np.float32)
    table = _core.OutcomeTable(
        ["a", "b"],
        probabilities,
        {"macs": [1e6, 2e6], "joules": [1, 3]},
        labels=labels,
        features=vectors,
    )
    return table, muxnet.dataset(vectors, labels, name="vectors"), right


def learner(kind="features", **options):
    own = muxnet.MultiplexerConfig(kind=kind, pretraining_epochs=0, learning_rate=0.02, **options)
    return muxnet.RunConfig(batch_size=30, multiplexer=own)


def test_cross_fitted_scores_know_nothing_of_what_is_chance():
    table, data, right = chance()
    config = learner(epochs=40, hidden=32)
    outputs = muxnet.frozen_outputs(table, data, config)
    multiplexer = muxnet.fit_multiplexer(outputs, config=config).multiplexer
    learnt = _core.Predictor(multiplexer.model).output(outputs.images, "scores")
    found = cross_fit(table, data, Pricing("macs"), config, say=lambda _: None)
    for model in range(2):
        own = right[:, model].astype(np.uint8)
        assert _core.auroc(learnt[:, model].copy(), own) > 0.95  # by heart
        cross_fitted = found.table.scores[:, model].copy()
        assert np.ptp(cross_fitted) == 0 or _core.auroc(cross_fitted, own) < 0.75
    assert found.parts == (24,) * 5
    assert found.table.cost_kinds == ["macs"]  # the multiplexer's joules are not known
    multiplexer = found.saved.multiplexer
    assert found.table.multiplexer_cost("macs") == multiplexer.macs == multiplexer.cost


def test_the_same_seed_gives_the_same_multiplexer():
    table, data, _ = chance()
    config = learner(epochs=2)
    one, other = (
        cross_fit(table, data, Pricing("macs"), config, say=lambda _: None) for _ in range(2)
    )
    np.testing.assert_array_equal(one.table.scores, other.table.scores)
    config = dataclasses.replace(config, seed=5)
    another = cross_fit(table, data, Pricing("macs"), config, say=lambda _: None)
    assert not np.array_equal(one.table.scores, another.table.scores)


def test_features_come_from_the_table_and_with_each_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(3)
    vectors = random.normal(size=(300, 5)).astype(np.float32)
    easy = vectors @ [1, -1, 2, 0, 0.5] > 0  # small is right there
    labels = random.integers(0, 2, 300).astype(np.int32)
    small = np.where(easy, labels, 1 - labels)
    answers = np.stack([np.eye(2)[small], np.eye(2)[labels]], axis=1) * 0.8 + 0.1
    np.savez("table.npz", probabilities=answers, labels=labels, macs=[1e6, 9e6], features=vectors)
    wanted = ["--multiplexer", "features"]
    assert cli.main(["fit", "table.npz", *wanted, *QUICK]) == 0
    policy = load_router(tmp_path / "router")
    saved = load_multiplexer(tmp_path / "router", policy)
    assert saved.network.channels == 5
    assert saved.multiplexer.images is None
    assert policy.multiplexer_cost == saved.multiplexer.macs
    assert policy.point.accuracy > 0.93
    assert policy.point.cost < 6e6
    models = [ForeignModel(name, 1e6, even) for name in ("model_0", "model_1")]
    router = muxnet.Router(models, saved.multiplexer, policy)
    images = np.zeros((300, 1, 2, 2), np.uint8)
    called = router.route(images, features=vectors).called
    assert (called[:, 0] == easy).mean() > 0.93
    with pytest.raises(ValueError, match=r"f32 vectors \(n, d\)"):
        router.route(images)


def test_vectors_come_with_texts_row_by_row(tmp_path):
    texts = [("short", "a"), ("a longer one", "b"), ("another of these", "b")]
    models = [ForeignModel(name, 1.0, even) for name in ("one", "two")]
    table = collect(models, texts, tmp_path / "t.safetensors", say=lambda _: None)
    labels = np.array(["a", "b", "b"])

    def vectors(labels, dim=4):
        return inputs_of(muxnet.dataset(np.zeros((len(labels), dim), np.float32), labels))

    def numbers(names):
        return (names == "b").astype(np.int32)

    assert matching_rows(table, vectors(numbers(labels))) == [0, 1, 2]
    assert matching_rows(table.subset([2, 0]), vectors(numbers(labels))) == [2, 0]
    with pytest.raises(ConfigError, match="label 1 of row 2, as in the table"):
        matching_rows(table, vectors(numbers(labels[[0, 0, 2]])))
    with pytest.raises(ConfigError, match="such as number 2"):
        matching_rows(table, vectors(numbers(labels[:2])))
    of_vectors = collect(
        models, vectors(numbers(labels)), tmp_path / "v.safetensors", say=lambda _: None
    )
    with pytest.raises(ConfigError, match="expected the inputs arrays#"):
        matching_rows(of_vectors, vectors(numbers(labels), dim=5))


def even(images):
    return np.full((len(images), 2), 0.5)


def test_what_is_learnt_is_of_these_inputs_alone(folder, capsys):
    images, labels, _ = pictures(240, 7)
    np.savez("other.npz", images=images, labels=labels)
    assert fit(data="other.npz") == 1
    assert "expected the inputs inputs#" in capsys.readouterr().err
    table = _core.OutcomeTable.load(folder / "outcomes.safetensors")
    arrays = np.load("inputs.npz")
    data = inputs_of(muxnet.dataset(arrays["images"], arrays["labels"], name="inputs"))
    assert matching_rows(table, data) == list(range(240))
    assert matching_rows(table.subset([7, 3]), data) == [7, 3]
    unnamed = _core.OutcomeTable(
        table.models, table.probabilities, {"cost": table.costs("cost")}, labels=table.labels
    )
    assert matching_rows(unnamed, data) == list(range(240))
    assert matching_rows(unnamed.subset([7, 3]), data) == [7, 3]
    with pytest.raises(ConfigError, match="240 inputs, as the table has"):
        matching_rows(unnamed, data.subset([1, 2]))
    unlabelled = dataclasses.replace(data, labels=np.full(240, -1, np.int32))
    with pytest.raises(ConfigError, match="labels, by which rows match a table"):
        matching_rows(unnamed, unlabelled)
    other = (arrays["labels"] + 1) % 4
    turned = inputs_of(muxnet.dataset(arrays["images"], other, name="inputs"))
    with pytest.raises(ConfigError, match=r"label \d of row 1, as in the table"):
        matching_rows(unnamed, turned)


def test_a_cost_that_is_not_known_is_asked_for(folder, capsys):
    assert fit(cost="") == 2
    assert "in the models' unit, 'cost': --multiplexer-cost COST" in capsys.readouterr().err
    assert fit(cost="much") == 2
    assert "a cost of at least 0, or macs" in capsys.readouterr().err
    assert not (folder / "router" / "policy.json").exists()
    assert fit(cost="macs", kind="statistics") == 0
    policy = load_router(folder / "router")
    assert policy.multiplexer_cost == load_multiplexer(folder / "router", policy).multiplexer.macs
    with pytest.raises(UsageError, match="'joules'"):
        Pricing("joules")


def test_a_multiplexer_of_another_router_is_refused(folder, capsys):
    assert fit(kind="statistics") == 0
    collected = "collect --models models.json --data inputs.npz --out all.safetensors"
    assert cli.main(collected.split()) == 0
    images, labels, _ = pictures(100, 9)
    np.savez("other.npz", images=images, labels=labels)
    models = model_list.read_models("models.json")
    data = muxnet.dataset(images, labels, name="other")
    collect(models, data, "other.safetensors", say=lambda _: None)
    other = "fit other.safetensors --data other.npz --multiplexer statistics --out other"
    priced = ["--multiplexer-cost", "1", "--models", "models.json"]
    assert cli.main([*other.split(), *priced, *QUICK]) == 0
    for name in (_core.MULTIPLEXER_FILE, _core.MULTIPLEXER_WEIGHTS_FILE):
        (folder / "router" / name).write_bytes((folder / "other" / name).read_bytes())
    Image.fromarray(images[0].transpose(1, 2, 0)).save("a.png")
    capsys.readouterr()
    assert cli.main(["route", "router", "a.png"]) == 1
    assert "one of other inputs" in capsys.readouterr().err
    (folder / "router" / _core.MULTIPLEXER_FILE).unlink()
    assert cli.main(["route", "router", "a.png"]) == 1
    assert "multiplexer.json (muxnet fit --multiplexer) for policy hybrid_single" in (
        capsys.readouterr().err
    )


def test_what_cannot_be_fitted_is_refused_before_anything_is_trained(folder, capsys, monkeypatch):
    monkeypatch.setattr(cross_fitting._Learner, "fit", lambda *_: pytest.fail("trained"))
    table = _core.OutcomeTable.load(folder / "outcomes.safetensors")
    table.subset(list(range(240)), "test").save(folder / "outcomes.safetensors")
    assert fit() == 1
    assert "muxnet collect --split held_out" in capsys.readouterr().err
    table.save(folder / "outcomes.safetensors")
    assert fit("--policy", "nonsense") != 0
    assert "nonsense" in capsys.readouterr().err
    assert cli.main(["fit", "outcomes.safetensors", "--multiplexer", "image"]) == 2
    assert "what one pass of the multiplexer costs" in capsys.readouterr().err
    priced = ["--multiplexer", "image", "--multiplexer-cost", "1"]
    assert cli.main(["fit", "outcomes.safetensors", *priced]) == 2
    assert "[--data] expected the table's inputs" in capsys.readouterr().err


def test_a_router_that_is_fitted_again_without_one_keeps_none(folder):
    assert fit(kind="statistics") == 0
    assert (folder / "router" / _core.MULTIPLEXER_FILE).exists()
    assert cli.main(["fit", "outcomes.safetensors", "--models", "models.json"]) == 0
    left = {path.name for path in (folder / "router").iterdir()}
    assert not {name for name in left if "multiplexer" in name or name == "outcomes.safetensors"}


def test_a_new_price_of_deciding_is_paid(folder):
    assert fit(kind="statistics") == 0
    changed = ["--costs", "small=2,large=30", "--multiplexer-cost", "0.5"]
    assert cli.main(["calibrate", "router", *changed]) == 0
    router = muxnet.open_router("router")
    assert router.pool.multiplexer_costs == {"cost": 0.5}


def test_networks_of_the_zoo_are_shown_images():
    data = muxnet.dataset(np.zeros((8, 3, 32, 32), np.uint8), np.arange(8, dtype=np.int32) % 4)
    models = muxnet.zoo(["alexnet_small", "mobilenet_v2_small"], data)
    with pytest.raises(ConfigError, match=r"multiplexer\.kind"):
        muxnet.frozen_outputs(models, data, learner("statistics"))
