"""``muxnet collect``: anybody's models over labelled inputs."""

import json

import numpy as np
import pytest
from muxnet import _core, adapters, api, cli
from muxnet.collect import batch_size, collect
from muxnet.errors import ConfigError, UserError

CLASSES = 3
FIVE_IMAGES = 4 * 64 * 5  # bytes, as batch_size counts


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (30, 1, 8, 8), dtype=np.uint8)
    return api.dataset(images, np.arange(30) % CLASSES, name="noise")


def bright(images):
    """Answer by the mean brightness: in [0, 1] where images are scaled as they should be."""
    mean = images.mean(axis=(1, 2, 3))
    assert ((mean >= 0) & (mean <= 1)).all()
    return np.stack([mean, 1 - mean, np.zeros_like(mean)], axis=1)


def test_every_model_answers_every_input(data, tmp_path):
    models = [
        adapters.ForeignModel("bright", 1.0, bright),
        adapters.ForeignModel(
            "sure", 2.0, lambda x: 9 * np.eye(3)[np.zeros(len(x), int)], "logits"
        ),
    ]
    table = collect(models, data, tmp_path / "o.safetensors", split="held_out", say=lambda _: None)
    assert table.models == ["bright", "sure"]
    assert table.costs("cost") == [1.0, 2.0]
    expected = bright(np.asarray(data.images, np.float32) / 255)
    np.testing.assert_allclose(table.probabilities[:, 0], expected, atol=1e-5)
    np.testing.assert_allclose(table.probabilities[:, 1].sum(axis=1), 1, atol=1e-5)
    assert _core.OutcomeTable.load(tmp_path / "o.safetensors").split == "held_out"
    assert not list(tmp_path.glob("*.partial"))


def test_a_model_that_fails_is_named_with_its_input_and_the_rest_is_kept(data, tmp_path):
    asked = []

    def first(images):
        asked.append(len(images))
        return bright(images)

    def fails(images):
        if (np.rint(255 * images[:, 0, 0, 0]) == data.images[17, 0, 0, 0]).any():
            raise RuntimeError("does not like this one")
        return bright(images)

    out = tmp_path / "o.safetensors"
    models = [adapters.ForeignModel("first", 1, first), adapters.ForeignModel("second", 2, fails)]
    with pytest.raises(UserError, match="second failed on input 17: RuntimeError: does not like"):
        collect(models, data, out, say=lambda _: None)
    assert not out.exists()
    with pytest.raises(UserError, match="--resume, or remove it"):
        collect(models, data, out, say=lambda _: None)
    count = len(asked)
    mended = [models[0], adapters.ForeignModel("second", 2, bright)]
    table = collect(mended, data, out, resume=True, say=lambda _: None)
    assert len(asked) == count  # not run again
    assert len(table) == 30


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: np.full((len(x), 3), np.nan), "finite answers"),
        (lambda x: np.zeros(len(x)), r"answers of shape \(30, K\)"),
        (lambda x: np.ones((len(x), 3)), "sum"),
        (lambda x: np.full((len(x), 2), 0.5), "or more classes"),
    ],
)
def test_answers_that_do_not_fit_are_refused(data, tmp_path, answer, message):
    models = [adapters.ForeignModel("a", 1, bright), adapters.ForeignModel("b", 1, answer)]
    with pytest.raises((UserError, ValueError), match=message):
        collect(models, data, tmp_path / "o.safetensors", say=lambda _: None)


def test_a_stop_amid_a_model_costs_its_last_call_only(data, tmp_path, monkeypatch):
    monkeypatch.setattr("muxnet.collect.BATCH_BYTES", FIVE_IMAGES)
    out = tmp_path / "o.safetensors"
    calls = []

    def stopped(images):
        calls.append(len(images))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return bright(images)

    with pytest.raises(KeyboardInterrupt):
        collect([adapters.ForeignModel("a", 1, stopped)], data, out, say=lambda _: None)
    said = []
    table = collect(
        [adapters.ForeignModel("a", 1, stopped)], data, out, resume=True, say=said.append
    )
    assert calls == [5] * 7
    assert said == ["a: 30 of 30 inputs"]
    expected = bright(np.asarray(data.images, np.float32) / np.float32(255))
    np.testing.assert_allclose(table.probabilities[:, 0], expected, atol=1e-6)


def test_a_model_that_changes_its_classes_is_refused(data, tmp_path, monkeypatch):
    monkeypatch.setattr("muxnet.collect.BATCH_BYTES", FIVE_IMAGES)
    counts = iter((3, 4))

    def alike(images):
        classes = next(counts)
        return np.full((len(images), classes), 1 / classes)

    model = adapters.ForeignModel("a", 1, alike)
    with pytest.raises(ConfigError, match="expected 3 classes, as in a's answers before, received"):
        collect([model], data, tmp_path / "o.safetensors", say=lambda _: None)


def test_batches_fit_memory():
    class Large:
        image_shape = (3, 2000, 2000)

    class Small:
        image_shape = (1, 8, 8)

    assert batch_size(Large) == 1
    assert batch_size(Small) == 256


