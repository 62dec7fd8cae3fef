"""Trials at work, each in a process of its own: on this machine, or on a Ray cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sized
from pathlib import Path
from typing import Protocol

from muxnet.base import schema
from muxnet.base.cluster import Cluster
from muxnet.base.errors import error_text
from muxnet.base.files import Json
from muxnet.base.machine import cores
from muxnet.sweep.folder import SweepFolder
from muxnet.sweep.trials import Record, Settings, Task, Trial, run_trial

POLL_SECONDS = 0.02
END_SECONDS = 60.0  # to leave a checkpoint


class Workers(Protocol):
    """Takes trials until it is full, and gives back what finishes."""

    @property
    def busy(self) -> int:
        """How many trials are at work."""

    @property
    def free(self) -> bool:
        """Whether another trial can start."""

    def start(self, trial: Trial) -> None:
        """Begin a trial."""

    def wait(self) -> tuple[Trial, Record]:
        """Return the next trial to finish, and its record."""

    def stop(self) -> None:
        """End all trials and whatever they ran in."""


class _Counted:
    """Knows how many of its places are taken."""

    _jobs: int
    _running: Sized

    @property
    def busy(self) -> int:
        """How many trials are at work."""
        return len(self._running)

    @property
    def free(self) -> bool:
        """Whether another trial can start."""
        return self.busy < self._jobs


class LocalWorkers(_Counted):
    """At most ``jobs`` processes at a time; one that is killed costs its own trial only."""

    def __init__(self, folder: SweepFolder, jobs: int) -> None:
        self._folder = folder
        self._jobs = jobs
        self._threads = max(1, cores() // jobs)
        self._running: dict[str, tuple[Trial, subprocess.Popen[bytes], float]] = {}

    def process_ids(self) -> dict[str, int]:
        """Return the process of each trial at work."""
        return {key: process.pid for key, (_, process, _) in self._running.items()}

    def start(self, trial: Trial) -> None:
        """Begin a trial.

        Raises:
            OSError: its log cannot be written, or no process be started.

        """
        task: Task = {
            "kind": trial.kind,
            "settings": trial.settings,
            "inputs": trial.inputs,
            "folder": str(self._folder.own(trial)),
            "record": str(self._folder.record(trial)),
            "threads": self._threads,
        }
        log = self._folder.log(trial)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "muxnet.sweep.worker", json.dumps(task)],
                stdin=subprocess.PIPE,  # which ends when this process does
                stdout=said,
                stderr=said,
                start_new_session=True,  # Ctrl-C is told by stop()
                env={"OMP_NUM_THREADS": str(self._threads), **os.environ},
            )
        self._running[trial.key] = (trial, process, time.monotonic())

    def wait(self) -> tuple[Trial, Record]:
        """Return the next trial to finish, and its record."""
        while True:
            for key, (trial, process, started) in self._running.items():
                if process.poll() is not None:
                    del self._running[key]
                    self._close(process)
                    return trial, self._record(trial, process, time.monotonic() - started)
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Interrupt all trials; those that can leave a checkpoint."""
        for _, process, _ in self._running.values():
            process.send_signal(signal.SIGINT)
        for _, process, _ in self._running.values():
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._close(process)
        self._running.clear()

    def _record(self, trial: Trial, process: subprocess.Popen[bytes], seconds: float) -> Record:
        found = self._folder.read(trial) if process.returncode == 0 else None
        if found is not None:
            return found
        log = self._folder.log(trial)
        received = f"exit status {process.returncode}; its last words are in {log}"
        error = error_text("trial", "a record", received)
        return Record(trial.kind, trial.settings, {}, seconds, error)

    @staticmethod
    def _close(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()


class RayWorkers(_Counted):
    """The same on a Ray cluster, a core a trial; a killed worker costs its own trial only.

    What a trial leaves beside its metrics stays on the machine that it ran on.
    """

    def __init__(self, folder: SweepFolder, cluster: Cluster, jobs: int) -> None:
        self._cluster = cluster
        self._ray = cluster.ray
        self._folder = folder
        self._running: dict[object, tuple[Trial, float]] = {}
        self._jobs = jobs or cluster.cores
        self._remote = self._ray.remote(num_cpus=1, max_retries=0)(_run_remotely)

    def start(self, trial: Trial) -> None:
        """Begin a trial."""
        own = str(self._folder.own(trial).resolve())
        future = self._remote.remote(trial.kind, trial.settings, trial.inputs, own)
        self._running[future] = (trial, time.monotonic())

    def wait(self) -> tuple[Trial, Record]:
        """Return the next trial to finish, and its record."""
        (future,), _ = self._ray.wait(list(self._running), num_returns=1)
        trial, started = self._running.pop(future)
        try:
            content = self._ray.get(future)
        except self._ray.exceptions.RayError as error:
            seconds = time.monotonic() - started
            received = f"{type(error).__name__} on the cluster"
            return trial, Record(
                trial.kind, trial.settings, {}, seconds, error_text("trial", "a record", received)
            )
        return trial, schema.from_dict(Record, content, "ray")

    def stop(self) -> None:
        """End all trials and leave the cluster."""
        for future in self._running:
            self._ray.cancel(future, force=True)
        self._running.clear()
        self._cluster.close()


def _run_remotely(
    kind: str, settings: Settings, inputs: dict[str, str], folder: str
) -> dict[str, Json]:
    return schema.to_dict(run_trial(Trial(kind, {}, settings, inputs), Path(folder), 1))
