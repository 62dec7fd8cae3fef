"""Checkpoints of a training in PyTorch: safetensors, for any number of processes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import parse_json

Arrays = dict[str, NDArray[np.generic]]
METADATA = "training"
SCALAR = "/scalar"


@dataclasses.dataclass(frozen=True)
class EpochTold:
    """An epoch: mean losses of the models in training, and accuracies on held-out inputs."""

    epoch: int
    losses: tuple[float, ...]
    contrastive: float
    online_distillation: float
    held_out_accuracies: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Position:
    """How far a training is: the next batch's place, what it is a training of, what was told."""

    epoch: int
    batch: int  # within the epoch
    fingerprint: str
    history: tuple[EpochTold, ...] = ()  # of the epochs that are done


def save_checkpoint(
    path: Path,
    position: Position,
    modules: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
) -> None:
    """Write weights, buffers and what optimizers remember, atomically.

    Raises:
        OSError: it cannot be written.

    """
    tensors: Arrays = {}
    for number, (module, optimizer) in enumerate(zip(modules, optimizers, strict=True)):
        for name, values in module.state_dict().items():
            _keep(tensors, f"{number}/weights/{name}", values)
        for place, remembered in optimizer.state_dict()["state"].items():
            for name, values in remembered.items():
                if values is not None:
                    _keep(tensors, f"{number}/optimizer/{place}/{name}", values)
    metadata = {METADATA: json.dumps(schema.to_dict(position))}
    path.parent.mkdir(parents=True, exist_ok=True)
    _core.save_safetensors(path, tensors, metadata)


def load_checkpoint(
    path: Path,
    fingerprint: str,
    modules: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
) -> Position:
    """Take what ``save_checkpoint`` wrote, by any number of processes, and return the position.

    Raises:
        ConfigError: it is of another training, or of other models.
        OSError: it cannot be read.

    """
    tensors, metadata = _core.load_safetensors(path)
    position = _position(path, metadata)
    if position.fingerprint != fingerprint:
        expected = "a checkpoint of a training with the same settings, models and data"
        raise ConfigError(error_text(str(path), expected, "another's"))
    for number, (module, optimizer) in enumerate(zip(modules, optimizers, strict=True)):
        try:
            module.load_state_dict(_below(tensors, f"{number}/weights/"))
        except RuntimeError as error:
            raise ConfigError(error_text(str(path), "weights of these models", error)) from error
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, values in _below(tensors, f"{number}/optimizer/").items():
            place, _, name = key.partition("/")
            state.setdefault(int(place), {})[name] = values
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    return position


def _position(path: Path, metadata: Mapping[str, str]) -> Position:
    try:
        return schema.from_dict(Position, parse_json(metadata.get(METADATA, ""), str(path)))
    except ConfigError as error:
        expected = "a checkpoint of a training in PyTorch"
        raise ConfigError(error_text(str(path), expected, "another file")) from error


def _below(tensors: Mapping[str, NDArray[np.generic]], prefix: str) -> dict[str, torch.Tensor]:
    found = {}
    for key, values in tensors.items():
        if key.startswith(prefix):
            name = key.removeprefix(prefix)
            number = name.endswith(SCALAR)
            tensor = torch.tensor(values)
            found[name.removesuffix(SCALAR)] = tensor.reshape(()) if number else tensor
    return found


def _keep(tensors: Arrays, name: str, values: torch.Tensor) -> None:
    """Add a tensor; one of no axes, which the core's files have not, says so in its name."""
    array: NDArray[np.generic] = values.detach().cpu().numpy()
    tensors[name if values.dim() else name + SCALAR] = np.ascontiguousarray(array)
