"""ONNX files that say their classes by the label they answer with, and axes in another order."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from muxnet import _core  # noqa: E402
from muxnet.base.errors import ConfigError  # noqa: E402
from muxnet.pool.onnx_models import open_onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx_graphs import F32, I64, node, value, weight  # noqa: E402

STRING, I32 = TensorProto.STRING, TensorProto.INT32


def classifier(
    classes, label_type, *, steps=("Cast", "Reshape"), picked_by="ArrayFeatureExtractor"
):
    """Return a model as scikit-learn's converter makes one of GaussianNB: label and scores."""
    nodes = [
        node("Softmax", ["features"], "scores", axis=1),
        node("ArgMax", ["features"], "place", axis=1, keepdims=0),
        helper.make_node(
            picked_by,
            ["classes", "place"],
            ["picked"],
            domain="ai.onnx.ml" if picked_by == "ArrayFeatureExtractor" else "",
        ),
    ]
    weights, last = [classes, weight("flat", [-1], "i8")], "picked"
    for i, step in enumerate(steps):
        extra, attributes = ([], {"to": label_type}) if step == "Cast" else (["flat"], {})
        target = "label" if i + 1 == len(steps) else f"step{i}"
        nodes.append(node(step, [last, *extra], target, **attributes))
        last = target
    graph = helper.make_graph(
        nodes,
        "g",
        [value("features", F32, ["n", 3])],
        [value("label", label_type, ["n"]), value("scores", F32, ["n", 3])],
        weights,
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def texts(name, values):
    return helper.make_tensor(name, STRING, [len(values)], [v.encode() for v in values])


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (classifier(weight("classes", [1, 2, 3], "i8"), I64), ("1", "2", "3")),
        (classifier(weight("classes", [5, 3, 1], "i4"), I64), ("5", "3", "1")),
        (classifier(helper.make_tensor("classes", I32, [3], [-1, 0, 1]), I64), ("-1", "0", "1")),
        (classifier(helper.make_tensor("classes", I64, [3], [7, 8, 9]), I64), ("7", "8", "9")),
        (classifier(weight("classes", [1, 2, 3], "i8"), I64, picked_by="Gather"), ("1", "2", "3")),
        (
            classifier(texts("classes", ["cat", "dog", "fox"]), STRING, steps=["Reshape"]),
            ("cat", "dog", "fox"),
        ),
        (classifier(weight("classes", [0, 1, 2], "i8"), I64), ()),
    ],
)
def test_classes_are_those_that_the_label_is_picked_from(tmp_path, model, names):
    onnx.save(model, tmp_path / "m.onnx")
    assert open_onnx(tmp_path / "m.onnx", output="scores")[1].classes == names


def test_a_label_made_otherwise_tells_nothing(tmp_path):
    model = classifier(weight("classes", [1, 2, 3], "i8"), I64)
    model.graph.node.insert(3, node("Mul", ["picked", "picked"], "squared"))
    model.graph.node[4].input[0] = "squared"
    onnx.save(model, tmp_path / "m.onnx")
    assert open_onnx(tmp_path / "m.onnx", output="scores")[1].classes == ()


def saved(tmp_path, source, target, permutation=None):
    """Save a model that gives what it takes, its axes moved."""
    moved = {} if permutation is None else {"perm": permutation}
    kind = "Identity" if permutation is None else "Transpose"
    graph = helper.make_graph(
        [node(kind, ["x"], "y", **moved)], "g", [value("x", F32, source)], [value("y", F32, target)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def test_a_batch_along_the_last_axis_is_refused(tmp_path):
    file = saved(tmp_path, [3, 8, 8, "batch"], [3, 8, 8, "batch"])
    with pytest.raises(ConfigError, match=r"inputs \(n, ...\), along the first axis"):
        open_onnx(file)


def test_answers_along_the_first_axis_are_refused(tmp_path):
    file = saved(tmp_path, ["n", 4], [4, "n"], [1, 0])
    with pytest.raises(ConfigError, match=r"expected answers \(n, K\), received \(K, n\)"):
        open_onnx(file)


def test_weights_of_four_bits_stand_two_in_a_number(tmp_path):
    kept = numpy_helper.from_array(np.eye(4, dtype=np.float32), "W")
    four = helper.make_tensor("W4", TensorProto.INT4, [4, 4], list(range(-8, 8)))
    scale = weight("scale", 0.5)
    nodes = [
        node("DequantizeLinear", ["W4", "scale"], "w"),
        node("MatMul", ["x", "w"], "h"),
        node("MatMul", ["h", "W"], "y"),
    ]
    graph = helper.make_graph(
        nodes, "g", [value("x", F32, ["n", 4])], [value("y", F32, ["n", 4])], [kept, four, scale]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, tmp_path / "m.onnx")
    wanted = 0.5 * np.arange(-8, 8, dtype=np.float32).reshape(4, 4)
    found = open_onnx(tmp_path / "m.onnx")[0](np.eye(4, dtype=np.float32))
    assert np.allclose(found, wanted)


@pytest.mark.parametrize(("key", "written"), [("offset", ""), ("offset", " 0"), ("length", "x")])
def test_a_place_in_another_file_is_told_by_key(tmp_path, key, written):
    model = onnx.load(saved(tmp_path, ["n", 4], ["n", 4]))
    tensor = weight("W", np.zeros(4))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for name, content in {"location": "w.bin", key: written}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = name, content
    model.graph.initializer.append(tensor)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "w.bin").write_bytes(bytes(16))
    with pytest.raises(ValueError, match=f"{key}. expected a whole number, received '{written}'"):
        _core.describe_onnx(tmp_path / "m.onnx")


def test_what_classes_are_mapped_to_is_no_label_of_each(tmp_path):
    model = classifier(weight("classes", [0, 0, 1], "i8"), I64, picked_by="Gather")
    onnx.save(model, tmp_path / "m.onnx")
    assert open_onnx(tmp_path / "m.onnx", output="scores")[1].classes == ()
