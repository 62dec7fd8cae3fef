"""When requests come: at random at a rate, or as a trace recorded it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import read_text
from muxnet.plan.draws import Draws

Seconds = NDArray[np.float64]
TRACE_BYTES = 1 << 26
TRACE_REQUESTS = 100_000


@dataclasses.dataclass(frozen=True)
class Arrivals:
    """Requests at ``rate`` a second: at random (Poisson), or as ``trace`` has them (n, seconds)."""

    rate: float
    trace: Seconds | None = None

    def at(self, rate: float) -> Arrivals:
        """Return the same at another rate: a trace runs faster or slower."""
        if self.trace is None:
            return Arrivals(rate)
        return Arrivals(rate, self.trace * (self.rate / rate))

    def times(self, count: int, cells: int, draws: Draws) -> Seconds:
        """Return when those of one of ``cells`` equal parts come, in seconds from the first on.

        ``count`` of them; of a trace all that fall to this part, each by chance.
        """
        if self.trace is None:
            return np.cumsum(draws.exponential(count)) * (cells / self.rate)
        here = self.trace[draws.uniform(len(self.trace)) * cells < 1]
        return here if len(here) else self.trace[:1]


def read_trace(path: Path) -> Arrivals:
    """Return a trace of arrival times: a file with a number of seconds a line.

    Raises:
        ConfigError: something else, by its line; times that fall, or fewer than two of them.
        OSError: it cannot be read.

    """
    lines = enumerate(read_text(path, TRACE_BYTES).splitlines(), start=1)
    found = [_seconds(f"{path}, line {number}", line) for number, line in lines if line.strip()]
    if not 2 <= len(found) <= TRACE_REQUESTS:
        expected = f"2 to {TRACE_REQUESTS:,} arrival times, a number of seconds a line"
        raise ConfigError(error_text(str(path), expected, f"{len(found):,}"))
    times = np.array(found)
    gaps = np.diff(times)
    if not np.all(np.isfinite(times)) or np.any(gaps < 0) or times[-1] == times[0]:
        raise ConfigError(error_text(str(path), "finite times that rise", "others"))
    return Arrivals((len(times) - 1) / float(times[-1] - times[0]), times - times[0])


def _seconds(where: str, line: str) -> float:
    try:
        return float(line)
    except ValueError as error:
        raise ConfigError(error_text(where, "one number of seconds", line)) from error
