"""Progress of long work: bars on a terminal, plain lines at a modest rate in a log file."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from muxnet.base.compiled import _core
from muxnet.base.words import count_text, duration_text

LOG_SECONDS = 10.0


def metrics(progress: _core.Progress) -> list[str]:
    """Return loss, accuracy and mean distances as short texts, each only where known."""
    parts = []
    if progress.losses:
        parts.append(f"loss {_span(progress.losses, 1.0, 3)}")
    if progress.accuracies:
        parts.append(f"accuracy {_span(progress.accuracies, 100.0, 1)} %")
    both, one = progress.both_right_distance, progress.one_right_distance
    if progress.contrastive and both is not None and one is not None:
        parts.append(f"distance {both:.3f} both right, {one:.3f} one right")
    return parts


def speed(progress: _core.Progress) -> list[str]:
    """Return images a second, where known, and time left as short texts."""
    parts = []
    if progress.images_per_second:
        parts.append(f"{count_text(progress.images_per_second)} images/s")
    parts.append(f"{duration_text(progress.seconds_left)} left")
    return parts


def epoch(progress: _core.Progress) -> str:
    """Return the epoch and how many there are."""
    return f"epoch {progress.epoch}/{progress.epochs}"


def line(progress: _core.Progress) -> str:
    """Return one plain line: phase, epoch, epochs, step, steps (over all), then the rest."""
    place = f"{progress.phase}: {epoch(progress)} step {progress.step}/{progress.steps}"
    return ", ".join((place, *metrics(progress), *speed(progress)))


class Reporter(ABC):
    """Tells of each training step, and of what else is to be said."""

    @abstractmethod
    def __call__(self, progress: _core.Progress) -> None:
        """Tell of a step."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Say ``text`` on a line of its own."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class LogReporter(Reporter):
    """Writes a line each ``seconds`` and at the last step."""

    def __init__(
        self,
        stream: TextIO,
        seconds: float = LOG_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._seconds = seconds
        self._clock = clock
        self._last: float | None = None

    def __call__(self, progress: _core.Progress) -> None:
        """Write a line where one is due."""
        now = self._clock()
        due = self._last is None or now - self._last >= self._seconds
        if due or progress.step == progress.steps:
            self._last = now
            print(line(progress), file=self._stream, flush=True)

    def say(self, text: str) -> None:
        """Write ``text`` on a line of its own."""
        print(text, file=self._stream, flush=True)


class BarReporter(Reporter):
    """Draws one bar per phase, with speed and metrics beside it."""

    def __init__(self, stream: TextIO) -> None:
        whole = Column(no_wrap=True)
        columns = (
            TextColumn("[bold]{task.description}", table_column=whole),
            BarColumn(bar_width=14),
            TextColumn("{task.percentage:>3.0f} %", table_column=whole),
            TextColumn("{task.fields[details]}", table_column=Column(no_wrap=False)),
        )
        self._bars = Progress(*columns, console=Console(file=stream), refresh_per_second=5)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, progress: _core.Progress) -> None:
        """Move the bar of the phase."""
        phase = progress.phase
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(phase, total=progress.steps, details="")
        lines = (" · ".join((epoch(progress), *speed(progress))), " · ".join(metrics(progress)))
        self._bars.update(
            self._tasks[phase],
            completed=progress.step,
            details="\n".join(text for text in lines if text),
        )

    def say(self, text: str) -> None:
        """Write ``text`` above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def reporter(stream: TextIO | None = None) -> Reporter:
    """Return bars for a terminal, plain lines for anything else."""
    stream = stream if stream is not None else sys.stderr
    return BarReporter(stream) if stream.isatty() else LogReporter(stream)


def _span(values: Sequence[float], scale: float, digits: int) -> str:
    """Return the one value, or the lowest to the highest of the models."""
    low, high = scale * min(values), scale * max(values)
    if len(values) == 1:
        return f"{low:.{digits}f}"
    return f"{low:.{digits}f} to {high:.{digits}f}"
