"""A network of the core as a PyTorch module, node by node, and its weights back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import nn

from muxnet.base.compiled import _core
from muxnet.pool.torch_weights import torch_state

Shapes = list[list[int]]
Attributes = Mapping[str, int | float | list[int]]
Extent = int | tuple[int, int]
# The layer's name, or what is called without one; values read, value made, with a ReLU behind it.
Step = tuple[str, partial[torch.Tensor] | None, tuple[int, ...], int, bool]


class NetworkModule(nn.Module):
    """A network of the core, from images to a dict of its outputs; layers have the core's names."""

    def __init__(self, graph: _core.Graph) -> None:
        super().__init__()
        self.outputs: dict[str, int] = dict(graph.outputs)
        self.steps: list[Step] = []
        for op, name, src, dst, attributes in graph.nodes:
            layer = LAYERS[op]([graph.shape(value) for value in src], attributes)
            relu = bool(attributes.get("relu", 0))
            if isinstance(layer, nn.Module):
                _add(self, name, layer)
                self.steps.append((name, None, tuple(src), dst, relu))
            else:
                self.steps.append((name, layer, tuple(src), dst, relu))

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the outputs by name."""
        values = {0: images}
        for name, function, src, dst, relu in self.steps:
            layer = function or self.get_submodule(name)
            made = layer(*(values[value] for value in src))
            values[dst] = nn.functional.relu(made) if relu else made
        return {name: values[value] for name, value in self.outputs.items()}


def to_torch(model: _core.Model) -> nn.Module:
    """Return ``model`` as a module from images to a dict of its outputs, with its weights."""
    module = NetworkModule(model.graph)
    state = {name: torch.from_numpy(values.copy()) for name, values in model.state().items()}
    for name, tensor in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(state[name])
    return module


def _add(module: nn.Module, name: str, layer: nn.Module) -> None:
    """Add a layer whose name may have dots, each a module within one."""
    *outer, last = name.split(".")
    for part in outer:
        if not hasattr(module, part):
            module.add_module(part, nn.Module())
        module = module.get_submodule(part)
    module.add_module(last, layer)


def to_core(module: nn.Module, model: _core.Model) -> None:
    """Give ``model`` the weights of what ``to_torch`` made of it, or of one like it.

    Raises:
        ValueError: tensors of other names or shapes, all listed.

    """
    model.load_state(torch_state(module))


def _l2_norm(values: torch.Tensor, groups: int) -> torch.Tensor:
    pieces = values.reshape(len(values), groups, -1)
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


# A module, or a function with what it is given beside tensors.
LAYERS: Mapping[str, Callable[[Shapes, Attributes], nn.Module | partial[torch.Tensor]]] = {
    "adaptive_average_pool": lambda shapes, has: nn.AdaptiveAvgPool2d(_extent(has, "output", 1)),
    "add": lambda shapes, has: partial(torch.add),
    "average_pool": _average_pool,
    "batch_norm": _batch_norm,
    "conv2d": _conv2d,
    "dropout": lambda shapes, has: nn.Dropout(_number(has, "p", 0.5)),
    "flatten": lambda shapes, has: nn.Flatten(),
    "l2_norm": lambda shapes, has: partial(_l2_norm, groups=_whole(has, "groups", 1)),
    "linear": _linear,
    "max_pool": _max_pool,
    "relu": lambda shapes, has: nn.ReLU(),
    "relu6": lambda shapes, has: nn.ReLU6(),
    "sigmoid": lambda shapes, has: nn.Sigmoid(),
    "softmax": lambda shapes, has: nn.Softmax(dim=1),
}
