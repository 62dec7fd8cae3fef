"""Routing trials: a policy fitted on recorded answers and evaluated on others."""

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.base.schema import option
from muxnet.outcomes.fitting import area_above_mixing, cost_kind_of, fit_policy, fitting_table
from muxnet.outcomes.study import divided
from muxnet.outcomes.study_results import DEFAULT
from muxnet.outcomes.table_files import read_outcomes


def metrics() -> tuple[str, ...]:
    """Return the columns that a trial fills."""
    attained = ("accuracy", "accuracy_low", "accuracy_high", "cost", "cost_share")
    return (*attained, "models_per_input", "area", "area_low", "area_high")


@dataclasses.dataclass(frozen=True)
class RoutingTrial:
    """All settings of a routing trial."""

    table: str  # recorded answers: safetensors, npz, csv, parquet or a run's folder
    costs: dict[str, float] = dataclasses.field(default_factory=dict)  # in place of the table's
    cost_kind: str = option("", "of the costs in the table")
    policy: str = option(DEFAULT, "its name")
    max_models: int = option(3, "longest chain of a cascade", minimum=1, maximum=4)
    bins: int = option(50, "thresholds tried per stage", minimum=2, maximum=200)
    seed: int = option(
        0, "of the division, the order of the held-out inputs, the intervals", minimum=0
    )
    fraction: float = option(0.5, "of the inputs to fit on", above=0, below=1)
    budget: float | None = option(None, "greatest mean cost, as a share of the dearest", above=0)
    lambda_cost: float | None = option(
        None, "accuracy given up for the dearest model's cost, in place of a budget", minimum=0
    )


def keys() -> Mapping[str, object]:
    """Return the type of every setting by its name."""
    return typing.get_type_hints(RoutingTrial)


def check(settings: Mapping[str, object], where: str) -> None:
    """Raise ConfigError for settings that no trial can have."""
    trial = schema.from_dict(RoutingTrial, settings, where)
    names = [entry.name for entry in _core.policies()]
    if trial.policy not in names:
        expected = f"one of {', '.join(names)}"
        raise ConfigError(error_text(f"{where}, policy", expected, trial.policy))
    if trial.budget is not None and trial.lambda_cost is not None:
        received = f"{trial.budget:g} and {trial.lambda_cost:g}"
        raise ConfigError(error_text(where, "a budget or lambda_cost", received))


def inputs(settings: Mapping[str, object]) -> list[Path]:
    """Return the files that the recorded answers lie in."""
    table = Path(schema.from_dict(RoutingTrial, settings, "trial").table)
    if not table.is_dir():
        return [table]
    return [RunFolder(table).outcomes(part) for part in ("held_out", "calibration", "test")]


def measure(settings: Mapping[str, object], folder: Path, threads: int) -> dict[str, float | None]:
    """Fit, choose the operating point, evaluate on inputs that nothing was fitted on.

    ``cost_share`` is that of the dearest model's cost; ``area`` the height above random mixing up
    to there, None for a policy of one operating point.
    """
    _core.set_threads(threads)
    trial = schema.from_dict(RoutingTrial, settings, "trial")
    tables = read_outcomes(trial.table, trial.costs)
    held_out, test = divided(tables, trial.fraction, trial.seed)
    test = test.complete()  # of which all figures are
    kind = cost_kind_of(held_out, trial.cost_kind)
    options = {"max_models": trial.max_models, "bins": trial.bins}
    part = fitting_table(trial.policy, {**tables, "held_out": held_out})
    part = _core.shuffle(part, trial.seed)
    policy = fit_policy(trial.policy, part, cost_kind=kind, seed=trial.seed, options=options)
    dearest = max(test.costs(kind))
    _choose(policy, trial, dearest)
    found = _core.evaluate(policy, test, trial.seed)
    area = area_above_mixing(policy, part, test, up_to=dearest, seed=trial.seed)
    cost = found.costs[kind].mean.value
    return {
        "accuracy": found.accuracy.value,
        "accuracy_low": found.accuracy.interval.low,
        "accuracy_high": found.accuracy.interval.high,
        "cost": cost,
        "cost_share": cost / dearest,
        "models_per_input": found.models_per_input,
        "area": None if area is None else area.value,
        "area_low": None if area is None else area.interval.low,
        "area_high": None if area is None else area.interval.high,
    }


def _choose(policy: "_core.Policy", trial: RoutingTrial, dearest: float) -> None:
    if trial.budget is not None:
        point = policy.within(trial.budget * dearest)
        if point is None:
            cheapest = policy.operating_points[0].cost / dearest
            expected = f"at least {cheapest:.3g}, what the cheapest setting of {policy.name} costs"
            raise ConfigError(error_text("budget", expected, trial.budget))
        policy.choose(point)
    if trial.lambda_cost is not None:
        wanted = trial.lambda_cost
        points = [point for point in policy.operating_points if "lambda" in point.parameters]
        if not points:
            raise ConfigError(error_text("lambda_cost", "a policy with a lambda", policy.name))
        policy.choose(min(points, key=lambda point: abs(point.parameters["lambda"] - wanted)))
