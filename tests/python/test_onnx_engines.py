"""Two engines on the same file give the same answers, or one refuses it by name."""

import copy
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import ConfigError
from muxnet.pool.onnx_models import engines, open_onnx

onnx = pytest.importorskip("onnx")
pytest.importorskip("openvino")
import onnx_graph_kinds  # noqa: E402
import onnx_graphs  # noqa: E402
from onnx_graphs import body, node, value, weight  # noqa: E402

ENGINES = ("onnxruntime", "openvino")
IMAGES = np.random.default_rng(0).random((5, 3, 8, 8), dtype=np.float32)
FEATURES = np.ascontiguousarray(IMAGES[:, 0, 0, :5])
GRAPHS = dict(
    entry
    for module, names in (
        (onnx_graphs, ("elementwise", "layers", "shapes")),
        (onnx_graph_kinds, ("kinds", "quantized", "trees")),
    )
    for name in names
    for entry in getattr(module, name)()
)
WEIGHTS = np.random.default_rng(1).normal(size=(6, 3, 3, 3))
# What one of them refuses; the other one answers. Both answer all others.
REFUSED = {
    "Softmax of opset 11": ("openvino", "a Softmax over several axes"),
    "16 bits by QDQ": ("openvino", "values quantised in 16 bits"),
    "ReduceLogSumExp": ("openvino", "pip install onnxruntime"),
    "int8 by QLinearConv": ("openvino", "pip install onnxruntime"),
    "LinearClassifier": ("openvino", "pip install onnxruntime"),
    "TreeEnsembleClassifier": ("openvino", "pip install onnxruntime"),
    "labels alone": ("openvino", "pip install onnxruntime"),
    "f64": ("onnxruntime", "a network that it can run"),
}
ROUGH = {
    "f16": 5e-3,
    "int8 by QDQ": 2e-2,
    "nodes in reverse": 2e-2,
}  # of sums in another order, in fewer bits


@pytest.fixture
def saved(tmp_path):
    def save(model):
        onnx.save(model, tmp_path / "model.onnx")
        return tmp_path / "model.onnx"

    return save


def answers(path, engine, **options):
    predict, found = open_onnx(path, engine, 1, **options)
    return predict(FEATURES if found.file.inputs[0].name == "features" else IMAGES)


@pytest.mark.parametrize("name", GRAPHS)
def test_two_engines_give_the_same_answers_or_one_refuses(name, saved):
    path = saved(GRAPHS[name])
    found = {}
    for engine in ENGINES:
        try:
            found[engine] = answers(path, engine, classes=4)
        except ConfigError as error:
            found[engine] = str(error)
    refusing, message = REFUSED.get(name, (None, ""))
    for engine in ENGINES:
        assert isinstance(found[engine], str) == (engine == refusing), found[engine]
    if refusing is not None:
        assert message in found[refusing]
        assert str(path) in found[refusing]
        return
    one, other = (found[engine] for engine in ENGINES)
    assert one.shape == other.shape == (5, 4)
    limit = ROUGH.get(name, 1e-5) * max(1, float(np.abs(one).max()))
    np.testing.assert_allclose(one, other, atol=limit, rtol=0)


