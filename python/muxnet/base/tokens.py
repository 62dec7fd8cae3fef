"""Bearer tokens, as files and the environment hold them."""

import os
from pathlib import Path

from muxnet.base.errors import UserError, error_text
from muxnet.base.files import read_text

TOKEN_VARIABLE = "MUXNET_TOKEN"
TOKEN_BYTES = 64 << 10


def read_token_file(path: Path, where: str) -> str:
    """Return the bearer token that a file holds, blanks and line ends around it left out.

    Raises:
        UserError: none, or what no request can bear.
        ConfigError: no text.
        OSError: it cannot be read.

    """
    token = _checked(read_text(path, TOKEN_BYTES), f"{where}, {path}")
    if not token:
        raise UserError(error_text(f"{where}, {path}", "a token", "an empty file"))
    return token


def token_of_environment() -> str:
    """Return the bearer token in the environment; empty: none.

    Raises:
        UserError: what no request can bear.

    """
    return _checked(os.environ.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE)


def _checked(text: str, where: str) -> str:
    """Return a token that the head of a request can hold; errors do not tell what it is."""
    token, expected = text.strip(), "one token, on one line"
    if len(lines := token.splitlines()) > 1:
        raise UserError(error_text(where, expected, f"{len(lines):,} lines"))
    for place, character in enumerate(token, 1):
        if not character.isprintable():
            what = "a blank" if character.isspace() else "what is no printable character"
            raise UserError(error_text(where, expected, f"{what} at character {place:,}"))
    return token
