"""``muxnet collect``: ONNX files, and lists of models that are kept."""

import json

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
from muxnet.pool import model_list
from muxnet.pool.model_identity import Identity


def differing(one, other):
    assert one.known.keys() == other.known.keys()
    return [key for key in one.known if one.known[key] != other.known[key]]


@pytest.fixture
def onnx_folder(tmp_path):
    """Return a folder with ``linear.onnx``, images (n, 1, 8, 8) to three logits."""
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


def test_an_onnx_file_is_its_bytes_and_those_beside_it(onnx_folder):
    onnx = pytest.importorskip("onnx")
    path, outside = onnx_folder / "outside.onnx", onnx_folder / "w.bin"
    model = onnx.load(onnx_folder / "linear.onnx")
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    entry = {"name": "a", "onnx": "outside.onnx", "cost": 1, "engine": "onnxruntime"}

    def known():
        (onnx_folder / "one.json").write_text(json.dumps([entry]))
        return Identity(model_list.read_models(onnx_folder / "one.json")[0])

    first = known()
    assert {"file", "w.bin", "engine"} <= first.known.keys()
    assert not first.unknown
    content = bytearray(outside.read_bytes())
    content[5] ^= 1
    outside.write_bytes(content)
    assert differing(first, known()) == ["w.bin"]
    entry["deviation"] = [0.5]
    assert differing(first, known()) == ["input", "w.bin"]


def test_a_file_of_whole_pixels_gets_them_at_a_scale_of_one_too(tmp_path):
    onnx = pytest.importorskip("onnx")
    from onnx_graphs import F32, U8, model, node, value

    nodes = [
        node("Cast", ["images"], "numbers", to=F32),
        node("GlobalMaxPool", ["numbers"], "most"),
        node("Flatten", ["most"], "logits"),
    ]
    source = value("images", U8, ["n", 3, 4, 4])
    made = model(nodes, [], source=source, outputs=[value("logits", F32, ["n", 3])])
    onnx.save(made, tmp_path / "whole.onnx")
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)
    expected = np.exp(images.max((2, 3)) - images.max((1, 2, 3))[:, None].astype(np.float64))
    expected /= expected.sum(axis=1, keepdims=True)
    for more in ({}, {"scale": 1}):
        entry = {"name": "a", "onnx": "whole.onnx", "cost": 1, "output": "logits", **more}
        (tmp_path / "models.json").write_text(json.dumps([entry]))
        (opened,) = model_list.read_models(tmp_path / "models.json")
        np.testing.assert_allclose(opened.probabilities(images), expected, atol=1e-6)


def test_a_list_names_the_engine(onnx_folder):
    images = np.random.default_rng(3).integers(0, 256, (5, 1, 8, 8), dtype=np.uint8)
    entry = {"name": "a", "onnx": "linear.onnx", "cost": 1, "output": "logits"}
    answers = {}
    path = onnx_folder / "one.json"
    for engine in (None, "onnxruntime", "openvino"):
        path.write_text(json.dumps([{**entry, "engine": engine} if engine else entry]))
        model = model_list.read_models(path)[0]
        answers[engine] = model.probabilities(images)
        assert Identity(model).known["engine"] == (engine or "onnxruntime")
    np.testing.assert_array_equal(answers[None], answers["onnxruntime"])
    np.testing.assert_allclose(answers["openvino"], answers["onnxruntime"], atol=1e-5)
    (model,) = model_list.open_models(model_list.describe_models(path), "one", threads=1)
    np.testing.assert_allclose(model.probabilities(images), answers[None], atol=1e-6)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"onnx": "broken.onnx", "engine": "openvino"}, "broken.onnx"),
        ({"onnx": "broken.onnx", "engine": "onnxruntime"}, "broken.onnx"),
        ({"onnx": "linear.onnx", "engine": "magic"}, "onnxruntime or openvino"),
        ({"callable": "math:cos", "engine": "openvino"}, "unknown key 'engine'"),
        ({"callable": "math:cos", "output_name": "logits"}, "unknown key 'output_name'"),
        ({"onnx": "linear.onnx", "output_name": "other"}, "output 'other'"),
    ],
)
def test_an_engine_says_what_it_cannot_read(onnx_folder, entry, message, capfd):
    (onnx_folder / "broken.onnx").write_bytes(b"no network")
    (onnx_folder / "one.json").write_text(json.dumps([{"name": "a", "cost": 1, **entry}]))
    with pytest.raises(ConfigError, match=message):
        model_list.read_models(onnx_folder / "one.json")
    assert capfd.readouterr().err == ""  # engines print their errors, if they may


def test_a_kept_list_is_read_from_anywhere(onnx_folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "kept.json"
    entries = [{"name": "a", "onnx": "linear.onnx", "cost": 1, "output": "logits"}]
    (onnx_folder / "one.json").write_text(json.dumps(entries))
    model_list.keep_models(onnx_folder / "one.json", elsewhere)
    assert model_list.read_models(elsewhere)[0].name == "a"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "a list of models"),
        ([3], "an object"),
        ([{"cost": 1, "callable": "a:b"}], "key 'name' is missing"),
        ([{"name": "a", "callable": "a:b"}], "key 'cost' is missing"),
        (
            [{"name": "a", "cost": 1}],
            "one of the keys onnx, callable, endpoint, network, run, received none",
        ),
        ([{"name": "a", "cost": 1, "callable": "no_such_module:f"}], "can be imported"),
        ([{"name": "a", "cost": 1, "callable": "math:pi"}], "a function"),
        (
            [{"name": "a", "cost": 1, "callable": "math:cos", "colour": 1}],
            "key 'input.colour': expected one of 'rgb', 'bgr', 'grey'",
        ),
        (
            [{"name": "a", "cost": 1, "callable": "math:cos", "mean": "1"}],
            "key 'input.mean': expected a list",
        ),
        (
            [{"name": "a", "cost": 1, "callable": "math:cos", "deviation": [0]}],
            "key 'input.deviation': expected a number above 0",
        ),
        (
            [{"name": "a", "cost": 1, "callable": "math:cos", "output": "text"}],
            "one of 'probabilities', 'logits'",
        ),
        ([{"name": "a", "cost": 1, "callable": "math:cos"}] * 2, "different names"),
    ],
)
def test_a_list_that_does_not_fit_is_told(tmp_path, entries, message):
    (tmp_path / "models.json").write_text(json.dumps(entries))
    with pytest.raises(ConfigError, match=message):
        model_list.read_models(tmp_path / "models.json")
