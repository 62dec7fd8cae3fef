"""Batch norm over the batches of all processes, on any device."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from muxnet.torch.tensors import full, processes


class WholeBatchNorm(_BatchNorm):
    """Batch norm with the mean and variance of the batches of all processes.

    As ``torch.nn.SyncBatchNorm``, which knows no CPU; with one process, and in evaluation, it is
    plain batch norm. Every process has a batch of the same size.
    """

    def _check_input_dim(self, input: torch.Tensor) -> None:
        pass

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Return (B, C, ...) normalised over all axes but the second."""
        whole = self.training and processes() > 1
        return self._whole(input) if whole else super().forward(input)

    def _whole(self, values: torch.Tensor) -> torch.Tensor:
        known = full(values)
        axes = [axis for axis in range(known.dim()) if axis != 1]
        shape = [1, -1, *[1] * (known.dim() - 2)]
        mean = _mean_of_all(known.mean(axes))
        centred = known - mean.view(shape)
        variance = _mean_of_all((centred * centred).mean(axes))
        self._remember(mean.detach(), variance.detach(), known.numel() // known.shape[1])
        result = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            result = result * self.weight.view(shape) + self.bias.view(shape)
        return result.to(values.dtype)

    def _remember(self, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        factor = self.momentum or 1 / float(self.num_batches_tracked)
        total = count * processes()
        self.running_mean.lerp_(mean, factor)
        self.running_var.lerp_(variance * total / (total - 1), factor)


class _SumOfAll(torch.autograd.Function):
    """The sum of the processes' tensors; so is its gradient."""

    @staticmethod
    def forward(_: object, values: torch.Tensor) -> torch.Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: object, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


def _mean_of_all(values: torch.Tensor) -> torch.Tensor:
    sum_of_all: Callable[[torch.Tensor], torch.Tensor] = _SumOfAll.apply
    return sum_of_all(values) / processes()


def over_whole_batches(module: nn.Module) -> nn.Module:
    """Return ``module``, each batch norm of which is over the batches of all processes now."""
    for layer in module.modules():
        if isinstance(layer, _BatchNorm):
            layer.__class__ = WholeBatchNorm
    return module
