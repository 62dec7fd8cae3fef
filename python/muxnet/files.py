"""Writing files so that a final name only ever holds a whole file."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muxnet.errors import OutputError


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; synced and renamed to it when the block succeeds.

    On any failure the temporary file is removed and what was at ``path`` before stays.

    Raises:
        OutputError: the folder or the file cannot be written (a full disk, no permission).

    """
    final = Path(path)
    temporary: Path | None = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{final.name}.", suffix=final.suffix, dir=final.parent
        )
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        _sync(temporary)
        os.replace(temporary, final)
        _sync(final.parent)
    except OSError as error:
        raise OutputError(_reason(final, error)) from error
    finally:
        if temporary is not None:
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    # The process has no call that reads the mask without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, OutputError):
        return str(error)
    return f"[write] {path}: cannot be written: {error.strerror or error}; nothing was left there"
