"""A finished small model tuned for its place in a pool, before larger ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import torch
from torch import nn

from muxnet.base.errors import error_text
from muxnet.torch.cascade_losses import cascade_aware, gatekeeper, learning_to_cascade

# From logits (B, K), labels (B) and the large model's logits (B, K) to the loss.
PoolLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

POOL_LOSSES: Mapping[str, PoolLoss] = {
    "gatekeeper": lambda logits, labels, large: gatekeeper(logits, labels),
    "learning_to_cascade": learning_to_cascade,
    "cascade_aware": cascade_aware,
    # No loss for a pool: what the further training alone brings.
    "cross_entropy": lambda logits, labels, large: nn.functional.cross_entropy(logits, labels),
}


@dataclasses.dataclass(frozen=True)
class TuningOptions:
    """How a small model is tuned."""

    epochs: int = 5
    batch_size: int = 128
    learning_rate: float = 3e-4  # at first; falls to 0 along a cosine
    weight_decay: float = 1e-4
    seed: int = 0  # of the order of inputs


@dataclasses.dataclass(frozen=True)
class Tuned:
    """How a tuning went: the mean loss of each epoch."""

    losses: tuple[float, ...]


def tune_for_pool(
    module: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    large_logits: torch.Tensor,
    *,
    loss: str | PoolLoss = "cascade_aware",
    options: TuningOptions | None = None,
) -> Tuned:
    """Tune ``module`` in place, so that its confidence tells where the larger model is needed.

    Args:
        module: the small model, from images to logits (B, K), finished; on any device.
        images: (n, c, h, w), as it is shown them.
        labels: (n), whole numbers of 0 to K - 1.
        large_logits: (n, K), what the model answers that inputs are left to; logarithms of
            probabilities will do.
        loss: one of ``POOL_LOSSES``, or a function of logits, labels and large logits.
        options: how long and fast.

    Raises:
        ValueError: an unknown loss, or numbers of inputs that differ.

    """
    how = options or TuningOptions()
    measure = _loss_of(loss)
    if not len(images) == len(labels) == len(large_logits):
        received = f"{len(images)}, {len(labels)} and {len(large_logits)}"
        raise ValueError(error_text("tune_for_pool", "as many images as labels, logits", received))
    held = next(module.parameters())
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay
    )
    batches = max(1, len(images) // how.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, how.epochs * batches)
    generator = torch.Generator().manual_seed(how.seed)
    was_training, losses = module.training, []
    module.train()
    for _ in range(how.epochs):
        total = 0.0
        order = torch.randperm(len(images), generator=generator)
        for rows in order[: batches * how.batch_size].view(batches, -1):
            given = (part[rows].to(held.device) for part in (images, labels, large_logits))
            shown, wanted, larger = given
            optimizer.zero_grad()
            value = measure(module(shown.to(held.dtype)), wanted.long(), larger)
            value.backward()
            optimizer.step()
            schedule.step()
            total += value.item()
        losses.append(total / batches)
    module.train(was_training)
    return Tuned(tuple(losses))


def _loss_of(loss: str | PoolLoss) -> PoolLoss:
    if not isinstance(loss, str):
        return loss
    if loss not in POOL_LOSSES:
        expected = "one of " + ", ".join(POOL_LOSSES)
        raise ValueError(error_text("tune_for_pool, loss", expected, loss))
    return POOL_LOSSES[loss]
