"""A network of ours as a PyTorch module, node by node, with the same weights."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

Tensors = dict[str, torch.Tensor]


def to_torch(model: Any) -> nn.Module:
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

    def __init__(self, graph: Any) -> None:
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


def _conv2d(shapes: list[list[int]], has: Mapping[str, Any]) -> nn.Module:
    return nn.Conv2d(
        shapes[0][0],
        has["channels"],
        has["kernel"],
        has.get("stride", 1),
        has.get("padding", 0),
        has.get("dilation", 1),
        has.get("groups", 1),
        bias=bool(has.get("bias", 0)),
    )


def _linear(shapes: list[list[int]], has: Mapping[str, Any]) -> nn.Module:
    return nn.Linear(shapes[0][0], has["features"], bias=bool(has.get("bias", 1)))


def _batch_norm(shapes: list[list[int]], has: Mapping[str, Any]) -> nn.Module:
    return nn.BatchNorm2d(shapes[0][0], has.get("eps", 1e-5), has.get("momentum", 0.1))


def _max_pool(shapes: list[list[int]], has: Mapping[str, Any]) -> nn.Module:
    ceil_mode = bool(has.get("ceil_mode", 0))
    return nn.MaxPool2d(
        has["kernel"], has.get("stride"), has.get("padding", 0), 1, False, ceil_mode
    )


def _average_pool(shapes: list[list[int]], has: Mapping[str, Any]) -> nn.Module:
    counted = bool(has.get("count_include_pad", 1))
    return nn.AvgPool2d(
        has["kernel"], has.get("stride"), has.get("padding", 0), count_include_pad=counted
    )


def _original(name: str) -> str:
    """Return the graph's name of a tensor of the module."""
    _, key, tensor = name.split(".")
    return f"{key.replace('/', '.')}.{tensor}"


def _key(name: str) -> str:
    """Return a node's name without the dots that a module's name may not have."""
    return name.replace(".", "/")


LAYERS: Mapping[str, Callable[[list[list[int]], Mapping[str, Any]], nn.Module]] = {
    "adaptive_average_pool": lambda shapes, has: nn.AdaptiveAvgPool2d(has.get("output", 1)),
    "add": lambda shapes, has: _Add(),
    "average_pool": _average_pool,
    "batch_norm": _batch_norm,
    "conv2d": _conv2d,
    "dropout": lambda shapes, has: nn.Dropout(has.get("p", 0.5)),
    "flatten": lambda shapes, has: nn.Flatten(),
    "l2_norm": lambda shapes, has: _L2Norm(has.get("groups", 1)),
    "linear": _linear,
    "max_pool": _max_pool,
    "relu": lambda shapes, has: nn.ReLU(),
    "relu6": lambda shapes, has: nn.ReLU6(),
    "sigmoid": lambda shapes, has: nn.Sigmoid(),
    "softmax": lambda shapes, has: nn.Softmax(dim=1),
}
