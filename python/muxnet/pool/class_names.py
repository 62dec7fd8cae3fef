"""Names of a model's classes: the files that list them, and answers put into the data's order."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import Json, parse_json, read_text
from muxnet.pool.entries import Place

CLASSES_BYTES = 16 << 20


def read_classes(place: Place, given: tuple[str, ...] | str | None) -> tuple[str, ...]:
    """Return the class names that an entry gives, or the file that it names; none: empty.

    A file is a list in JSON, an object of names by number, also under ``id2label`` or
    ``label_names`` (of Hugging Face and timm), or a text of a name per line.

    Raises:
        ConfigError: no names, or one twice.
        OSError: the file cannot be read.

    """
    if given is None:
        return ()
    if isinstance(given, str):
        path = place.file("classes", given)
        text = read_text(path, CLASSES_BYTES)
        if path.suffix.lower() == ".json":
            given = _from_json(place, parse_json(text, str(path)))
        else:
            given = tuple(line.strip() for line in text.splitlines() if line.strip())
    twice = [name for name in dict.fromkeys(given) if given.count(name) > 1]
    if len(given) < 2 or twice:
        received = f"{twice[0]!r} twice" if twice else given
        raise place.refused("classes", "at least two different names", received)
    return given


def _from_json(place: Place, value: Json) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        value = value.get("id2label", value.get("label_names", value))
    if isinstance(value, Mapping):
        numbers = [str(k) for k in range(len(value))]
        if set(value) != set(numbers):
            raise place.refused("classes", "names by number from 0", ", ".join(value))
        value = [value[number] for number in numbers]
    if not isinstance(value, Sequence) or not all(isinstance(name, str) for name in value):
        raise place.refused("classes", "a list of names", type(value).__name__)
    return tuple(map(str, value))


@dataclasses.dataclass(frozen=True)
class Places:
    """Classes of a table: how many, the names of the first of them, and where models' own go."""

    count: int
    names: Sequence[str]
    of: Mapping[str, NDArray[np.intp]]


def places_of(
    names: Sequence[str], own: Mapping[str, Sequence[str]], counts: Mapping[str, int]
) -> Places:
    """Return where each model's classes go: to those of the data by name, and further ones behind.

    ``names`` are the data's; ``own`` those of each model, none where they are the data's in their
    order; ``counts`` how many its answers have.

    Raises:
        ConfigError: a class of the data that a model does not know, other counts than names.

    """
    more = [name for classes in own.values() for name in classes if name not in names]
    known = [*names, *dict.fromkeys(more)]
    unnamed = {name: count for name, count in counts.items() if not own[name]}
    # Where classes are but numbers, a model may know more of them.
    numbered = not more and list(names) == [str(k) for k in range(len(names))]
    most = max([len(known), *unnamed.values()]) if numbered else len(known)
    numbers = {name: k for k, name in enumerate(known)}
    found = {name: np.arange(count) for name, count in unnamed.items()}
    for name, classes in own.items():
        if not classes:
            continue
        if len(classes) != counts[name]:
            expected = f"answers of {name} over the {len(classes)} classes that its entry names"
            raise ConfigError(error_text("collect", expected, counts[name]))
        if lacking := [label for label in names if label not in classes]:
            expected = f"the data's classes among those of {name}"
            raise ConfigError(error_text("collect", expected, f"none called {lacking[0]!r}"))
        found[name] = np.array([numbers[label] for label in classes], np.intp)
    for name, count in unnamed.items():
        if count != most:
            expected = f"answers of {name} over all {most} classes, or its classes by name"
            where = "in the list of models (classes)"
            raise ConfigError(error_text("collect", f"{expected} {where}", counts))
    return Places(most, known, found)


def named_places(where: str, own: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return where the classes ``own`` stand among ``names``; none: they are those, in their order.

    Raises:
        ConfigError: one is not among them.

    """
    numbers = {name: k for k, name in enumerate(names)}
    if stray := [name for name in own if name not in numbers]:
        expected = "classes that the router knows by name"
        raise ConfigError(error_text(where, expected, f"{stray[0]!r}, of {len(own)}"))
    return [numbers[name] for name in own]
