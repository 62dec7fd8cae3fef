"""A folder of Parquet files, as data sets are published: which files each of its parts has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count, islice
from pathlib import Path

from muxnet.base.errors import ConfigError, error_text

ENDING = ".parquet"
# What people call the parts: the words of the core's image folders (data/folder_parts.cpp).
WORDS = {
    "train": ("train", "training", "trn"),
    "held_out": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "tst"),
}
PARTS = {word: part for part, words in WORDS.items() for word in words}
SHARD = re.compile(r"-(\d{1,9})-of-(\d{1,9})(?![^-])", re.ASCII)
INNER = "data"  # where Hugging Face's data sets have their files
TOLD = 3  # names in a message
EXPECTED = f"files {ENDING} of parts, NAME or NAME-...: {', '.join(PARTS)}"


def shards_of(folder: Path, say: Callable[[str], object]) -> Mapping[str, Sequence[Path]]:
    """Return the files of each part, in their order; "" alone where they are of no part.

    What is left out is said.

    Raises:
        ConfigError: no files, files that are missing or there twice, or parts that are not known.
        OSError: the folder cannot be read.

    """
    files, others = _files_in(folder)
    if not files and (folder / INNER).is_dir():
        folder = folder / INNER
        files, others = _files_in(folder)
    if not files:
        received = ", ".join(file.name for file in others[:TOLD]) or "none"
        raise ConfigError(error_text(str(folder), f"files {ENDING}", received))
    named: dict[str, list[Path]] = {}
    for file in files:
        named.setdefault(file.stem.split("-")[0].lower(), []).append(file)
    for name in [name for name in named if name not in PARTS and PARTS.keys() & named.keys()]:
        others += named.pop(name)
    found: dict[str, list[Path]] = {}
    for name, shards in named.items():
        part = PARTS.get(name, "")
        if part in found:
            expected = EXPECTED if part == "" else f"one part like {found[part][0].name}"
            raise ConfigError(error_text(str(folder), expected, shards[0].name))
        found[part] = _whole(folder, shards, known=part != "")
    for file in others:
        say(f"left out: {file}: no part in {ENDING}")
    return {part: found[part] for part in ("", *WORDS) if part in found}


def _files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files that may be shards, and those that are none; without what is hidden."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    files = [entry for entry in entries if not entry.is_dir()]
    shards = [file for file in files if file.suffix.lower() == ENDING]
    return shards, [file for file in files if file not in shards]


def _whole(folder: Path, files: Sequence[Path], *, known: bool) -> list[Path]:
    """Return a part's files in their order, all that they say that there are."""
    if len(files) == 1 and SHARD.search(files[0].stem) is None:
        return list(files)
    by_number: dict[int, Path] = {}
    counts: dict[int, Path] = {}
    for file in files:
        found = SHARD.search(file.stem)
        if found is None:
            if known:
                expected = f"{file.name} alone, or NUMBER-of-COUNT in each name of that part"
            else:
                expected = EXPECTED
            others = ", ".join(other.name for other in files if other != file)
            raise ConfigError(error_text(str(folder), expected, f"{file.name} beside {others}"))
        number, most = map(int, found.groups())
        if number in by_number or number >= most or (counts and most not in counts):
            expected = f"each file of a part once, beside {files[0].name}"
            raise ConfigError(error_text(str(folder), expected, file.name))
        by_number[number] = counts[most] = file
    (most,) = counts
    if lacking := most - len(by_number):
        absent = islice((i for i in count() if i not in by_number), min(lacking, TOLD))
        told = ", ".join(f"{i:05}-of-{most:05}" for i in absent)
        received = f"{len(files):,} without {told}" + (", ..." if lacking > TOLD else "")
        of = files[0].stem.split("-")[0]
        raise ConfigError(error_text(f"{folder}, {of}", f"{most:,} files", received))
    return [by_number[number] for number in sorted(by_number)]
