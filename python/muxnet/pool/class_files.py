"""The files that list a model's classes, in the forms that people have: JSON, YAML, lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from muxnet.base.files import Json, parse_json, read_text
from muxnet.pool.entries import Place
from muxnet.pool.yaml_names import yaml_names

CLASSES_BYTES = 16 << 20
NAMED_UNDER = ("id2label", "label_names")  # by Hugging Face, by timm
# Those, and by Ultralytics, Roboflow, COCO and others, in a file that is named for its classes.
LISTED_UNDER = (*NAMED_UNDER, "names", "class_names", "classes", "labels", "categories")
# "n01440764 tench, Tinca tinca" of ImageNet's synset_words.txt, "0 cat" of Teachable Machine.
MARKED = re.compile(r"(n\d{8}|\d+)[\s:,]\s*(\S.*)", re.ASCII)


class ClassNames(tuple[str, ...]):
    """Names of classes in a model's order, and what else their file calls the same classes."""

    others: tuple[tuple[str, ...], ...] = ()
    source: str = ""  # the file

    @classmethod
    def of(cls, namings: Sequence[Sequence[str]], source: str) -> ClassNames:
        """Return what a file calls its classes; only the first naming may have a name twice."""
        whole = [tuple(names) for names in namings if len(set(names)) == len(names)]
        whole = whole or [tuple(namings[0])]
        made = cls(whole[0])
        made.others = tuple(dict.fromkeys(whole[1:]))
        made.source = source
        return made

    @property
    def namings(self) -> list[tuple[str, ...]]:
        """Return all that the file calls them, this first."""
        return [self, *self.others]


def namings_of(classes: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all that the file of a model's classes calls them; one naming where there is none."""
    return classes.namings if isinstance(classes, ClassNames) else [tuple(classes)]


def read_class_file(place: Place, key: str, path: Path) -> ClassNames:
    """Return the names that a file lists.

    Raises:
        ConfigError: it lists none.
        OSError: it cannot be read.

    """
    text, ending = read_text(path, CLASSES_BYTES), path.suffix.lower()
    where = f"{key}, {path}"
    if ending in (".yaml", ".yml"):
        found = yaml_names(text, LISTED_UNDER)
        if found is None:
            expected = "names in lines or [...] under `names`, as JSON has them or in quotes"
            raise place.refused(where, expected, "YAML that is not read here")
        return from_json(place, where, found, str(path))
    if ending == ".json":
        value = parse_json(text, str(path))
        inner = under_keys(value, LISTED_UNDER)
        return from_json(place, where, value if inner is None else inner, str(path))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ClassNames.of(_line_namings(lines), str(path))


def under_keys(value: Json, keys: Sequence[str]) -> Json:
    """Return what a file has as names of classes under the first such key; None: nothing."""
    if not isinstance(value, Mapping):
        return None
    held = [value[key] for key in keys if isinstance(value.get(key), (Mapping, list))]
    return held[0] if held else None


def from_json(place: Place, key: str, value: Json, source: str) -> ClassNames:
    """Return a list of names or of several names each, an object of them by number, or the reverse.

    Raises:
        ConfigError: none of these.

    """
    if isinstance(value, Mapping):
        by_name = {str(number): name for name, number in value.items() if isinstance(number, int)}
        value = by_name if len(by_name) == len(value) else value
        numbers = [str(k) for k in range(len(value))]
        if set(value) != set(numbers):
            raise place.refused(key, "names by number from 0", ", ".join(value))
        value = [value[number] for number in numbers]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise place.refused(key, "a list of names", type(value).__name__)
    if value and all(isinstance(item, Mapping) for item in value):
        value = _categories(place, key, value)
    rows = [item if isinstance(item, list) else [item] for item in value]
    count = len(rows[0]) if rows else 0
    if odd := [
        row
        for row in rows
        if len(row) != count or not all(isinstance(name, str) for name in row) or not row
    ]:
        raise place.refused(key, "a name of each class", odd[0][0] if len(odd[0]) == 1 else odd[0])
    return ClassNames.of([[str(row[i]) for row in rows] for i in range(count)] or [[]], source)


def _categories(place: Place, key: str, items: Sequence[Json]) -> list[Json]:
    """Return the names of categories as of COCO, which are in the order of their numbers."""
    listed = [item for item in items if isinstance(item, Mapping)]
    numbers = [item.get("id", k) for k, item in enumerate(listed)]
    whole = [number for number in numbers if isinstance(number, int)]
    if len(whole) < len(numbers) or sorted(set(whole)) != whole:
        raise place.refused(key, "categories in the order of their id", numbers)
    return [item.get("name") for item in listed]


def _line_namings(lines: Sequence[str]) -> list[list[str]]:
    """Return what lines call classes: as they are; by their marks, and without, where each has one.

    A number that marks a class is its place.
    """
    marked = [mark for line in lines if (mark := MARKED.fullmatch(line))]
    if len(marked) < len(lines) or not lines:
        return [list(lines)]
    marks = [mark[1] for mark in marked]
    rests = [mark[2] for mark in marked]
    if all(mark.startswith("n") for mark in marks):
        return [list(lines), marks, rests]
    return [list(lines), rests] if [*map(str, range(len(marks)))] == marks else [list(lines)]
