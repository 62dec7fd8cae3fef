"""Files: written so that a final name only ever holds a whole one, read within limits.

Whatever Python reads of files that users name goes through ``open_file``.
"""

import codecs
import contextlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from muxnet.base.errors import ConfigError, InputError, error_text, not_written
from muxnet.base.locks import new_temporary

# What JSON holds. Views, so that a dict of numbers is one as well.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

JSON_BYTES = 16 << 20  # Python's values take some twenty times as much
JSON_DEPTH = 32

_HALF = re.compile("[\ud800-\udfff]")  # of a character that JSON writes as two


def open_file(path: str | os.PathLike[str], most: int) -> BinaryIO:
    """Open a regular file of at most ``most`` bytes for reading.

    Anything else (a folder, a FIFO, a socket, a device) is refused without waiting for it.

    Raises:
        InputError: another kind of file, or a larger one.
        OSError: it cannot be opened.

    """
    kind = _kind(os.stat(path).st_mode)  # a socket cannot even be opened
    if kind:
        raise InputError(error_text(str(path), "a file", kind))
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        kind = _kind(status.st_mode)
        if kind:
            raise InputError(error_text(str(path), "a file", kind))
        if status.st_size > most:
            expected = f"at most {most:,} bytes"
            raise InputError(error_text(str(path), expected, f"{status.st_size:,}"))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bytes(path: str | os.PathLike[str], most: int) -> bytes:
    """Return a whole file of at most ``most`` bytes.

    Raises:
        InputError: another kind of file, a larger one, or one that is cut while it is read.
        OSError: it cannot be read.

    """
    with open_file(path, most) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size)
    if len(content) < size:
        raise InputError(error_text(str(path), f"{size:,} bytes", f"{len(content):,}: it was cut"))
    return content


def read_text(path: str | os.PathLike[str], most: int) -> str:
    """Return the text of a file of at most ``most`` bytes, in UTF-8, or UTF-16 where it says so.

    Raises:
        ConfigError: other bytes.
        OSError: as ``read_bytes``.

    """
    content = read_bytes(path, most)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # a spreadsheet's
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        received = f"other bytes at {error.start:,}"
        expected = "UTF-16, as its first bytes say" if wide else "UTF-8"
        raise ConfigError(error_text(str(path), expected, received)) from error


def read_json(path: str | os.PathLike[str], most: int = JSON_BYTES) -> Json:
    """Return the value of a JSON file.

    Raises:
        ConfigError: it is none, or one of more than ``JSON_DEPTH`` levels.
        OSError: as ``read_bytes``.

    """
    return parse_json(read_text(path, most), str(path))


def parse_json(text: str, where: str) -> Json:
    """Return the value of a text that ``where`` holds.

    Raises:
        ConfigError: it is no JSON, or of more than ``JSON_DEPTH`` levels, or says a key twice, or
            has half of a character, which no text can hold.

    """

    def record(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
            raise ConfigError(error_text(where, "each key once in an object", f"{twice} twice"))
        return found

    try:
        value: Json = json.loads(text, object_pairs_hook=record)
    except ConfigError:
        raise
    except RecursionError as error:
        raise ConfigError(_too_deep(where)) from error
    except ValueError as error:
        raise ConfigError(error_text(where, "JSON", error)) from error
    if not _within(value, JSON_DEPTH):
        raise ConfigError(_too_deep(where))
    if "\\ud" in text.lower() and (half := _HALF.search(json.dumps(value, ensure_ascii=False))):
        raise ConfigError(error_text(where, "whole characters", ascii(half.group())))
    return value


@contextlib.contextmanager
def as_file(content: bytes) -> Iterator[str]:
    """Yield a name by which this process reads ``content`` as a file, which lies in memory alone.

    Raises:
        OSError: there is no room for it.

    """
    with os.fdopen(os.memfd_create("content"), "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; synced and renamed to it when the block succeeds.

    On any failure the temporary file is removed and what was at ``path`` before stays.

    Raises:
        OutputError: the folder or the file cannot be written (a full disk, no permission).

    """
    final = Path(path)
    temporary: Path | None = None
    descriptor = -1
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary, descriptor = new_temporary(final)
        yield temporary
        _sync(temporary)
        os.replace(temporary, final)
        _sync(final.parent)
    except OSError as error:
        raise not_written(final, error) from error
    finally:
        if temporary is not None:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write ``content`` to ``path`` atomically.

    Raises:
        OutputError: the file cannot be written.

    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | os.PathLike[str], content: str) -> None:
    """Write ``content`` as UTF-8 to ``path`` atomically.

    Raises:
        OutputError: the file cannot be written.

    """
    write_bytes(path, content.encode("utf-8"))


def write_json(path: str | os.PathLike[str], content: object) -> None:
    """Write ``content`` as indented JSON to ``path`` atomically.

    Raises:
        OutputError: the file cannot be written.
        ValueError: a number is NaN or infinite.

    """
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def _kind(mode: int) -> str:
    """Return what a file is that is no regular one; empty: it is."""
    kinds = {
        stat.S_IFREG: "",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def _within(value: Json, depth: int) -> bool:
    """Tell whether lists and objects lie at most ``depth`` levels deep within each other."""
    level = [value]
    for _ in range(depth + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return True
    return False


def _too_deep(where: str) -> str:
    return error_text(where, f"JSON of at most {JSON_DEPTH} levels", "deeper nesting")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
