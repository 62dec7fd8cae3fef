"""Losses of a small model for its place in a pool, against their formulas; and what tuning does."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from muxnet.torch.cascade_losses import (  # noqa: E402
    cascade_aware,
    gatekeeper,
    learning_to_cascade,
)
from muxnet.torch.tuning import POOL_LOSSES, TuningOptions, tune_for_pool  # noqa: E402
from torch import nn  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "notebooks" / "site" / "pytorch.md"
# Right, wrong, wrong; the large model is right, right, wrong.
LOGITS = [[2.0, 0.0, -1.0], [0.5, 0.0, 0.0], [0.0, 3.0, 1.0]]
LARGE = [[1.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 2.0, 0.0]]
LABELS = [0, 1, 2]


def softmax(row):
    powers = [math.exp(value) for value in row]
    return [power / sum(powers) for power in powers]


P, Q = [softmax(row) for row in LOGITS], [softmax(row) for row in LARGE]
CROSS_ENTROPIES = [-math.log(p[label]) for p, label in zip(P, LABELS, strict=True)]


def tensors():
    logits = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
    return logits, torch.tensor(LABELS), torch.tensor(LARGE, dtype=torch.float64)


def test_gatekeeper_is_sharp_where_right_and_uniform_where_wrong():
    logits, labels, _ = tensors()
    uneven = [sum(p * math.log(3 * p) for p in row) for row in P[1:]]
    for alpha in (0, 0.3, 1):
        wanted = (alpha * CROSS_ENTROPIES[0] + (1 - alpha) * sum(uneven)) / 3
        assert gatekeeper(logits, labels, alpha=alpha).item() == pytest.approx(wanted, abs=1e-12)
    gatekeeper(logits, labels).backward()
    down = -logits.grad
    assert down[0].argmax() == 0  # surer
    assert down[2].argmin() == 1  # less sure of what it wrongly takes


def test_learning_to_cascade_is_the_expected_error_and_cost():
    logits, labels, large = tensors()
    sure = [max(row) for row in P]
    wrong = [(0, 0), (1, 0), (1, 1)]
    cascade = sum(
        q * small + (1 - q) * (dear + 0.2) for q, (small, dear) in zip(sure, wrong, strict=True)
    )
    wanted = sum(CROSS_ENTROPIES) / 3 + 2 * cascade / 3
    found = learning_to_cascade(logits, labels, large, weight=2, cost=0.2)
    assert found.item() == pytest.approx(wanted, abs=1e-12)


def test_cascade_aware_passes_over_what_nobody_gets_right():
    logits, labels, large = tensors()
    soft = [
        -sum(q * math.log(p) for p, q in zip(*rows, strict=True)) for rows in zip(P, Q, strict=True)
    ]
    wanted = sum(0.3 * CROSS_ENTROPIES[i] + 0.7 * soft[i] for i in (0, 1)) / 3
    loss = cascade_aware(logits, labels, large, weight=0.3)
    assert loss.item() == pytest.approx(wanted, abs=1e-12)
    loss.backward()
    assert not logits.grad[2].any()


@pytest.mark.parametrize("loss", [gatekeeper, learning_to_cascade, cascade_aware])
def test_gradients_are_the_derivatives(loss):
    random = np.random.default_rng(1)
    logits = torch.tensor(random.normal(0, 2, (6, 4)), requires_grad=True)
    labels = torch.tensor(random.integers(0, 4, 6))
    large = torch.tensor(random.normal(0, 2, (6, 4)))
    given = (labels,) if loss is gatekeeper else (labels, large)
    assert torch.autograd.gradcheck(lambda x: loss(x, *given), (logits,))


def test_what_does_not_fit_is_told():
    logits, labels, large = tensors()
    with pytest.raises(ValueError, match=r"\[gatekeeper, alpha\] expected a number in \[0, 1\]"):
        gatekeeper(logits, labels, alpha=2)
    with pytest.raises(ValueError, match="weight and cost of at least 0"):
        learning_to_cascade(logits, labels, large, cost=-1)
    with pytest.raises(ValueError, match="cascade_aware, weight"):
        cascade_aware(logits, labels, large, weight=-1)
    module = nn.Linear(3, 3)
    with pytest.raises(ValueError, match="one of gatekeeper, learning_to_cascade"):
        tune_for_pool(module, logits, labels, large, loss="other")
    with pytest.raises(ValueError, match="3, 3 and 2"):
        tune_for_pool(module, logits, labels, large[:2])


@pytest.fixture
def finished():
    """A linear model, finished, of inputs that it can tell and inputs that are noise to it."""
    random = np.random.default_rng(4)
    labels = torch.tensor(random.integers(0, 3, 600))
    images = torch.tensor(random.normal(0, 0.2, (600, 4)), dtype=torch.float32)
    told = torch.tensor(random.random(600) < 0.6)
    images[told, labels[told]] += 2
    images[~told, 3] += 2
    images[~told, 0] += 1  # the model takes them for class 0
    large_logits = 5.0 * nn.functional.one_hot(labels, 3)
    module = nn.Linear(4, 3)
    with torch.no_grad():
        module.weight.copy_(4 * torch.eye(3, 4))
        module.bias.zero_()
    return module, images, labels, large_logits


@pytest.mark.parametrize("loss", POOL_LOSSES)
def test_a_tuned_model_is_less_sure_where_it_is_wrong(finished, loss):
    module, images, labels, large_logits = finished

    def sure():
        with torch.no_grad():
            top = module(images).softmax(1).max(1)
        right = top.indices == labels
        return top.values[right].mean() - top.values[~right].mean(), right.double().mean()

    before, accuracy = sure()
    options = TuningOptions(epochs=8, batch_size=50, learning_rate=0.03, seed=1)
    tuned = tune_for_pool(module, images, labels, large_logits, loss=loss, options=options)
    after, kept = sure()
    assert len(tuned.losses) == 8
    assert tuned.losses[-1] < tuned.losses[0]
    assert after > before + 0.05
    assert kept > accuracy - 0.05  # what gatekeeper gives up


def test_the_same_seed_tunes_to_the_same_bits(finished):
    module, *given = finished
    start = {name: values.clone() for name, values in module.state_dict().items()}
    found = []
    for seed in (1, 1, 2):
        module.load_state_dict(start)
        tune_for_pool(module, *given, options=TuningOptions(epochs=1, seed=seed))
        found.append(module.weight.detach().clone())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_program_of_the_page_runs(finished):
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert program is not None
    names = dict(zip(("small", "images", "labels", "large_logits"), finished, strict=True))
    exec(compile(program[1], PAGE.name, "exec"), names)
    assert len(names["tuned"].losses) == TuningOptions.epochs
