"""What a small model learns for its place before larger ones: to be unsure where it is wrong."""

from __future__ import annotations

import torch
from torch import nn

from muxnet.base.errors import error_text
from muxnet.torch.tensors import full


def gatekeeper(logits: torch.Tensor, labels: torch.Tensor, *, alpha: float = 0.5) -> torch.Tensor:
    """Return Gatekeeper's loss: sharper where the model is right, uniform where it is wrong.

    1/B sum_b alpha 1{right} CE(p_b, y_b) + (1 - alpha) 1{wrong} KL(p_b || uniform).
    logits: (B, K); labels: (B). A smaller ``alpha`` in [0, 1] defers more, at the cost of the
    model's own accuracy. Source: arXiv 2502.19335.

    Raises:
        ValueError: alpha outside [0, 1].

    """
    _require_fraction(alpha, "gatekeeper, alpha")
    log = full(logits).log_softmax(1)
    right = logits.argmax(1) == labels
    cross_entropy = nn.functional.nll_loss(log, labels, reduction="none")
    divergence = (log.exp() * log).sum(1) + _log_classes(log)
    return torch.where(right, alpha * cross_entropy, (1 - alpha) * divergence).mean()


def learning_to_cascade(
    logits: torch.Tensor,
    labels: torch.Tensor,
    large_logits: torch.Tensor,
    *,
    weight: float = 1.0,
    cost: float = 0.1,
) -> torch.Tensor:
    """Return Learning to Cascade's loss: cross-entropy and the cascade's expected error and cost.

    CE + weight / B sum_b q_b 1{small wrong} + (1 - q_b) (1{large wrong} + cost), q_b the largest
    probability: the chance that the small model answers. logits, large_logits: (B, K); labels: (B).
    Source: arXiv 2104.09286.

    Raises:
        ValueError: a weight or cost below 0.

    """
    if min(weight, cost) < 0:
        expected = "weight and cost of at least 0"
        raise ValueError(error_text("learning_to_cascade", expected, (weight, cost)))
    known = full(logits)
    confidence = known.softmax(1).amax(1)
    small_wrong = (known.argmax(1) != labels).to(known.dtype)
    large_wrong = (large_logits.argmax(1) != labels).to(known.dtype)
    expected_loss = confidence * small_wrong + (1 - confidence) * (large_wrong + cost)
    return nn.functional.cross_entropy(known, labels) + weight * expected_loss.mean()


def cascade_aware(
    logits: torch.Tensor,
    labels: torch.Tensor,
    large_logits: torch.Tensor,
    *,
    weight: float = 0.5,
) -> torch.Tensor:
    """Return cascade-aware training's loss: nothing is learnt where both models are wrong.

    1/B sum_b 1{small or large right} [weight CE(p_b, y_b) + (1 - weight) CE(p_b, large p_b)].
    logits, large_logits: (B, K); labels: (B). Of an answer, as of a token there. Source: arXiv
    2406.00060.

    Raises:
        ValueError: a weight outside [0, 1].

    """
    _require_fraction(weight, "cascade_aware, weight")
    known, wanted = full(logits), full(large_logits).detach().softmax(1)
    either = (known.argmax(1) == labels) | (wanted.argmax(1) == labels)
    hard = nn.functional.cross_entropy(known, labels, reduction="none")
    soft = nn.functional.cross_entropy(known, wanted, reduction="none")
    losses = weight * hard + (1 - weight) * soft
    return torch.where(either, losses, torch.zeros_like(losses)).mean()


def _log_classes(log: torch.Tensor) -> torch.Tensor:
    return log.new_tensor(log.shape[1]).log()


def _require_fraction(value: float, where: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(error_text(where, "a number in [0, 1]", value))
