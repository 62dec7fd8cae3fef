"""PyTorch modules answering as they do after training: without dropout, with fixed statistics."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclasses.dataclass
class _Use:
    """A module that calls are at, how many, and the mode that it had before the first of them."""

    module: torch.nn.Module  # kept, so that no other has its id
    training: bool
    calls: int = 0


# By id. Calls of several threads, of models that share modules too, may overlap: the first turns a
# module to eval mode, and the last gives it back its own.
_in_use: dict[int, _Use] = {}
_turning = threading.Lock()


@contextlib.contextmanager
def in_eval_mode(module: torch.nn.Module) -> Iterator[None]:
    """Have a module and those in it in eval mode for a while, and each in its own mode afterwards.

    Their flags are set, not ``train`` called, of which some modules make more than that.
    """
    parts = list(getattr(module, "modules", tuple)())  # any callable is taken for a module
    with _turning:
        for part in parts:
            mode = bool(getattr(part, "training", False))
            use = _in_use.setdefault(id(part), _Use(part, mode))
            use.calls += 1
            if mode:
                part.training = False
    try:
        yield
    finally:
        with _turning:
            for part in parts:
                use = _in_use[id(part)]
                use.calls -= 1
                if use.calls == 0:
                    del _in_use[id(part)]
                    if use.training:
                        part.training = True
