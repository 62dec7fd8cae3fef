"""Anybody's module, with the projected embedding that Algorithm 1 wants of it."""

from __future__ import annotations

import torch
from torch import nn

from muxnet.base.errors import error_text
from muxnet.torch.contrastive import ProjectedEmbedding


class WithProjection(nn.Module):
    """A module that also gives the projected embedding of what its last layer is given.

    From images to {"logits": (B, K), "projected": (B, dim)}. ``module`` gives logits; its last
    linear layer is the one that comes last among its modules, or ``classifier`` by name. With
    ``dim`` 0 there is no "projected".

    Raises:
        ValueError: it has no linear layer, or none of that name.

    """

    def __init__(self, module: nn.Module, dim: int = 32, *, classifier: str = "") -> None:
        super().__init__()
        self.module = module
        self._given: list[torch.Tensor] = []
        self.embed: ProjectedEmbedding | None = None
        if dim == 0:
            return
        last = _last_linear(module, classifier)
        self.embed = ProjectedEmbedding(last.in_features, dim)
        last.register_forward_pre_hook(self._keep)  # a method: a copy's hook is the copy's

    def _keep(self, _: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        self._given.append(given[0])

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the outputs by name."""
        self._given.clear()
        logits = self.module(images)
        if self.embed is None:
            return {"logits": logits}
        (embedding,) = self._given
        self._given.clear()
        return {"logits": logits, "projected": self.embed(embedding)}


def _last_linear(module: nn.Module, name: str) -> nn.Linear:
    found = [
        layer
        for own, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and name in ("", own)
    ]
    if not found:
        expected = f"a linear layer '{name}'" if name else "a module with a linear layer"
        raise ValueError(error_text("WithProjection", expected, type(module).__name__))
    return found[-1]
