"""Image files, and the same as tables hold them: read, decoded and told apart alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.files import as_file

T = TypeVar("T")
Pixels: TypeAlias = "NDArray[np.uint8]"

AT_A_TIME = 256  # of a table's images, whose files are in memory while they are decoded


@dataclasses.dataclass(frozen=True)
class HeldImage:
    """An image file in a row of ``column``, or at ``path`` where the row has none; empty: none."""

    where: str
    column: Sequence[bytes | None]
    row: int
    path: str = ""

    def __str__(self) -> str:
        return f"{self.where}, row {self.row + 1}"

    def found(self) -> bytes | str:
        """Return its content, or where that is.

        Raises:
            ConfigError, OSError: the table cannot be read.

        """
        content = self.column[self.row]
        return (self.path or b"") if content is None else content


ImageFile: TypeAlias = "str | HeldImage"


def read_images(
    files: Sequence[ImageFile], formats: Sequence[_core.ImageFormat]
) -> tuple[list[Pixels], list[str]]:
    """Return images u8 (n, c, h, w) for each format, and what is wrong with each file.

    Raises:
        ConfigError, OSError: a table that holds some cannot be read.

    """
    if not any(isinstance(file, HeldImage) for file in files):
        return _core.read_images([str(file) for file in files], formats)
    images = [np.zeros((len(files), f.channels, f.height, f.width), np.uint8) for f in formats]
    errors = [""] * len(files)
    order = _in_order(files)
    for start in range(0, len(files), AT_A_TIME):
        found = {i: _found(files[i]) for i in order[start : start + AT_A_TIME]}
        paths = {i: held for i, held in found.items() if isinstance(held, str)}
        contents = {i: held for i, held in found.items() if isinstance(held, bytes)}
        of_paths = _core.read_images(list(paths.values()), formats)
        of_contents = _core.decode_images(list(contents.values()), formats)
        for rows, (some, told) in ((paths, of_paths), (contents, of_contents)):
            for whole, part in zip(images, some, strict=True):
                whole[list(rows)] = part
            for place, (i, error) in enumerate(zip(rows, told, strict=True)):
                own = rows is contents  # the core tells these by their place among them
                errors[i] = error.replace(f"image {place}", str(files[i]), 1) if own else error
    return images, errors


def read_stored(files: Sequence[ImageFile]) -> tuple[list[Pixels], list[str]]:
    """Return colour images as they are stored, each u8 (3, h, w), and what is wrong with each.

    Raises:
        ConfigError, OSError: a table that holds some cannot be read.

    """
    if not any(isinstance(file, HeldImage) for file in files):
        return _core.read_stored_images([str(file) for file in files])
    read = _of_each(_stored, files)
    return [image for image, _ in read], [error for _, error in read]


def digests_of(files: Sequence[ImageFile]) -> list[str]:
    """Return the digest of each file, which is that of the same file in a table.

    Raises:
        ConfigError: a table cannot be read.
        OSError: nor a file.

    """
    return _of_each(_digest, files)


def _digest(file: ImageFile) -> str:
    found = _found(file)
    if isinstance(found, str):
        return _core.digest_file(found)
    with as_file(found) as name:  # the core digests by name, in pieces
        return _core.digest_file(name)


def _in_order(files: Sequence[ImageFile]) -> list[int]:
    """Return the places of files as tables have them: a group of rows is unpacked once for all."""
    rows = [(id(x.column), x.row) if isinstance(x, HeldImage) else (0, 0) for x in files]
    return sorted(range(len(files)), key=rows.__getitem__)


def _of_each(work: Callable[[ImageFile], T], files: Sequence[ImageFile]) -> list[T]:
    """Return what ``work`` gives for each file, in threads."""
    order = _in_order(files)
    with ThreadPoolExecutor(_core.usable_cores()) as threads:
        found = dict(zip(order, threads.map(work, [files[i] for i in order]), strict=True))
    return [found[i] for i in range(len(files))]


def _found(file: ImageFile) -> bytes | str:
    return file.found() if isinstance(file, HeldImage) else file


def _stored(file: ImageFile) -> tuple[Pixels, str]:
    found = _found(file)
    if isinstance(found, str):
        (image,), (error,) = _core.read_stored_images([found])
        return image, error
    with as_file(found) as name:  # the core says sizes of files alone
        (image,), (error,) = _core.read_stored_images([name])
    return image, error.replace(name, str(file), 1)
