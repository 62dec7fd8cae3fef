"""What a finished run shows beyond its report: embeddings, the offload decision."""

from __future__ import annotations

import dataclasses
import warnings
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.training.finished import LoadedRun

THRESHOLD = 0.5  # of the offload decision, as in the paper


@dataclasses.dataclass(frozen=True)
class Embeddings:
    """Projected embeddings (N, n, D) of some test inputs, and which models are right on them."""

    models: tuple[str, ...]
    vectors: NDArray[np.float32]
    right: NDArray[np.bool_]  # (N, n)


@dataclasses.dataclass(frozen=True)
class Distances:
    """Mean distance (1 - cos) / 2 between two models' embeddings of an input.

    ``by_right``: per number of models that are right, 0 to N; None where there is no such input.
    """

    by_right: tuple[float | None, ...]
    inputs: tuple[int, ...]
    both_right: float | None
    one_right: float | None
    both_wrong: float | None


@dataclasses.dataclass(frozen=True)
class OffloadDecision:
    """The two-model multiplexer on test inputs; positive: the device's model is wrong."""

    false_positive_rates: tuple[float, ...]
    true_positive_rates: tuple[float, ...]
    area: float | None
    true_positive_rate: float  # at threshold 0.5
    true_negative_rate: float
    offloaded: float  # share of the inputs


def embeddings_of(run: LoadedRun, inputs: int, seed: int = 0) -> Embeddings:
    """Return what all models make of some random test inputs."""
    count = min(inputs, len(run.test))
    rows = np.random.default_rng(seed).choice(len(run.test), count, replace=False)
    images = _core.normalize(
        np.ascontiguousarray(run.test.images[np.sort(rows)]), run.models[0].normalization
    )
    labels = np.asarray(run.test.labels)[np.sort(rows)]
    vectors, right = [], []
    for model in run.models:
        predictor = _core.Predictor(model)
        vectors.append(predictor.output(images, "projected"))
        right.append(predictor.output(images, "logits").argmax(axis=1) == labels)
    names = tuple(model.name for model in run.models)
    return Embeddings(names, np.stack(vectors), np.stack(right))


def distances_of(found: Embeddings) -> Distances:
    """Return how far apart two models' embeddings lie, by who is right (Figure 4, measured)."""
    models = len(found.models)
    pairs = list(combinations(range(models), 2))
    # Embeddings are unit vectors (Eq. 1).
    cosine = np.stack([(found.vectors[a] * found.vectors[b]).sum(axis=1) for a, b in pairs])
    distance = (1 - cosine) / 2
    agree = np.stack([found.right[a].astype(int) + found.right[b] for a, b in pairs])
    count = found.right.sum(axis=0)
    mean = distance.mean(axis=0)

    def mean_where(values: NDArray[np.floating], condition: NDArray[np.bool_]) -> float | None:
        return float(values[condition].mean()) if condition.any() else None

    return Distances(
        by_right=tuple(mean_where(mean, count == k) for k in range(models + 1)),
        inputs=tuple(int((count == k).sum()) for k in range(models + 1)),
        both_right=mean_where(distance, agree == 2),
        one_right=mean_where(distance, agree == 1),
        both_wrong=mean_where(distance, agree == 0),
    )


def plane_of(vectors: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """Return (rows, 2) by t-SNE of (rows, D)."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(vectors) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=seed)
    with warnings.catch_warnings():
        # In a container the cores' topology may be hidden; the logical ones serve as well.
        warnings.filterwarnings("ignore", "Could not find the number of physical cores")
        return np.asarray(tsne.fit_transform(vectors), dtype=np.float32)


def offload_decision(run: LoadedRun) -> OffloadDecision:
    """Return how well the two-model multiplexer tells what the device's model gets wrong."""
    table = _core.OutcomeTable.load(run.folder.outcomes("offload-test"))
    score = np.asarray(table.offload_score)
    device = int(np.argmin(table.costs("macs")))
    wrong = np.asarray(table.right)[:, device] == 0
    if wrong.all() or not wrong.any():
        name = table.models[device]
        expected = f"inputs that {name} gets right and others"
        raise ConfigError(error_text("offload decision", expected, "one kind only"))
    positive = wrong.astype(np.uint8)
    corners = _core.roc_curve(score, positive)
    sent = score >= THRESHOLD
    return OffloadDecision(
        false_positive_rates=tuple(falsely for falsely, _ in corners),
        true_positive_rates=tuple(truly for _, truly in corners),
        area=_core.auroc(score, positive),
        true_positive_rate=float(sent[wrong].mean()),
        true_negative_rate=float((~sent[~wrong]).mean()),
        offloaded=float(sent.mean()),
    )
