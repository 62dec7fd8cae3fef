"""``muxnet route``: image files to answers, among anybody's models or those of a run."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.pool import adapters, model_list
from muxnet.pool.collect import collect
from muxnet.pool.decision_text import explanation, plan_line, step_text
from muxnet.pool.pools import image_format
from PIL import Image

SIDE = 8

# Small is sure of dark and of bright images; large knows all.
MODULE = """
import numpy as np


def small(images):
    mean = images.mean(axis=(1, 2, 3))
    return np.stack([1 - mean, mean], axis=1)


def large(images):
    bright = (images.mean(axis=(1, 2, 3)) > 0.5) * 0.9 + 0.05
    return np.stack([1 - bright, bright], axis=1)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with models, a router fitted for them and images of a few brightnesses."""
    (tmp_path / "brightness.py").write_text(MODULE)
    entries = [
        {"name": "small", "callable": "brightness:small", "cost": 1},
        {"name": "large", "callable": "brightness:large", "cost": 10},
    ]
    (tmp_path / "models.json").write_text(json.dumps(entries))
    random = np.random.default_rng(1)
    levels = random.random(400)
    images = np.rint(255 * np.ones((400, 3, SIDE, SIDE)) * levels[:, None, None, None])
    # Small errs around the middle, where labels follow another line than its own.
    data = muxnet.dataset(images.astype(np.uint8), (levels > 0.5).astype(np.int32), name="levels")
    models = model_list.read_models(tmp_path / "models.json")
    noisy = [noise_in_the_middle(models[0]), models[1]]
    collect(noisy, data, tmp_path / "held_out.safetensors", split="", say=lambda _: None)
    for name, level in (("dark", 10), ("middle", 120), ("bright", 250)):
        pixels = np.full((SIDE, SIDE, 3), level, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    table = ["fit", "held_out.safetensors", "--policy", "cascade"]
    assert cli.main([*table, "--out", "router", "--models", "models.json"]) == 0
    return tmp_path


def noise_in_the_middle(model):
    def predict(images):
        mean = images.mean(axis=(1, 2, 3))
        turned = np.where(np.abs(mean - 0.5) < 0.2, 1 - mean, mean)
        return np.stack([1 - turned, turned], axis=1)

    return adapters.ForeignModel(model.name, model.cost, predict)


def route(*arguments):
    images = ["dark.png", "middle.png", "bright.png"]
    return cli.main(["route", "router", *images, "--size", str(SIDE), *arguments])


def test_each_image_is_answered_by_the_models_it_needs(folder, capsys):
    assert route("--json", "found.json", "--records", "records.jsonl") == 0
    found = json.loads((folder / "found.json").read_text())
    assert [entry["answer"] for entry in found["images"]] == [0, 0, 1]
    assert [entry["called"] for entry in found["images"]] == [
        ["small"],
        ["small", "large"],
        ["small"],
    ]
    assert [entry["cost"]["cost"] for entry in found["images"]] == [1, 11, 1]
    out = capsys.readouterr().out
    assert "middle.png: class 0 (0.950), called small, large: 11 cost" in out
    lines = (folder / "records.jsonl").read_text().splitlines()
    assert [json.loads(line)["image"] for line in lines] == ["dark.png", "middle.png", "bright.png"]
    assert cli.main(["replay", "router", "records.jsonl"]) == 0
    assert "3 records, 0 decided otherwise" in capsys.readouterr().out


def test_a_record_that_was_changed_comes_out_otherwise(folder, capsys):
    route("--records", "records.jsonl")
    text = (folder / "records.jsonl").read_text()
    lines = text.splitlines()
    changed = json.loads(lines[0])
    changed["answer"] = 1
    (folder / "records.jsonl").write_text("\n".join([json.dumps(changed), *lines[1:]]))
    assert cli.main(["replay", "router", "records.jsonl"]) == 1
    assert "line 1: now called small, answer 0" in capsys.readouterr().out
    assert cli.main(["calibrate", "router", "--budget", "1"]) == 0
    assert cli.main(["replay", "router", "records.jsonl"]) == 1
    assert "in version" in capsys.readouterr().err


def test_an_explanation_names_the_comparison_that_decided(folder, capsys):
    assert route("--explain") == 0
    out = capsys.readouterr().out
    assert "1. calls small" in out
    assert "2. max_softmax 0.5294 < " in out
    assert "(threshold): calls large" in out
    assert "3. answers from large" in out
    assert "large: 10 cost, answers class 0" in out


def test_deciding_alone_runs_no_model(folder, capsys, monkeypatch):
    def fails(*_):
        raise AssertionError("a model ran")

    monkeypatch.setattr(adapters.ForeignModel, "probabilities", fails)
    assert route("--decide-only") == 0
    out = capsys.readouterr().out
    assert "dark.png: calls small; then calls large where max_softmax < " in out


def test_damaged_images_are_named_and_the_others_answered(folder, capsys):
    (folder / "broken.png").write_bytes((folder / "dark.png").read_bytes()[:60])
    (folder / "text.png").write_text("no image")
    damaged = ["broken.png", "text.png", "missing.png"]
    images = ["dark.png", *damaged, "middle.png", "bright.png"]
    found = ["--json", "found.json", "--size", str(SIDE)]
    assert cli.main(["route", "router", *found, *images]) == 1
    found = json.loads((folder / "found.json").read_text())
    assert len(found["images"]) == 3
    assert sorted(found["damaged"]) == ["broken.png", "missing.png", "text.png"]
    captured = capsys.readouterr()
    assert "bright.png: class 1" in captured.out
    assert captured.err.count("damaged: ") == 3


def test_batches_number_their_inputs_on(folder, monkeypatch):
    monkeypatch.setattr("muxnet.pool.router.BATCH_BYTES", 2 * 4 * 3 * SIDE * SIDE)
    router = muxnet.open_router(folder / "router", images=image_format(3, SIDE, SIDE))
    found = router.route_files([folder / "dark.png"] * 5)
    assert [record["input"] for record in found.records] == [0, 1, 2, 3, 4]


def test_one_path_is_one_file(folder):
    router = muxnet.open_router("router", images=_core.ImageFormat(height=SIDE, width=SIDE))
    listed = router.route_files(["dark.png"])
    for path in ("dark.png", Path("dark.png")):
        assert router.route_files(path) == listed
    assert [record["image"] for record in listed.records] == ["dark.png"]
    assert list(router.route_files("none.png").damaged) == ["none.png"]


def test_lists_and_tensors_are_arrays(folder):
    router = muxnet.open_router("router", images=_core.ImageFormat(height=SIDE, width=SIDE))
    images = np.random.default_rng(0).integers(0, 256, (3, 3, SIDE, SIDE), np.uint8)
    given = [images.tolist(), list(images), images.astype(np.int64), images / 255]
    torch = pytest.importorskip("torch")
    given += [torch.tensor(images), list(torch.tensor(images)), torch.tensor(images) / 255]
    expected = router.route(images)
    for same in given:
        found = router.route(same)
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
        np.testing.assert_array_equal(found.called, expected.called)


@pytest.mark.parametrize(
    ("given", "received"),
    [("dark.png", "str"), (None, "NoneType"), ([{}], "a list of dict"), ([], "an empty list")],
)
def test_what_is_no_array_is_told(folder, given, received):
    router = muxnet.open_router("router", images=_core.ImageFormat(height=SIDE, width=SIDE))
    with pytest.raises(TypeError, match=rf"\[route\] expected .*images.* received {received}$"):
        router.route(given)


def test_a_model_for_one_thread_is_not_called_by_two(folder):
    inside, most = [], []

    def predict(images):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return np.tile([1.0, 0.0], (len(images), 1))  # sure: the other is not called

    policy = _core.Policy.load(folder / "router" / "policy.json")
    models = [adapters.ForeignModel(name, 1.0, predict) for name in policy.models]
    router = muxnet.Router(models, None, policy)
    images = np.zeros((1, 3, SIDE, SIDE), np.uint8)
    with ThreadPoolExecutor(4) as threads:
        answers = [*threads.map(router.route, [images] * 8)]
    assert all(answer.called.tolist() == [[True, False]] for answer in answers)
    assert most == [1] * 8


def test_models_of_both_kinds_do_not_mix(folder):
    policy = _core.Policy.load(folder / "router" / "policy.json")
    options = _core.NetworkOptions(channels=3, height=32, width=32, classes=2)
    network = _core.make_model("alexnet_small", options)
    model = adapters.ForeignModel("large", 1.0, lambda images: images)
    with pytest.raises(ConfigError, match="networks of ours, or others'"):
        muxnet.Router([network, model], None, policy)


def test_the_router_keeps_its_models_where_they_are(folder, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    images = [str(folder / "dark.png")]
    arguments = ["route", str(folder / "router"), *images, "--size", "8", "--json", "f.json"]
    assert cli.main(arguments) == 0


def test_drift_is_told(folder, capsys):
    draw = np.random.default_rng(2)
    levels, noise = draw.random(300), draw.random((300, 3, SIDE, SIDE))  # no two images alike
    images = np.rint(253 * levels[:, None, None, None] + 2 * noise)
    data = muxnet.dataset(images.astype(np.uint8), (levels > 0.5).astype(np.int32), name="other")
    models = model_list.read_models(folder / "models.json")
    collect(models, data, folder / "calibration.safetensors", say=lambda _: None)
    assert route("--monitor") == 1
    assert "drift.json of muxnet calibrate" in capsys.readouterr().err
    assert cli.main(["calibrate", "router", "--outcomes", "calibration.safetensors"]) == 0
    assert "300 inputs kept to compare with" in capsys.readouterr().out
    assert route("--monitor", "--json", "found.json") == 0
    assert json.loads((folder / "found.json").read_text())["drift"]["alarm"] is False
    same = ["bright.png"] * 150
    assert cli.main(["route", "router", *same, "--size", "8", "--monitor", "--json", "f.json"]) == 0
    drift = json.loads((folder / "f.json").read_text())["drift"]
    assert drift["alarm"] is True
    assert drift["observed"] == 153
    assert "no longer like those of the calibration" in capsys.readouterr().err
    assert cli.main(["calibrate", "router", "--budget", "1"]) == 0
    assert route("--monitor") == 1
    assert "drift.json of muxnet calibrate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["router", "dark.png", "--decide-only", "--explain"], 2, "which need answers"),
        (["router", "dark.png", "--resize", "16"], 2, "--size beside them"),
        (["router", "dark.png", "--policy", "cascade"], 1, "a run's folder"),
        (["nothing", "dark.png"], 1, "a router with policy.json"),
        (["bare", "dark.png"], 1, "--models, or models.json"),
        (["router", "dark.png", "--models", "other.json"], 1, "the router's models small, large"),
        (["router", "dark.png", "--models", "fails.json"], 1, "the size of every model's images"),
        (
            ["router", "dark.png", "--models", "fails.json", "--size", "9"],
            1,
            "small failed on inputs of 3 x 9 x 9",
        ),
    ],
)
def test_what_cannot_be_routed_is_told(folder, capsys, arguments, status, message):
    (folder / "bare").mkdir()
    (folder / "bare" / "policy.json").write_bytes((folder / "router/policy.json").read_bytes())
    other = [{"name": "third", "callable": "brightness:small", "cost": 1}]
    (folder / "other.json").write_text(json.dumps(other))
    fails = [
        {"name": name, "callable": "brightness:small", "cost": 1, "mean": [0.0, 0.0]}
        for name in ("small", "large")
    ]
    (folder / "fails.json").write_text(json.dumps(fails))
    assert cli.main(["route", *arguments]) == status
    assert message in capsys.readouterr().err


def test_fit_refuses_a_list_of_other_models(folder, capsys):
    other = [{"name": "third", "callable": "brightness:small", "cost": 1}]
    (folder / "other.json").write_text(json.dumps(other))
    assert cli.main(["fit", "held_out.safetensors", "--models", "other.json"]) == 1
    assert "the models of the table, small, large" in capsys.readouterr().err


def test_words_for_steps_and_plans():
    why = {"quantity": "weight", "value": 0.25, "relation": ">", "threshold": 0.125}
    why |= {"against": "threshold", "values": [0.75, 0.25]}
    step = {"call": ["a", "b"], "why": why}
    assert step_text(step) == "weight 0.25 > 0.125 (threshold): calls a, b"
    alternatives = [{"model": name, "cost": {"macs": 2e6}} for name in ("a", "b")]
    alternatives[0] |= {"answer": 1, "right": True}
    record = {
        "input": 7,
        "policy": "hybrid_ensemble",
        "version": "0",
        "answer": 1,
        "probability": 0.5,
        "cost": {"macs": 4e6},
        "steps": [step, {"answer_from": ["a", "b"]}],
        "alternatives": alternatives,
        "label": 1,
        "right": True,
    }
    text = explanation(record, "macs")
    assert "     a 0.75, b 0.25" in text
    assert "a: 2.00 M MACs, answers class 1, right" in text
    assert "b: 2.00 M MACs\n" in text
    assert text.endswith("the label is 1: right")
    then = [{"quantity": "margin", "threshold": 0.5, "call": []}]
    plan = {"image": "x.png", "call": ["a"], "then": then}
    assert plan_line(plan) == "x.png: calls a; then may call more where margin < 0.5"


def test_floats_are_pixels_from_nought_to_one(folder):
    router = muxnet.open_router("router", images=_core.ImageFormat(height=SIDE, width=SIDE))
    images = np.full((2, 3, SIDE, SIDE), 250, np.uint8)
    bright = router.route(images).probabilities
    floats = images / np.float32(255)
    np.testing.assert_allclose(router.route(floats).probabilities, bright, atol=1e-6)
    for wrong in (images.astype(np.float32), (floats - 0.45) / 0.22):
        with pytest.raises(ValueError, match=r"route, images.*from 0 to 1.*received from"):
            router.route(np.float32(wrong))
    levels = muxnet.dataset(images.astype(np.float32), np.zeros(2, np.int32), name="levels")
    with pytest.raises(ValueError, match=r"levels, images.*from 0 to 1.*received from 250"):
        collect(model_list.read_models("models.json"), levels, "o.safetensors")
