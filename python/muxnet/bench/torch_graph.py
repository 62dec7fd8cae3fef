"""A network of ours as a PyTorch module, node by node, with the same weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

from muxnet.base.compiled import _core

Shapes = list[list[int]]
Attributes = Mapping[str, int | float | list[int]]
Extent = int | tuple[int, int]
Tensors = dict[str, torch.Tensor]


def to_torch(model: _core.Model) -> nn.Module:
    """Return ``model`` as a module from images to a dict of its outputs."""
    module = GraphModule(model.graph)
    state = {name: torch.from_numpy(values.copy()) for name, values in model.state().items()}
    own = module.state_dict()
    for name, tensor in own.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(state[_original(name)])
    return module


class GraphModule(nn.Module):
    """Runs a graph's nodes in order."""

    def __init__(self, graph: _core.Graph) -> None:
        super().__init__()
        self.layers = nn.ModuleDict()
        self._steps: list[tuple[str, list[int], int, bool]] = []
        self._outputs = dict(graph.outputs)
        for op, name, src, dst, attributes in graph.nodes:
            shapes = [list(graph.shape(value)) for value in src]
            self.layers[_key(name)] = LAYERS[op](shapes, attributes)
            relu = bool(attributes.get("relu", 0))
            self._steps.append((_key(name), list(src), dst, relu))

    def forward(self, images: torch.Tensor) -> Tensors:
        """Return every output of the graph."""
        values = {0: images}
        for key, src, dst, relu in self._steps:
            made = self.layers[key](*(values[value] for value in src))
            values[dst] = nn.functional.relu(made) if relu else made
        return {name: values[value] for name, value in self._outputs.items()}


class _Add(nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return left + right


class _L2Norm(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self._groups = groups

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        pieces = values.reshape(len(values), self._groups, -1)
        return nn.functional.normalize(pieces, dim=2).reshape(values.shape)


def _whole(has: Attributes, name: str, otherwise: int | None = None) -> int:
    value = has.get(name, otherwise)
    assert isinstance(value, int)
    return value


def _extent(has: Attributes, name: str, otherwise: Extent | None = None) -> Extent:
    """Return an attribute of both directions, or of each."""
    value = has.get(name, otherwise)
    if isinstance(value, Sequence):
        height, width = value
        return height, width
    assert isinstance(value, int)
    return value


def _number(has: Attributes, name: str, otherwise: float) -> float:
    value = has.get(name, otherwise)
    assert isinstance(value, int | float)
    return value


def _conv2d(shapes: Shapes, has: Attributes) -> nn.Module:
    return nn.Conv2d(
        shapes[0][0],
        _whole(has, "channels"),
        _extent(has, "kernel"),
        _extent(has, "stride", 1),
        _extent(has, "padding", 0),
        _extent(has, "dilation", 1),
        _whole(has, "groups", 1),
        bias=bool(has.get("bias", 0)),
    )


def _linear(shapes: Shapes, has: Attributes) -> nn.Module:
    return nn.Linear(shapes[0][0], _whole(has, "features"), bias=bool(has.get("bias", 1)))


def _batch_norm(shapes: Shapes, has: Attributes) -> nn.Module:
    eps, momentum = _number(has, "eps", 1e-5), _number(has, "momentum", 0.1)
    return nn.BatchNorm2d(shapes[0][0], eps, momentum)


def _max_pool(shapes: Shapes, has: Attributes) -> nn.Module:
    ceil_mode = bool(has.get("ceil_mode", 0))
    return nn.MaxPool2d(*_window(has), 1, False, ceil_mode)


def _average_pool(shapes: Shapes, has: Attributes) -> nn.Module:
    counted = bool(has.get("count_include_pad", 1))
    return nn.AvgPool2d(*_window(has), count_include_pad=counted)


def _window(has: Attributes) -> tuple[Extent, Extent, Extent]:
    """Return kernel, stride and padding."""
    kernel = _extent(has, "kernel")
    return kernel, _extent(has, "stride", kernel), _extent(has, "padding", 0)


def _original(name: str) -> str:
    """Return the graph's name of a tensor of the module."""
    _, key, tensor = name.split(".")
    return f"{key.replace('/', '.')}.{tensor}"


def _key(name: str) -> str:
    """Return a node's name without the dots that a module's name may not have."""
    return name.replace(".", "/")


LAYERS: Mapping[str, Callable[[Shapes, Attributes], nn.Module]] = {
    "adaptive_average_pool": lambda shapes, has: nn.AdaptiveAvgPool2d(_extent(has, "output", 1)),
    "add": lambda shapes, has: _Add(),
    "average_pool": _average_pool,
    "batch_norm": _batch_norm,
    "conv2d": _conv2d,
    "dropout": lambda shapes, has: nn.Dropout(_number(has, "p", 0.5)),
    "flatten": lambda shapes, has: nn.Flatten(),
    "l2_norm": lambda shapes, has: _L2Norm(_whole(has, "groups", 1)),
    "linear": _linear,
    "max_pool": _max_pool,
    "relu": lambda shapes, has: nn.ReLU(),
    "relu6": lambda shapes, has: nn.ReLU6(),
    "sigmoid": lambda shapes, has: nn.Sigmoid(),
    "softmax": lambda shapes, has: nn.Softmax(dim=1),
}
