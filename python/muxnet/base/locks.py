"""Files held: what a process writes belongs to it alone, however it ends.

A temporary file and a lock belong to a process as long as it holds them by flock, which ends with
it; the temporary files of the core (core/file.cpp) are named and held alike.
"""

import contextlib
import errno
import fcntl
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from muxnet.base.errors import UserError, error_text, not_written

LOCK = ".lock"
# .NAME.tmp-PROCESS-NUMBER: without the ending of NAME, so that no pattern for those finds it.
TEMPORARY = re.compile(r"\.(?P<name>.+)\.tmp-\d+-\d+")

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


def new_temporary(final: Path) -> tuple[Path, int]:
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
        raise not_written(target, error) from error
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
