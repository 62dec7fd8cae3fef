"""Small ONNX graphs of other types, shapes and layouts, of few bits, and of trees."""

import numpy as np
import onnx
from onnx_graphs import (
    F16,
    F32,
    F64,
    I64,
    NUMPY,
    U8,
    WEIGHTS,
    body,
    head,
    model,
    node,
    value,
    weight,
)

helper = onnx.helper
random = np.random.default_rng(6)


def kinds():
    for dtype, name in ((F16, "f16"), (F64, "f64")):
        nodes, held = head("images", dtype=NUMPY[dtype])
        yield (
            name,
            model(
                nodes,
                held,
                source=value("images", dtype, ["n", 3, 8, 8]),
                outputs=[value("scores", dtype, ["n", 4])],
            ),
        )
    yield (
        "u8",
        body(
            [node("Cast", ["images"], "c", to=F32), node("Div", ["c", "k"], "x")],
            [weight("k", 255)],
            source=value("images", U8, ["n", 3, 8, 8]),
        ),
    )
    for batch in (1, 8):
        yield (
            f"batch of {batch}",
            body(
                [node("Relu", ["images"], "x")],
                source=value("images", F32, [batch, 3, 8, 8]),
                outputs=[value("scores", F32, [batch, 4])],
            ),
        )
    yield (
        "NHWC",
        body(
            [node("Transpose", ["images"], "x", perm=[0, 3, 1, 2])],
            source=value("images", F32, ["n", 8, 8, 3]),
        ),
    )
    yield "no sizes", body([node("Relu", ["images"], "x")], source=value("images", F32, [None] * 4))
    for name, target in (("(n, K, 1, 1)", [-1, 4, 1, 1]), ("(n, 1, K)", [-1, 1, 4])):
        nodes, held = head("images")
        yield (
            name,
            model(
                [*nodes, node("Reshape", ["scores", "t"], "y")],
                [*held, weight("t", target, "i8")],
                outputs=[value("y", F32, ["n", *target[1:]])],
            ),
        )
    alone = [node("Reshape", ["images", "t"], "y"), node("MatMul", ["y", "w"], "scores")]
    yield (
        "one at a time, untold",
        model(alone, [weight("t", [1, 192], "i8"), weight("w", random.normal(size=(192, 4)))]),
    )


def quantized():
    limits = [weight("s", 1 / 255), weight("z", 0, "u1"), weight("sw", 0.02), weight("zw", 0, "i1")]
    w8 = np.clip(np.round(WEIGHTS[6, 3, 3, 3] / 0.02), -127, 127)
    qdq = [
        node("QuantizeLinear", ["images", "s", "z"], "q"),
        node("DequantizeLinear", ["q", "s", "z"], "d"),
        node("DequantizeLinear", ["w8", "sw", "zw"], "w"),
        node("Conv", ["d", "w"], "x"),
    ]
    yield "int8 by QDQ", body(qdq, [*limits, weight("w8", w8, "i1")], 6)
    sixteen = [weight("s", 1 / 65535), weight("z", 0, "u2"), *limits[2:], weight("w8", w8, "i1")]
    yield "16 bits by QDQ", body(qdq, sixteen, 6, opset=21)
    moved = body(qdq, [*limits, weight("w8", w8, "i1")], 6)
    nodes = list(moved.graph.node)[::-1]
    del moved.graph.node[:]
    moved.graph.node.extend(nodes)
    yield "nodes in reverse", moved
    more = [weight("sy", 0.05), weight("zy", 128, "u1"), weight("w8", w8, "i1")]
    operators = [
        node("QuantizeLinear", ["images", "s", "z"], "q"),
        node("QLinearConv", ["q", "s", "z", "w8", "sw", "zw", "sy", "zy"], "y"),
        node("DequantizeLinear", ["y", "sy", "zy"], "x"),
    ]
    yield "int8 by QLinearConv", body(operators, [*limits, *more], 6)
    product = [
        node("Flatten", ["images"], "flat"),
        node("DynamicQuantizeLinear", ["flat"], ["q", "qs", "qz"]),
        node("MatMulInteger", ["q", "w", "qz"], "i"),
        node("Cast", ["i"], "c", to=F32),
        node("Mul", ["c", "qs"], "scores"),
    ]
    yield (
        "int8 by DynamicQuantizeLinear",
        model(product, [weight("w", random.integers(-100, 100, (192, 4)), "i1")]),
    )


def trees():
    """Yield classifiers of ai.onnx.ml, features (n, 5) to four classes."""
    features = {"source": value("features", F32, ["n", 5]), "ml": True}
    both = [value("label", I64, ["n"]), value("scores", F32, ["n", 4])]
    linear = helper.make_node(
        "LinearClassifier",
        ["features"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        coefficients=[float(x) for x in random.normal(size=20)],
        intercepts=[0.0, 0.1, 0.2, 0.3],
        classlabels_ints=[0, 1, 2, 3],
        post_transform="SOFTMAX",
        multi_class=1,
    )
    yield "LinearClassifier", model([linear], [], outputs=both, **features)
    tree = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        nodes_treeids=[0] * 3,
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[1, 0, 0],
        nodes_values=[0.4, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        nodes_missing_value_tracks_true=[0] * 3,
        nodes_hitrates=[1.0] * 3,
        class_treeids=[0] * 4,
        class_nodeids=[1, 1, 2, 2],
        class_ids=[0, 1, 2, 3],
        class_weights=[0.75, 0.25, 0.5, 0.5],
        classlabels_int64s=[0, 1, 2, 3],
    )
    yield "TreeEnsembleClassifier", model([tree], [], outputs=both, **features)
    yield "labels alone", model([tree], [], outputs=both[:1], **features)
