"""Which trial comes next: every combination, or what Optuna suggests."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from muxnet.base.errors import MissingPackageError
from muxnet.sweep.config import Choices, Range, Sweep
from muxnet.sweep.folder import SweepFolder
from muxnet.sweep.trials import Label, Record, Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Search(Protocol):
    """Asked for trials until there are none, told what each of them left."""

    trials: list[Trial]  # asked for so far, in order
    total: int

    def ask(self) -> Trial | None:
        """Return the next trial, None where there is none."""

    def tell(self, number: int, record: Record) -> None:
        """Take in the record of ``trials[number]``."""


class GridSearch:
    """Every combination, the last axis fastest."""

    def __init__(self, sweep: Sweep) -> None:
        self._left = list(sweep.grid())
        self.total = len(self._left)
        self.trials: list[Trial] = []

    def ask(self) -> Trial | None:
        """Return the next combination."""
        if len(self.trials) == self.total:
            return None
        self.trials.append(self._left[len(self.trials)])
        return self.trials[-1]

    def tell(self, number: int, record: Record) -> None:
        """Do nothing: what comes next does not depend on it."""


class OptunaSearch:
    """Tree-structured Parzen estimator by Optuna; its study lies in the sweep's folder."""

    def __init__(self, sweep: Sweep, folder: SweepFolder) -> None:
        try:
            import optuna
        except ModuleNotFoundError as error:
            raise MissingPackageError("sweep", "optuna", "sweep") from error
        self._sweep = sweep
        self._optuna = optuna
        self.total = sweep.config.trials
        self.trials: list[Trial] = []
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        to = optuna.study.StudyDirection
        directions = [to.MAXIMIZE] * len(sweep.config.maximise)
        directions += [to.MINIMIZE] * len(sweep.config.minimise)
        self._study = optuna.create_study(
            study_name="sweep",
            storage=f"sqlite:///{folder.search}",
            directions=directions,
            load_if_exists=True,
        )
        states = optuna.trial.TrialState
        known = self._study.get_trials(deepcopy=False)
        self._again = [self._trial(entry.params) for entry in known]
        self._told = {entry.number for entry in known if entry.state != states.RUNNING}

    def ask(self) -> Trial | None:
        """Return a trial of before, in its order, then what Optuna suggests."""
        number = len(self.trials)
        if number >= self.total:
            return None
        if number < len(self._again):
            self.trials.append(self._again[number])
        else:
            self.trials.append(self._trial(self._suggested(number)))
        return self.trials[-1]

    def tell(self, number: int, record: Record) -> None:
        """Tell Optuna the metrics, or that there are none."""
        if number in self._told:
            return
        columns = (*self._sweep.config.maximise, *self._sweep.config.minimise)
        known = [record.metrics.get(column) for column in columns]
        values = [value for value in known if value is not None]
        if len(values) == len(columns):
            self._study.tell(number, values)
        else:
            self._study.tell(number, state=self._optuna.trial.TrialState.FAIL)
        self._told.add(number)

    def _suggested(self, number: int) -> dict[str, Label]:
        # A sampler per trial: what it draws must not depend on where a sweep was resumed.
        seed = self._sweep.config.seed * 100_003 + number
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
            self._study.sampler = self._optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        trial = self._study.ask(self._distributions())
        return dict(trial.params)

    def _distributions(self) -> dict[str, BaseDistribution]:
        return {name: self._distribution(axis) for name, axis in self._sweep.axes.items()}

    def _distribution(self, axis: Choices | Range) -> BaseDistribution:
        from optuna import distributions as kinds

        if isinstance(axis, Choices):
            return kinds.CategoricalDistribution(list(axis.settings))
        if isinstance(axis.low, int):
            return kinds.IntDistribution(axis.low, int(axis.high), axis.log, int(axis.step or 1))
        return kinds.FloatDistribution(axis.low, axis.high, axis.log, axis.step)

    def _trial(self, params: Mapping[str, Label]) -> Trial:
        return self._sweep.trial({name: params[name] for name in self._sweep.axes})


def make_search(sweep: Sweep, folder: SweepFolder) -> Search:
    """Return the search that a sweep asks for.

    Raises:
        MissingPackageError: it needs Optuna, which is not installed.

    """
    return GridSearch(sweep) if sweep.config.search == "grid" else OptunaSearch(sweep, folder)
