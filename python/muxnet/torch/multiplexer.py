"""The multiplexer: its network, how its scores become weights, and what it learns (Eq. 4 to 7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.torch.contrastive import Formulation, require_formulation
from muxnet.torch.graph import to_torch
from muxnet.torch.tensors import full

SMALLEST_ANSWER = 1e-12


def multiplexer_module(
    options: _core.MultiplexerOptions, *, seed: int = 0, normalization: _core.Normalization
) -> nn.Module:
    """Return the core's multiplexer as a module from images to {"scores", "meta", ...}.

    Weights start as the core's do, and go back to it by name (``muxnet.torch.graph.to_core``).
    """
    return to_torch(_core.make_multiplexer(options, seed=seed, normalization=normalization))


def multiplexer_weights(
    scores: torch.Tensor,
    costs: Sequence[float],
    *,
    formulation: Formulation = "bounded",
    lambda_cost: float = 0.0,
) -> torch.Tensor:
    """Return the weight of each model for each input, (B, N), rows of which sum to 1.

    Softmax over i of ``paper``: score_i / (c_i / min c); ``bounded``: score_i - lambda_cost c_i /
    max c. Source: arXiv 2001.05870v2, Eq. 5 and 6.

    Args:
        scores: (B, N).
        costs: N positive numbers in any one unit.
        formulation: which reading of the equations.
        lambda_cost: weight of the dearest model's cost in score units; of ``bounded`` only.

    Raises:
        ValueError: shapes, costs or options that do not fit.

    """
    return _log_weights(scores, costs, formulation, lambda_cost).exp()


def multiplexer_ensemble(
    scores: torch.Tensor,
    model_probabilities: torch.Tensor,
    labels: torch.Tensor,
    costs: Sequence[float],
    *,
    formulation: Formulation = "bounded",
    lambda_cost: float = 0.0,
) -> torch.Tensor:
    """Return the mean cross-entropy of the models' weighted answer.

    -1/B sum_b log sum_i w_bi f_bi(label_b); an answer below 1e-12 counts as 1e-12, without
    gradient. Source: arXiv 2001.05870v2, Eq. 4 to 7.

    Args:
        scores: (B, N).
        model_probabilities: (B, N, K).
        labels: (B), of 0 to K - 1.
        costs: as for ``multiplexer_weights``, like the rest.
        formulation: which reading of the equations.
        lambda_cost: weight of the dearest model's cost.

    Raises:
        ValueError: shapes, costs or options that do not fit.

    """
    weights = _log_weights(scores, costs, formulation, lambda_cost).exp()
    if model_probabilities.shape[:2] != scores.shape or model_probabilities.dim() != 3:
        expected = f"model_probabilities of shape ({len(scores)}, {scores.shape[1]}, classes)"
        received = tuple(model_probabilities.shape)
        raise ValueError(error_text("multiplexer_ensemble", expected, received))
    # Only the label's column of the answer enters the loss.
    column = labels.long()[:, None, None].expand(-1, scores.shape[1], 1)
    given = full(model_probabilities).gather(2, column).squeeze(2)
    return -(weights * given).sum(1).clamp(min=SMALLEST_ANSWER).log().mean()


def multiplexer_correctness(scores: torch.Tensor, correct: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross-entropy of sigmoid(scores) against which models are right.

    ``correct`` has the shape (B, N) of ``scores``: bool, whole numbers (not 0: right), or
    probabilities of being right, below 0 where unknown: without loss. N = 1 is the mobile/cloud
    multiplexer.

    Raises:
        ValueError: another shape.

    """
    if correct.shape != scores.shape:
        expected = f"correct of shape {tuple(scores.shape)}"
        raise ValueError(error_text("multiplexer_correctness", expected, tuple(correct.shape)))
    known = full(scores)
    targets = correct if correct.is_floating_point() else correct != 0
    targets = targets.to(known.dtype)
    losses = nn.functional.binary_cross_entropy_with_logits(
        known, targets.clamp(min=0), reduction="none"
    )
    return torch.where(targets < 0, torch.zeros_like(losses), losses).mean()


def offload_targets(
    correct: torch.Tensor, device: int, cloud: int, *, rescues: bool = True
) -> torch.Tensor:
    """Return what the one score of a mobile/cloud multiplexer learns: bool (B, 1), true for cloud.

    True where the model ``device`` is wrong, by ``correct`` (B, N), and, with ``rescues``, the
    model ``cloud`` is right: nothing else is worth it.
    """
    right = correct != 0
    worth = right[:, cloud] if rescues else torch.ones_like(right[:, cloud])
    return (~right[:, device] & worth).unsqueeze(1)


def _log_weights(
    scores: torch.Tensor, costs: Sequence[float], formulation: str, lambda_cost: float
) -> torch.Tensor:
    where = "multiplexer_weights"
    require_formulation(formulation, where)
    if scores.dim() != 2 or scores.shape[1] != len(costs):
        expected = f"scores of shape (batch, {len(costs)}), as costs"
        raise ValueError(error_text(where, expected, tuple(scores.shape)))
    if not all(0 < cost < float("inf") for cost in costs):
        raise ValueError(error_text(where, "positive finite costs", list(costs)))
    if not 0 <= lambda_cost < float("inf"):
        raise ValueError(error_text(where, "lambda_cost of at least 0", lambda_cost))
    known = full(scores)
    if formulation == "paper":
        adjusted = known * known.new_tensor([min(costs) / cost for cost in costs])
    else:
        adjusted = known - known.new_tensor([lambda_cost * cost / max(costs) for cost in costs])
    return adjusted.log_softmax(1)
