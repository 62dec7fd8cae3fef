"""``sweep.yaml``: what a sweep holds fixed, what it varies, and how it searches."""

import dataclasses
import itertools
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Literal

from muxnet.base import schema
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.base.files import read_text
from muxnet.base.schema import option
from muxnet.sweep.trials import KINDS, Label, Trial

MOST_BYTES = 256 << 10  # its parser takes a second for as much
MOST_LEVELS = 16
MOST_TRIALS = 10_000


@dataclasses.dataclass(frozen=True)
class Choices:
    """The values of an axis, each with the settings that it stands for."""

    settings: dict[Label, dict[str, object]]


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers of an axis from ``low`` to ``high``, both included."""

    low: float
    high: float
    step: float | None = option(None, above=0)
    log: bool = False


Axis = Choices | Range


@dataclasses.dataclass(frozen=True)
class SweepConfig:
    """The keys of ``sweep.yaml``.

    ``fixed``: settings of every trial. ``vary``: an axis per name: a list of values, named choices
    (``name: {setting: value, ...}``), or a range ``{low:, high:, step:, log:}`` where ``search`` is
    optuna. ``baseline``: choices against which the others are compared, seed by seed. ``trials``,
    ``seed``, ``maximise`` and ``minimise`` (columns of the table) are optuna's.
    """

    kind: Literal["routing", "training"]
    vary: dict[str, object]
    fixed: dict[str, object] = dataclasses.field(default_factory=dict)
    baseline: dict[str, Label] = dataclasses.field(default_factory=dict)
    search: Literal["grid", "optuna"] = option("grid")
    trials: int = option(20, minimum=1)
    seed: int = option(0, minimum=0)
    maximise: tuple[str, ...] = option(("area",))
    minimise: tuple[str, ...] = option(())


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A checked sweep."""

    source: str
    config: SweepConfig
    fixed: dict[str, object]
    axes: dict[str, Axis]

    def trial(self, labels: Mapping[str, Label]) -> Trial:
        """Return the trial of one choice on each axis."""
        settings = dict(self.fixed)
        for name, label in labels.items():
            axis = self.axes[name]
            settings |= axis.settings[label] if isinstance(axis, Choices) else {name: label}
        return Trial(self.config.kind, dict(labels), settings)

    def choices(self) -> list[list[Label]]:
        """Return what can be chosen on each axis; of a range its ends only."""
        return [
            list(axis.settings) if isinstance(axis, Choices) else [axis.low, axis.high]
            for axis in self.axes.values()
        ]

    def grid(self) -> Iterator[Trial]:
        """Yield every combination; of a range its ends only."""
        for combination in itertools.product(*self.choices()):
            yield self.trial(dict(zip(self.axes, combination, strict=True)))


def read_sweep(path: str | os.PathLike[str], changes: Sequence[str] = ()) -> Sweep:
    """Return the sweep in a YAML file, every key and value of every trial checked.

    ``changes``: ``KEY=VALUE`` each, settings over those that are fixed in the file.

    Raises:
        ConfigError: an unknown key, a wrong type, a value out of range; with its place.
        MissingPackageError: PyYAML is not installed.
        OSError: the file cannot be read.

    """
    where = str(path)
    config = schema.from_dict(SweepConfig, _load(Path(path)), where)
    known = KINDS[config.kind].keys()
    fixed = _settings(config.fixed, known, where, "fixed")
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise ConfigError(error_text("--set", "KEY=VALUE", change))
        fixed |= _settings({key.strip(): _parse(value, "--set")}, known, "--set", key.strip())
    axes = {
        name: _axis(name, value, known, f"{where}, vary.{name}")
        for name, value in config.vary.items()
    }
    sweep = Sweep(where, config, fixed, axes)
    _check(sweep)
    count = math.prod(len(choices) for choices in sweep.choices())
    if count > MOST_TRIALS:
        expected = f"at most {MOST_TRIALS:,} combinations"
        raise ConfigError(error_text(f"{where}, vary", expected, f"{count:,}"))
    for trial in sweep.grid():
        trial.check(f"{where}, {trial.labels}")
    return sweep


def _axis(name: str, value: object, known: Mapping[str, object], where: str) -> Axis:
    if isinstance(value, Mapping) and "low" in value:
        _known(name, known, where)
        return _range(schema.from_dict(Range, value, where), known[name], where)
    if isinstance(value, Mapping) and value:
        return Choices(
            {
                _label(label, where): _settings(inner, known, where, str(label))
                for label, inner in value.items()
            }
        )
    if not isinstance(value, list) or not value:
        expected = "a list of values, named choices, or a range {low:, high:}"
        raise ConfigError(error_text(where, expected, repr(value)))
    _known(name, known, where)
    labels = [_label(entry, where) for entry in value]
    if len(set(labels)) != len(labels):
        raise ConfigError(error_text(where, "different values", value))
    return Choices({label: {name: entry} for label, entry in zip(labels, value, strict=True)})


