"""``models.json``: kinds of entries, what each model is shown, and the published schema."""

import json
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import ConfigError
from muxnet.pool import model_list
from muxnet.pool.input_files import InputKeys, read_input_file
from muxnet.pool.model_input import ModelInput, resolve

PUBLISHED = Path(model_list.__file__).with_name("models.schema.json")
MODULE = """
import numpy as np

def predict(images):
    return np.full((len(images), 2), 0.5)
"""


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens a list of one entry, a Python function unless it says."""
    (tmp_path / "two_classes.py").write_text(MODULE)

    def read(entry):
        common = {"name": "a", "cost": 1}
        if "run" in entry:
            common = {}
        elif "network" not in entry:
            common |= {"callable": "two_classes:predict"}
        (tmp_path / "models.json").write_text(json.dumps([common | entry]))
        return model_list.read_models(tmp_path / "models.json")

    return read


def test_the_published_schema_is_what_the_kinds_declare():
    expected = json.dumps(model_list.schema_of_list(), indent=1) + "\n"
    assert PUBLISHED.read_text() == expected, "python -m muxnet.pool.model_list writes it"


def test_the_schema_knows_every_kind_and_key():
    models = model_list.schema_of_list()["$defs"]["models"]
    kinds = {entry["required"][-1]: entry for entry in models["items"]["anyOf"]}
    assert {"onnx", "callable", "network", "run"} <= {
        key for entry in kinds.values() for key in entry["required"]
    }
    for entry in kinds.values():
        assert entry["additionalProperties"] is False
        for key, value in entry["properties"].items():
            assert value.get("description"), key


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"color": 1}, r"model 0 \(a\)\] unknown key 'color'; known keys: at_once, callable"),
        ({"size": 8, "input": {"size": 9}}, r"model 0 \(a\), size\] expected it once"),
        ({"input": {"sise": 1}}, r"unknown key 'input.sise'"),
        ({"input": {"size": 0}}, r"key 'input.size': expected a number at least 1"),
        ({"input": {"size": [32]}}, r"key 'input.size': expected a whole number or a list"),
        ({"input": {"size": 8, "mean": "1"}}, r"key 'input.mean': expected a list"),
        ({"size": 8, "mean": [0.5, 123.7, 0.5]}, r"input.mean\] expected at most 1 .*scale"),
        ({"size": 8, "mean": 123.7}, r"input.mean\] expected at most 1 .*received 123.7"),
        ({"size": 8, "deviation": [58.395, 57.12, 57.375]}, r"input.deviation\] .*scale"),
        ({"size": 8, "scale": 1, "mean": [256]}, r"input.mean\] expected at most 255"),
        ({"name": None}, r"key 'name' is missing"),
        ({"input": {"size": 8, "mean": [1, 2]}}, r"input.mean\] expected 1 or 3 numbers"),
        ({"input": {"size": 8, "deviation": [0.0]}}, r"key 'input.deviation': expected .* above 0"),
        ({"input": {"size": 8, "fit": "cut"}}, r"'input.fit': expected one of 'crop', 'stretch'"),
        ({"input": {"fit": "crop"}}, r"expected a size beside fit, received none"),
        (
            {"input": {"size": 8, "recorded": [3, 8, 8]}},
            r"expected size or recorded, received both",
        ),
        ({"input": {"size": 8, "resize": 4}}, r"model 0 \(a\), input\]"),
        ({"input": "no.json"}, r"no.json"),
        ({"classes": ["x"]}, r"classes\] expected at least two different names"),
        ({"classes": ["x", "x"]}, r"classes\] .* received 'x' twice"),
        ({"classes": "none.txt"}, r"classes\] expected a file 'none.txt'"),
        ({"takes": "many"}, r"key 'takes': expected one of 'batch', 'one'"),
        ({"timeout_s": -1}, r"key 'timeout_s': expected a number at least 0"),
        ({"timeout_s": 1e10}, r"key 'timeout_s': expected .* at most 604800, received 1000000"),
        ({"cost": float("inf")}, r"key 'cost': expected a finite number, received inf"),
        ({"cost": float("nan")}, r"key 'cost': expected a finite number, received nan"),
        ({"name": "\ud800"}, r"models.json\] expected whole characters, received '\\ud800'"),
        (
            {"onnx": "a.onnx"},
            r"endpoint, network, run, received onnx and",
        ),
    ],
)
def test_an_entry_that_does_not_fit_names_entry_and_key(opened, entry, message):
    with pytest.raises((ConfigError, OSError), match=message):
        opened(entry)


def test_an_input_is_taken_as_it_is_said(opened):
    says = {"size": [24, 32], "fit": "stretch", "interpolation": "bicubic", "colour": "bgr"}
    (model,) = opened({"input": {**says, "scale": 1, "mean": [1, 2, 3], "deviation": [4]}})
    assert model.images == _core.ImageFormat(
        height=24, width=32, fit="stretch", interpolation="bicubic"
    )
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 24, 32), dtype=np.uint8)
    expected = (pixels[:, ::-1] - np.array([1, 2, 3], np.float32)[:, None, None]) / 4
    np.testing.assert_allclose(model.input.prepared(pixels), expected, atol=1e-3)
    grey = opened({"input": {"size": 8, "colour": "grey"}})[0]
    assert grey.images.shape == (1, 8, 8)


def test_what_is_kept_is_read_as_the_same(opened, tmp_path):
    (model,) = opened({"input": {"size": 20, "resize": 24, "mean": [0.5]}, "classes": ["x", "y"]})
    model_list.keep_models(tmp_path / "models.json", tmp_path / "kept.json")
    (again,) = model_list.read_models(tmp_path / "kept.json")
    assert (again.input, again.classes) == (model.input, model.classes)
    recorded = {"a": {**json.loads(model_list.shown_text(model.input.keys())), "size": [24, 24]}}
    with pytest.raises(
        ConfigError, match=r"expected size \[24, 24\], as its answers were recorded"
    ):
        model_list.keep_models(tmp_path / "models.json", tmp_path / "kept.json", recorded)


def test_a_model_that_leaves_its_images_open_is_shown_what_was_recorded(opened, tmp_path):
    opened({})
    wanted = _core.ImageFormat(channels=1, height=20, width=20, fit="stretch")
    shown = ModelInput(wanted, colour="grey")
    recorded = {"a": json.loads(model_list.shown_text(shown.keys()))}
    model_list.keep_models(tmp_path / "models.json", tmp_path / "kept.json", recorded)
    assert model_list.read_models(tmp_path / "kept.json")[0].input == shown


def test_the_models_file_goes_before_what_is_left_open_and_refuses_what_it_contradicts(tmp_path):
    where = "list, model 0"

    def found(fixed, **keys):
        made = None if not keys else model_list.InputKeys(**keys)
        return resolve(where, made, tmp_path, fixed)

    assert found((3, 96, 96)).images == _core.ImageFormat(height=96, width=96)
    assert found((1, 28, 30)).colour == "grey"
    assert found((1, 28, 30)).images.shape == (1, 28, 30)
    assert found((3, 0, 0)).images is None
    assert found((0, 0, 0), size=32).images.shape == (3, 32, 32)
    assert found((3, 96, 96), resize=110).images.resize == 110
    with pytest.raises(ConfigError, match=r"input.size\] expected 96 x 96, as the file has"):
        found((3, 96, 96), size=112)
    with pytest.raises(ConfigError, match=r"input.colour\] expected colours of 1 channels"):
        found((1, 28, 28), colour="rgb")
    with pytest.raises(ConfigError, match="expected a network of 1 or 3 channels, received 4"):
        found((4, 28, 28))


TIMM = {
    "architecture": "resnet18",
    "pretrained_cfg": {
        "input_size": [3, 224, 224],
        "interpolation": "bicubic",
        "crop_pct": 0.95,
        "crop_mode": "center",
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
    },
}
VIT = {
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "image_processor_type": "ViTImageProcessor",
    "resample": 2,
    "rescale_factor": 0.00392156862745098,
    "size": {"height": 224, "width": 224},
}
CLIP = {
    **VIT,
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "image_processor_type": "CLIPImageProcessor",
    "resample": 3,
    "size": {"shortest_edge": 256},
}
CONVNEXT = {**VIT, "image_processor_type": "ConvNextImageProcessor", "crop_pct": 0.875}
# height, width, fit, resize, interpolation, colour, scale
READ = {
    "timm": (TIMM, (224, 224), "crop", 235, "bicubic", "rgb"),
    "timm, flat": (TIMM["pretrained_cfg"], (224, 224), "crop", 235, "bicubic", "rgb"),
    "timm, whole": (
        {"pretrained_cfg": {**TIMM["pretrained_cfg"], "crop_mode": "squash", "crop_pct": 1.0}},
        (224, 224),
        "stretch",
        0,
        "bicubic",
        "rgb",
    ),
    "vit": (VIT, (224, 224), "stretch", None, "bilinear", "rgb"),
    "vit, a number": ({**VIT, "size": 224}, (224, 224), "stretch", None, "bilinear", "rgb"),
    "clip": (CLIP, (224, 224), "crop", 256, "bicubic", "rgb"),
    "clip, numbers": (
        {**CLIP, "size": 224, "crop_size": 224},
        (224, 224),
        "crop",
        224,
        "bicubic",
        "rgb",
    ),
    "convnext": ({**CONVNEXT, "size": {"shortest_edge": 224}}, 224, "crop", 256, "bilinear", "rgb"),
    "convnext, large": (
        {**CONVNEXT, "size": {"shortest_edge": 384}},
        384,
        "stretch",
        None,
        "bilinear",
        "rgb",
    ),
    "bgr": ({**CLIP, "do_flip_channel_order": True}, (224, 224), "crop", 256, "bicubic", "bgr"),
}


@pytest.mark.parametrize("name", READ)
def test_configuration_files_that_models_come_with(tmp_path, name):
    content, size, fit, resize, interpolation, colour = READ[name]
    (tmp_path / "c.json").write_text(json.dumps(content))
    keys = read_input_file(tmp_path / "c.json", InputKeys())
    assert (keys.size, keys.fit, keys.resize) == (size, fit, resize)
    assert (keys.interpolation, keys.colour, keys.antialias) == (interpolation, colour, True)
    assert len(keys.mean) == len(keys.deviation) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resample": 1}, "resample.* expected Pillow's number of a filter"),
        ({"do_pad": True}, "do_pad.* expected false: what it does is not known here"),
        ({"image_processor_type": "LevitImageProcessor"}, "received LevitImageProcessor"),
        ({"image_processor_type": None, "size": 224}, "height and width, or shortest_edge"),
        ({"size": {"shortest_edge": 256}}, "crop_size.* the longer side is left open"),
        ({"image_mean": "half"}, "image_mean.* expected a number per channel"),
        ({"do_resize": False}, "do_resize.* expected true"),
        ({"crop_size": 300, "size": {"shortest_edge": 256}}, "at most the shorter side of 256"),
    ],
)
def test_what_a_configuration_file_leaves_open_is_refused_by_name(tmp_path, change, message):
    (tmp_path / "c.json").write_text(json.dumps({**VIT, **change}))
    with pytest.raises(ConfigError, match=message):
        read_input_file(tmp_path / "c.json", InputKeys())


def test_a_file_of_something_else_is_no_configuration(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"hidden_size": 768}))
    with pytest.raises(ConfigError, match=r"pretrained_cfg .*image_mean .* received hidden_size"):
        read_input_file(tmp_path / "c.json", InputKeys())


def test_an_entrys_keys_go_before_its_configuration_file(opened, tmp_path):
    (tmp_path / "c.json").write_text(json.dumps(TIMM))
    (as_said,) = opened({"input": "c.json"})
    assert as_said.images.resize == 235
    (larger,) = opened({"input": {"config": "c.json", "size": 288}})
    assert (larger.images.height, larger.images.resize) == (288, 303)  # 0.95 of it is cut out
    assert larger.input.mean == as_said.input.mean


def test_what_an_entry_says_its_configuration_file_may_leave_open(opened, tmp_path):
    cut = {**VIT, "do_center_crop": True, "crop_size": 192}  # of an image made 224 x 224 whole
    (tmp_path / "c.json").write_text(json.dumps({**cut, "resample": None}))
    own = {"config": "c.json", "interpolation": "bicubic"}
    (model,) = opened({"input": own})
    assert (model.images.fit, model.images.resize, model.images.height) == ("stretch", 224, 192)
    (model,) = opened({"input": {**own, "size": 192, "fit": "crop"}})
    assert (model.images.height, model.images.interpolation) == (192, "bicubic")
    assert model.input.mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.txt", "cat\ndog\n"),
        ("c.json", '["cat", "dog"]'),
        ("c.json", '{"id2label": {"0": "cat", "1": "dog"}}'),
        ("c.json", '{"label_names": ["cat", "dog"]}'),
        ("c.json", '{"dog": 1, "cat": 0}'),
    ],
)
def test_classes_come_from_files_too(opened, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert opened({"classes": name})[0].classes == ("cat", "dog")


def test_networks_of_the_zoo_and_of_a_run_are_entries(opened, tmp_path):
    options = _core.NetworkOptions(channels=1, height=28, width=28, classes=10)
    normalization = _core.Normalization([0.25], [0.5])
    network = _core.make_model(
        "alexnet_small", options, projection_dim=8, seed=3, normalization=normalization
    )
    network.save(tmp_path / "w.safetensors")
    entry = {"network": "alexnet_small", "weights": "w.safetensors", "input": {"size": 28}}
    (model,) = opened(entry)
    assert model.images.shape == (1, 28, 28)
    assert model.input.mean == (0.25,)
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 28, 28), dtype=np.uint8)
    pool = _core.ModelPool([_core.HostedModel(network)])
    expected = pool.probabilities(0, _core.normalize(images, normalization))
    np.testing.assert_allclose(model.probabilities(images), expected, atol=1e-6)
    with pytest.raises(ConfigError, match=r"weights\] expected those of mnasnet1_0_small"):
        opened({**entry, "network": "mnasnet1_0_small"})
    with pytest.raises(ConfigError, match=r"run\] expected the folder of a finished run"):
        opened({"run": "nowhere"})


def test_all_models_of_a_run_are_one_entry(opened, untrained_run, tmp_path):
    folder = untrained_run
    models = opened({"run": str(folder)})
    pool = muxnet.open_router(folder).pool
    assert [model.name for model in models] == list(pool.names)
    assert [model.cost for model in models] == pool.costs["macs"]
    shape = models[0].images.shape
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    for i, model in enumerate(models):
        expected = pool.answers(i, [images], [0, 1]).probabilities
        np.testing.assert_allclose(model.probabilities(images), expected, atol=1e-6)
    model_list.keep_models(tmp_path / "models.json", tmp_path / "kept.json")
    assert len(model_list.read_models(tmp_path / "kept.json")) == len(models)


def test_a_module_is_given_images_of_its_size():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64, 3)).double()
    wanted = _core.ImageFormat(height=8, width=8)
    model = muxnet.from_module("mine", module, 1.0, images=wanted)
    assert model.images == wanted
    assert model.probabilities(np.zeros((2, 3, 8, 8), np.uint8)).shape == (2, 3)


def test_modules_of_one_name_beside_two_lists_are_two(tmp_path):
    for name, answer in (("one", 0.25), ("other", 0.75)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "namesake.py").write_text(f"def predict(images):\n    return {answer}\n")
        entry = {"name": "a", "cost": 1, "callable": "namesake:predict"}
        (folder / "models.json").write_text(json.dumps([entry]))
    one, other = (
        model_list.read_models(tmp_path / name / "models.json")[0] for name in ("one", "other")
    )
    assert (one.predict.function(None), other.predict.function(None)) == (0.25, 0.75)
