"""Replicas beyond those needed, so that enough are up while some are being repaired."""

from __future__ import annotations

from muxnet.plan.simulation import Failures

SHORT = 0.001  # of the time too few replicas may be up, over all stations; it counts as late


def spares(needed: int, failures: Failures | None, stations: int) -> int:
    """Return the fewest spares s with P(B > s) <= SHORT / stations, B ~ Binomial(needed + s, u).

    u = repair / (between + repair) is the share of the time that a replica is down; each fails by
    itself.
    """
    if failures is None:
        return 0
    from scipy.stats import binom  # slow to import

    down = failures.repair / (failures.between + failures.repair)
    low, high = -1, 1
    while binom.sf(high, needed + high, down) > SHORT / stations:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        short = middle < 0 or binom.sf(middle, needed + middle, down) > SHORT / stations
        low, high = (middle, high) if short else (low, middle)
    return high
