"""Algorithm 1, a batch at a time: all models jointly, then a multiplexer on what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import nn

from muxnet.base.errors import error_text
from muxnet.torch.contrastive import ContrastiveLoss, Formulation, require_formulation
from muxnet.torch.distillation import OnlineDistillationLoss, distillation
from muxnet.torch.multiplexer import multiplexer_correctness, multiplexer_ensemble
from muxnet.torch.tensors import correct_predictions, full

Outputs = Mapping[str, torch.Tensor]
Objective = Literal["correctness", "ensemble"]


class JointModels(nn.ModuleList):
    """N models as one module, for ``torch.compile`` and DistributedDataParallel.

    Each takes images and gives {"logits": (B, K), "projected": (B, D), ...}.
    """

    def forward(self, images: torch.Tensor) -> list[Outputs]:
        """Return the outputs of all models."""
        return [model(images) for model in self]


class JointValue(NamedTuple):
    """The joint loss, and what it is the sum of, without its weights."""

    total: torch.Tensor
    cross_entropies: torch.Tensor  # (N)
    contrastive: torch.Tensor
    online_distillation: torch.Tensor
    correct: torch.Tensor  # bool (B, N)


class JointLoss(nn.Module):
    """What all models learn together on a batch (Algorithm 1, step 1).

    L = sum_i L_ce(logits_i) + contrastive_weight * Eq. 2 of the projected embeddings
    + online_distillation_weight * sum_i KL(mean of itself and all dearer models || i). A model's
    gradient of the sum is that of its own part. ``costs`` (N) order the models.
    """

    def __init__(
        self,
        costs: Sequence[float],
        *,
        label_smoothing: float = 0.0,
        contrastive_weight: float = 0.1,
        formulation: Formulation = "bounded",
        eps: float = 0.05,
        online_distillation_weight: float = 0.5,
        temperature: float = 2.0,
    ) -> None:
        super().__init__()
        if min(contrastive_weight, online_distillation_weight) < 0:
            received = (contrastive_weight, online_distillation_weight)
            raise ValueError(error_text("JointLoss", "weights of at least 0", received))
        self.label_smoothing = label_smoothing
        self.contrastive_weight = contrastive_weight
        self.contrastive = ContrastiveLoss(formulation, eps)
        self.online_distillation_weight = online_distillation_weight
        self.online_distillation = OnlineDistillationLoss(costs, temperature)

    def forward(self, outputs: Sequence[Outputs], labels: torch.Tensor) -> JointValue:
        """Return the loss of the models' outputs, given the labels (B)."""
        logits = [full(of_model["logits"]) for of_model in outputs]
        losses = [
            nn.functional.cross_entropy(own, labels, label_smoothing=self.label_smoothing)
            for own in logits
        ]
        cross_entropies = torch.stack(losses)
        correct = correct_predictions(logits, labels)
        total = cross_entropies.sum()
        contrastive = online = torch.zeros_like(total)
        if self.contrastive_weight > 0:
            contrastive = self.contrastive([own["projected"] for own in outputs], correct)
            total = total + self.contrastive_weight * contrastive
        if self.online_distillation_weight > 0:
            online = self.online_distillation(logits)
            total = total + self.online_distillation_weight * online
        return JointValue(
            total, cross_entropies.detach(), contrastive.detach(), online.detach(), correct
        )


class FrozenAnswers(NamedTuple):
    """What N frozen models answer for a batch."""

    probabilities: torch.Tensor  # (B, N, K)
    embeddings: Sequence[torch.Tensor]  # N of (B, D), projected; none where they have none


@torch.no_grad()
def frozen_answers(models: nn.Module, images: torch.Tensor) -> FrozenAnswers:
    """Return what models, as ``JointModels``, answer in evaluation."""
    models.eval()
    outputs: list[Outputs] = models(images)
    answers = torch.stack([full(own["logits"]).softmax(1) for own in outputs], dim=1)
    return FrozenAnswers(answers, [own["projected"] for own in outputs if "projected" in own])


