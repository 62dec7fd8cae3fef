"""Routing on recorded answers: policies replayed and fitted, and a cascade in NumPy beside ours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.bench.works import Work
from muxnet.outcomes.fitting import cost_kind_of, fit_policy
from muxnet.outcomes.table_files import part_to_fit, read_outcomes

Once = Callable[[], object]


def routing(work: Work) -> tuple[Once, float]:
    """Return our side of ``work``, and by how many its time is to be divided."""
    held_out = outcomes(work, 1)
    if work.kind == "fit":
        return lambda: fit_policy(work.networks[0], held_out), 1
    test = outcomes(work, 2)
    fitted = [fit_policy(name, held_out) for name in work.networks]

    def once() -> None:
        for policy in fitted:
            policy.decide(test)

    # A replay steps through the rule input by input: so many decisions, one after the other.
    return once, len(test) / 1000 if work.kind == "decide" else 1


def numpy_cascade(work: Work) -> Once:
    """Return a call that replays the cascade that ours has chosen, in NumPy."""
    test = outcomes(work, 2)
    point = fit_policy("cascade", outcomes(work, 1)).point.parameters
    return lambda: decide(point, test.probabilities)


def decide(point: dict[str, float], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the answers of a max-softmax cascade at an operating point."""
    stages = int(point["models"])
    answers = np.empty(len(probabilities), dtype=np.int64)
    rows = np.arange(len(probabilities))
    for stage in range(stages):
        own = probabilities[rows, int(point[f"model_{stage}"])]
        answers[rows] = own.argmax(axis=1)
        if stage + 1 < stages:
            rows = rows[own.max(axis=1) < point[f"threshold_{stage}"]]
    return answers


def outcomes(work: Work, seed: int) -> _core.OutcomeTable:
    """Return ``work.batch`` inputs drawn with replacement from recorded answers, or invented ones.

    With scores as a multiplexer's would be: right more often than not.
    """
    random = np.random.default_rng(seed)
    if work.table:
        recorded = part_to_fit(read_outcomes(work.table))
        rows = random.integers(0, len(recorded), work.batch)
        probabilities, labels = recorded.probabilities[rows], recorded.labels[rows]
        models, costs = recorded.models, recorded.costs(cost_kind_of(recorded))
    else:
        probabilities, labels = _invented(work, random)
        models = [f"model_{i}" for i in range(probabilities.shape[1])]
        costs = np.geomspace(1, 500, len(models)).tolist()
    right = probabilities.argmax(axis=2) == labels[:, None]
    scores = right + random.standard_normal(right.shape)
    return _core.OutcomeTable(
        models,
        np.ascontiguousarray(probabilities),
        {"macs": costs},
        labels=np.ascontiguousarray(labels),
        scores=scores.astype(np.float32),
        multiplexer_costs={"macs": 0.1 * min(costs)},
        split="held_out" if seed == 1 else "test",
        source=f"draw {seed}",
    )


def _invented(
    work: Work, random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return answers of models of which the later are the better; some inputs are hard for all."""
    models, classes = work.image_shape[0], work.classes
    labels = random.integers(0, classes, work.batch).astype(np.int32)
    hardness = random.standard_normal((work.batch, 1, 1))
    skill = np.linspace(1, 2, models)[None, :, None]
    logits = random.standard_normal((work.batch, models, classes))
    np.add.at(
        logits,
        (np.arange(work.batch)[:, None], np.arange(models)[None], labels[:, None]),
        (2 * skill - 1.5 * hardness)[:, :, 0],
    )
    shares = np.exp(2 * logits)
    return (shares / shares.sum(axis=2, keepdims=True)).astype(np.float32), labels
