"""Random numbers of a simulation, the same from every release of NumPy.

They are made of the bits of PCG64, a stream that NumPy promises not to change, by arithmetic that
stands here: NumPy's own distributions may be drawn otherwise by another release.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024


class Draws:
    """A stream of independent numbers; another for each ``stream`` of a seed."""

    def __init__(self, seed: int, stream: int = 0) -> None:
        self._bits = np.random.PCG64([seed, stream])

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return numbers in [0, 1), uniform."""
        raw: NDArray[np.uint64] = self._bits.random_raw(count)
        return np.ldexp((raw >> np.uint64(11)).astype(np.float64), -53)

    def exponential(self, count: int) -> NDArray[np.float64]:
        """Return numbers above 0 of mean 1, exponential."""
        return -np.log1p(-self.uniform(count))

    def exponentials(self) -> Iterator[float]:
        """Yield such numbers one by one, without end."""
        while True:
            yield from self.exponential(BLOCK).tolist()
