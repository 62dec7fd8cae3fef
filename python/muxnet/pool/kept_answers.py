"""What models have answered so far, in a file that is only ever appended to.

Its first line is JSON: which inputs and models it is of. Records follow: a line of JSON, and the
bytes of answers f32 (rows, K) where it announces some. A record that was cut off counts as none.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from muxnet.base import fingerprint
from muxnet.base.errors import ConfigError, OutputError, UserError, error_text
from muxnet.base.files import Json, open_file, parse_json
from muxnet.pool.model_identity import Identity

FORMAT = "muxnet answers 1"
MOST_BYTES = 1 << 42
LINE_BYTES = 4 << 20
SHOWN = 3
SAME = "answers of the same models to the same inputs (--again MODEL asks one anew)"


@dataclasses.dataclass(frozen=True)
class _Block:
    """Answers of a model to the inputs from ``start`` on, and where they lie in the file."""

    start: int
    rows: int
    classes: int
    offset: int


class KeptAnswers:
    """The answers of models to inputs, on disk; in memory is only where they lie.

    Args:
        path: the file; it is made with the first answers.
        identities: of each model, by name.
        inputs: what the inputs are, as of ``fingerprint``.
        count: how many inputs there are.

    """

    def __init__(
        self, path: Path, identities: Mapping[str, Identity], inputs: fingerprint.Known, count: int
    ) -> None:
        self.path = path
        self.names = list(identities)
        self.doubts: list[str] = []
        self._identities = identities
        self._inputs = inputs
        self._count = count
        self._blocks: dict[str, list[_Block]] = {}
        self._answered: dict[str, NDArray[np.bool_]] = {}
        self._file: BinaryIO | None = None

    def load(self, *, resume: bool, again: Sequence[str]) -> None:
        """Take up what is there, but for the models ``again``.

        Raises:
            UserError: something is there, and it is not to be taken up.
            ConfigError: it is of other models or inputs.

        """
        if stray := [name for name in again if name not in self.names]:
            raise UserError(error_text("--again", f"of {', '.join(self.names)}", stray[0]))
        if not self.path.exists():
            return
        if not resume:
            raise UserError(
                f"[collect] {self.path} holds answers of before: --resume, or remove it"
            )
        with open_file(self.path, MOST_BYTES) as file:
            end = self._read(file)
        if stray := [name for name in self._blocks if name not in (*self.names, *again)]:
            expected = f"answers of {', '.join(self.names)}"
            raise ConfigError(error_text(str(self.path), expected, f"of {stray[0]}"))
        self._require_same(again)
        self._file = self.path.open("r+b")
        self._file.truncate(end)
        self._file.seek(end)
        for name in again:
            self.forget(name)
        self._write({"models": self._known(self.names)})
        self.doubts = [*self._doubts()]

    def answered(self, name: str, start: int, end: int) -> bool:
        """Return whether a model has answered the inputs ``start`` to ``end``."""
        return name in self._answered and bool(self._answered[name][start:end].all())

    def complete(self, name: str) -> bool:
        """Return whether a model has answered all inputs."""
        return self.answered(name, 0, self._count)

    def models(self) -> list[str]:
        """Return the models that have answered something."""
        return [name for name, blocks in self._blocks.items() if blocks]

    def classes(self, name: str) -> int:
        """Return how many classes a model's answers have."""
        return self._blocks[name][0].classes

    def add(self, name: str, start: int, rows: NDArray[np.float32]) -> None:
        """Keep answers to the inputs from ``start`` on.

        Raises:
            ConfigError: of another number of classes than the model's answers before.
            OutputError: they cannot be written.

        """
        if self._blocks.get(name) and rows.shape[1] != self.classes(name):
            expected = f"{self.classes(name)} classes, as in {name}'s answers before"
            raise ConfigError(error_text("collect", expected, rows.shape[1]))
        content = np.ascontiguousarray(rows, "<f4").tobytes()
        head: dict[str, Json] = {
            "answers": name,
            "start": start,
            "shape": list(rows.shape),
            "crc": zlib.crc32(content),
        }
        offset = self._write(head, content)
        self._note(name, _Block(start, rows.shape[0], rows.shape[1], offset))

    def forget(self, name: str) -> None:
        """Leave out a model that is to be mended: its answers would be those of two."""
        if self._blocks.pop(name, None):
            del self._answered[name]
            self._write({"forget": name})

    def fill(self, name: str, answers: NDArray[np.float32], places: NDArray[np.intp]) -> None:
        """Write what a model has answered into ``answers`` (n, K), class k at ``places[k]``."""
        with self.path.open("rb") as file:
            for block in self._blocks[name]:
                file.seek(block.offset)
                rows = np.frombuffer(file.read(4 * block.rows * block.classes), "<f4")
                place = slice(block.start, block.start + block.rows)
                answers[place][:, places] = rows.reshape(block.rows, block.classes)

    def close(self) -> None:
        """Let go of the file, which is removed where it holds no answers."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # of a record that could not be written: it was told
                self._file.close()
            self._file = None
        if not self.models():
            self.path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the file: its answers lie elsewhere now."""
        self._blocks.clear()
        self.close()

    def _write(self, head: Mapping[str, Json], content: bytes = b"") -> int:
        """Append a record whole and return where its content lies.

        Raises:
            OutputError: it cannot be written.

        """
        line = _line(head)
        try:
            if self._file is None:
                self._file = self.path.open("xb")
                first: dict[str, Json] = {"format": FORMAT, "inputs": self._inputs}
                self._file.write(_line(first) + _line({"models": self._known(self.names)}))
            offset = self._file.tell() + len(line)
            self._file.write(line + content)
            self._file.flush()
        except OSError as error:
            told = f"cannot be written: {error.strerror}; answers of before are kept"
            raise OutputError(f"[collect] {self.path}: {told}") from error
        return offset

    def _note(self, name: str, block: _Block) -> None:
        self._blocks.setdefault(name, []).append(block)
        answered = self._answered.setdefault(name, np.zeros(self._count, np.bool_))
        answered[block.start : block.start + block.rows] = True

    def _known(self, names: Sequence[str]) -> dict[str, Json]:
        return {name: self._identities[name].known for name in names}

    def _read(self, file: BinaryIO) -> int:
        """Note what a file holds, and return where its last whole record ends."""
        first = self._parsed(file.readline(LINE_BYTES))
        if not isinstance(first, Mapping) or first.get("format") != FORMAT:
            raise ConfigError(error_text(str(self.path), "answers of muxnet collect", "others"))
        self._before: dict[str, Json] = {"inputs": first.get("inputs"), "models": {}}
        fingerprint.require_same(
            {"inputs": first.get("inputs")}, {"inputs": self._inputs}, str(self.path), SAME
        )
        end = file.tell()
        for head in self._heads(file):
            models = head.get("models")
            if isinstance(models, Mapping):
                self._before["models"] = models
            elif isinstance(name := head.get("forget"), str):
                self._blocks.pop(name, None)
                self._answered.pop(name, None)
            end = file.tell()
        return end

    def _heads(self, file: BinaryIO) -> Iterator[Mapping[str, Json]]:
        """Yield the records of a file but for one that was cut off; note the answers."""
        while (line := file.readline(LINE_BYTES)).endswith(b"\n"):
            head = self._parsed(line)
            if not isinstance(head, Mapping):
                raise ConfigError(error_text(str(self.path), "records of answers", line[:80]))
            if "answers" in head and not self._take(head, file):
                return
            yield head

    def _take(self, head: Mapping[str, Json], file: BinaryIO) -> bool:
        name, start, shape = head.get("answers"), head.get("start"), head.get("shape")
        fits = isinstance(name, str) and isinstance(start, int) and isinstance(shape, list)
        rows, classes = shape if fits and isinstance(shape, list) and len(shape) == 2 else (0, 0)
        whole = isinstance(rows, int) and isinstance(classes, int) and rows > 0 and classes > 0
        if not (whole and isinstance(start, int) and 0 <= start <= self._count - rows):
            raise ConfigError(error_text(str(self.path), "answers to its inputs", head))
        offset = file.tell()
        content = file.read(4 * rows * classes)
        if len(content) < 4 * rows * classes or zlib.crc32(content) != head.get("crc"):
            return False
        self._note(str(name), _Block(start, rows, classes, offset))
        return True

    def _parsed(self, line: bytes) -> Json:
        return parse_json(line.decode("utf-8", "replace"), str(self.path))

    def _require_same(self, again: Sequence[str]) -> None:
        """Refuse to go on with other models than those that have answered."""
        there = self._before["models"]
        assert isinstance(there, Mapping)
        kept = [name for name in self._blocks if name not in again]
        fingerprint.require_same(
            {"models": {name: there.get(name) for name in kept}},
            {"models": self._known(kept)},
            str(self.path),
            SAME,
        )

    def _doubts(self) -> Iterator[str]:
        for name in self.models():
            if unknown := self._identities[name].unknown:
                more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
                yield (
                    f"{name}: cannot be known to answer as before in all: it also depends on "
                    f"{', '.join(unknown[:SHOWN])}{more}"
                )


def _line(head: Mapping[str, Json]) -> bytes:
    return json.dumps(head).encode() + b"\n"
