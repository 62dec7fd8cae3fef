"""What models cost, by name: as given, as recorded, or as a router or another table knows."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import Array
from muxnet.base.errors import ConfigError, error_text
from muxnet.outcomes.class_order import Known
from muxnet.outcomes.input_columns import Fields

# Arrays that have one cost a model, of whatever part of a file.
ONE_A_MODEL = ("macs", "cost")
LOG = logging.getLogger(__name__)


class FileCosts(dict[str, float]):
    """Costs that a file or a run says, of other models too, where one has all that there are."""


def asked_models(
    path: Path, names: Sequence[str], given: Mapping[str, float], known: Known
) -> tuple[list[int], Mapping[str, float]]:
    """Return the places of the models that are asked for, and costs without those of the others.

    They are those that a router, or another table, knows, where all of these are there, else all.
    """
    own = set(next(iter(known.costs.values()), names))
    others = [name for name in names if name not in own]
    if not others or not own <= set(names):
        return list(range(len(names))), given
    LOG.warning("%s: passed over models that are not known: %s", path, ", ".join(others))
    if given and not isinstance(given, FileCosts):
        given = {name: cost for name, cost in given.items() if name not in others}
    return [place for place, name in enumerate(names) if name in own], given


def without_others(
    where: str, names: Collection[str], given: Mapping[str, float]
) -> Mapping[str, float]:
    """Return costs without those that a file has of other models, which is said.

    Typed ones stay as they are, for readers to refuse, and those of a file of other models alone.
    """
    others = [name for name in given if name not in names]
    if not isinstance(given, FileCosts) or not 0 < len(others) < len(given):
        return given
    LOG.warning("%s: passed over those of models that are not there: %s", where, ", ".join(others))
    return {name: cost for name, cost in given.items() if name in names}


def costs_of(
    path: Path,
    names: Sequence[str],
    given: Mapping[str, float],
    recorded: Mapping[str, NDArray[np.float32]],
    known: Known,
) -> Fields:
    """Return what models cost: as given by name, else as recorded of each input, else as known.

    Raises:
        ConfigError: none of them; costs of other models.

    """
    if recorded and not given:
        return {"costs": {}, "input_costs": dict(recorded)}
    if not given and known.costs and all(set(names) <= set(own) for own in known.costs.values()):
        costs = {kind: [own[name] for name in names] for kind, own in known.costs.items()}
        told = ", ".join(
            f"{name}={cost:g}" for name, cost in next(iter(known.costs.values())).items()
        )
        LOG.warning("%s: says no costs; taken are those known: %s", path, told)
        return {"costs": costs}
    given = without_others(f"{path}, costs", names, given)
    if set(given) != set(names):
        expected = "one each for " + ", ".join(names) + " (--costs NAME=COST,...)"
        if not recorded:
            expected += ", or a column NAME:cost of each"
        received = ", ".join(f"{name}={cost:g}" for name, cost in given.items()) or "none"
        raise ConfigError(error_text(f"{path}, costs", expected, received))
    return {"costs": {"cost": [given[name] for name in names]}}


def costs_of_arrays(
    path: Path,
    names: Sequence[str],
    shape: tuple[int, int],
    arrays: Mapping[str, Array],
    given: Mapping[str, float],
    known: Known,
) -> Fields:
    """Return what models cost by arrays, of these names in a file, of inputs and models as shaped.

    Raises:
        ConfigError: an array of another shape; else as ``costs_of``.

    """
    own, recorded = {}, {}
    for name, costs in arrays.items():
        one = costs.size == len(names) if name == "macs" else costs.shape == shape[1:]
        if not one and (name == "macs" or costs.shape != shape):
            expected = f"a cost of each model, of shape {shape[1:]}"
            expected += "" if name == "macs" else f", or of each input and model, {shape}"
            raise ConfigError(error_text(f"{path}, {name}", expected, costs.shape))
        kind = "macs" if name == "macs" else "cost"
        if one:
            own[kind] = [float(cost) for cost in np.ravel(costs)]
        else:
            recorded[kind] = np.ascontiguousarray(costs, np.float32)
    if own and not given:
        return {"costs": own, "input_costs": recorded}
    return costs_of(path, names, given, recorded, known)
