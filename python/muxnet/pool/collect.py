"""Running anybody's models over labelled inputs, and keeping what they answer."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base import fingerprint
from muxnet.base.array_files import Arrays, read_arrays
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.base.files import Json, atomic_path, parse_json
from muxnet.base.images import raw_pixels
from muxnet.base.locks import sole_file
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.model_identity import identities

# Images of one call: their floats take at most so many bytes.
BATCH_BYTES = 64e6
# Before a model's name in the partial file, which has words of its own.
PREFIX = "answers of "
IDENTITY = "identity"  # of the inputs and the models, in the partial file
SHOWN = 3
SAVE_SECONDS = 60.0  # between two writings of the partial file
SAY_CALLS = 20

Said = Callable[[str], object]
Answers = dict[str, NDArray[np.float32]]


@dataclasses.dataclass(frozen=True)
class Piece:
    """Inputs ``start`` to ``end``, which the models ``names`` are to answer in one call each."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Failure:
    """A model that failed on the input ``row`` of its piece."""

    name: str
    row: int
    text: str
    cause: Exception | None = None


Found = tuple[Piece, Answers, Failure | None]
# Has models answer pieces of a data set, in any order.
Ask: TypeAlias = "Callable[[_core.Dataset, Sequence[Piece]], Iterator[Found]]"


def collect(
    models: Sequence[ForeignModel],
    data: _core.Dataset,
    out: str | os.PathLike[str],
    *,
    split: str = "",
    resume: bool = False,
    again: Sequence[str] = (),
    say: Said = print,
    ask: Ask | None = None,
) -> _core.OutcomeTable:
    """Run every model over ``data``, write the outcome table to ``out`` and return it.

    What the models have answered so far lies in ``OUT.partial`` while it runs, and stays there when
    it is interrupted or a model fails; ``resume`` goes on from it, where inputs and models are the
    same. A model that failed, or is named in ``again``, is then asked anew from the first input.
    ``ask`` is where the models run; here, if it is not given.

    Raises:
        UserError: a model failed; its name, the input's place and where the rest is. Or another
            process collects to ``out``.
        ConfigError: answers of different classes, or a partial file of something else.

    >>> mine = muxnet.from_module("mine", module, cost=4.1e9, output="probabilities")
    >>> table = muxnet.collect([mine], data.test, "outcomes.safetensors")
    mine: 60 of 60 inputs
    >>> table.models
    ['mine']

    """
    out = Path(out)
    with sole_file(out):
        kept = _Partial(out.with_name(out.name + ".partial"), models, data)
        kept.load(resume=resume, again=again)
        for doubt in kept.doubts:
            say(doubt)
        _fill(kept, ask or _here(models), data, say)
        table = _table(kept, models, data, split)
        table.save(out)
        kept.path.unlink(missing_ok=True)
    return table


def _table(
    kept: _Partial, models: Sequence[ForeignModel], data: _core.Dataset, split: str
) -> _core.OutcomeTable:
    counts = {name: rows.shape[1] for name, rows in kept.answers.items()}
    if len(set(counts.values())) != 1 or min(counts.values()) < len(data.class_names):
        expected = f"answers over the same {len(data.class_names)} or more classes"
        raise ConfigError(error_text("collect", expected, counts))
    return _core.OutcomeTable(
        [model.name for model in models],
        np.ascontiguousarray(np.stack([kept.answers[model.name] for model in models], axis=1)),
        {"cost": [model.cost for model in models]},
        labels=data.labels,
        split=split,
        source=f"{data.name}#{kept.inputs['images']}",
        indices=np.asarray(data.source_index, dtype=np.int64),
    )


def batch_size(data: _core.Dataset) -> int:
    """Return how many images a model is given at a time."""
    values = int(np.prod(data.image_shape))
    return int(np.clip(BATCH_BYTES / (4 * values), 1, 256))


def answer(
    models: Sequence[ForeignModel], images: NDArray[np.uint8]
) -> tuple[Answers, Failure | None]:
    """Return the answers of all models up to the first that fails."""
    answers: Answers = {}
    for model in models:
        try:
            answers[model.name] = model.probabilities(images)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            # A model elsewhere that is down fails on all of them, each in its time.
            down = isinstance(error, _core.EndpointError)
            row = 0 if down else _failing(model, images)
            return answers, Failure(model.name, row, text, error)
    return answers, None


def _here(models: Sequence[ForeignModel]) -> Ask:
    """Return how models are asked in this process, one after the other."""

    def ask(data: _core.Dataset, pieces: Sequence[Piece]) -> Iterator[Found]:
        for model in models:
            for piece in pieces:
                if model.name in piece.names:
                    yield piece, *answer([model], raw_pixels(data, piece.start, piece.end))

    return ask


