"""PyTorch modules that quantise values by the scale of a whole batch, shown one input at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import cast

import numpy as np

from muxnet.pool.calls import Inputs, Predict

# Of torch.ao.nn.quantized.dynamic, its fused layers beside it, and both as they were called before.
CLASSES = re.compile(r"torch\..*\bquantized\.dynamic\b")
# What a scripted or traced module calls in their place.
CALLS = re.compile(r"\bquantized::\w+_dynamic|\baten::quantized_(lstm|gru)")


def scales_by_batch(module: object) -> bool:
    """Tell whether answers of a module to an input depend on those beside it in a batch."""
    parts: Iterable[object] = getattr(module, "modules", tuple)()  # any callable is taken for one
    return any(map(_scales_by_batch, parts))


def _scales_by_batch(part: object) -> bool:
    calls = str(getattr(part, "inlined_graph", ""))
    return bool(CLASSES.match(type(part).__module__) or CALLS.search(calls))


def one_by_one(predict: Predict) -> Predict:
    """Return the same function of a batch, which gives ``predict`` each input in its own."""

    def each(inputs: Inputs) -> object:
        if not isinstance(inputs, np.ndarray) or len(inputs) < 2:
            return predict(inputs)
        return _joined([predict(inputs[k : k + 1]) for k in range(len(inputs))])

    return each


def _joined(answers: Sequence[object]) -> object:
    """Return answers to one input each as one to all of them, each of several outputs by itself."""
    first = answers[0]
    if isinstance(first, Mapping):
        by_key = cast("Sequence[Mapping[object, object]]", answers)
        return {key: _joined([answer[key] for answer in by_key]) for key in first}
    if isinstance(first, tuple):
        rows = cast("Sequence[Sequence[object]]", answers)
        return tuple(map(_joined, zip(*rows, strict=True)))
    if hasattr(first, "logits"):
        return {"logits": _joined(list(map(attrgetter("logits"), answers)))}
    import torch

    outputs = isinstance(first, torch.Tensor) and first.ndim > 0
    return torch.cat(cast("list[torch.Tensor]", list(answers))) if outputs else answers
