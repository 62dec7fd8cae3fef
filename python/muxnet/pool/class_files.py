"""What lists a model's classes, in the forms that people have: JSON, YAML, Python, lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from muxnet.base.errors import ConfigError
from muxnet.base.files import Json, parse_json, read_text
from muxnet.pool.entries import Place
from muxnet.pool.yaml_names import yaml_names

CLASSES_BYTES = 16 << 20
NAMED_UNDER = ("id2label", "label_names")  # by Hugging Face, by timm
# Those, and by Ultralytics, Roboflow, COCO and others, in a file that is named for its classes.
LISTED_UNDER = (
    *NAMED_UNDER,
    *("names", "class_names", "classes", "labels", "categories", "label2id"),
)
# "n01440764 tench, Tinca tinca" of ImageNet's synset_words.txt, "0 cat" of Teachable Machine.
MARKED = re.compile(r"(n\d{8}|\d{1,9})[\s:,]\s*(\S.*)", re.ASCII)
CHARACTERS = 1 << 20  # of a literal: some twenty thousand classes
_TEXT = r"""(?:'(?:[^'\\\n]|\\[\\'"nrtxuU])*+'|"(?:[^"\\\n]|\\[\\'"nrtxuU])*+")"""
_NAMED = rf"(?:\d++\s*+:\s*+)?{_TEXT}(?:\s*+:\s*+\d++)?"
# Of nothing else Python's parser is asked, which other texts of this length may overwhelm.
LITERAL = re.compile(rf"[\[({{]\s*+{_NAMED}(?:\s*+,\s*+{_NAMED})*+\s*+,?\s*+[\])}}]", re.ASCII)


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
    value = parse_json(text, str(path)) if ending == ".json" else literal(text)
    if ending == ".json" or isinstance(value, (Mapping, list)):
        return from_value(place, where, value, str(path))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return from_lines(lines, str(path))


def literal(text: str) -> Json:
    """Return what a text is in JSON or Python; None: it is neither, or too long."""
    text = text.strip()
    if len(text) > CHARACTERS:
        return None
    try:
        return parse_json(text, "names")
    except ConfigError:
        pass
    try:
        value = ast.literal_eval(text) if LITERAL.fullmatch(text) else None
    except (ValueError, SyntaxError):
        return None
    if not isinstance(value, dict):
        return list(value) if isinstance(value, (list, tuple)) else None
    by_text = {str(key): held for key, held in value.items()}
    return by_text if len(by_text) == len(value) else None


def from_value(place: Place, key: str, value: Json, source: str) -> ClassNames:
    """Return the names that a value lists, or has under a key as ``names``.

    Raises:
        ConfigError: it lists none.

    """
    inner = under_keys(value, LISTED_UNDER)
    return from_json(place, key, value if inner is None else inner, source)


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
        numbers = [str(k) for k in range(len(value))]
        by_name: dict[str, Json] = {str(number): name for name, number in value.items()}
        whole = all(isinstance(number, int) for number in value.values())
        # Numbers may be texts: Hugging Face has both.
        if whole or (set(value) != set(numbers) == set(by_name)):
            value = by_name
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


def from_lines(lines: Sequence[str], source: str) -> ClassNames:
    """Return what lines call classes: as they are; by their marks, and without, where each has one.

    Numbers mark classes where they are in their order, from whatever number on.
    """
    marked = [mark for line in lines if (mark := MARKED.fullmatch(line))]
    marks = [mark[1] for mark in marked]
    numbers = [int(mark) for mark in marks if mark.isdecimal()]
    if numbers and sorted(set(numbers)) == numbers:
        marks = [str(number) for number in numbers]
    elif numbers:
        marks = []
    namings = [list(lines)]
    if lines and len(marks) == len(lines):
        namings += [marks, [mark[2] for mark in marked]]
    return ClassNames.of(namings, source)
