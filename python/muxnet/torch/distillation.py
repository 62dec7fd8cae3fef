"""Distillation: of embeddings into the multiplexer (Eq. 8), and among models in training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from muxnet.base.errors import error_text
from muxnet.torch.tensors import Tensors, full, stacked


def distillation(meta: torch.Tensor, embeddings: Tensors) -> torch.Tensor:
    """Return the multiplexer's distance to what the models see.

    1/B sum_b sum_i d(m_bi, e_bi), d = (1 - cos) / 2 in [0, 1]; a row of zeros is orthogonal to all.
    Source: arXiv 2001.05870v2, Eq. 8.

    Args:
        meta: (B, N, D), a meta-feature a model, or (B, D), one shared by all; (B, N * D) is the
            first, as networks give it.
        embeddings: N of (B, D), constants.

    Raises:
        ValueError: shapes that do not fit.

    """
    wanted = stacked(embeddings, "distillation").detach()
    batch, models, width = wanted.shape
    features = full(meta)
    if features.shape == (batch, models * width):
        features = features.reshape(batch, models, width)
    elif features.shape == (batch, width):
        features = features.unsqueeze(1)
    if features.shape not in (wanted.shape, (batch, 1, width)):
        expected = f"meta of shape {tuple(wanted.shape)} or ({batch}, {width})"
        raise ValueError(error_text("distillation", expected, tuple(meta.shape)))
    squares = (features * features).sum(-1) * (wanted * wanted).sum(-1)
    known = squares > 0
    norms = torch.where(known, squares, torch.ones_like(squares)).sqrt()
    cosine = torch.where(known, (features * wanted).sum(-1) / norms, torch.zeros_like(norms))
    return ((1 - cosine) / 2).sum() / batch


def online_targets(logits: Tensors, weights: Sequence[float], temperature: float) -> torch.Tensor:
    """Return the weighted mean of the models' probabilities (B, K), a constant to learn from.

    p_b = sum_i w_i softmax(x_bi / T), w scaled to sum to 1. Source: arXiv 1706.00384.

    Raises:
        ValueError: shapes, weights or a temperature that do not fit.

    """
    known = stacked(logits, "online_targets").detach()
    _require_temperature(temperature, "online_targets")
    fits = len(weights) == known.shape[1] and min(weights) >= 0 and sum(weights) > 0
    if not fits:
        expected = f"{known.shape[1]} weights of at least 0, not all 0"
        raise ValueError(error_text("online_targets", expected, list(weights)))
    shares = known.new_tensor([weight / sum(weights) for weight in weights])
    return (shares[:, None] * (known / temperature).softmax(-1)).sum(1)


def distil_to(logits: Tensors, targets: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return the divergence of each model from ``targets`` (B, K), summed over the models.

    T^2 / B sum_i sum_b KL(p_b || softmax(x_bi / T)); T^2 keeps the gradient's size when T changes.
    Source: arXiv 1503.02531.

    Raises:
        ValueError: shapes or a temperature that do not fit.

    """
    known = stacked(logits, "distil_to")
    _require_temperature(temperature, "distil_to")
    if targets.shape != known.shape[::2]:
        expected = f"targets of shape {tuple(known.shape[::2])}"
        raise ValueError(error_text("distil_to", expected, tuple(targets.shape)))
    wanted = full(targets).detach().unsqueeze(1)
    entropy = torch.xlogy(wanted, wanted)
    divergence = entropy - wanted * (known / temperature).log_softmax(-1)
    return temperature**2 * divergence.sum() / len(known)


def online_distillation(
    logits: Tensors, costs: Sequence[float], temperature: float = 2.0
) -> torch.Tensor:
    """Return each model's divergence from the mean answer of itself and all dearer ones, summed.

    ``costs`` (N) order the models; of equal ones the first counts as dearer. Cheaper models are
    worse ones: in the target they would hold the others back.

    Raises:
        ValueError: as ``online_targets``.

    """
    if len(costs) != len(logits):
        raise ValueError(error_text("online_distillation", f"{len(logits)} costs", len(costs)))
    dearest_first = sorted(range(len(costs)), key=lambda i: -costs[i])
    losses = []
    for known, own in enumerate(dearest_first, 1):
        teachers = [logits[i] for i in dearest_first[:known]]
        targets = online_targets(teachers, [1.0] * known, temperature)
        losses.append(distil_to([logits[own]], targets, temperature))
    return torch.stack(losses).sum()


def _require_temperature(temperature: float, where: str) -> None:
    if not 0 < temperature < float("inf"):
        raise ValueError(error_text(where, "a temperature above 0", temperature))


class DistillationLoss(nn.Module):
    """``distillation`` as a module."""

    def forward(self, meta: torch.Tensor, embeddings: Tensors) -> torch.Tensor:
        """Return the loss of a meta-feature, given N embeddings (B, D)."""
        return distillation(meta, embeddings)


class OnlineDistillationLoss(nn.Module):
    """``online_distillation`` as a module."""

    def __init__(self, costs: Sequence[float], temperature: float = 2.0) -> None:
        super().__init__()
        _require_temperature(temperature, "OnlineDistillationLoss")
        self.costs = tuple(costs)
        self.temperature = temperature

    def forward(self, logits: Tensors) -> torch.Tensor:
        """Return the loss of N logits (B, K)."""
        return online_distillation(logits, self.costs, self.temperature)
