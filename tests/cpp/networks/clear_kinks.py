"""Keeps golden networks where no rounding decides; for make_golden.py, with PyTorch."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def kinks(module: nn.Module) -> list[float]:
    """Where the derivative of an activation jumps."""
    return [0.0, 6.0] if isinstance(module, nn.ReLU6) else [0.0]


def clear_shift(x: torch.Tensor, at: list[float]) -> torch.Tensor:
    """What to add to each channel of `x` so that its values keep off the kinks, (C)."""
    shifts = torch.linspace(-0.25, 0.25, 1001, dtype=x.dtype)
    best = []
    for values in x.transpose(0, 1).flatten(1):
        ordered = values.sort().values.contiguous()
        distance = torch.full_like(shifts, torch.inf)
        for kink in at:
            right = torch.searchsorted(ordered, kink - shifts).clamp(1, len(ordered) - 1)
            for near in (ordered[right - 1], ordered[right]):
                distance = torch.minimum(distance, (near + shifts - kink).abs())
        best.append(shifts[distance.argmax()])
    return torch.stack(best)


def clear_kinks(network: nn.Module, images: torch.Tensor) -> dict[str, np.ndarray]:
    """Move biases until no activation's input stands near a kink; return those moved, float32.

    One input on the other side of its kink changes the gradients of a deep network by a hundredth,
    and among 200,000 inputs some stand by chance where float32's rounding decides, for one order of
    summation or another. Each channel's bias moves by at most 0.25 to where it is clearest.
    """
    moved: dict[str, np.ndarray] = {}
    names = {m: key for key, m in network.named_modules() if getattr(m, "bias", None) is not None}
    last: list[nn.Module] = []

    def clear(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        (x,), bias = inputs, last[-1].bias
        new = (bias + clear_shift(x, kinks(module))).float().double()
        shift = (new - bias).reshape(-1, *[1] * (x.dim() - 2))
        bias.copy_(new)
        moved[f"{names[last[-1]]}.bias"] = new.float().numpy()
        return (x + shift,)

    hooks = [m.register_forward_hook(lambda m, *_: last.append(m)) for m in names]
    for module in network.modules():
        if isinstance(module, (nn.ReLU, nn.ReLU6)):
            hooks.append(module.register_forward_pre_hook(clear))
    buffers = {key: value.clone() for key, value in network.named_buffers()}
    with torch.no_grad():
        network(images)
        for key, value in network.named_buffers():
            value.copy_(buffers[key])
    for hook in hooks:
        hook.remove()
    return moved


def print_margins(name: str, network: nn.Module, images: torch.Tensor) -> None:
    """How far activations and max pools are from deciding otherwise, beside float32's error."""

    def inputs(dtype: torch.dtype) -> list[tuple[nn.Module, torch.Tensor]]:
        copied, seen = copy.deepcopy(network).to(dtype), []
        for module in copied.modules():
            if isinstance(module, (nn.ReLU, nn.ReLU6, nn.MaxPool2d)):
                module.register_forward_pre_hook(lambda m, x: seen.append((m, x[0].double())))
        with torch.no_grad():
            copied(images.to(dtype))
        return seen

    activations, pools, errors = [], [], []
    for (module, x), (_, rounded) in zip(inputs(torch.float64), inputs(torch.float32), strict=True):
        if isinstance(module, nn.MaxPool2d):
            k, s, p = module.kernel_size, module.stride, module.padding
            windows = functional.unfold(x.flatten(0, 1)[:, None], k, padding=p, stride=s)
            top = windows.topk(2, dim=1).values
            pools.append((top[:, 0] - top[:, 1])[top[:, 0] > 0].min().item())
            continue
        error = (x - rounded).abs().max().item()
        nearest = min((x - kink).abs().min().item() for kink in kinks(module))
        activations.append(nearest)
        errors.append(nearest / error)
    print(
        f"{name}: activations at least {min(activations):.1e} from a kink, "
        f"{min(errors):.0f} times float32's largest error there; max pools decided by "
        f"{min(pools, default=float('inf')):.1e}"
    )
