"""Whether promised accuracies are kept, counted over many random divisions of recorded answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from muxnet.base.compiled import _core
from muxnet.base.errors import told_as_config_error


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


@dataclasses.dataclass(frozen=True)
class KeptAbstention:
    """What a promise did that ``at_least`` so many of the answered are right, but for ``delta``.

    ``broken``: divisions in which fewer are, of all inputs answered; ``broken_elsewhere``: of those
    not calibrated on. ``coverage``: mean share of the inputs that is answered where something was
    promised.
    """

    at_least: float
    delta: float
    divisions: int
    promised: int
    broken: int
    broken_elsewhere: int
    coverage: float | None


def count_kept_abstentions(
    policy: _core.Policy,
    table: _core.OutcomeTable,
    promises: Sequence[tuple[float, float]],
    *,
    divisions: int = 1000,
    seed: int = 0,
) -> list[KeptAbstention]:
    """Find thresholds on random halves of ``table`` and count promises that were broken.

    Raises:
        ConfigError: a part would be empty; inputs that the policy has seen.

    """
    kept = []
    for at_least, delta in promises:
        with told_as_config_error():
            found = _core.count_kept_abstentions(
                policy, table, at_least=at_least, delta=delta, divisions=divisions, seed=seed
            )
        counts = found.promised, found.broken, found.broken_elsewhere
        kept.append(KeptAbstention(at_least, delta, divisions, *counts, found.coverage))
    return kept


def count_kept(
    policy: _core.Policy,
    table: _core.OutcomeTable,
    promises: Sequence[tuple[float, float]],
    *,
    divisions: int = 1000,
    fraction: float = 0.5,
    seed: int = 0,
) -> list[Kept]:
    """Calibrate a fitted policy on random parts of ``table`` and count promises that were broken.

    Raises:
        ConfigError: a part would be empty; inputs that the policy has seen.

    """
    kept = []
    for drop, delta in promises:
        settings = {"drop": drop, "delta": delta, "fraction": fraction}
        with told_as_config_error():
            found = _core.count_kept(policy, table, divisions=divisions, seed=seed, **settings)
        counts = found.promised, found.broken, found.broken_elsewhere
        kept.append(Kept(drop, delta, divisions, *counts, found.cost_share))
    return kept