def _range(found: Range, kind: object, where: str) -> Range:
    """Return a range of whole numbers where the setting is one."""
    if kind is not int:
        return found
    numbers = (found.low, found.high, found.step or 1)
    if not all(float(number).is_integer() for number in numbers):
        raise ConfigError(error_text(where, "whole numbers", numbers))
    low, high, step = (int(number) for number in numbers)
    return Range(low, high, step, found.log)


def _settings(
    value: object, known: Mapping[str, object], where: str, place: str
) -> dict[str, object]:
    """Return settings under their full names, those of nested objects with dots."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(error_text(f"{where}, {place}", "settings (key: value)", repr(value)))
    settings: dict[str, object] = {}
    for key, entry in value.items():
        nested = isinstance(entry, Mapping) and key not in known
        for name, inner in entry.items() if nested else ((None, entry),):
            full = key if name is None else f"{key}.{name}"
            _known(full, known, f"{where}, {place}")
            if full in settings:
                raise ConfigError(error_text(f"{where}, {place}.{full}", "one value", "two"))
            settings[full] = inner
    return settings


def _known(name: str, known: Mapping[str, object], where: str) -> None:
    if name not in known:
        raise ConfigError(f"[{where}] unknown key '{name}'; known keys: {', '.join(sorted(known))}")


def _label(value: object, where: str) -> Label:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ConfigError(error_text(where, "texts, numbers, truth values or lists of them", value))


def _check(sweep: Sweep) -> None:
    """Refuse what is wrong only in combination."""
    config, where = sweep.config, sweep.source
    set_by: dict[str, str] = dict.fromkeys(sweep.fixed, "fixed")
    for name, axis in sweep.axes.items():
        inner = axis.settings.values() if isinstance(axis, Choices) else ({name: None},)
        for key in dict.fromkeys(key for settings in inner for key in settings):
            if key in set_by:
                received = f"{set_by[key]} and vary.{name}"
                raise ConfigError(error_text(f"{where}, {key}", "one place to set it", received))
            set_by[key] = f"vary.{name}"
        if isinstance(axis, Range):
            if config.search == "grid":
                expected = "a list of values, or search: optuna"
                raise ConfigError(error_text(f"{where}, vary.{name}", expected, "a range"))
            if axis.low >= axis.high or (axis.log and (axis.low <= 0 or axis.step is not None)):
                expected = "low below high; for log: low above 0 and no step"
                raise ConfigError(error_text(f"{where}, vary.{name}", expected, config.vary[name]))
    choices = {
        name: list(axis.settings) for name, axis in sweep.axes.items() if isinstance(axis, Choices)
    }
    for name, label in config.baseline.items():
        if name not in choices:
            raise ConfigError(error_text(f"{where}, baseline", f"one of {list(choices)}", name))
        if label not in choices[name]:
            expected = f"one of {choices[name]}"
            raise ConfigError(error_text(f"{where}, baseline.{name}", expected, label))
    metrics = KINDS[config.kind].metrics()
    for column in (*config.maximise, *config.minimise):
        if column not in metrics:
            expected = f"one of {', '.join(metrics)}"
            raise ConfigError(error_text(f"{where}, maximise, minimise", expected, column))


def _load(path: Path) -> dict[object, object]:
    content = _parse(read_text(path, MOST_BYTES), str(path))
    if not isinstance(content, dict):
        raise ConfigError(error_text(str(path), "keys and values", repr(content)))
    return content


def _parse(text: str, where: str) -> object:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingPackageError("sweep", "PyYAML", "sweep") from error

    # YAML 1.2's numbers and truth values: 1e-3 is a number, on and off are words.
    rules = {
        first: [rule for rule in known if not rule[0].endswith((":bool", ":float"))]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    number = r"^[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?$"
    for kind, pattern, begins in (
        ("bool", "^(?:true|false)$", "tf"),
        ("float", number, "-+.0123456789"),
    ):
        for first in begins:
            rules.setdefault(first, []).append((f"tag:yaml.org,2002:{kind}", re.compile(pattern)))
    loader = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": rules})
    try:
        _check_nesting(yaml, text)
        content: object = yaml.load(text, loader)  # a SafeLoader
        return content
    except (yaml.YAMLError, ValueError) as error:  # of dates and numbers that cannot be
        raise ConfigError(error_text(where, "YAML", error)) from error


def _check_nesting(yaml: ModuleType, text: str) -> None:
    """Refuse depth, and aliases, by which a few lines stand for any number of values."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS or isinstance(event, yaml.AliasEvent):
            expected = f"at most {MOST_LEVELS} levels and no aliases"
            line = event.start_mark.line + 1
            raise ConfigError(error_text(f"line {line}", expected, "others"))
