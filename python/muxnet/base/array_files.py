"""NumPy's npz files, checked before memory for an array is asked for, as other files are."""

import math
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import open_file

MOST_MEMBERS = 1000
DEFLATE_EXPANSION = 1032  # the most that a packed byte can become
HEADER_BYTES = 10_000

Array: TypeAlias = NDArray[np.generic]
Arrays = dict[str, Array]


def read_arrays(path: str | os.PathLike[str], most: int = 1 << 34) -> Arrays:
    """Return the arrays of an npz file of at most ``most`` bytes, which hold no Python objects.

    Unpacked they may have 256 MiB, or a hundred times the file's bytes.

    Raises:
        ConfigError: no npz file, or one whose arrays are not what their headers say.
        OSError: the file cannot be read.

    """
    with open_file(path, most) as file:
        try:
            return _arrays(file)
        except MemoryError:
            raise
        except Exception as error:  # zipfile, zlib and NumPy have errors of their own, OSError too
            raise ConfigError(
                error_text(str(path), "an npz file of NumPy arrays", error)
            ) from error


def room(file_bytes: int, least: int, factor: int) -> int:
    """Return how many bytes may be made of a file: ``least``, more for a large one."""
    return least + factor * file_bytes


def require_room(path: Path, file_bytes: int, needed: int, what: str) -> None:
    """Refuse to make ``needed`` bytes of a file of so few.

    Raises:
        ConfigError: it is too small.

    """
    most = room(file_bytes, 64 << 20, 1000)
    if needed > most:
        expected = f"at most {most:,} bytes made of {file_bytes:,} in the file"
        raise ConfigError(error_text(str(path), expected, f"{needed:,} for {what}"))


def objects(values: Sequence[object]) -> Array:
    """Return values one by one, lists too, which NumPy would take apart."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _arrays(file: BinaryIO) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_members(members, room(os.fstat(file.fileno()).st_size, 256 << 20, 100))
        return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}


def _check_members(members: list[zipfile.ZipInfo], most: int) -> None:
    _expect(len(members) <= MOST_MEMBERS, f"at most {MOST_MEMBERS} arrays", f"{len(members):,}")
    total = 0
    for member in members:
        packed = member.compress_type == zipfile.ZIP_DEFLATED
        plain = member.compress_type == zipfile.ZIP_STORED
        _expect(packed or plain, "arrays as they are or deflated", "another packing")
        size, held = member.file_size, member.compress_size
        fits = size == held if plain else size <= DEFLATE_EXPANSION * held + DEFLATE_EXPANSION
        _expect(fits, f"{member.filename} of its packed size", f"{size:,} bytes of {held:,}")
        total += size
    _expect(total <= most, f"at most {most:,} bytes of so small a file", f"{total:,} (use savez)")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.generic]:
    name = member.filename
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        _expect(version in readers, f"{name} in version 1 or 2", version)
        shape, _, dtype = readers[version](file, max_header_size=HEADER_BYTES)
        _expect(not dtype.hasobject and dtype.itemsize > 0, f"{name} of plain values", dtype)
        promised, held = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
        _expect(promised == held, f"{promised:,} bytes of {dtype} {shape} in {name}", f"{held:,}")
    with archive.open(member) as file:
        array: NDArray[np.generic] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _expect(fits: bool, expected: str, received: object) -> None:
    if not fits:
        raise ValueError(f"{received} instead of {expected}")
