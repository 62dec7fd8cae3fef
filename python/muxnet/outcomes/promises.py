"""Whether promised accuracies are kept, counted over many random divisions of recorded answers."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.outcomes.fitting import at_point


@dataclasses.dataclass(frozen=True)
class Kept:
    """What one promise did: at most ``drop`` below the best single model, but for ``delta``.

    ``broken``: divisions in which the chosen point loses more on all inputs, which stand for what
    they were drawn from; ``broken_elsewhere``: on the inputs not calibrated on, whose own chance is
    in it. ``cost_share``: mean of the best single model's cost where something was promised.
    """

    drop: float
    delta: float
    divisions: int
    promised: int
    broken: int
    broken_elsewhere: int
    cost_share: float | None


def count_kept(
    policy: Any,
    table: Any,
    promises: Sequence[tuple[float, float]],
    *,
    divisions: int = 1000,
    share: float = 0.5,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> list[Kept]:
    """Calibrate a fitted policy on random parts of ``table`` and count promises that were broken.

    Raises:
        ConfigError: a part would be empty.
        ValueError: inputs that the policy has seen.

    """
    count = round(share * len(table))
    if not 0 < count < len(table):
        expected = f"two parts of {len(table)} inputs"
        raise ConfigError(error_text("guarantee", expected, f"a share of {share}"))
    lost = _Lost(policy, table)
    found = []
    for drop, delta in promises:
        random = np.random.default_rng(seed)
        broken, elsewhere, costs = 0, 0, []
        for division in range(divisions):
            order = random.permutation(len(table))
            point, reference = _certified(policy, table, order[:count], drop, delta, division)
            if point is not None:
                difference = lost.by(point)
                broken += bool(difference.mean() < -drop)
                elsewhere += bool(difference[order[count:]].mean() < -drop)
                costs.append(point.cost / reference)
            if progress is not None:
                progress(1)
        share_of_best = float(np.mean(costs)) if costs else None
        found.append(Kept(drop, delta, divisions, len(costs), broken, elsewhere, share_of_best))
    return found


def _certified(
    policy: Any, table: Any, rows: NDArray[np.int64], drop: float, delta: float, seed: int
) -> tuple[Any, float]:
    part = table.subset(np.sort(rows).tolist(), "calibration")
    found = _core.certify(policy, part, drop=drop, delta=delta, seed=seed)
    return found.point, found.reference_cost


class _Lost:
    """Per input, right or wrong at an operating point less the same of the best single model."""

    def __init__(self, policy: Any, table: Any) -> None:
        self._policy, self._table = policy, table
        self._alone = np.asarray(table.correct)[:, policy.best_single].astype(int)
        self._known: dict[tuple[Any, ...], NDArray[np.int64]] = {}

    def by(self, point: Any) -> NDArray[np.int64]:
        key = tuple(sorted(point.parameters.items()))
        if key not in self._known:
            with at_point(self._policy, point):
                answers = np.asarray(self._policy.decide(self._table).answers)
            right = (answers == np.asarray(self._table.labels)).astype(int)
            self._known[key] = right - self._alone
        return self._known[key]