def test_there_are_enough_of_them():
    assert len(GRAPHS) > 100
    assert engines() == list(ENGINES)
    assert set(REFUSED) | set(ROUGH) <= set(GRAPHS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", [["n", 8, 8], ["n", 64], ["n", 1, 8, 8]])
def test_grey_images_are_rows_of_pixels_to_files_that_take_such(shape, engine, saved):
    nodes = [node("Flatten", ["images"], "flat"), node("MatMul", ["flat", "w"], "scores")]
    weights = np.random.default_rng(2).normal(size=(64, 4))
    source = value("images", onnx.TensorProto.FLOAT, shape)
    path = saved(onnx_graphs.model(nodes, [weight("w", weights)], source=source))
    predict, _ = open_onnx(path, engine, 1)
    grey = np.ascontiguousarray(IMAGES[:, :1])
    np.testing.assert_allclose(predict(grey), grey.reshape(5, 64) @ weights, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="received"):
        predict(IMAGES)


def hidden_outputs(*names):
    """Return a model of several outputs, and what each gives for IMAGES."""
    more = [value(name, onnx.TensorProto.FLOAT, ["n", 4]) for name in names]
    nodes = [node("Relu", ["images"], "x")]
    made = body(nodes)
    for name in names:
        made.graph.node.append(node("Mul", ["scores", f"by_{name}"], name))
        made.graph.initializer.append(weight(f"by_{name}", len(name)))
    made.graph.output.extend(more)
    return made


@pytest.mark.parametrize("engine", ENGINES)
def test_the_output_that_answers_is_named_or_alone(engine, saved):
    path = saved(hidden_outputs("ab", "abc"))
    with pytest.raises(ConfigError, match=r"scores f32 \(\?, 4\), ab f32 \(\?, 4\)"):
        answers(path, engine)
    scores = answers(path, engine, output="scores")
    np.testing.assert_allclose(answers(path, engine, output="abc"), 3 * scores, rtol=1e-5)
    with pytest.raises(ConfigError, match="output 'other'"):
        answers(path, engine, output="other")


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_beside_the_model_are_checked_and_read(engine, tmp_path):
    path, beside = tmp_path / "model.onnx", tmp_path / "model.data"
    made = body([node("Conv", ["images", "w"], "x")], [weight("w", WEIGHTS)], 6)
    onnx.save(made, tmp_path / "plain.onnx")
    expected = answers(tmp_path / "plain.onnx", engine)
    onnx.save(made, path, save_as_external_data=True, location=beside.name, size_threshold=0)
    assert _core.describe_onnx(path).external_files == [beside.name]
    np.testing.assert_array_equal(answers(path, engine), expected)
    predict, _ = open_onnx(path, engine, 1)
    content = beside.read_bytes()
    beside.write_bytes(content[:100])
    np.testing.assert_array_equal(predict(IMAGES), expected)  # held, not read at each call
    for change in (lambda: None, beside.unlink):
        change()
        with pytest.raises(ConfigError, match=r"model\.onnx.*tensor '"):
            open_onnx(path, engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("keep", [0, 1, 7, 100, -1])
def test_part_of_a_file_is_refused(engine, keep, saved):
    path = saved(body([node("Relu", ["images"], "x")]))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ConfigError, match=r"model\.onnx"):
        open_onnx(path, engine)


def test_what_it_finds_in_a_file_is_told(saved):
    found = _core.describe_onnx(saved(GRAPHS["NHWC"]))
    assert (found.inputs[0].name, found.inputs[0].dtype) == ("images", "f32")
    assert found.inputs[0].shape == [0, 8, 8, 3]
    assert str(found.outputs[0]) == "scores f32 (?, 4)"
    assert found.operators == ["Flatten", "Gemm", "GlobalAveragePool", "Transpose"]
    assert (found.layout, found.opsets[""]) == ("nhwc", 17)
    _, told = open_onnx(saved(GRAPHS["NHWC"]), "openvino")
    assert told.image_shape == (3, 8, 8)


def test_labels_stand_in_the_order_of_the_classifier(saved):
    made = copy.deepcopy(GRAPHS["labels alone"])
    labels = next(a for a in made.graph.node[0].attribute if a.name == "classlabels_int64s")
    plain = answers(saved(made), "onnxruntime")
    assert plain.shape == (5, 4)
    labels.ints[:] = [7, 3, 5, 1]
    np.testing.assert_array_equal(answers(saved(made), "onnxruntime"), plain)


def zipped(**labels):
    """Return a classifier of scikit-learn as it is converted: labels, and maps from them."""
    made = copy.deepcopy(GRAPHS["LinearClassifier"])
    made.graph.node.append(
        onnx.helper.make_node("ZipMap", ["scores"], ["maps"], domain="ai.onnx.ml", **labels)
    )
    key = onnx.TensorProto.INT64 if "classlabels_int64s" in labels else onnx.TensorProto.STRING
    scores = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [])
    kind = onnx.helper.make_sequence_type_proto(onnx.helper.make_map_type_proto(key, scores))
    made.graph.output[1].CopyFrom(onnx.helper.make_value_info("maps", kind))
    return made


