"""The bearer token that requests have to bear."""

import os
from pathlib import Path

from muxnet.base.errors import UserError, error_text
from muxnet.base.files import read_text

TOKEN_VARIABLE = "MUXNET_TOKEN"
TOKEN_BYTES = 64 << 10


def read_token(path: Path | None) -> str:
    """Return the bearer token, from a file or the environment; empty: none is asked for.

    Raises:
        UserError: an empty file.
        OSError: it cannot be read.

    """
    if path is None:
        return os.environ.get(TOKEN_VARIABLE, "")
    token = read_text(path, TOKEN_BYTES).strip()
    if not token:
        raise UserError(error_text("--token-file", "a token", "an empty file"))
    return token
