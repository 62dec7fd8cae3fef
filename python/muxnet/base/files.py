"""Files: written so that a final name only ever holds a whole one, and one process at a time does.

Whatever Python reads of files that users name goes through ``open_file``, within limits. A
temporary file and a lock belong to a process as long as it holds them by flock, which ends with it
however it ends; the temporary files of the core (core/file.cpp) are named and held alike.
"""

import contextlib
import errno
import fcntl
import itertools
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from muxnet.base.errors import ConfigError, InputError, OutputError, UserError, error_text

LOCK = ".lock"
# .NAME.tmp-PROCESS-NUMBER: without the ending of NAME, so that no pattern for those finds it.
TEMPORARY = re.compile(r"\.(?P<name>.+)\.tmp-\d+-\d+")

JSON_BYTES = 16 << 20  # Python's values take some twenty times as much
JSON_DEPTH = 32

_numbers = itertools.count()


@contextlib.contextmanager
def sole_folder(path: str | os.PathLike[str], *, make: bool = True) -> Iterator[None]:
    """Hold the folder ``path`` against other processes that write it.

    What dead processes left half written in it is removed. Where there is none it is made, or
    without ``make`` nothing is held.

    Raises:
        UserError: another process holds it, which is named; ``path`` is a file.
        OutputError: it cannot be written.

    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"[out] expected a folder, received the file {folder}")
    if not make and not folder.exists():
        yield
        return
    made = not folder.exists()
    try:
        with _held(folder / LOCK, folder):
            for place, _, names in os.walk(folder):
                _remove_left(Path(place), [name for name in names if TEMPORARY.fullmatch(name)])
            yield
    finally:
        if made:  # and nothing came of it
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def sole_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the file ``path``, and those named like it with more endings, as ``sole_folder`` does.

    Raises:
        UserError: another process holds it, which is named.
        OutputError: its folder cannot be written.

    """
    final = Path(path)
    with _held(final.with_name(f".{final.name}{LOCK}"), final):
        found = {name: TEMPORARY.fullmatch(name) for name in os.listdir(final.parent)}
        mine = [
            name for name, match in found.items() if match and _belongs(match["name"], final.name)
        ]
        _remove_left(final.parent, mine)
        yield


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
    """Return the UTF-8 text of a file of at most ``most`` bytes.

    Raises:
        ConfigError: other bytes.
        OSError: as ``read_bytes``.

    """
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        received = f"other bytes at {error.start:,}"
        raise ConfigError(error_text(str(path), "UTF-8", received)) from error


def read_json(path: str | os.PathLike[str], most: int = JSON_BYTES) -> Any:
    """Return the value of a JSON file.

    Raises:
        ConfigError: it is none, or one of more than ``JSON_DEPTH`` levels.
        OSError: as ``read_bytes``.

    """
    return parse_json(read_text(path, most), str(path))


def parse_json(text: str, where: str) -> Any:
    """Return the value of a text that ``where`` holds.

    Raises:
        ConfigError: it is no JSON, or of more than ``JSON_DEPTH`` levels.

    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ConfigError(_too_deep(where)) from error
    except ValueError as error:
        raise ConfigError(error_text(where, "JSON", error)) from error
    if not _within(value, JSON_DEPTH):
        raise ConfigError(_too_deep(where))
    return value


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
        temporary, descriptor = _temporary(final)
        yield temporary
        _sync(temporary)
        os.replace(temporary, final)
        _sync(final.parent)
    except OSError as error:
        raise OutputError(_reason(final, error)) from error
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


def write_json(path: str | os.PathLike[str], content: Any) -> None:
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


def _within(value: Any, depth: int) -> bool:
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


def _temporary(final: Path) -> tuple[Path, int]:
    """Return a new file beside ``final``, held by the descriptor."""
    while True:
        path = final.with_name(f".{final.name}.tmp-{os.getpid()}-{next(_numbers)}")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        if _lock(descriptor) and _is_at(descriptor, path):
            return path, descriptor
        os.close(descriptor)


@contextlib.contextmanager
def _held(lock: Path, target: Path) -> Iterator[None]:
    """Hold ``lock`` for ``target``; it is there only as long as it is held."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open_lock(lock, target)
    except OSError as error:
        raise OutputError(_reason(target, error)) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink(missing_ok=True)
        os.close(descriptor)


def _open_lock(lock: Path, target: Path) -> int:
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        if not _lock(descriptor):
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            received = f"one that process {holder or '(just begun)'} is writing"
            raise UserError(error_text(str(target), "a place nobody else writes to", received))
        if _is_at(descriptor, lock):
            with contextlib.suppress(OSError):  # a full disk: held all the same
                os.truncate(descriptor, 0)
                os.write(descriptor, f"{os.getpid()}\n".encode())
            return descriptor
        os.close(descriptor)  # its holder ended and removed it meanwhile


def _remove_left(folder: Path, names: list[str]) -> None:
    """Remove the temporary files among ``names`` whose writers are dead."""
    for name in names:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if _lock(descriptor, without=False):
                    os.unlink(folder / name)
            finally:
                os.close(descriptor)


def _belongs(name: str, final: str) -> bool:
    return name == final or name.startswith(f"{final}.")


def _lock(descriptor: int, *, without: bool = True) -> bool:
    """Return whether nobody else holds it; ``without``, where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS):
            raise
        return without
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, OutputError):
        return str(error)
    return f"[write] {path}: cannot be written: {error.strerror or error}; nothing was left there"
