"""PyTorch's weights in muxnet's networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core

if TYPE_CHECKING:
    import torch

# Those of torchvision's weights.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)

# PyTorch's batch norms count their steps; nothing reads it.
IGNORED = ".num_batches_tracked"


def from_torch(
    module: torch.nn.Module | Mapping[str, torch.Tensor],
    *,
    network: str | None = None,
    input_shape: tuple[int, int, int] = (3, 224, 224),
    mean: Sequence[float] = IMAGENET_MEAN,
    deviation: Sequence[float] = IMAGENET_DEVIATION,
) -> _core.Model:
    """Return the zoo's network with the weights of a PyTorch module of the same architecture.

    Args:
        module: a ``torch.nn.Module``, or its ``state_dict()``; names as in torchvision.
        network: its name in the zoo; by default the one whose tensors have these names and shapes.
        input_shape: (channels, height, width) of the images.
        mean: of each channel of the images that it was trained on, with 255 as 1.
        deviation: the standard deviation of each.

    Raises:
        ValueError: no network of the zoo has these tensors, or ``network`` lacks some, misses
            some or has others of another shape, all listed.
        ValueError: an unknown ``network``.

    >>> network = muxnet.zoo(["alexnet_small"], data.train, projection_dim=0)[0]
    >>> muxnet.from_torch(network.state(), input_shape=(1, 32, 32)).name
    'alexnet_small'

    """
    state = torch_state(module)
    shapes = [(name, list(tensor.shape)) for name, tensor in state.items()]
    channels, height, width = input_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=_core.class_count(shapes)
    )
    name = network or _core.matching_network(shapes, options)
    normalization = _core.Normalization(list(mean), list(deviation))
    model = _core.make_model(name, options, seed=None, normalization=normalization)
    model.load_state(state)
    return model


def torch_state(
    module: torch.nn.Module | Mapping[str, torch.Tensor],
) -> dict[str, NDArray[np.float32]]:
    """Return the named tensors of a module or state dict as float32 arrays."""
    tensors = module if isinstance(module, Mapping) else module.state_dict()
    return {name: _array(tensor) for name, tensor in tensors.items() if not name.endswith(IGNORED)}


def _array(tensor: torch.Tensor | NDArray[np.generic]) -> NDArray[np.float32]:
    values = tensor if isinstance(tensor, np.ndarray) else tensor.detach().cpu().float().numpy()
    return np.ascontiguousarray(values, np.float32)
