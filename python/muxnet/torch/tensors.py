"""What losses need of tensors: precision that mixed training leaves them, whole batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import distributed

from muxnet.base.errors import error_text

HALVES = (torch.float16, torch.bfloat16)
Tensors = Sequence[torch.Tensor]


def full(values: torch.Tensor) -> torch.Tensor:
    """Return halves, as automatic mixed precision makes them, in float32; others as they are."""
    return values.float() if values.dtype in HALVES else values


def stacked(tensors: Tensors, where: str) -> torch.Tensor:
    """Return (B, N, ...) of one tensor (B, ...) a model, in full precision.

    Raises:
        ValueError: no tensor, or tensors of different shapes.

    """
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) != 1:
        received = ", ".join(map(str, sorted(shapes))) or "none"
        raise ValueError(error_text(where, "at least one tensor, all of one shape", received))
    return torch.stack([full(tensor) for tensor in tensors], dim=1)


def processes() -> int:
    """Return how many processes train together."""
    ready = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if ready else 1


def share_of_all(sums: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return this process's part of the means sum / count over the batches of all processes.

    The mean of the parts, which DistributedDataParallel makes of their gradients, is the mean that
    one process would find on the whole batch; where nothing was counted it is 0.
    """
    total = counts.to(sums.dtype)
    world = processes()
    if world > 1:
        total = total.clone()
        distributed.all_reduce(total)
    return world * sums / total.clamp(min=1)


def correct_predictions(logits: Tensors, labels: torch.Tensor) -> torch.Tensor:
    """Return whether each model's largest logit is the label's: bool (B, N)."""
    return torch.stack([own.detach().argmax(1) == labels for own in logits], dim=1)
