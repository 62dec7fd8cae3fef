"""Errors whose text is meant for the person at the command line."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

MOST_NAMES = 100  # characters of names in a message
# Bytes of the command line that are no UTF-8, as Python holds them and shows them in an error.
_NO_TEXT = re.compile(r"'[^']*\\ud[c-f][0-9a-f]{2}[^']*'")


class UserError(Exception):
    """Something that the user can put right; the text says where, expected and received.

    It is shortened, so that it stays readable whatever a file holds.
    """

    def __init__(self, text: object = "") -> None:
        super().__init__(shortened(text, 8000))


class UsageError(UserError):
    """A command line that asks for something impossible (exit status 2)."""


class ConfigError(UserError, ValueError):
    """A configuration or record with an unknown key, a wrong type or a value out of range."""


class MissingPackageError(UserError, ImportError):
    """A Python package that only some users need and that is not installed."""

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(
            f"[{purpose}] expected the package {package}, which is not installed: "
            f"pip install 'muxnet[{extra}]'"
        )


class OutputError(UserError, OSError):
    """A file that cannot be written; nothing is left under its final name."""


class InputError(UserError, OSError):
    """A file that cannot be read as asked: another kind of file, or a larger one."""


@contextlib.contextmanager
def told_as_config_error(file: str | os.PathLike[str] = "") -> Iterator[None]:
    """Raise what the core refuses as ConfigError, of a file with its name."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        raise ConfigError(text.replace("[", f"[{file}, ", 1) if file else text) from error


def error_text(where: str, expected: object, received: object) -> str:
    """Return the one form of every message: ``[where] expected ..., received ...``.

    Each part is shortened, so that a message stays readable whatever a file holds.
    """
    parts = shortened(where, 4500), shortened(expected), shortened(received)
    return "[{}] expected {}, received {}".format(*parts)


def not_written(path: Path, error: OSError) -> OutputError:
    """Return the error of a file of which nothing was left, as it cannot be written."""
    if isinstance(error, OutputError):
        return OutputError(error)
    why = error.strerror or error
    return OutputError(f"[write] {path}: cannot be written: {why}; nothing was left there")


def shortened(said: object, most: int = 1000) -> str:
    """Return ``said`` as a text, or the beginning of a long one and its length."""
    text = str(said)
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def name_text(path: str | os.PathLike[str]) -> str:
    """Return a name as a text that the core takes: bytes that are no UTF-8 become escapes."""
    return os.fspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def one_line(error: Exception) -> str:
    """Return what went wrong in one line, with its kind where the text alone would not say."""
    # str() of a KeyError puts its text in quotes.
    text = " ".join(str(error.args[0] if isinstance(error, KeyError) else error).split())
    if isinstance(error, MemoryError):
        return f"[memory] not enough memory{': ' + text if text else ''}"
    other = isinstance(error, (TypeError, UnicodeEncodeError)) and _NO_TEXT.search(text)
    if other:  # of which pybind11 says all that it could have been called with
        return error_text("text", "UTF-8", other.group())
    told = isinstance(error, (UserError, ValueError, OSError, RuntimeError)) and text
    if told or text.startswith("["):  # the form of every message of ours
        return text
    return f"{type(error).__name__}: {text} (--debug shows where)"
