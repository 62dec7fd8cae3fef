"""The two models of ``invented_models`` as ONNX files, for images of 8 and of 12 pixels."""

import json

import numpy as np
import pytest
from invented_models import LARGE, SMALL, pictures

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

SIDES = {"small": 8, "large": 12}
COSTS = {"small": SMALL, "large": LARGE}
DATA_SIDE = 24  # of the pictures, larger than either wants
SHARPNESS = 60.0  # of the logits
SHOWN = {"fit": "stretch", "interpolation": "area"}


def network(name):
    """Return the bright column's logits, which small rolls by one where the ground is bright."""
    side = SIDES[name]
    numbers = {
        "columns": np.arange(4, dtype=np.int64) * side // 4,
        "sharp": np.float32(SHARPNESS),
        "half": np.float32(0.5),
        "rolled": np.array([3, 0, 1, 2], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["images"], ["rows"], axes=[1, 2], keepdims=0),
        node("Gather", ["rows", "columns"], ["means"], axis=1),
        node("Mul", ["means", "sharp"], ["right"]),
        node("Gather", ["right", "rolled"], ["wrong"], axis=1),
        node("ReduceMean", ["rows"], ["ground"], axes=[1], keepdims=1),
        node("Less", ["ground", "half"], ["dark"]),
        node("Where", ["dark", "right", "wrong"], ["logits"]),
    ]
    if name == "large":
        nodes = [*nodes[:2], node("Mul", ["means", "sharp"], ["logits"])]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        name,
        [info("images", TensorProto.FLOAT, ["n", 3, side, side])],
        [info("logits", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in numbers.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def entry(name):
    return {"name": name, "onnx": f"{name}.onnx", "cost": COSTS[name], "output": "logits", **SHOWN}


def large_pictures(n, seed):
    """Return pictures of ``DATA_SIDE`` pixels, their labels, and which are dark."""
    images, labels, dark = pictures(n, seed)
    scale = DATA_SIDE // images.shape[-1]
    return images.repeat(scale, axis=2).repeat(scale, axis=3), labels, dark


def write_onnx_pool(folder, count):
    """Write both files, models.json and so many labelled inputs."""
    for name in SIDES:
        onnx.save(network(name), folder / f"{name}.onnx")
    (folder / "models.json").write_text(json.dumps([entry(name) for name in SIDES]))
    images, labels, _ = large_pictures(count, 1)
    np.savez(folder / "inputs.npz", images=images, labels=labels)
