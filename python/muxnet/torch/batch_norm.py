"""Batch norm over the batches of all processes, on any device."""

from __future__ import annotations

import torch
from torch import distributed, nn
from torch.distributed.nn import functional as reducing
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


def _mean_of_all(values: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor = reducing.all_reduce(values, distributed.ReduceOp.SUM)
    return total / processes()


def over_whole_batches(module: nn.Module) -> nn.Module:
    """Return ``module`` with each batch norm over the batches of all processes, names unchanged."""
    if isinstance(module, _BatchNorm) and not isinstance(module, WholeBatchNorm):
        whole = WholeBatchNorm(
            module.num_features,
            module.eps,
            module.momentum,
            module.affine,
            module.track_running_stats,
        )
        whole.load_state_dict(module.state_dict())
        whole.weight, whole.bias = module.weight, module.bias  # optimizers may know them
        return whole.train(module.training)
    for name, child in module.named_children():
        setattr(module, name, over_whole_batches(child))
    return module