@pytest.mark.parametrize(
    "labels",
    [{"classlabels_int64s": [0, 1, 2, 3]}, {"classlabels_strings": ["d", "c", "b", "a"]}],
    ids=["numbers", "names"],
)
def test_scores_in_maps_are_read_in_the_order_of_the_classifier(labels, saved):
    expected = answers(saved(GRAPHS["LinearClassifier"]), "onnxruntime")
    path = saved(zipped(**labels))
    assert _core.describe_onnx(path).outputs[1].dtype == "sequence"
    for output in ("", "maps"):
        found = answers(path, "onnxruntime", output=output)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    both = zipped(**labels)
    both.graph.output.append(value("scores", onnx.TensorProto.FLOAT, ["n", 4]))
    found = answers(saved(both), "onnxruntime", output="maps")
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_other_sequences_are_refused_with_what_helps(saved):
    made = copy.deepcopy(GRAPHS["LinearClassifier"])
    made.graph.node.append(node("SequenceConstruct", ["scores"], "list"))
    scores = onnx.helper.make_tensor_sequence_value_info("list", onnx.TensorProto.FLOAT, None)
    made.graph.output[1].CopyFrom(scores)
    with pytest.raises(ConfigError, match=r"zipmap=False, received label i64 .*, list sequence"):
        answers(saved(made), "onnxruntime")
    with pytest.raises(ConfigError, match="received sequence"):
        answers(saved(made), "onnxruntime", output="list")


def test_scores_by_rank_are_refused(saved):
    ranked = body([node("Relu", ["images"], "x")])
    ranked.graph.node.append(node("TopK", ["scores", "k"], ["values", "places"]))
    ranked.graph.initializer.append(weight("k", [4], "i8"))
    del ranked.graph.output[:]
    ranked.graph.output.append(value("values", onnx.TensorProto.FLOAT, ["n", 4]))
    ranked.graph.output.append(value("places", onnx.TensorProto.INT64, ["n", 4]))
    with pytest.raises(ConfigError, match=r"scores by class, not by rank .* received values f32"):
        answers(saved(ranked), "onnxruntime")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", [["n", 1], ["n"]])
def test_a_single_number_speaks_for_the_second_of_two_classes(engine, shape, saved):
    single = body([node("Relu", ["images"], "x")])
    kept = len(shape) - 1
    single.graph.node.append(node("ReduceMean", ["scores"], "z", axes=[1], keepdims=kept))
    single.graph.output[0].CopyFrom(value("z", onnx.TensorProto.FLOAT, shape))
    found = answers(saved(single), engine)
    assert found.shape[1] == 1
    both = _core.probabilities_of(found, len(found), 2, _core.AnswerKind.logits, "z")
    np.testing.assert_allclose(both[:, 1], 1 / (1 + np.exp(-found[:, 0])), rtol=1e-5)
    np.testing.assert_allclose(both.sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(ConfigError, match=r"one that answers \(n, 3\)"):
        open_onnx(saved(single), engine, classes=3)


def test_a_chain_that_openvino_would_end_the_process_on_is_refused(saved):
    names = ["images", *(f"v{i}" for i in range(12_000)), "x"]
    chain = [node("Relu", [source], target) for source, target in pairwise(names)]
    path = saved(body(chain))
    assert _core.describe_onnx(path).nodes == 12_004
    with pytest.raises(ConfigError, match="of 10000 nodes, received 12004"):
        open_onnx(path, "openvino")


def test_no_engine_is_loaded_before_a_model_is():
    code = (
        "from muxnet import _core; _core.onnx_engines()\n"
        "loaded = open('/proc/self/maps').read()\n"
        "print('openvino' in loaded or 'onnxruntime' in loaded)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_an_engine_that_is_not_there_is_named(saved, tmp_path):
    path = saved(GRAPHS["Relu"])
    with pytest.raises(ConfigError, match="onnxruntime or openvino"):
        answers(path, "magic")
    np.testing.assert_array_equal(answers(path, "opencv"), answers(path, ""))
    code = f"from muxnet import _core; _core.load_onnx({str(path)!r})"
    environment = {**os.environ, "MUXNET_ONNXRUNTIME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert b"expected its library (pip install onnxruntime)" in done.stderr
