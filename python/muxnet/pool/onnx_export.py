"""A network as an ONNX file, for any other run time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import MissingPackageError
from muxnet.base.files import write_bytes

if TYPE_CHECKING:
    import onnx

Attribute = int | float | list[int]  # of an operator of ours, or of ONNX
Attributes = Mapping[str, Attribute]
# Operator, name, values read, value made, attributes.
Node = tuple[str, str, list[int], int, Attributes]

OPSET = 17  # what ONNX Runtime 1.12 and OpenVINO 2022.3 read already
SMALLEST_NORM = 1e-12


def export_onnx(
    model: _core.Model | _core.Multiplexer,
    path: str | os.PathLike[str],
    *,
    outputs: Iterable[str] | None = None,
) -> None:
    """Write ``model`` as ONNX: input "images", f32 (batch, c, h, w), normalised as for the model.

    Args:
        model: a network, or a multiplexer from ``fit_multiplexer``.
        path: the file; written whole or not at all.
        outputs: names of the outputs wanted; all by default.

    Raises:
        ValueError: an output that the model does not have.
        MissingPackageError: the package ``onnx`` is not installed.
        OSError: the file cannot be written.

    >>> muxnet.export_onnx(models[0], "network.onnx", outputs=["logits"])

    """
    network = model.model if isinstance(model, _core.Multiplexer) else model
    graph = network.graph
    wanted = list(graph.outputs) if outputs is None else list(outputs)
    for name in wanted:
        if name not in graph.outputs:
            known = list(graph.outputs)
            raise ValueError(f"[{network.name}] expected one of {known}, got '{name}'")
    proto = _Writer(network, {name: graph.outputs[name] for name in wanted}).proto()
    write_bytes(Path(path), proto.SerializeToString())


def _onnx() -> ModuleType:
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingPackageError("export_onnx", "onnx", "onnx") from error
    return onnx


class _Writer:
    """Turns a graph into ONNX nodes, one operator at a time."""

    def __init__(self, model: _core.Model, outputs: Mapping[str, int]) -> None:
        self._onnx = _onnx()
        self._model = model
        self._outputs = outputs
        self._state = model.state()
        self._names = {0: "images"} | {value: name for name, value in outputs.items()}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, NDArray[np.generic]] = {}

    def proto(self) -> onnx.ModelProto:
        helper, graph = self._onnx.helper, self._model.graph
        needed = _needed(graph.nodes, self._outputs.values())
        for op, name, src, dst, attributes in graph.nodes:
            if dst in needed:
                WRITERS[op](self, name, [self._name(value) for value in src], dst, attributes)
        body = helper.make_graph(
            self._nodes,
            self._model.name,
            [self._info("images", 0)],
            [self._info(name, value) for name, value in self._outputs.items()],
            [self._onnx.numpy_helper.from_array(v, n) for n, v in self._constants.items()],
        )
        opset = helper.make_opsetid("", OPSET)
        proto: onnx.ModelProto = helper.make_model(body, opset_imports=[opset])
        proto.ir_version = 8
        proto.producer_name = "muxnet"
        normalization = self._model.normalization
        helper.set_model_props(
            proto,
            {"mean": str(normalization.mean), "deviation": str(normalization.deviation)},
        )
        self._onnx.checker.check_model(proto)
        return proto

    def shape(self, value: int) -> list[int]:
        """Return a value's shape without the batch."""
        return self._model.graph.shape(value)

    def source_shape(self, dst: int) -> list[int]:
        """Return the shape of what the node making ``dst`` reads first."""
        src = next(node[2] for node in self._model.graph.nodes if node[3] == dst)
        return self.shape(src[0])

    def parameter(self, name: str) -> str:
        """Return the name under which a tensor of the model is in the file."""
        return self.constant(name, self._state[name])

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Keep an array in the file."""
        self._constants[name] = np.ascontiguousarray(values)
        return name

    def emit(self, op: str, inputs: list[str], dst: int | str, **attributes: Attribute) -> str:
        """Append an ONNX node and return the name of what it makes."""
        name = dst if isinstance(dst, str) else self._name(dst)
        self._nodes.append(self._onnx.helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def emit_with_relu(
        self, op: str, inputs: list[str], dst: int, relu: bool, **attributes: Attribute
    ) -> None:
        """Append an ONNX node, and a ReLU behind it where the operator ends in one."""
        if relu:
            before = self.emit(op, inputs, f"{self._name(dst)}.before_relu", **attributes)
            self.emit("Relu", [before], dst)
        else:
            self.emit(op, inputs, dst, **attributes)

    def _name(self, value: int) -> str:
        return self._names.get(value, f"value{value}")

    def _info(self, name: str, value: int) -> onnx.ValueInfoProto:
        kind = self._onnx.TensorProto.FLOAT
        shape = ["batch", *self.shape(value)]
        info: onnx.ValueInfoProto = self._onnx.helper.make_tensor_value_info(name, kind, shape)
        return info


# Emits the nodes of one of ours: its name, what it reads, the value it makes, its attributes.
Write = Callable[[_Writer, str, list[str], int, Attributes], None]


def _needed(nodes: Sequence[Node], outputs: Iterable[int]) -> set[int]:
    needed = set(outputs)
    for _, _, src, dst, _ in reversed(nodes):
        if dst in needed:
            needed.update(src)
    return needed


def _pair(attributes: Attributes, name: str, otherwise: int) -> list[int]:
    value = attributes.get(name, otherwise)
    return value if isinstance(value, list) else [int(value), int(value)]


def _window(attributes: Attributes, stride: str) -> dict[str, list[int]]:
    """Return a window's attributes; one without a stride steps by 1, or by its ``kernel``."""
    kernel = _pair(attributes, "kernel", 1)
    steps = kernel if stride == "kernel" else [1, 1]
    return {
        "kernel_shape": kernel,
        "strides": _pair(attributes, "stride", 1) if "stride" in attributes else steps,
        "pads": _pair(attributes, "padding", 0) * 2,
    }