@pytest.fixture
def onnx_folder(tmp_path):
    """Return a folder with ``linear.onnx``, images (n, 1, 8, 8) to three logits."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    info = onnx.helper.make_tensor_value_info
    flat = onnx.helper.make_node("Flatten", ["images"], ["flat"], axis=1)
    dense = onnx.helper.make_node("MatMul", ["flat", "w"], ["logits"])
    weights = onnx.numpy_helper.from_array(
        np.random.default_rng(2).standard_normal((64, 3)).astype(np.float32), "w"
    )
    graph = onnx.helper.make_graph(
        [flat, dense],
        "linear",
        [info("images", onnx.TensorProto.FLOAT, ["n", 1, 8, 8])],
        [info("logits", onnx.TensorProto.FLOAT, ["n", 3])],
        [weights],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, tmp_path / "linear.onnx")
    return tmp_path


def test_the_command_runs_a_module_and_an_onnx_file(onnx_folder, monkeypatch, capsys):
    tmp_path = onnx_folder
    images = np.random.default_rng(1).integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "inputs.npz", images=images, labels=np.arange(20) % 3)
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\n\ndef predict(images):\n"
        "    return np.eye(3)[np.zeros(len(images), int)]\n"
    )
    entries = [
        {"name": "mine", "callable": "mine:predict", "cost": 1},
        {"name": "linear", "onnx": "linear.onnx", "cost": 2, "output": "logits", "mean": [0.5]},
    ]
    (tmp_path / "models.json").write_text(json.dumps(entries))
    monkeypatch.chdir(tmp_path)
    arguments = ["--models", "models.json", "--data", "inputs.npz", "--json", "found.json"]
    assert cli.main(["collect", *arguments]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["models"]["mine"] == {"cost": 1.0, "accuracy": 7 / 20}
    assert "linear: 20 of 20 inputs" in capsys.readouterr().out
    assert cli.main(["study", "outcomes.safetensors"]) == 0


def test_both_engines_answer_alike_and_opencv_needs_no_python_package(onnx_folder, monkeypatch):
    images = np.random.default_rng(3).integers(0, 256, (5, 1, 8, 8), dtype=np.uint8)
    entry = {"name": "a", "onnx": "linear.onnx", "cost": 1, "output": "logits"}
    answers = {}
    for engine in ("onnxruntime", "opencv"):
        (onnx_folder / "one.json").write_text(json.dumps([{**entry, "engine": engine}]))
        answers[engine] = adapters.read_models(onnx_folder / "one.json")[0].probabilities(images)
    np.testing.assert_allclose(answers["opencv"], answers["onnxruntime"], atol=1e-5)
    path = onnx_folder / "one.json"
    path.write_text(json.dumps([{**entry, "engine": "onnxruntime"}]))
    (model,) = adapters.open_models(adapters.describe_models(path), "one", threads=1)
    np.testing.assert_array_equal(model.probabilities(images), answers["onnxruntime"])
    monkeypatch.setattr(adapters, "find_spec", lambda _: None)
    (onnx_folder / "one.json").write_text(json.dumps([entry]))
    default = adapters.read_models(onnx_folder / "one.json")[0].probabilities(images)
    np.testing.assert_array_equal(default, answers["opencv"])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"onnx": "broken.onnx", "engine": "opencv"}, "an ONNX network that OpenCV 4"),
        ({"onnx": "broken.onnx", "engine": "onnxruntime"}, "an ONNX model"),
        ({"onnx": "linear.onnx", "engine": "magic"}, "onnxruntime or opencv"),
        ({"callable": "math:cos", "engine": "opencv"}, "none beside callable"),
    ],
)
def test_an_engine_says_what_it_cannot_read(onnx_folder, entry, message, capfd):
    (onnx_folder / "broken.onnx").write_bytes(b"no network")
    (onnx_folder / "one.json").write_text(json.dumps([{"name": "a", "cost": 1, **entry}]))
    with pytest.raises(ConfigError, match=message):
        adapters.read_models(onnx_folder / "one.json")
    if entry.get("engine") == "opencv":
        assert capfd.readouterr().err == ""  # OpenCV itself would print its errors


def test_a_kept_list_is_read_from_anywhere(onnx_folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "kept.json"
    entries = [{"name": "a", "onnx": "linear.onnx", "cost": 1, "output": "logits"}]
    (onnx_folder / "one.json").write_text(json.dumps(entries))
    adapters.keep_models(onnx_folder / "one.json", elsewhere)
    assert adapters.read_models(elsewhere)[0].name == "a"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "a list of models"),
        ([3], "an object"),
        ([{"cost": 1, "callable": "a:b"}], "a name"),
        ([{"name": "a", "callable": "a:b"}], "a number above 0"),
        ([{"name": "a", "cost": 1}], "either onnx or callable"),
        ([{"name": "a", "cost": 1, "callable": "no_such_module:f"}], "can be imported"),
        ([{"name": "a", "cost": 1, "callable": "math:pi"}], "a function"),
        ([{"name": "a", "cost": 1, "callable": "math:cos", "colour": 1}], "received colour"),
        ([{"name": "a", "cost": 1, "callable": "math:cos", "mean": 1}], "one per channel"),
        ([{"name": "a", "cost": 1, "callable": "math:cos", "deviation": [0]}], "one per channel"),
        ([{"name": "a", "cost": 1, "callable": "math:cos", "output": "text"}], "or logits"),
        ([{"name": "a", "cost": 1, "callable": "math:cos"}] * 2, "different names"),
    ],
)
def test_a_list_that_does_not_fit_is_told(tmp_path, entries, message):
    (tmp_path / "models.json").write_text(json.dumps(entries))
    with pytest.raises(ConfigError, match=message):
        adapters.read_models(tmp_path / "models.json")


def test_a_torch_module_is_one_line(data):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, CLASSES))
    model = adapters.from_module("mine", module, cost=1.0)
    answers = model.probabilities(np.asarray(data.images))
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
