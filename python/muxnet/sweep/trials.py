"""A trial: settings by name, and the record that running it leaves."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypedDict

from muxnet.base import fingerprint
from muxnet.base.errors import one_line
from muxnet.sweep import routing, training

Label = str | int | float | bool | None  # of a choice on an axis: its name, or its value
Settings = dict[str, object]  # by name, checked by the kind
Metrics = dict[str, float | None]


class Task(TypedDict):
    """What the process of a trial is told."""

    kind: str
    settings: Settings
    inputs: dict[str, str]
    folder: str
    record: str
    threads: int


class Kind(Protocol):
    """What a sweep can try; each kind is a module."""

    def metrics(self) -> tuple[str, ...]:
        """Return the columns that a trial fills."""

    def keys(self) -> Mapping[str, object]:
        """Return the type of every setting by its name."""

    def check(self, settings: Mapping[str, object], where: str) -> None:
        """Raise ConfigError for settings that no trial can have."""

    def inputs(self, settings: Mapping[str, object]) -> list[Path]:
        """Return the files and folders that a trial reads; what they hold is part of it."""

    def measure(self, settings: Mapping[str, object], folder: Path, threads: int) -> Metrics:
        """Return a number for each of ``metrics()``, or None; ``folder`` is the trial's own."""


KINDS: dict[str, Kind] = {"routing": routing, "training": training}


@dataclasses.dataclass(frozen=True)
class Trial:
    """One combination: the choice on each axis by its label, and all settings that follow."""

    kind: str
    labels: dict[str, Label]
    settings: Settings
    inputs: dict[str, str] = dataclasses.field(default_factory=dict)  # digests by path

    @property
    def key(self) -> str:
        """A name that the settings alone decide."""
        content = json.dumps([self.kind, self.settings], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def check(self, where: str) -> None:
        """Raise ConfigError for settings that no trial can have."""
        KINDS[self.kind].check(self.settings, where)

    def begun(self, digest: Callable[[Path], str] = fingerprint.of_path) -> "Trial":
        """Return the trial with what its inputs hold now."""
        paths = KINDS[self.kind].inputs(self.settings)
        return dataclasses.replace(self, inputs={str(path): digest(path) for path in paths})


@dataclasses.dataclass(frozen=True)
class Record:
    """What a trial left: metrics, or the error that it ended with."""

    kind: str
    settings: Settings
    metrics: Metrics
    seconds: float
    error: str = ""
    inputs: dict[str, str] = dataclasses.field(default_factory=dict)


def run_trial(trial: Trial, folder: Path, threads: int) -> Record:
    """Run a trial to its end, whatever that is."""
    started = time.monotonic()
    metrics: Metrics = {}
    error = ""
    try:
        if trial.inputs:
            same = "the inputs that the sweep was begun with"
            fingerprint.require_same(trial.inputs, trial.begun().inputs, "trial", same)
        metrics = KINDS[trial.kind].measure(trial.settings, folder, threads)
    except Exception as failure:
        error = one_line(failure)
    seconds = time.monotonic() - started
    return Record(trial.kind, trial.settings, metrics, seconds, error, trial.inputs)
