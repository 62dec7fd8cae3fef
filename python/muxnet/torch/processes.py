"""The processes that train together, as torchrun starts them, and the device of each."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from muxnet.torch.batch_norm import over_whole_batches
from muxnet.torch.tensors import processes


@contextlib.contextmanager
def joined() -> Iterator[torch.device]:
    """Join the other processes of torchrun, if any, and yield this one's device.

    A GPU each, by NCCL, where there are any; else the CPU, by gloo.
    """
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield device
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield device
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """Return this process's place among all."""
    return distributed.get_rank() if processes() > 1 else 0


def shared(module: nn.Module) -> nn.Module:
    """Return a module that trains with those of the other processes as one on the whole batch."""
    if processes() == 1:
        return module
    return DistributedDataParallel(over_whole_batches(module))


def all_wait() -> None:
    """Return when every process has come here."""
    if processes() > 1:
        distributed.barrier()


def sum_of_all(values: torch.Tensor) -> torch.Tensor:
    """Return the sum of the processes' ``values``."""
    if processes() > 1:
        distributed.all_reduce(values)
    return values
