"""Standard output that cannot end what is being done: it is told at the end, where it failed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO, cast


class SteadyOutput:
    """A stream of which writing never fails: what kept it from being written is ``failure``.

    Characters that its encoding lacks are written as escapes; all else is the stream's own. So is
    its ``buffer``: nothing here prints bytes, and whoever does handles what becomes of them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text, unless the stream has failed before."""
        if self.failure is None:
            with self._noted():
                self._stream.write(self._writable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one after the other, as ``write`` does."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand over what was written, unless the stream has failed before."""
        if self.failure is None:
            with self._noted():
                self._stream.flush()

    def failure_text(self) -> str:
        """Say what failed; empty: nothing did, or whoever reads has had enough."""
        if self.failure is None or isinstance(self.failure, BrokenPipeError):
            return ""
        return f"standard output: {self.failure.strerror or self.failure}"

    def __getattr__(self, name: str) -> object:
        """Return the stream's own."""
        return getattr(self._stream, name)

    def _writable(self, text: str) -> str:
        encoding = self._stream.encoding or "utf-8"
        try:
            text.encode(encoding, self._stream.errors or "strict")
        except UnicodeEncodeError:  # names of files, and drawings of tables
            return text.encode(encoding, "backslashreplace").decode(encoding)
        return text

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            # Python writes once more when it ends, and would tell of it in its own way.
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


@contextlib.contextmanager
def steady_output() -> Iterator[SteadyOutput | None]:
    """Put a ``SteadyOutput`` before standard output; None where there is none at all."""
    if sys.stdout is None:
        yield None
        return
    output = SteadyOutput(sys.stdout)
    with contextlib.redirect_stdout(cast(TextIO, output)):
        yield output
        output.flush()
