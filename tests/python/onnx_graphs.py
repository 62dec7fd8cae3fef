"""Small ONNX graphs of all kinds, images (n, 3, 8, 8) to four classes unless said otherwise."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

F32, F16, F64, U8 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8
I64 = TensorProto.INT64
NUMPY = {F32: "f4", F16: "f2", F64: "f8"}
random = np.random.default_rng(5)
WEIGHTS = {
    shape: random.normal(size=shape).astype("f4")
    for shape in [(4, 6), (6, 3, 3, 3), (4, 3), (6, 1, 3, 3), (6, 6, 1, 1), (6,), (3, 6, 2, 2)]
}


def node(kind, sources, target, **attributes):
    return helper.make_node(
        kind, sources, [target] if isinstance(target, str) else target, **attributes
    )


def weight(name, values, dtype="f4"):
    return numpy_helper.from_array(np.ascontiguousarray(np.asarray(values, dtype)), name)


def value(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, weights, *, source=None, outputs=None, opset=17, ml=False):
    """Return a model from ``images`` to ``scores``."""
    graph = helper.make_graph(
        nodes,
        "g",
        [source or value("images", F32, ["n", 3, 8, 8])],
        outputs or [value("scores", F32, ["n", 4])],
        weights,
    )
    imports = [helper.make_opsetid("", opset)]
    if ml:
        imports.append(helper.make_opsetid("ai.onnx.ml", 3))
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def head(source, channels=3, dtype="f4"):
    """Return nodes and weights from (n, channels, h, w) to ``scores``."""
    nodes = [
        node("GlobalAveragePool", [source], "pooled"),
        node("Flatten", ["pooled"], "flat"),
        node("Gemm", ["flat", "head_w", "head_b"], "scores", transB=1),
    ]
    key = (4, 6) if channels == 6 else (4, 3)
    return nodes, [weight("head_w", WEIGHTS[key], dtype), weight("head_b", [0, 0.5, -1, 2], dtype)]


def body(nodes, weights=(), channels=3, **options):
    """Return a model of these nodes, from ``images`` to ``x``, and the head."""
    more, held = head("x", channels)
    return model([*nodes, *more], [*weights, *held], **options)


def one(kind, extra=(), weights=(), channels=3, opset=17, **attributes):
    """Return a model of one operator and the head."""
    return body([node(kind, ["images", *extra], "x", **attributes)], weights, channels, opset=opset)


def convolution(w=(6, 3, 3, 3), channels=6, **attributes):
    return one("Conv", ["w"], [weight("w", WEIGHTS[w])], channels, **attributes)


def elementwise():
    plain = [
        "Abs",
        "Ceil",
        "Cos",
        "Elu",
        "Erf",
        "Exp",
        "Floor",
        "HardSigmoid",
        "HardSwish",
        "LeakyRelu",
    ]
    plain += ["Neg", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign"]
    plain += ["Tanh", "ThresholdedRelu", "Identity", "Mish"]
    for kind in plain:
        yield kind, one(kind, opset=18)
    yield "Gelu", one("Gelu", opset=20)
    yield "Clip of opset 10", one("Clip", opset=10, min=0.0, max=0.5)
    limits = [weight("lo", 0), weight("hi", 6)]
    yield "ReLU6", one("Clip", ["lo", "hi"], limits)
    yield "PRelu", one("PRelu", ["slope"], [weight("slope", [[[0.1]], [[0.2]], [[0.3]]])])
    for kind in ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Mod", "PRelu"):
        options = {"fmod": 1} if kind == "Mod" else {}
        yield f"{kind} of a number", one(kind, ["k"], [weight("k", 0.75)], **options)
    for kind in ("Sqrt", "Log", "Reciprocal"):
        nodes = [node("Add", ["images", "k"], "y"), node(kind, ["y"], "x")]
        yield kind, body(nodes, [weight("k", 5)])


def layers():
    yield "Conv", convolution()
    yield "Conv with stride and padding", convolution(strides=[2, 2], pads=[1, 1, 1, 1])
    yield "Conv with dilation", convolution(dilations=[2, 2], pads=[2, 2, 2, 2])
    yield "Conv of SAME_UPPER", convolution(auto_pad="SAME_UPPER", strides=[2, 2])
    yield "Conv of SAME_LOWER", convolution(auto_pad="SAME_LOWER", strides=[2, 2])
    depthwise = [
        node("Conv", ["images", "a"], "y", pads=[1, 1, 1, 1]),
        node("Conv", ["y", "b"], "x", group=6, pads=[1, 1, 1, 1]),
    ]
    pair = [weight("a", WEIGHTS[6, 3, 3, 3]), weight("b", WEIGHTS[6, 1, 3, 3])]
    yield "depthwise Conv", body(depthwise, pair, 6)
    yield (
        "ConvTranspose",
        one("ConvTranspose", ["w"], [weight("w", WEIGHTS[3, 6, 2, 2])], 6, strides=[2, 2]),
    )
    for kind in ("MaxPool", "AveragePool", "LpPool"):
        yield kind, one(kind, kernel_shape=[3, 3], strides=[2, 2])
    yield "MaxPool of ceil", one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    yield "AveragePool with padding", one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    yield (
        "AveragePool that counts padding",
        one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    )
    yield (
        "AveragePool of ceil",
        one("AveragePool", opset=19, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    )
    yield "LRN", one("LRN", size=3)
    scale = [
        weight(name, v)
        for name, v in zip("sbmv", ([1, 2, 3], [0, 1, 2], [0.1] * 3, [2] * 3), strict=True)
    ]
    yield "BatchNormalization", one("BatchNormalization", list("sbmv"), scale)
    yield "InstanceNormalization", one("InstanceNormalization", list("sb"), scale[:2])
    norm = [weight("s", random.normal(size=8)), weight("b", random.normal(size=8))]
    yield "LayerNormalization", one("LayerNormalization", list("sb"), norm)
    yield (
        "GroupNormalization",
        one("GroupNormalization", list("sb"), scale[:2], opset=21, num_groups=3),
    )
    yield "Dropout", one("Dropout")
    yield "LogSoftmax", one("LogSoftmax", axis=1)
    yield "Softmax of opset 11", one("Softmax", opset=11, axis=1)
    yield "Hardmax", one("Hardmax", axis=1)


def shapes():
    yield (
        "Transpose",
        body(
            [
                node("Transpose", ["images"], "y", perm=[0, 2, 3, 1]),
                node("Transpose", ["y"], "x", perm=[0, 3, 1, 2]),
            ]
        ),
    )
    yield "Pad", one("Pad", ["p"], [weight("p", [0, 0, 1, 1, 0, 0, 2, 2], "i8")])
    yield (
        "Pad by reflection",
        one("Pad", ["p"], [weight("p", [0, 0, 1, 1, 0, 0, 2, 2], "i8")], mode="reflect"),
    )
    scales = [weight("scales", [1, 1, 2, 2])]
    for mode in ("nearest", "linear", "cubic"):
        for rule in ("half_pixel", "asymmetric", "align_corners"):
            yield (
                f"Resize {mode}, {rule}",
                one(
                    "Resize", ["", "scales"], scales, mode=mode, coordinate_transformation_mode=rule
                ),
            )
    yield (
        "Resize with antialias",
        one(
            "Resize",
            ["", "half"],
            [weight("half", [1, 1, 0.5, 0.5])],
            opset=18,
            mode="linear",
            antialias=1,
        ),
    )
    yield (
        "SpaceToDepth",
        body(
            [
                node("SpaceToDepth", ["images"], "y", blocksize=2),
                node("DepthToSpace", ["y"], "x", blocksize=2, mode="CRD"),
            ]
        ),
    )
    yield "Concat", body([node("Concat", ["images", "images"], "x", axis=1)], channels=6)
    parts = [
        node("Split", ["images"], ["a", "b", "c"], axis=1),
        node("Concat", ["c", "a", "b"], "x", axis=1),
    ]
    yield "Split of opset 11", body(parts, opset=11)
    slices = [
        weight(n, v, "i8")
        for n, v in (("s", [1, 1]), ("e", [7, 100]), ("a", [2, 3]), ("t", [2, 1]))
    ]
    yield "Slice", one("Slice", ["s", "e", "a", "t"], slices)
    yield "Gather", one("Gather", ["i"], [weight("i", [2, 0, -2], "i8")], axis=1)
    yield (
        "Where",
        body(
            [node("Greater", ["images", "k"], "c"), node("Where", ["c", "images", "k"], "x")],
            [weight("k", 0.3)],
        ),
    )
    dynamic = [
        node("Shape", ["images"], "s"),
        node("Slice", ["s", "zero", "one"], "n"),
        node("Concat", ["n", "rest"], "target", axis=0),
        node("Reshape", ["images", "target"], "y"),
        node("MatMul", ["y", "w"], "scores"),
    ]
    held = [weight("zero", [0], "i8"), weight("one", [1], "i8"), weight("rest", [192], "i8")]
    held.append(weight("w", random.normal(size=(192, 4))))
    yield "Reshape by Shape", model(dynamic, held)
    for kind in ("ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp"):
        yield kind, one(kind, axes=[2, 3])
    yield "ReduceSum by an input", one("ReduceSum", ["a"], [weight("a", [2], "i8")])
    yield (
        "TopK",
        body([node("TopK", ["images", "k"], ["x", "i"], axis=2)], [weight("k", [3], "i8")]),
    )
    yield "Einsum", one("Einsum", ["w"], [weight("w", WEIGHTS[4, 3][:3])], equation="nchw,cd->ndhw")
    yield "CumSum", one("CumSum", ["a"], [weight("a", 2, "i8")])
    yield "If", branching()


def branching():
    arms = {
        f"{name}_branch": helper.make_graph(
            [node(kind, ["images"], f"of_{name}")], name, [], [value(f"of_{name}", F32, None)]
        )
        for name, kind in (("then", "Relu"), ("else", "Neg"))
    }
    nodes = [
        node("ReduceMean", ["images"], "mean", keepdims=0),
        node("Greater", ["mean", "k"], "sure"),
        node("If", ["sure"], "x", **arms),
    ]
    return body(nodes, [weight("k", 0.2)])
