"""Training trials: whole runs of ``muxnet run``, each with some keys of its configuration set."""

import dataclasses
import statistics
import typing
from collections.abc import Mapping
from pathlib import Path

from muxnet.base import schema
from muxnet.base.errors import ConfigError
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.fitting import area_above_mixing, fit_policy
from muxnet.outcomes.policies import reported_policies
from muxnet.outcomes.table_files import read_outcomes
from muxnet.run.main_job import carry_out
from muxnet.training.config import RunConfig, load_config
from muxnet.training.finished import load_run
from muxnet.training.results import Results, policy

EMBEDDED = 2000  # test inputs whose embeddings are compared
# Told under names of their own, or of other models.
APART = ("best_single", "hybrid_single", "offload", "random_mixing")
CASCADES = ("cascade", "learned_cascade")


def metrics() -> tuple[str, ...]:
    """Return the columns that a trial fills."""
    return (
        *("accuracy", "cost", "cost_share", "area", "area_low", "area_high", "auroc"),
        *("best_single_accuracy", "mean_model_accuracy"),
        *(f"{name}_{metric}" for name in _beside() for metric in ("accuracy", "cost")),
        *(f"{name}_area" for name in CASCADES),
        *("both_right_distance", "one_right_distance"),
    )


def keys() -> Mapping[str, object]:
    """Return the type of every key of ``config.json`` but ``out``, nested ones with a dot."""
    types: dict[str, object] = {}
    for key, kind in typing.get_type_hints(RunConfig).items():
        if dataclasses.is_dataclass(kind):
            inner = typing.get_type_hints(kind)
            types |= {f"{key}.{name}": inner_kind for name, inner_kind in inner.items()}
        else:
            types[key] = kind
    del types["out"]
    return types


def check(settings: Mapping[str, object], where: str) -> None:
    """Raise ConfigError for settings that no run can have."""
    try:
        load_config(None, nested(settings))
    except ConfigError as error:
        raise ConfigError(f"[{where}] {error}") from error


def inputs(settings: Mapping[str, object]) -> list[Path]:
    """Return the files or the folder of the data set; one that is shipped has none."""
    _, colon, folder = str(settings.get("data", "")).partition(":")
    return [Path(folder)] if colon else []


def measure(settings: Mapping[str, object], folder: Path, threads: int) -> dict[str, float | None]:
    """Run, or go on with, ``muxnet run`` in ``folder``, and return its metrics.

    ``accuracy``, ``cost`` (MACs) and ``area`` are the multiplexer's, hybrid-single; ``auroc`` is
    the mean over the models; distances of projected embeddings are those of test inputs. The areas
    of the cascades are above random mixing up to the dearest model's MACs.
    """
    options = nested(settings)
    left = RunFolder(folder).config
    resume = left.exists()
    if resume:  # with as many threads as before: other bits else
        threads = load_config(left).threads
    config = load_config(None, {"threads": threads, **options, "out": str(folder)})
    found, _ = carry_out(config, resume=resume)
    return {**_metrics(found), **_cascade_areas(folder), **_distances(folder)}


def nested(settings: Mapping[str, object]) -> dict[str, object]:
    """Return settings with dots in their names as objects within objects."""
    result: dict[str, object] = {}
    for key, value in settings.items():
        outer, _, inner = key.partition(".")
        result = schema.merged(result, {outer: {inner: value}} if inner else {outer: value})
    return result


def _beside() -> list[str]:
    return [name for name in reported_policies() if name not in APART]


def _metrics(found: Results) -> dict[str, float | None]:
    hybrid = policy(found, "hybrid_single")
    known = [value for value in found.multiplexer.auroc if value is not None]
    area = found.area_above_random_mixing
    values: dict[str, float | None] = {
        "accuracy": hybrid.accuracy,
        "cost": hybrid.cost,
        "cost_share": hybrid.cost / max(model.cost for model in found.models),
        "area": area.value,
        "area_low": area.interval[0],
        "area_high": area.interval[1],
        "auroc": statistics.fmean(known) if known else None,
        "best_single_accuracy": policy(found, "best_single").accuracy,
        "mean_model_accuracy": statistics.fmean(model.accuracy for model in found.models),
    }
    for name in _beside():
        entry = policy(found, name)
        values |= {f"{name}_accuracy": entry.accuracy, f"{name}_cost": entry.cost}
    return values


def _cascade_areas(folder: Path) -> dict[str, float | None]:
    tables = read_outcomes(folder)
    held_out, test = tables["held_out"], tables["test"]
    areas = {}
    for name in CASCADES:
        fitted = fit_policy(name, held_out)
        area = area_above_mixing(fitted, held_out, test, up_to=max(test.costs("macs")))
        areas[f"{name}_area"] = None if area is None else float(area.value)
    return areas


def _distances(folder: Path) -> dict[str, float | None]:
    from muxnet.run import analysis

    found = analysis.distances_of(analysis.embeddings_of(load_run(folder), EMBEDDED))
    return {"both_right_distance": found.both_right, "one_right_distance": found.one_right}
