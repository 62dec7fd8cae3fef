"""What a value in a file, table or array says as a class: one rule for all readers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from decimal import Decimal

import numpy as np

# As programs print numbers: those of few digits in the exponent ("1e5") may be anybody's names.
NUMBER = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(e[+-]\d\d)?", re.ASCII | re.IGNORECASE)
BOOLEANS = {"false": "0", "true": "1"}
SCALARS = (str, bytes, int, float, np.generic)  # which are written as they are
NOTHING = frozenset({"nan", "<na>"})
# Words that programs write for a missing value; people may call a class so, see missing_words.
MISSING_WORDS = frozenset({"NA", "N/A", "#N/A", "None", "NaT", "NULL", "null"})
INVISIBLE = "\ufeff\u200b"


def class_key(value: object) -> str:
    """Return what stands for a class in comparisons: the same text for values that are the same.

    - A number is its value, however it is typed or written: 3, 3.0, ``"3"``, ``"3.0"``,
      ``"003"``, ``" 3"`` and ``"3.000e+00"`` are ``"3"``; -0.5 and ``"-.50"`` are ``"-0.5"``.
    - A truth value is 1 or 0: True, ``"true"`` and ``"TRUE"`` are ``"1"``.
    - Any other text is itself, without blanks around it and with composed accents; small and
      capital letters differ.
    - An array or tensor without axes (PyTorch's labels) is the value that it holds.
    - None, NaN, an empty text, ``"nan"`` and ``"<NA>"`` are no class: the empty text. So are, to
      readers of labels and predictions, words as "None" and "NA", where these are not among both
      or where all others are numbers.

    >>> [class_key(value) for value in (3.0, " 003", True, "Cat ", None)]
    ['3', '3', '1', 'Cat', '']

    """
    text = class_text(value)
    word = text.lower()
    if word in NOTHING:
        return ""
    return BOOLEANS.get(word) or _number(text) or text


def class_text(value: object) -> str:
    """Return a value as it is written, without blanks around it; None: the empty text."""
    if value is None:
        return ""
    value = _item(value)
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    text = text.strip().strip(INVISIBLE).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_number(key: str) -> bool:
    """Tell whether a key is a number."""
    return NUMBER.fullmatch(key) is not None


def missing_words(labels: Collection[str], predictions: Collection[str]) -> set[str]:
    """Return which keys are words for a missing value: a class is a label and predicted too."""
    words = MISSING_WORDS.intersection([*labels, *predictions])
    others = {*labels, *predictions} - words - {""}
    named = not all(is_number(key) for key in others)
    return {word for word in words if not (named and word in labels and word in predictions)}


def minus_one_is_class(keys: Collection[str], known: Iterable[object] = ()) -> bool:
    """Tell whether -1 among labels is a class, not a number that stands for none.

    So it is beside 1 alone, and where the classes that are ``known`` have it.

    >>> minus_one_is_class({"-1", "1"}), minus_one_is_class({"-1", "0", "1"})
    (True, False)

    """
    return "-1" in keys and (set(keys) == {"-1", "1"} or "-1" in map(class_key, known))


def merged_text(numbers: Iterable[tuple[object, int]], what: str = "class") -> str:
    """Say which values of different spelling are one class, by its number; empty: none are.

    >>> merged_text([("1.1", 0), ("1.10", 0), ("2", 1)])
    "'1.1' and '1.10' are taken for one class"

    """
    first: dict[int, str] = {}
    spelled = [(class_text(value), number) for value, number in numbers if number >= 0]
    merged = [(first[n], text) for text, n in spelled if first.setdefault(n, text) != text]
    if not merged:
        return ""
    more = f", and {len(merged) - 1:,} more such" if len(merged) > 1 else ""
    return "{!r} and {!r} are taken for one {}".format(*merged[0], what) + more


def in_order(keys: Iterable[str]) -> list[str]:
    """Return keys in their order: numbers by value, so that 10 comes after 9, then texts."""
    return sorted(keys, key=_place)


def _item(value: object) -> object:
    """Return what an array or tensor without axes holds; anything else as it is."""
    if isinstance(value, SCALARS) or getattr(value, "shape", None) != ():
        return value
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def _place(key: str) -> tuple[bool, Decimal, str]:
    number = is_number(key)
    return not number, Decimal(key) if number else Decimal(0), key


def _number(text: str) -> str:
    """Return a number in its shortest form; of another text the empty one."""
    if not text or text[0] not in "+-.0123456789":
        return ""
    found = NUMBER.fullmatch(text)
    if found is None:
        return ""
    sign, digits, exponent = found.groups()
    if exponent:
        digits = format(Decimal(digits + exponent), "f")
    whole, _, rest = digits.partition(".")
    whole, rest = whole.lstrip("0") or "0", rest.rstrip("0")
    value = f"{whole}.{rest}" if rest else whole
    return f"-{value}" if sign == "-" and value != "0" else value
