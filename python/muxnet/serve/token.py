"""The bearer token that requests have to bear."""

from pathlib import Path

from muxnet.base.tokens import read_token_file, token_of_environment


def read_token(path: Path | None) -> str:
    """Return the bearer token, from a file or the environment; empty: none is asked for.

    Raises:
        UserError: an empty file, or a token that no request can bear.
        OSError: it cannot be read.

    """
    return token_of_environment() if path is None else read_token_file(path, "--token-file")
