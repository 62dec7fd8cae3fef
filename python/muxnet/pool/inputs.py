"""Labelled inputs of any kind, read as they are wanted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.fingerprint import Known
from muxnet.pool.image_files import ImageFile, digests_of, read_images, read_stored
from muxnet.pool.pixels import Greatest, Numbers, array_of, images_of, stacked, values_of

Kind = Literal["images", "vectors", "texts", "values"]
Labels: TypeAlias = "NDArray[np.int32]"
Places: TypeAlias = "NDArray[np.int64]"
# Images u8 or f32 (n, c, h, w), vectors f32 (n, d), texts, or objects of any kind.
Batch: TypeAlias = "Numbers | Sequence[str] | Sequence[object]"
Rows: TypeAlias = "slice | Sequence[int] | NDArray[np.int64]"
Formats: TypeAlias = "Sequence[_core.ImageFormat | None]"

ROWS_AT_A_TIME = 1024  # of which a digest is made


class Inputs(Protocol):
    """Labelled inputs; what they are is read when it is asked for, and not kept.

    ``labels`` i32 (n) are -1 where they are not known; ``source_index`` i64 (n) tells the places in
    where they come from; ``part`` is "train", "held_out" or "test" of data that is divided, else
    empty. Threads may read at once.
    """

    @property
    def name(self) -> str:
        """Of the data, for messages and reports."""

    @property
    def kind(self) -> Kind:
        """What ``read`` gives."""

    @property
    def part(self) -> str:
        """Of divided data."""

    @property
    def unreadable(self) -> Sequence[str]:
        """Why others, which are left out, cannot be read."""

    @property
    def class_names(self) -> Sequence[str]:
        """One a class; none where nothing is labelled."""

    @property
    def labels(self) -> Labels:
        """One an input."""

    @property
    def source_index(self) -> Places:
        """One an input."""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Of one input as it comes; None: it is no array."""

    def __len__(self) -> int:
        """Return how many they are."""

    def read(self, rows: Rows, formats: Formats) -> list[Batch]:
        """Return the inputs at ``rows``, once for each format; None: as they are.

        Raises:
            ConfigError: images of several sizes as they are; a format for what is no image.
            OSError: an image that cannot be read; all such are named.

        """

    def identity(self) -> Known:
        """Return digests of all inputs and labels: ``count``, ``images``, ``labels``."""

    def contents(self) -> Places:
        """Return a digest of each, by which it is the same input in any collection.

        None where equal inputs may well be others: short texts, vectors of few values.
        """

    def subset(self, rows: Rows, part: str | None = None) -> Inputs:
        """Return those at ``rows`` alone, in that order, as ``part`` where that is given."""


@dataclasses.dataclass(frozen=True, eq=False)
class _Labelled:
    """What all inputs have beside themselves."""

    name: str
    labels: Labels
    class_names: Sequence[str]
    source_index: Places
    part: str = dataclasses.field(default="", kw_only=True)
    unreadable: Sequence[str] = dataclasses.field(default=(), kw_only=True)

    def __len__(self) -> int:
        return len(self.labels)

    def indices(self, rows: Rows) -> Places:
        """Return rows as numbers of 0 to n - 1."""
        if isinstance(rows, slice):
            return np.arange(*rows.indices(len(self)), dtype=np.int64)
        return np.asarray(rows, dtype=np.int64)

    def _digests(self, inputs: Sequence[str]) -> Known:
        return {
            "count": str(len(self)),
            "images": fingerprint.of_text(*inputs),
            "labels": _core.digest(np.ascontiguousarray(self.labels)),
        }

    def contents(self) -> Places:
        """Return none."""
        return np.zeros(0, np.int64)

    def _pieces(self) -> list[slice]:
        starts = range(0, len(self), ROWS_AT_A_TIME)
        return [slice(start, min(start + ROWS_AT_A_TIME, len(self))) for start in starts]


@dataclasses.dataclass(frozen=True, eq=False)
class FileInputs(_Labelled):
    """Image files, or what tables hold of such, decoded in parallel whenever they are read."""

    files: Sequence[ImageFile]
    kind: Kind = dataclasses.field(default="images", init=False)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of the first image as it is stored, and so of all where they are of one size."""
        return self._stored(self.files[:1]).shape[1:]

    def read(self, rows: Rows, formats: Formats) -> list[Batch]:
        """Return images u8 (n, c, h, w) for each format; see ``Inputs``."""
        files = [self.files[i] for i in self.indices(rows)]
        wanted = [shown for shown in formats if shown is not None]
        images, errors = read_images(files, wanted)
        if any(errors):
            self._refuse(errors)
        given = iter(images)
        return [self._stored(files) if shown is None else next(given) for shown in formats]

    def identity(self) -> Known:
        """Return digests of the files' contents in their order, and of the labels."""
        return self._digests(self._digest_each)

    def contents(self) -> Places:
        """Return digests of the files' contents."""
        return _numbers(self._digest_each)

    def subset(self, rows: Rows, part: str | None = None) -> FileInputs:
        """Return the files at ``rows``."""
        kept = self.indices(rows)
        return dataclasses.replace(
            self,
            files=[self.files[i] for i in kept],
            labels=self.labels[kept],
            source_index=self.source_index[kept],
            part=self.part if part is None else part,
        )

    def readable(self) -> FileInputs:
        """Return those that can be decoded; the others' errors are its ``unreadable``."""
        errors = self._errors()
        rows = [i for i, error in enumerate(errors) if not error]
        if not rows:
            raise OSError(error_text(self.name, "readable images", f"none; {next(iter(errors))}"))
        return dataclasses.replace(
            self.subset(rows), unreadable=[error for error in errors if error]
        )

    @cached_property
    def _digest_each(self) -> list[str]:
        try:
            return digests_of(self.files)
        except OSError:
            _core.refuse_unreadable(self._errors())  # by the names of all
            raise

    def _stored(self, files: Sequence[ImageFile]) -> NDArray[np.uint8]:
        images, errors = read_stored(files)
        if any(errors):
            self._refuse(errors)
        if len({image.shape for image in images}) > 1:
            sizes = sorted({image.shape[1:] for image in images})
            expected = "images of one size, or a size for each model (--size, or in its list)"
            raise ConfigError(error_text(self.name, expected, f"{sizes[0]}, {sizes[1]}, ..."))
        return np.stack(images)

    def _errors(self) -> list[str]:
        """Return what is wrong with each file."""
        return read_images(self.files, [])[1]

    def _refuse(self, errors: Sequence[str]) -> None:
        """Raise an error that names all files that cannot be read, those not yet tried too."""
        _core.refuse_unreadable(self._errors())
        _core.refuse_unreadable(errors)