def _fill(kept: _Partial, ask: Ask, data: _core.Dataset, say: Said) -> None:
    pieces = kept.missing(batch_size(data))
    to_come = {
        name: sum(piece.end - piece.start for piece in pieces if name in piece.names)
        for name in kept.names
    }
    for name, inputs in to_come.items():
        if inputs == 0:
            say(f"{name}: kept from before")
    calls = dict.fromkeys(kept.names, 0)
    try:
        for piece, answers, failure in ask(data, pieces):
            for name, rows in answers.items():
                kept.add(name, piece.start, rows)
                to_come[name] -= len(rows)
                calls[name] += 1
                if to_come[name] == 0 or calls[name] % SAY_CALLS == 0:
                    say(f"{name}: {len(data) - to_come[name]:,} of {len(data):,} inputs")
            if failure is not None:
                # One elsewhere that is down is the same when it is back.
                if not isinstance(failure.cause, _core.EndpointError):
                    kept.forget(failure.name)
                raise _failed(failure, piece, kept) from failure.cause
    finally:
        kept.save()


def _failed(failure: Failure, piece: Piece, kept: _Partial) -> UserError:
    rest = f"; answers of {len(kept.answers)} models are kept in {kept.path}"
    return UserError(
        f"[collect] {failure.name} failed on input {piece.start + failure.row}: {failure.text}"
        f"{rest if kept.answers else ''}"
    )


def _failing(model: ForeignModel, images: NDArray[np.uint8]) -> int:
    """Return the first image on which the model fails alone; 0 where it fails on many only."""
    for i in range(len(images)):
        try:
            model.probabilities(images[i : i + 1])
        except Exception:
            return i
    return 0


def _without(identity: Json, models: Sequence[str]) -> Json:
    """Return what a partial file says it is of, without some of the models."""
    if isinstance(identity, dict) and isinstance(own := identity.get("models"), dict):
        kept = {name: known for name, known in own.items() if name not in models}
        return {**identity, "models": kept}
    return identity


class _Partial:
    """Answers so far, in memory and on disk; those still to come are NaN, which no answer is."""

    def __init__(self, path: Path, models: Sequence[ForeignModel], data: _core.Dataset) -> None:
        self.path = path
        self.names = [model.name for model in models]
        self.answers: Answers = {}
        self.inputs = fingerprint.of_data(data)
        self.doubts: list[str] = []
        self._models = identities(models)
        self._inputs = len(data)
        self._saved = time.monotonic()

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
        arrays = read_arrays(self.path)
        there = parse_json(str(arrays.pop(IDENTITY, "{}")), str(self.path))
        kept = {
            key.removeprefix(PREFIX): np.asarray(rows, np.float32)
            for key, rows in arrays.items()
            if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in again
        }
        if stray := [name for name in kept if name not in self.names]:
            expected = f"answers of {', '.join(self.names)}"
            raise ConfigError(error_text(str(self.path), expected, f"of {stray[0]}"))
        expected = "answers of the same models to the same inputs (--again MODEL asks one anew)"
        before, now = _without(there, again), self._identity(list(kept))
        fingerprint.require_same(before, now, str(self.path), expected)
        self.answers = kept
        for name in kept:
            if unknown := self._models[name].unknown:
                more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
                self.doubts.append(
                    f"{name}: cannot be known to answer as before in all: it also depends on "
                    f"{', '.join(unknown[:SHOWN])}{more}"
                )

    def _identity(self, names: Sequence[str]) -> dict[str, Json]:
        return {
            "inputs": self.inputs,
            "models": {name: self._models[name].known for name in names},
        }

    def missing(self, size: int) -> list[Piece]:
        """Return what is still to be answered, ``size`` inputs at a time."""
        pieces = []
        for start in range(0, self._inputs, size):
            names = tuple(name for name in self.names if not self._has(name, start))
            if names:
                pieces.append(Piece(start, min(start + size, self._inputs), names))
        return pieces

    def add(self, name: str, start: int, rows: NDArray[np.float32]) -> None:
        """Take answers to the inputs from ``start`` on.

        Raises:
            ConfigError: of another number of classes than the model's answers before.

        """
        if name not in self.answers:
            self.answers[name] = np.full((self._inputs, rows.shape[1]), np.nan, np.float32)
        own = self.answers[name]
        if rows.shape[1] != own.shape[1]:
            expected = f"{own.shape[1]} classes, as in {name}'s answers before"
            raise ConfigError(error_text("collect", expected, rows.shape[1]))
        own[start : start + len(rows)] = rows
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self.save()

    def forget(self, name: str) -> None:
        """Leave out a model that is to be mended: its answers would be those of two."""
        self.answers.pop(name, None)

    def save(self) -> None:
        """Write what there is, atomically."""
        self._saved = time.monotonic()
        if not self.answers:
            self.path.unlink(missing_ok=True)
            return
        with atomic_path(self.path) as temporary, temporary.open("wb") as file:
            content: Arrays = {PREFIX + name: rows for name, rows in self.answers.items()}
            content[IDENTITY] = np.array(json.dumps(self._identity(list(self.answers))))
            save: Callable[..., None] = np.savez  # one of its keywords is no array
            save(file, **content)

    def _has(self, name: str, start: int) -> bool:
        return name in self.answers and not np.isnan(self.answers[name][start]).any()
