"""The table of a sweep: a row per trial, as CSV and Parquet; and its means over seeds."""

import csv
import io
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from muxnet.base.errors import MissingPackageError
from muxnet.base.files import atomic_path, write_text
from muxnet.base.tables import TextTable
from muxnet.sweep.trials import KINDS, Label, Record, Trial

SEED = "seed"  # the axis that means and intervals are taken over
LEVEL = 0.95

Row = Mapping[str, object]
Group = dict[Label, Record]  # by seed


def rows(trials: Sequence[tuple[Trial, Record]]) -> list[Row]:
    """Return a row per trial: its choices, its settings, its metrics, seconds and error.

    All rows have the same columns, in the same order; what a trial lacks is None.
    """
    found = [
        {
            "trial": trial.key,
            **trial.labels,
            **{key: _plain(value) for key, value in trial.settings.items()},
            **dict.fromkeys(KINDS[trial.kind].metrics()),
            **record.metrics,
            "seconds": record.seconds,
            "error": record.error,
        }
        for trial, record in trials
    ]
    last = ("seconds", "error")
    settings = dict.fromkeys(key for trial, _ in trials for key in (*trial.labels, *trial.settings))
    columns = dict.fromkeys(["trial", *settings, *(key for row in found for key in row)])
    ordered = [*(column for column in columns if column not in last), *last]
    return [{column: row.get(column) for column in ordered} for row in found]


def write_csv(path: Path, table: Sequence[Row]) -> None:
    """Write a table as CSV; what is None is left empty.

    Raises:
        OutputError: the file cannot be written.

    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_text(path, text.getvalue())


def write_parquet(path: Path, table: Sequence[Row]) -> None:
    """Write a table as Parquet; a column of several types is text.

    Raises:
        MissingPackageError: pyarrow is not installed.
        OutputError: the file cannot be written.

    """
    pyarrow, parquet = packages()
    columns = {name: _typed([row[name] for row in table]) for name in table[0]}
    with atomic_path(path) as temporary:
        parquet.write_table(pyarrow.table(columns), temporary)


def packages() -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its Parquet writer.

    Raises:
        MissingPackageError: it is not installed.

    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise MissingPackageError("sweep", "pyarrow", "sweep") from error
    return pyarrow, parquet


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return a mean and half its 95 % interval (Student's t), NaN where there are too few."""
    from scipy.stats import t

    mean = statistics.fmean(values) if values else math.nan
    if len(values) < 2:
        return mean, math.nan
    error = statistics.stdev(values) / math.sqrt(len(values))
    return mean, float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error


def means(trials: Sequence[tuple[Trial, Record]]) -> TextTable:
    """Return every metric's mean over the seeds, with half its 95 % interval, as text."""
    groups = _groups(trials)
    metrics = _shown(trials)
    names = [" ".join(map(str, labels.values())) or "all" for labels, _ in groups]
    cells = [
        [_text(interval(_values(group.values(), metric))) for _, group in groups]
        for metric in metrics
    ]
    seeds = max(len(group) for _, group in groups)
    return _turned(f"mean of {seeds}, ± 95 %", metrics, names, cells)


def differences(
    trials: Sequence[tuple[Trial, Record]], baseline: Mapping[str, Label]
) -> TextTable | None:
    """Return every metric less the baseline's, seed by seed, as text; None where none is paired.

    A trial is paired with that of the baseline's choices which agrees in all other axes.
    """
    groups = _groups(trials)
    by_labels = {tuple(labels.values()): group for labels, group in groups}
    columns: dict[str, tuple[Group, Group]] = {}
    for labels, group in groups:
        other = by_labels.get(tuple({**labels, **baseline}.values()))
        if other is not None and other is not group:
            columns[" ".join(map(str, labels.values()))] = group, other
    if not columns:
        return None
    metrics = _shown(trials)
    cells = [
        [_text(interval(_paired(*pair, metric)), signed=True) for pair in columns.values()]
        for metric in metrics
    ]
    against = ", ".join(f"{name} {label}" for name, label in baseline.items())
    return _turned(f"less {against}, ± 95 %", metrics, list(columns), cells)


def _groups(trials: Sequence[tuple[Trial, Record]]) -> list[tuple[dict[str, Label], Group]]:
    """Return the records by seed of each combination of the other choices."""
    groups: dict[tuple[Label, ...], tuple[dict[str, Label], Group]] = {}
    for trial, record in trials:
        labels = {name: label for name, label in trial.labels.items() if name != SEED}
        group = groups.setdefault(tuple(labels.values()), (labels, {}))
        group[1][trial.labels.get(SEED)] = record
    return list(groups.values())


def _shown(trials: Sequence[tuple[Trial, Record]]) -> list[str]:
    """Return the metrics that some trial has; intervals of single trials are not averaged."""
    kind = trials[0][0].kind
    return [
        metric
        for metric in KINDS[kind].metrics()
        if not metric.endswith(("_low", "_high"))
        and any(record.metrics.get(metric) is not None for _, record in trials)
    ]


def _values(records: Iterable[Record], metric: str) -> list[float]:
    values = (record.metrics.get(metric) for record in records)
    return [value for value in values if value is not None]


def _paired(group: Group, other: Group, metric: str) -> list[float]:
    both = [
        (group[seed].metrics.get(metric), other[seed].metrics.get(metric))
        for seed in group
        if seed in other
    ]
    return [one - two for one, two in both if one is not None and two is not None]


def _text(estimate: tuple[float, float], *, signed: bool = False) -> str:
    mean, half = estimate
    if math.isnan(mean):
        return "–"
    size = max(abs(mean), 0 if math.isnan(half) else half)
    form = ".3g" if size >= 1000 else f".{max(0, 5 - len(str(int(size))))}f"
    shown = f"{mean:{'+' if signed else ''}{form}}"
    return shown if math.isnan(half) else f"{shown} ± {half:{form}}"


def _turned(
    title: str, metrics: Sequence[str], names: Sequence[str], cells: Sequence[Sequence[str]]
) -> TextTable:
    """Return a row per group and metrics as columns, or the other way where that is narrower."""
    if len(metrics) > len(names):
        rows = zip(metrics, cells, strict=True)
        return TextTable(title, (title, *names), tuple((name, *line) for name, line in rows))
    lines = zip(names, zip(*cells, strict=True), strict=True)
    return TextTable(title, (title, *metrics), tuple((name, *line) for name, line in lines))


def _plain(value: object) -> object:
    """Return a value that fits a cell."""
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return str(value) if isinstance(value, dict) else value


def _typed(values: list[object]) -> list[object]:
    """Return a column's values as one type: numbers, truth values, else text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return [float(value) if isinstance(value, (int, float)) else None for value in values]
    if len(kinds) > 1:
        return [None if value is None else str(value) for value in values]
    return values