@dataclasses.dataclass(frozen=True, eq=False)
class ArrayInputs(_Labelled):
    """Images u8 or f32 (n, c, h, w), f32 of 0 to 1, or vectors f32 (n, d), in memory."""

    values: Numbers

    @property
    def kind(self) -> Kind:
        """Images or vectors, as the array has axes."""
        return "images" if self.values.ndim == 4 else "vectors"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image or vector."""
        return self.values.shape[1:]

    def read(self, rows: Rows, formats: Formats) -> list[Batch]:
        """Return the images as each format wants them, or the vectors."""
        picked = self.values[rows if isinstance(rows, slice) else self.indices(rows)]
        return _shown(self.name, picked, formats)

    def identity(self) -> Known:
        """Return digests of the array and the labels."""
        return self._digests([_core.digest(self.values[rows]) for rows in self._pieces()])

    def contents(self) -> Places:
        """Return digests of images."""
        if self.kind != "images":
            return super().contents()
        return _numbers([_core.digest(image) for image in self.values])

    def subset(self, rows: Rows, part: str | None = None) -> ArrayInputs:
        """Return the rows, copied."""
        kept = self.indices(rows)
        return dataclasses.replace(
            self,
            values=self.values[kept],
            labels=self.labels[kept],
            source_index=self.source_index[kept],
            part=self.part if part is None else part,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class ValueInputs(_Labelled):
    """Texts, or objects of any kind, which functions are given as they are.

    ``arrays``: all are arrays of one shape and type, images or vectors, and are read as one array.
    ``greatest`` are the pixels of all, and stay those of what they are a subset of.
    """

    values: Sequence[object]
    arrays: bool = dataclasses.field(default=False, kw_only=True)
    greatest: Greatest | None = dataclasses.field(default=None, kw_only=True)

    @cached_property
    def kind(self) -> Kind:
        """Texts where all are; of what is read as it is wanted, where the first is one."""
        if self.shape is not None:
            return "images" if len(self.shape) == 3 else "vectors"
        listed = isinstance(self.values, (list, tuple))
        shown = self.values if listed else [self.values[0]]
        return "texts" if all(isinstance(value, str) for value in shown) else "values"

    @cached_property
    def shape(self) -> tuple[int, ...] | None:
        """Of the first, where they are arrays."""
        return self._stacked(self.values[:1]).shape[1:] if self.arrays else None

    def read(self, rows: Rows, formats: Formats) -> list[Batch]:
        """Return the values in a list, or arrays in one; single images as each format wants them.

        Raises:
            ConfigError: arrays of another shape than before, or numbers that are no pixels.

        """
        values = [self.values[i] for i in self.indices(rows)]
        if self.arrays:
            return _shown(self.name, self._stacked(values), formats)
        return [values if shown is None else self._shown(values, shown) for shown in formats]

    def _stacked(self, values: Sequence[object]) -> Numbers:
        array = stacked(values)
        if array is None:
            raise ConfigError(error_text(self.name, "arrays of one shape, as at first", "others"))
        return values_of(self.name, array, self.greatest)

    def identity(self) -> Known:
        """Return digests of texts and arrays and of the labels; of other objects, their types."""
        return self._digests([_digest(value) for value in self.values])

    def subset(self, rows: Rows, part: str | None = None) -> ValueInputs:
        """Return the values at ``rows``."""
        kept = self.indices(rows)
        return dataclasses.replace(
            self,
            values=[self.values[i] for i in kept],
            labels=self.labels[kept],
            source_index=self.source_index[kept],
            part=self.part if part is None else part,
        )

    def _shown(self, values: Sequence[object], shown: _core.ImageFormat) -> Batch:
        if self.kind == "texts":
            raise _no_image(self.name, self.kind)
        return images_of(self.name, values, shown, self.greatest)


def _numbers(digests: Sequence[str]) -> Places:
    return np.array([int(digest, 16) for digest in digests], np.uint64).view(np.int64)


def _digest(value: object) -> str:
    if isinstance(value, str):
        return fingerprint.of_text(value)
    if (array := array_of(value)) is not None:
        return fingerprint.of_arrays({"": array})[""]
    if hasattr(value, "__array_interface__"):  # Pillow's images
        return fingerprint.of_arrays({"": np.asarray(value)})[""]
    return type(value).__name__


def _shown(name: str, values: Numbers, formats: Formats) -> list[Batch]:
    """Return images as each format wants them; None: images or vectors as they are."""
    if values.ndim != 4 and any(shown is not None for shown in formats):
        raise _no_image(name, "vectors")
    return [values if shown is None else _core.format_images(values, shown) for shown in formats]


def _no_image(name: str, kind: str) -> ConfigError:
    return ConfigError(error_text(name, "images, as a model wants them", kind))