class MultiplexerLoss(nn.Module):
    """What a multiplexer learns of frozen models on a batch (Algorithm 1, step 2).

    ``correctness``: binary cross-entropy of each score against "this model is right";
    ``ensemble``: Eq. 7 with ``costs`` (N); each + distillation_weight * Eq. 8.
    """

    def __init__(
        self,
        costs: Sequence[float],
        objective: Objective = "correctness",
        *,
        formulation: Formulation = "bounded",
        lambda_cost: float = 0.0,
        distillation_weight: float = 0.0,
    ) -> None:
        super().__init__()
        require_formulation(formulation, "MultiplexerLoss")
        if objective not in ("correctness", "ensemble"):
            expected = "correctness or ensemble"
            raise ValueError(error_text("MultiplexerLoss", expected, objective))
        self.costs = tuple(costs)
        self.objective = objective
        self.formulation = formulation
        self.lambda_cost = lambda_cost
        self.distillation_weight = distillation_weight

    def forward(
        self, outputs: Outputs, answers: FrozenAnswers, labels: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss of a multiplexer's "scores" (B, N) and, where distilled, "meta"."""
        loss = self._objective(outputs["scores"], answers.probabilities, labels)
        if self.distillation_weight > 0:
            own = distillation(outputs["meta"], answers.embeddings)
            loss = loss + self.distillation_weight * own
        return loss

    def _objective(
        self, scores: torch.Tensor, probabilities: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        if self.objective == "correctness":
            return multiplexer_correctness(scores, probabilities.argmax(2) == labels[:, None])
        return multiplexer_ensemble(
            scores,
            probabilities,
            labels,
            self.costs,
            formulation=self.formulation,
            lambda_cost=self.lambda_cost,
        )


def decay_groups(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Return an optimizer's groups: weights of one axis, as biases and norms have, do not decay."""
    values = [*module.parameters()]
    return [
        {"params": [v for v in values if v.dim() > 1], "weight_decay": weight_decay},
        {"params": [v for v in values if v.dim() <= 1], "weight_decay": 0.0},
    ]


def take_step(
    loss: torch.Tensor,
    modules: Iterable[nn.Module],
    optimizers: Iterable[torch.optim.Optimizer],
    *,
    clip_norm: float = 0.0,
) -> None:
    """Let each module take one step of its own optimizer down the gradient of ``loss``.

    The gradient of each is clipped to the L2 norm ``clip_norm`` (0: not clipped).
    """
    loss.backward()
    for module, optimizer in zip(modules, optimizers, strict=True):
        if clip_norm > 0:
            nn.utils.clip_grad_norm_(module.parameters(), clip_norm)
        optimizer.step()
        optimizer.zero_grad()


def train_models_step(
    models: nn.Module,
    optimizers: Sequence[torch.optim.Optimizer],
    loss: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    clip_norm: float = 0.0,
    precision: torch.dtype | None = None,
) -> JointValue:
    """Train all models on one batch (Algorithm 1, step 1), and return the losses before it.

    Args:
        models: ``JointModels``, as it is, compiled or in DistributedDataParallel.
        optimizers: one a model.
        loss: ``JointLoss``.
        images: (B, c, h, w), normalised.
        labels: (B), of 0 to K - 1.
        clip_norm: greatest norm of a model's gradient; 0: not clipped.
        precision: of the models' passes in automatic mixed precision, torch.bfloat16 say.

    """
    models.train()
    with torch.autocast(images.device.type, precision, enabled=precision is not None):
        outputs = models(images)
    value: JointValue = loss(outputs, labels)
    take_step(value.total, _each(models), optimizers, clip_norm=clip_norm)
    return value._replace(total=value.total.detach())


def train_multiplexer_step(
    multiplexer: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    answers: FrozenAnswers,
    *,
    clip_norm: float = 0.0,
    precision: torch.dtype | None = None,
) -> torch.Tensor:
    """Train a multiplexer on one batch (Algorithm 1, step 2), and return the loss before it.

    ``answers`` come from ``frozen_answers``, ``loss`` is a ``MultiplexerLoss``; the rest as for
    ``train_models_step``.
    """
    multiplexer.train()
    with torch.autocast(images.device.type, precision, enabled=precision is not None):
        outputs = multiplexer(images)
    value: torch.Tensor = loss(outputs, answers, labels)
    take_step(value, [multiplexer], [optimizer], clip_norm=clip_norm)
    return value.detach()


def _each(models: nn.Module) -> list[nn.Module]:
    """Return the models of ``JointModels``, whatever wraps it."""
    while not isinstance(models, JointModels):
        models = next(models.children())
    return list(models)
