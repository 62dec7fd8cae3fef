"""Names of a model's classes: the files that list them, and answers put into the data's order."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import read_json
from muxnet.outcomes.class_order import Names
from muxnet.pool.class_files import (
    NAMED_UNDER,
    ClassNames,
    from_json,
    namings_of,
    read_class_file,
    under_keys,
)
from muxnet.pool.entries import Place
from muxnet.pool.input_files import InputKeys

MOST_LISTED = 10  # names in an error

# Names of the classes of each model, in the order of its answers.
Classes: TypeAlias = Mapping[str, Sequence[str]]
Naming: TypeAlias = tuple[str, ...]


def read_classes(
    place: Place, given: tuple[str, ...] | str | None, shown: InputKeys | None = None
) -> tuple[str, ...]:
    """Return the class names that an entry gives, or the file that it names; none: empty.

    A file is a list in JSON, of names or of several names of each (Keras'
    ``imagenet_class_index.json``, COCO's ``categories``), an object of them by number, or of
    numbers by name (torchvision's ``class_to_idx``, Keras' ``class_indices``), also under a key as
    ``names`` or ``id2label``, also as Python writes it; YAML as simple as that; or a text of a name
    per line, behind an id of WordNet or its number too. Where the entry gives neither, the file
    that says what the model is ``shown`` may hold names under ``id2label`` or ``label_names``.

    Raises:
        ConfigError: no names, or one twice.
        OSError: the file cannot be read.

    """
    key = "classes"
    if given is None:
        if shown is None or shown.config is None:
            return ()
        key = "input.config"
        found = under_keys(read_json(place.file(key, shown.config)), NAMED_UNDER)
        if found is None:
            return ()
        given = from_json(place, key, found, shown.config)
    elif isinstance(given, str):
        given = read_class_file(place, key, place.file(key, given))
        key = f"{key}, {given.source}"
    twice = [name for name, count in Counter(given).items() if count > 1]
    if len(given) < 2 or twice:
        received = f"{twice[0]!r} twice" if twice else given
        raise place.refused(key, "at least two different names", received)
    return given


def named_by(
    classes: tuple[str, ...], names: Sequence[str], labels: Iterable[int], where: str
) -> tuple[str, ...]:
    """Return a model's classes as the data calls them, where their file calls them several things.

    Raises:
        ConfigError: what the data says may be classes of either, and others of each.

    """
    fits = _fitting(classes, names) or _fitting(classes, _needed(names, labels))
    if len(fits) > 1:
        expected = "the data's classes among one of the names that a file has for each"
        raise ConfigError(error_text(f"{where}, classes", expected, "both"))
    return next(iter(fits.values()), classes)


def _needed(names: Sequence[str], labels: Iterable[int]) -> Sequence[str]:
    """Return the data's classes that a model has to know: all, or of mere numbers those met.

    Numbers may be counted from 1, and up to a greatest that is no number of classes.
    """
    met = sorted({label for label in labels if 0 <= label < len(names)})
    return [names[k] for k in met] if _numbered(names) else names


def _fitting(classes: tuple[str, ...], names: Sequence[str]) -> dict[tuple[int, ...], Naming]:
    """Return what a file calls a model's classes by where it has all ``names``, each once."""
    fits: dict[tuple[int, ...], Naming] = {}
    for naming in namings_of(classes):
        known = Names(naming)
        places = tuple(known.number(name) for name in names)
        if min(places, default=-1) >= 0:
            fits.setdefault(places, naming)
    return fits


@dataclasses.dataclass(frozen=True)
class Places:
    """Classes of a table: how many, the names of the first of them, and where models' own go."""

    count: int
    names: Sequence[str]
    of: Mapping[str, NDArray[np.intp]]


def check_classes(names: Sequence[str], labels: Iterable[int], own: Classes) -> None:
    """Refuse models that do not know a class of the data, called as ``named_by`` has it.

    Raises:
        ConfigError: one does not, or has one twice.

    """
    needed = _needed(names, labels)
    for name, classes in own.items():
        _numbers(name, classes, Names(names))
        # Of what a file calls them, what it most likely means.
        nearest = min(namings_of(classes), key=lambda own: len(_lacking(own, needed)))
        if classes and (lacking := _lacking(nearest, needed)):
            file = f"{classes.source}: " if isinstance(classes, ClassNames) else ""
            told = f"{file}{_listed(nearest)}; classes in its entry says others"
            expected = f"the data's classes among those of {name} ({told})"
            raise ConfigError(error_text("collect", expected, f"none called {lacking[0]!r}"))


def _lacking(names: Sequence[str], wanted: Iterable[str]) -> list[str]:
    """Return which classes are not among names."""
    known = Names(names)
    return [name for name in wanted if known.number(name) < 0]


def places_of(names: Sequence[str], own: Classes, counts: Mapping[str, int]) -> Places:
    """Return where each model's classes go: to those of the data by name, and further ones behind.

    ``names`` are the data's; ``own`` those of each model, none where they are the data's in their
    order; ``counts`` how many its answers have.

    Raises:
        ConfigError: other counts than names.

    """
    known = [*names]
    for classes in own.values():
        numbers = Names(known)
        known += [name for name in classes if numbers.number(name) < 0]
    unnamed = {name: count for name, count in counts.items() if not own[name]}
    # Where classes are but numbers, a model may know more of them.
    numbered = len(known) == len(names) and _numbered(names)
    most = max([len(known), *unnamed.values()]) if numbered else len(known)
    found = {name: np.arange(count) for name, count in unnamed.items()}
    numbers = Names(known)
    for name, classes in own.items():
        if not classes:
            continue
        if len(classes) != counts[name]:
            expected = f"answers of {name} over the {len(classes)} classes that it names"
            raise ConfigError(error_text("collect", expected, counts[name]))
        found[name] = _numbers(name, classes, numbers)
    for name, count in unnamed.items():
        if count != most:
            expected = f"answers of {name} over all {most} classes, or its classes by name"
            where = "in the list of models (classes)"
            raise ConfigError(error_text("collect", f"{expected} {where}", counts))
    return Places(most, known, found)


def _numbered(names: Sequence[str]) -> bool:
    return list(names) == [str(k) for k in range(len(names))]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")


def named_places(where: str, own: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return where the classes ``own`` stand among ``names``; none: they are those, in their order.

    Raises:
        ConfigError: one is not among them.

    """
    nearest = min(namings_of(own), key=lambda naming: len(_lacking(names, naming)))
    if stray := _lacking(names, nearest):
        expected = "classes that the router knows by name (classes in its entry says others)"
        raise ConfigError(error_text(where, expected, f"{stray[0]!r}, of {len(own)}"))
    return [int(k) for k in _numbers(where, nearest, Names(names))]


def _numbers(where: str, own: Sequence[str], known: Names) -> NDArray[np.intp]:
    """Return the numbers of a model's classes, -1 of those that are not known."""
    numbers = np.array([known.number(name) for name in own], np.intp)
    met: set[int] = set()
    for name, number in zip(own, numbers.tolist(), strict=True):
        if number in met:
            raise ConfigError(error_text(f"{where}, classes", "different ones", f"{name!r} twice"))
        met |= {number} - {-1}
    return numbers
