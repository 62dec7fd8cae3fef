"""Models that want images of different sizes: recorded, fitted and routed as by hand."""

import json
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError, UserError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.input_sources import open_inputs
from muxnet.pool.model_input import ModelInput
from muxnet.pool.model_list import read_models
from PIL import Image

CLASSES = ("dark", "bright")
SIZES = (12, 16, 20)


class Files:
    """Image files as inputs, read as they are wanted; counts how often each was."""

    def __init__(self, files, labels):
        self.files, self.labels = files, np.asarray(labels, np.int32)
        self.name, self.class_names = "files", CLASSES
        self.source_index = np.arange(len(files))
        self.reads = np.zeros(len(files), int)

    def __len__(self):
        return len(self.files)

    def read(self, rows, formats):
        self.reads[rows] += 1
        images, errors = _core.read_images(self.files[rows], formats)
        assert not any(errors)
        return images

    def identity(self):
        return {"images": "1", "count": str(len(self)), "labels": "2"}

    def contents(self):
        return np.zeros(0, np.int64)


def save_onnx(path, side, weights):
    """Write a network of side x side images to two logits."""
    onnx = pytest.importorskip("onnx")
    info = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("Flatten", ["images"], ["flat"], axis=1),
        onnx.helper.make_node("MatMul", ["flat", "w"], ["logits"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "linear",
        [info("images", onnx.TensorProto.FLOAT, ["n", 3, side, side])],
        [info("logits", onnx.TensorProto.FLOAT, ["n", 2])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with photographs of many sizes, and a model for each of ``SIZES``."""
    pytest.importorskip("onnxruntime")
    random = np.random.default_rng(3)
    entries = []
    for side in SIZES:
        # Bright where the weighted mean is above a half.
        weights = (random.random((3 * side * side, 1)) / (1.5 * side * side)).astype("f4")
        save_onnx(tmp_path / f"{side}.onnx", side, np.hstack([-weights, weights]))
        entries.append(
            {
                "name": f"m{side}",
                "onnx": f"{side}.onnx",
                "cost": side * side,
                "output": "logits",
                "mean": [0.5],
                "deviation": [0.05],
            }
        )
    entries[1] |= {"resize": 18, "interpolation": "bicubic"}
    (tmp_path / "models.json").write_text(json.dumps(entries))
    for i in range(60):
        height, width = random.integers(22, 40, 2)
        level = random.integers(20, 236)
        pixels = np.clip(level + random.normal(0, 60, (height, width, 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{i:02}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inputs_of(folder):
    files = sorted(folder.glob("*.png"))
    labels = [int(np.asarray(Image.open(file)).mean() > 127) for file in files]
    return Files(files, labels)


def by_hand(files, side, **options):
    """Return what an ONNX file answers for files that are prepared apart from all others."""
    import onnxruntime

    wanted = _core.ImageFormat(height=side, width=side, **options)
    images = np.concatenate([_core.read_images([file], [wanted])[0][0] for file in files])
    session = onnxruntime.InferenceSession(f"{side}.onnx", providers=["CPUExecutionProvider"])
    logits = session.run(None, {"images": ((images / np.float32(255)) - 0.5) / np.float32(0.05)})[0]
    answers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return answers / answers.sum(axis=1, keepdims=True)


def test_each_model_is_shown_the_photograph_prepared_for_it(folder, monkeypatch):
    monkeypatch.setattr("muxnet.pool.collect.BATCH_BYTES", 7 * 4 * 3 * sum(s * s for s in SIZES))
    inputs = inputs_of(folder)
    models = read_models("models.json")
    table = collect(models, inputs, "o.safetensors", say=lambda _: None)
    assert inputs.reads.max() <= 2  # the first, whose shapes are looked at, once more
    assert inputs.reads[1:].max() == 1
    ways = {"m12": {}, "m16": {"resize": 18, "interpolation": "bicubic"}, "m20": {}}
    expected = {
        model.name: by_hand(inputs.files, side, **ways[model.name])
        for model, side in zip(models, SIZES, strict=True)
    }
    for i, name in enumerate(table.models):
        np.testing.assert_allclose(table.probabilities[:, i], expected[name], atol=1e-5)
    assert list(table.class_names) == list(CLASSES)
    shown = {name: json.loads(text) for name, text in table.inputs.items()}
    assert shown["m16"]["size"] == [16, 16]
    assert shown["m16"]["resize"] == 18

    fit = ["fit", "o.safetensors", "--policy", "cascade", "--models", "models.json"]
    assert cli.main([*fit, "--out", "router"]) == 0
    router = muxnet.open_router("router")
    records = router.route_files(inputs.files).records
    for row, record in enumerate(records):
        last = record["called"][-1]
        assert record["answer"] == int(np.argmax(expected[last][row]))
        assert record["class"] == CLASSES[record["answer"]]
        for name in record["called"]:
            alternative = next(a for a in record["alternatives"] if a["model"] == name)
            assert alternative["answer"] == int(np.argmax(expected[name][row]))


def test_a_folder_of_photographs_is_recorded_and_routed_without_a_size(folder, capsys):
    inputs = inputs_of(folder)
    for file, label in zip(inputs.files, inputs.labels, strict=True):
        (folder / "photos" / CLASSES[label]).mkdir(parents=True, exist_ok=True)
        file.rename(folder / "photos" / CLASSES[label] / file.name)
    collected = ["collect", "--models", "models.json", "--data", "images:photos"]
    assert cli.main([*collected, "--out", "o.safetensors"]) == 0
    said = capsys.readouterr().out
    assert "m16: images of 16 x 16, RGB: shorter side to 18, the centre cut out, bicubic" in said
    table = _core.OutcomeTable.load("o.safetensors")
    files = open_inputs("images:photos").files
    ways = ({}, {"resize": 18, "interpolation": "bicubic"}, {})
    expected = [by_hand(files, side, **way) for side, way in zip(SIZES, ways, strict=True)]
    np.testing.assert_allclose(table.probabilities, np.stack(expected, axis=1), atol=1e-5)
    fit = ["fit", "o.safetensors", "--policy", "cascade", "--models", "models.json"]
    assert cli.main([*fit, "--out", "router"]) == 0
    for file in files[::7]:
        assert cli.main(["route", "router", str(file), "--json", "found.json"]) == 0
        (record,) = json.loads(Path("found.json").read_text())["images"]
        last = table.models.index(record["called"][-1])
        row = [str(f) for f in files].index(str(file))
        assert record["answer"] == int(np.argmax(expected[last][row]))
        assert record["class"] == table.class_names[record["answer"]]


def test_the_router_shows_what_was_recorded_though_the_list_did_not_say(folder):
    (folder / "ten_pixels.py").write_text(
        "import numpy as np\n\n\ndef predict(images):\n"
        "    assert images.shape[1:] == (3, 10, 10), images.shape\n"
        "    mean = images.mean(axis=(1, 2, 3))\n    return np.stack([1 - mean, mean], axis=1)\n"
    )
    entry = {"name": "mine", "callable": "ten_pixels:predict", "cost": 1}
    (folder / "mine.json").write_text(json.dumps([entry, {**entry, "name": "same", "cost": 2}]))
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 10, 10), dtype=np.uint8)
    labels = (images.mean(axis=(1, 2, 3)) > 127).astype(np.int32)
    np.savez("d.npz", images=images, labels=labels)
    collected = ["collect", "--models", "mine.json", "--data", "d.npz", "--out", "o.safetensors"]
    assert cli.main(collected) == 0
    fit = ["fit", "o.safetensors", "--models", "mine.json", "--policy", "always", "--out", "router"]
    assert cli.main(fit) == 0
    kept = json.loads(Path("router/models.json").read_text())
    assert kept[0]["input"]["recorded"] == [3, 10, 10]
    router = muxnet.open_router("router")
    assert len(router.route_files(["00.png", "01.png"]).records) == 2
    assert router.route(images[:3]).probabilities.shape == (3, 2)
    with pytest.raises(ConfigError, match=r"images of 3 x 10 x 10, as mine was recorded on"):
        muxnet.open_router("router", images=_core.ImageFormat(height=8, width=8))


def test_options_are_for_models_that_leave_their_images_open(folder, capsys):
    options = ["--size", "14"]
    assert cli.main(["route", "nowhere", "00.png", "--channels", "1"]) == 2
    assert "expected --size beside them" in capsys.readouterr().err
    np.savez("d.npz", images=np.zeros((4, 3, 16, 16), np.uint8), labels=np.arange(4) % 2)
    collected = ["collect", "--models", "models.json", "--data", "d.npz", "--out", "o.safetensors"]
    assert cli.main([*collected, *options]) == 1
    error = capsys.readouterr().err
    assert "images as the models want them, m12 3 x 12 x 12" in error
    assert "received 3 x 14 x 14" in error


def constant(classes):
    def predict(images):
        answers = np.full((len(images), classes), 0.1 / (classes - 1), np.float32)
        answers[:, 0] = 0.9
        return answers

    return predict


def test_answers_are_put_into_the_order_of_the_datas_classes(tmp_path):
    images = np.zeros((6, 1, 4, 4), np.uint8)
    data = muxnet.dataset(images, np.arange(6) % 3, class_names=["cat", "dog", "owl"])

    def collected(**classes):
        models = [
            ForeignModel(name, 1, constant(5 if name == "more" else len(own) or 3), classes=own)
            for name, own in classes.items()
        ]
        return collect(models, data, tmp_path / "o.safetensors", say=lambda _: None)

    table = collected(a=("owl", "cat", "dog"), b=())
    assert table.predictions[0].tolist() == [2, 0]
    table = collected(a=("fox", "owl", "cat", "dog"), b=("dog", "owl", "cat"))
    assert table.class_names == ["cat", "dog", "owl", "fox"]
    assert table.predictions[0].tolist() == [3, 1]
    assert table.probabilities[0, 1, 3] == 0
    (tmp_path / "o.safetensors.partial").unlink(missing_ok=True)
    for classes, message in (
        ({"a": ("owl", "cat", "fox"), "b": ()}, "none called 'dog'"),
        ({"a": ("fox", "owl", "cat", "dog"), "b": ()}, "answers of b over all 4 classes, or its"),
        ({"a": ("owl", "cat")}, "none called 'dog'"),
        ({"more": ()}, "answers of more over all 3 classes, or its classes by name"),
    ):
        with pytest.raises(ConfigError, match=message):
            collected(**classes)
        (tmp_path / "o.safetensors.partial").unlink(missing_ok=True)


def test_a_model_that_is_shown_vectors_or_texts_is_given_them(tmp_path):
    class Values(Files):
        def __init__(self, values):
            super().__init__(values, np.arange(len(values)) % 2)
            self.shape = getattr(values[0], "shape", None)

        def read(self, rows, formats):
            assert formats == [None]
            chosen = self.files[rows]
            return [np.stack(chosen) if isinstance(chosen[0], np.ndarray) else chosen]

    def predict(batch):
        sure = [len(value) > 3 for value in batch]
        return [[1 - one, one] for one in sure]

    model = ForeignModel("length", 1, predict)
    texts = collect(
        [model], Values(["a", "long text"]), tmp_path / "o.safetensors", say=lambda _: None
    )
    assert texts.predictions[:, 0].tolist() == [0, 1]
    assert "recorded" not in json.loads(texts.inputs["length"])
    vectors = Values([np.zeros(5, np.float32)] * 3)
    table = collect([model], vectors, tmp_path / "v.safetensors", say=lambda _: None)
    assert json.loads(table.inputs["length"])["recorded"] == [5]
    sized = ForeignModel(
        "sized", 1, predict, input=ModelInput(_core.ImageFormat(height=4, width=4))
    )
    with pytest.raises((UserError, AssertionError)):
        collect([sized], vectors, tmp_path / "w.safetensors", say=lambda _: None)
