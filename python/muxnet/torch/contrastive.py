"""Projected embeddings (Eq. 1) and the contrastive loss of them (Eq. 2 and 3)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from muxnet.base.errors import error_text
from muxnet.torch.tensors import Tensors, full, share_of_all, stacked

Formulation = Literal["bounded", "paper"]


def require_formulation(formulation: str, where: str) -> None:
    """Refuse what is no reading of the paper's equations.

    Raises:
        ValueError: neither ``bounded`` nor ``paper``.

    """
    if formulation not in ("bounded", "paper"):
        raise ValueError(error_text(where, "bounded or paper", formulation))


class ProjectedEmbedding(nn.Module):
    """e = normalize(h^T g): a linear map without bias, divided by its L2 norm.

    From (B, features) to (B, dim). Source: arXiv 2001.05870v2, Eq. 1.
    """

    def __init__(self, features: int, dim: int) -> None:
        super().__init__()
        self.projection = nn.Linear(features, dim, bias=False)

    def forward(self, embedding: torch.Tensor) -> torch.Tensor:
        """Return the unit vectors (B, dim)."""
        return nn.functional.normalize(full(self.projection(embedding)), dim=1)


def contrastive(
    embeddings: Tensors,
    correct: torch.Tensor,
    *,
    formulation: Formulation = "bounded",
    eps: float = 0.05,
) -> torch.Tensor:
    """Return the contrastive loss: models that are right on an input are drawn together there.

    ``bounded``: mean over both-right pairs of log(eps + d) - mean over one-right pairs of the same,
    d = (1 - cos(e_i, e_j)) / 2; the means are over the batches of all processes. ``paper``:
    1/B sum_b sum_{i != j} sign_bij log clamp(d, eps, 1), sign +1 for both right, -1 for one right,
    d = (1 - q) / 2, q = e_i'e_j / (e_i'e_i e_j'e_j). Source: arXiv 2001.05870v2, Eq. 2 and 3.

    Args:
        embeddings: N of (B, D), unit rows expected; a row of zeros is orthogonal to all.
        correct: (B, N), not 0 where the model is right.
        formulation: which reading of the equations.
        eps: smallest distance under the logarithm, in (0, 1).

    Raises:
        ValueError: shapes that do not fit, another formulation or eps.

    """
    require_formulation(formulation, "contrastive")
    if not 0 < eps < 1:
        raise ValueError(error_text("contrastive", "eps in (0, 1)", eps))
    points = stacked(embeddings, "contrastive")
    batch, models = points.shape[:2]
    if correct.shape != (batch, models):
        expected = f"correct of shape ({batch}, {models})"
        raise ValueError(error_text("contrastive", expected, tuple(correct.shape)))
    first, second = torch.triu_indices(models, models, 1, device=points.device)
    distance = _distances(points[:, first], points[:, second], formulation)
    right = correct != 0
    both = right[:, first] & right[:, second]
    one = right[:, first] ^ right[:, second]
    if formulation == "paper":
        # The paper sums over ordered pairs, each of ours twice.
        inside = (distance > eps) & (distance < 1)  # no gradient where it is clamped
        log = torch.where(inside, distance, distance.detach().clamp(eps, 1)).log()
        return 2 / batch * (_where(log, both).sum() - _where(log, one).sum())
    log = (eps + distance).log()
    sums = torch.stack([_where(log, both).sum(), -_where(log, one).sum()])
    return share_of_all(sums, torch.stack([both.sum(), one.sum()])).sum()


def _distances(a: torch.Tensor, b: torch.Tensor, formulation: str) -> torch.Tensor:
    norms = (a * a).sum(-1) * (b * b).sum(-1)
    known = norms > 0
    safe = torch.where(known, norms, torch.ones_like(norms))
    divisor = safe if formulation == "paper" else safe.sqrt()
    similarity = _where((a * b).sum(-1) / divisor, known)
    return ((1 - similarity) / 2).clamp(min=0)


def _where(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return torch.where(mask, values, torch.zeros_like(values))


class ContrastiveLoss(nn.Module):
    """``contrastive`` as a module."""

    def __init__(self, formulation: Formulation = "bounded", eps: float = 0.05) -> None:
        super().__init__()
        require_formulation(formulation, "ContrastiveLoss")
        self.formulation = formulation
        self.eps = eps

    def forward(self, embeddings: Tensors, correct: torch.Tensor) -> torch.Tensor:
        """Return the loss of N embeddings (B, D), given who is right (B, N)."""
        return contrastive(embeddings, correct, formulation=self.formulation, eps=self.eps)
