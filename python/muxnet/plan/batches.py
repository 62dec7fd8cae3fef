"""How long a model takes for a batch: a fixed time and one for each input, or measured pairs."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text

INF = float("inf")


@dataclasses.dataclass(frozen=True)
class BatchLatency:
    """Milliseconds by size of the batch: straight between ``points``, from 1 input on.

    Beyond the last point it goes on as between the last two.
    """

    points: tuple[tuple[int, float], ...]

    @classmethod
    def line(cls, fixed_ms: float, per_input_ms: float) -> BatchLatency:
        """Return a fixed time and one for each input."""
        return cls(((1, fixed_ms + per_input_ms), (2, fixed_ms + 2 * per_input_ms)))

    @classmethod
    def measured(cls, pairs: Sequence[tuple[int, float]], where: str) -> BatchLatency:
        """Return what was measured: pairs of a size and its milliseconds, 1 among the sizes.

        Raises:
            ConfigError: no size of 1, sizes that do not rise, times that fall or are not above 0.

        """
        sizes = [size for size, _ in pairs]
        times = [time for _, time in pairs]
        rising = all(a < b for a, b in pairwise(sizes))
        growing = all(a <= b for a, b in pairwise(times))
        if sizes[:1] != [1] or not rising or not growing or not 0 < times[0] <= times[-1] < INF:
            expected = "pairs [inputs, ms], from 1 input on, by rising inputs and ms, ms above 0"
            raise ConfigError(error_text(where, expected, list(pairs)))
        if len(pairs) == 1:  # nothing is known to be saved by batches
            return cls.line(0.0, times[0])
        return cls(tuple(pairs))

    def ms(self, inputs: int) -> float:
        """Return the milliseconds of a batch of so many inputs."""
        sizes = [size for size, _ in self.points]
        last = min(max(bisect_left(sizes, inputs), 1), len(sizes) - 1)
        (low, low_ms), (high, high_ms) = self.points[last - 1], self.points[last]
        return low_ms + (inputs - low) * (high_ms - low_ms) / (high - low)

    def paying(self, most: int) -> int:
        """Return the size of up to ``most`` from which on ``muxnet serve`` makes none larger."""
        sizes = [1 << power for power in range(most.bit_length()) if 1 << power < most] + [most]
        return _core.paying_batch([self.ms(size) / size for size in sizes], most)
