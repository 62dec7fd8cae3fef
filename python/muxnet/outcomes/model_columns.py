"""Columns of a file by model and by what they hold, and the numbers in them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.class_values import class_key, in_order
from muxnet.base.columns import Column, Columns, numbers_of
from muxnet.base.errors import ConfigError, error_text

FEATURE = "feature:"
ANSWERS = ("prediction", "quality")  # by one of these, or probabilities, a model is known
OF_MODEL = re.compile(
    r"(.+):(prediction|quality|confidence|(?:score|cost)(?:\.[^:]+)?|p[0-9]*)", re.DOTALL
)
OTHERS = "(of other names: --columns OLD=NEW,...)"
MANY, MERGED = 10, 0.01  # different scores that become one: at least so many, and of all
LOG = logging.getLogger(__name__)
OF_CLASS = re.compile(r"p[0-9]+")
OF_NAMED_CLASS = re.compile(r"(.+?):p:(.*)", re.DOTALL)
NAMED = "p:"  # before the name of a class
WHOLE = "p"  # of all classes, in one column


class Part(NamedTuple):
    """A column of a model, and its name in the file."""

    name: str
    values: Column


Models: TypeAlias = dict[str, dict[str, Part]]


def models_of(path: Path, columns: Columns) -> Models:
    """Return the columns of each model, by what they hold; a lone ``confidence`` is a ``score``.

    A column ``NAME:p`` that is still whole (``probability_lists``) is of no model.

    Raises:
        ConfigError: none; one of which there are scores or costs, but no answers; of no class,
            or two of one.

    """
    models: Models = {}
    for name, column in columns.items():
        model, part = part_of(name)
        if part in ("", WHOLE):
            continue
        before = models.setdefault(model, {}).setdefault(part, Part(name, column))
        if before.name != name:
            expected = f"a column of each class of {model}"
            raise ConfigError(error_text(str(path), expected, f"{before.name} and {name}"))
        if part == NAMED:
            raise ConfigError(error_text(str(path), f"{model}:p:CLASS, the name of a class", name))
    for model, parts in models.items():
        if not any(part in ANSWERS or _is_probability(part) for part in parts):
            expected = f"a column {model}:prediction beside {model}:{next(iter(parts))}, or "
            expected += f"{model}:quality {OTHERS}"
            raise ConfigError(error_text(str(path), expected, ", ".join(columns)))
        if "confidence" in parts and "score" not in parts:
            parts["score"] = parts.pop("confidence")
    if not models:
        expected = "columns NAME:prediction, with NAME:score, or NAME:p0, NAME:p1, ... or "
        expected += "NAME:p:CLASS of each class, or "
        expected += f"NAME:quality of each model, a row per input {OTHERS}"
        raise ConfigError(error_text(str(path), expected, ", ".join(columns)))
    return models


def part_of(name: str) -> tuple[str, str]:
    """Return the model that a column is of, and what it holds; empty texts: it is of none.

    After the first ``:p:`` a class is named, whatever it is called: ``a:p:cost``.
    """
    if name.startswith(FEATURE):
        return "", ""
    if named := OF_NAMED_CLASS.fullmatch(name):
        return named[1], NAMED + class_key(named[2])
    if found := OF_MODEL.fullmatch(name):
        model, part = found.groups()
        return model, f"p{int(part[1:])}" if OF_CLASS.fullmatch(part) else part
    return "", ""


def _is_probability(part: str) -> bool:
    return part.startswith(NAMED) or OF_CLASS.fullmatch(part) is not None


def classes_by_part(path: Path, models: Models) -> dict[str, str]:
    """Return the names of classes by the parts that are their probabilities; none: there are none.

    Those are p0, p1, ... of the classes 0, 1, ..., or p:NAME. Without p0 they are such only where
    nothing else says what a model answers.

    Raises:
        ConfigError: of some classes by number, of others by name.

    """
    met = {part for parts in models.values() for part in parts if _is_probability(part)}
    if named := [part.removeprefix(NAMED) for part in met if part.startswith(NAMED)]:
        if "p0" in met:
            expected = "probabilities of classes by number, p0, or by name, p:CLASS"
            raise ConfigError(error_text(str(path), expected, f"p0 and p:{min(named)}"))
        return {NAMED + name: name for name in in_order(named)}
    others = all(any(part in parts for part in ANSWERS) for parts in models.values())
    if "p0" not in met and others:
        return {}
    # Of a number that is left out the column is missing, which the reader tells.
    count = max(sum(map(_is_probability, parts)) for parts in models.values())
    return {f"p{k}": str(k) for k in range(count)}


def of_all(path: Path, models: Models, part: str) -> dict[str, Part]:
    """Return a part's columns by model: of all models, or of none.

    Raises:
        ConfigError: of some.

    """
    found = {name: parts[part] for name, parts in models.items() if part in parts}
    for name, parts in models.items():
        if found and name not in found:
            expected = f"a column {name}:{part}, as of {next(iter(found))}"
            received = ", ".join(own.name for own in parts.values())
            raise ConfigError(error_text(str(path), expected, received))
    return found


def side_by_side(
    path: Path, parts: Mapping[str, Part], low: float = -np.inf, high: float = np.inf
) -> NDArray[np.float32]:
    """Return columns of numbers within bounds side by side."""
    return np.stack([numbers(path, part, low, high) for part in parts.values()], axis=1)


def numbers(
    path: Path, part: Part, low: float = -np.inf, high: float = np.inf
) -> NDArray[np.float32]:
    """Return a column of finite numbers within bounds, NaN where there is none.

    Raises:
        ConfigError: another value, with its row.

    """
    return _single(path, part, numbers_of(f"{path}, {part.name}", part.values), low, high)


def scores(path: Path, part: Part) -> NDArray[np.float32]:
    """Return a column of scores, as ``numbers``, and say where many of them become one."""
    where = f"{path}, {part.name}"
    exact = numbers_of(where, part.values)
    kept = _single(path, part, exact)
    tell_merged_scores(where, exact)
    return kept


def tell_merged_scores(where: str, scores: NDArray[np.float64]) -> None:
    """Say where many different scores are one number in single precision, as which all are kept.

    A router sees the same when it serves; a few neighbours that become one change nothing.
    """
    different = np.unique(scores[np.isfinite(scores)])
    values, counts = np.unique(different.astype(np.float32), return_counts=True)
    most = int(counts.argmax()) if counts.size else 0
    if counts.size and counts[most] >= max(MANY, MERGED * len(different)):
        told = "%s: %s of %s different scores are kept as the one number %g: give their logarithm, "
        told += "log(p / (1 - p)), or how far they are from it"
        LOG.warning(told, where, f"{counts[most]:,}", f"{len(different):,}", values[most])


def _single(
    path: Path,
    part: Part,
    exact: NDArray[np.float64],
    low: float = -np.inf,
    high: float = np.inf,
) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        values = exact.astype(np.float32)
    outside = np.isinf(values) | (values < low) | (values > high)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        bounds = f" of {low:g} to {high:g}" if high < np.inf else ""
        bounds = bounds or (f" of at least {low:g}" if low > -np.inf else "")
        where = f"{path}, {part.name}, row {row + 1}"
        raise ConfigError(error_text(where, f"a finite number{bounds}", part.values[row]))
    return values


def row_count(models: Models) -> int:
    """Return how many inputs there are."""
    return len(next(iter(next(iter(models.values())).values())).values)
