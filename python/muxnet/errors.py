"""Errors whose text is meant for the person at the command line."""


class UserError(Exception):
    """Something that the user can put right; the text says where, expected and received."""


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


def error_text(where: str, expected: object, received: object) -> str:
    """Return the one form of every message: ``[where] expected ..., received ...``."""
    return f"[{where}] expected {expected}, received {received}"