def _conv2d(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    inputs = [*src, writer.parameter(f"{name}.weight")]
    if has.get("bias", 0):
        inputs.append(writer.parameter(f"{name}.bias"))
    writer.emit_with_relu(
        "Conv",
        inputs,
        dst,
        bool(has.get("relu", 0)),
        group=has.get("groups", 1),
        dilations=_pair(has, "dilation", 1),
        **_window(has, stride="1"),
    )


def _linear(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    inputs = [*src, writer.parameter(f"{name}.weight")]
    if has.get("bias", 1):
        inputs.append(writer.parameter(f"{name}.bias"))
    writer.emit("Gemm", inputs, dst, transB=1)


def _batch_norm(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    tensors = ("weight", "bias", "running_mean", "running_var")
    inputs = [*src, *(writer.parameter(f"{name}.{tensor}") for tensor in tensors)]
    relu = bool(has.get("relu", 0))
    writer.emit_with_relu("BatchNormalization", inputs, dst, relu, epsilon=has.get("eps", 1e-5))


def _add(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    writer.emit_with_relu("Add", src, dst, bool(has.get("relu", 0)))


def _max_pool(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    window = _window(has, stride="kernel")
    writer.emit("MaxPool", src, dst, ceil_mode=has.get("ceil_mode", 0), **window)


def _average_pool(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    window = _window(has, stride="kernel")
    counted = has.get("count_include_pad", 1)
    writer.emit("AveragePool", src, dst, count_include_pad=counted, **window)


def _adaptive_average_pool(
    writer: _Writer, name: str, src: list[str], dst: int, has: Attributes
) -> None:
    """Write pieces of unequal size, for which ONNX has no windows, as products.

    Constants stand on the right, as exporters write them.
    """
    height, width = _pair(has, "output", 1)
    rows, columns = writer.source_shape(dst)[1:]
    if (height, width) == (1, 1):
        writer.emit("GlobalAveragePool", src, dst)
        return
    if rows % height == 0 and columns % width == 0:
        kernel = [rows // height, columns // width]
        writer.emit("AveragePool", src, dst, kernel_shape=kernel, strides=kernel)
        return
    across = writer.constant(f"{name}.columns", averages(columns, width).T)
    down = writer.constant(f"{name}.rows", averages(rows, height).T)
    narrow = writer.emit("MatMul", [*src, across], f"{name}.narrow")
    turned = writer.emit("Transpose", [narrow], f"{name}.turned", perm=[0, 1, 3, 2])
    short = writer.emit("MatMul", [turned, down], f"{name}.short")
    writer.emit("Transpose", [short], dst, perm=[0, 1, 3, 2])


def averages(size: int, pieces: int) -> NDArray[np.float32]:
    """Return (pieces, size): row i averages the i-th piece, as adaptive pooling cuts them."""
    matrix = np.zeros((pieces, size), np.float32)
    for i in range(pieces):
        begin, end = i * size // pieces, -(-(i + 1) * size // pieces)
        matrix[i, begin:end] = 1 / (end - begin)
    return matrix


def _l2_norm(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    (groups, _), (width,) = _pair(has, "groups", 1), writer.shape(dst)
    apart = writer.constant(f"{name}.apart", np.array([-1, groups, width // groups], np.int64))
    together = writer.constant(f"{name}.together", np.array([-1, width], np.int64))
    floor = writer.constant(f"{name}.floor", np.array(SMALLEST_NORM, np.float32))
    pieces = writer.emit("Reshape", [*src, apart], f"{name}.pieces")
    norms = writer.emit("ReduceL2", [pieces], f"{name}.norms", axes=[2], keepdims=1)
    norms = writer.emit("Max", [norms, floor], f"{name}.norms.floored")
    units = writer.emit("Div", [pieces, norms], f"{name}.units")
    writer.emit("Reshape", [units, together], dst)


def _relu6(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
    low = writer.constant("relu6.low", np.array(0, np.float32))
    high = writer.constant("relu6.high", np.array(6, np.float32))
    writer.emit("Clip", [*src, low, high], dst)


def _plain(op: str, **attributes: Attribute) -> Write:
    def write(writer: _Writer, name: str, src: list[str], dst: int, has: Attributes) -> None:
        writer.emit(op, src, dst, **attributes)

    return write


# Dropout does nothing outside training.
WRITERS: Mapping[str, Write] = {
    "adaptive_average_pool": _adaptive_average_pool,
    "add": _add,
    "average_pool": _average_pool,
    "batch_norm": _batch_norm,
    "conv2d": _conv2d,
    "dropout": _plain("Identity"),
    "flatten": _plain("Flatten"),
    "l2_norm": _l2_norm,
    "linear": _linear,
    "max_pool": _max_pool,
    "relu": _plain("Relu"),
    "relu6": _relu6,
    "sigmoid": _plain("Sigmoid"),
    "softmax": _plain("Softmax", axis=1),
}
