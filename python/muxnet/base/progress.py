"""Progress of long work: bars on a terminal, plain lines at a modest rate in a log file."""

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from muxnet.base.words import count_text, duration_text

LOG_SECONDS = 10.0


class Reporter(Protocol):
    """What a training step calls: with an object or dict of the fields named in ``line``."""

    def __call__(self, progress: Any) -> None:
        """Show ``progress``."""


def value(progress: Any, name: str) -> Any:
    """Return a field of a progress object or dict, None where it has none."""
    if isinstance(progress, dict):
        return progress.get(name)
    return getattr(progress, name, None)


def figures(progress: Any) -> list[str]:
    """Return loss, accuracy and mean distances as short texts, each only where known."""
    parts = []
    losses = value(progress, "losses")
    if losses is not None and len(losses):
        parts.append(f"loss {_span(list(losses), 1.0, 3)}")
    accuracies = value(progress, "accuracies")
    if accuracies is not None and len(accuracies):
        parts.append(f"accuracy {_span(list(accuracies), 100.0, 1)} %")
    both, one = value(progress, "both_right_distance"), value(progress, "one_right_distance")
    if value(progress, "contrastive") and both is not None and one is not None:
        parts.append(f"distance {both:.3f} both right, {one:.3f} one right")
    return parts


def speed(progress: Any) -> list[str]:
    """Return images a second and time left as short texts, each only where known."""
    parts = []
    images = value(progress, "images_per_second")
    if images:
        parts.append(f"{count_text(images)} images/s")
    left = value(progress, "seconds_left")
    if left is not None:
        parts.append(f"{duration_text(left)} left")
    return parts


def line(progress: Any) -> str:
    """Return one plain line: phase, epoch, epochs, step, steps (over all), then the rest."""
    place = (
        f"{value(progress, 'phase')}: epoch {value(progress, 'epoch')}/{value(progress, 'epochs')}"
        f" step {value(progress, 'step')}/{value(progress, 'steps')}"
    )
    return ", ".join((place, *figures(progress), *speed(progress)))


class LogReporter:
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

    def __call__(self, progress: Any) -> None:
        """Write a line where one is due."""
        now = self._clock()
        due = self._last is None or now - self._last >= self._seconds
        if due or _is_last(progress):
            self._last = now
            print(line(progress), file=self._stream, flush=True)

    def say(self, text: str) -> None:
        """Write ``text`` on a line of its own."""
        print(text, file=self._stream, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class BarReporter:
    """Draws one bar per phase, with speed and figures beside it."""

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

    def __call__(self, progress: Any) -> None:
        """Move the bar of the phase."""
        phase = str(value(progress, "phase"))
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(
                phase, total=int(value(progress, "steps")), details=""
            )
        place = f"epoch {value(progress, 'epoch')}/{value(progress, 'epochs')}"
        lines = (" · ".join((place, *speed(progress))), " · ".join(figures(progress)))
        self._bars.update(
            self._tasks[phase],
            completed=int(value(progress, "step")),
            details="\n".join(text for text in lines if text),
        )

    def say(self, text: str) -> None:
        """Write ``text`` above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()


def reporter(stream: TextIO | None = None) -> BarReporter | LogReporter:
    """Return bars for a terminal, plain lines for anything else."""
    stream = stream if stream is not None else sys.stderr
    return BarReporter(stream) if stream.isatty() else LogReporter(stream)


def _span(values: Sequence[float], scale: float, digits: int) -> str:
    """Return the one value, or the lowest to the highest of the models."""
    low, high = scale * min(values), scale * max(values)
    if len(values) == 1:
        return f"{low:.{digits}f}"
    return f"{low:.{digits}f} to {high:.{digits}f}"


def _is_last(progress: Any) -> bool:
    return bool(value(progress, "step") == value(progress, "steps"))
