"""Running anybody's models over labelled inputs, and keeping what they answer."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import UserError, name_text
from muxnet.base.file_endings import require_own_ending
from muxnet.base.locks import sole_file
from muxnet.outcomes.class_order import Numbered, strangers
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.class_names import Places, check_classes, named_by, places_of
from muxnet.pool.inputs import Batch, Inputs
from muxnet.pool.kept_answers import KeptAnswers
from muxnet.pool.labelled import inputs_of
from muxnet.pool.model_identity import Identity, identities
from muxnet.pool.model_list import require_one_kind
from muxnet.pool.recorded_models import recorded_text

# Inputs of one call: their floats, prepared for every model, take at most so many bytes.
BATCH_BYTES = 64e6
MOST_INPUTS = 256  # of one call
SAY_CALLS = 20

Said = Callable[[str], object]
Answers = dict[str, NDArray[np.float32]]
Shown: TypeAlias = "Mapping[str, Batch]"  # the same inputs, as each model wants them


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
# Has models answer pieces of the inputs, in any order.
Ask: TypeAlias = "Callable[[Inputs, Sequence[Piece]], Iterator[Found]]"


def collect(
    models: Sequence[ForeignModel],
    data: _core.Dataset | Inputs,
    out: str | os.PathLike[str],
    *,
    split: str = "",
    resume: bool = False,
    again: Sequence[str] = (),
    say: Said = print,
    ask: Ask | None = None,
) -> _core.OutcomeTable:
    """Run every model over ``data``, write the outcome table to ``out`` and return it.

    An input is read once, prepared for each model as that wants it, and let go of. What the models
    have answered so far lies in ``OUT.partial`` while it runs, and stays there when it is
    interrupted or a model fails; ``resume`` goes on from it, where inputs and models are the same.
    A model that failed, or is named in ``again``, is then asked anew from the first input. ``ask``
    is where the models run; here, if it is not given.

    Raises:
        UserError: a model failed; its name, the input's place and where the rest is. Or another
            process collects to ``out``.
        ConfigError: answers of other classes than the data's, inputs that are not as a model wants
            them, a partial file of something else, or an ``out`` that says another format.

    >>> mine = muxnet.from_module("mine", module, cost=4.1e9, output="probabilities")
    >>> table = muxnet.collect([mine], data.test, "outcomes.safetensors")
    mine: 60 of 60 inputs
    >>> table.models
    ['mine']

    """
    require_own_ending(out := Path(out))
    inputs = inputs_of(data, [name for model in models for name in model.classes])
    require_one_kind("collect", models)
    known = inputs.identity()
    inputs = _with_labels(inputs, say)
    names, labels = inputs.class_names, np.asarray(inputs.labels).tolist()
    models = _for_classes(models, names, labels)
    check_classes(names, labels, {model.name: model.classes for model in models})
    with sole_file(out):
        partial = out.with_name(out.name + ".partial")
        are = identities(models)
        kept = KeptAnswers(partial, are, known, len(inputs))
        kept.load(resume=resume, again=again)
        try:
            for doubt in kept.doubts:
                say(doubt)
            shapes = _fill(kept, models, inputs, ask or here(models), say)
            source = f"{name_text(inputs.name)}#{known['images']}"
            table = _table(kept, models, inputs, shapes, are, split=split, source=source)
            table.save(out)
            kept.remove()
            for text in _strangers(table):
                say(text)
        finally:
            kept.close()
    return table


def here(models: Sequence[ForeignModel]) -> Ask:
    """Return how models are asked in this process; the next inputs are read meanwhile."""
    by_name = {model.name: model for model in models}

    def ask(inputs: Inputs, pieces: Sequence[Piece]) -> Iterator[Found]:
        wanted = [[by_name[name] for name in piece.names] for piece in pieces]
        with ThreadPoolExecutor(1, "muxnet read") as reader:
            todo = [*zip(pieces, wanted, strict=True)]
            coming = reader.submit(shown, inputs, *todo[0]) if todo else None
            for i, (piece, asked) in enumerate(todo):
                assert coming is not None
                batch = coming.result()
                if i + 1 < len(todo):
                    coming = reader.submit(shown, inputs, *todo[i + 1])
                yield piece, *answer(asked, batch)

    return ask


def shown(inputs: Inputs, piece: Piece, models: Sequence[ForeignModel]) -> dict[str, Batch]:
    """Return a piece as each model wants it: read once for each format."""
    formats = list(dict.fromkeys(model.images for model in models))
    batches = inputs.read(slice(piece.start, piece.end), formats)
    return {model.name: batches[formats.index(model.images)] for model in models}


def answer(models: Sequence[ForeignModel], batch: Shown) -> tuple[Answers, Failure | None]:
    """Return the answers of all models up to the first that fails."""
    answers: Answers = {}
    for model in models:
        inputs = batch[model.name]
        try:
            answers[model.name] = model.probabilities(inputs)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            # A model elsewhere that is down fails on all of them, each in its time.
            down = isinstance(error, _core.EndpointError)
            row = 0 if down else _failing(model, inputs)
            return answers, Failure(model.name, row, text, error)
    return answers, None


def _fill(
    kept: KeptAnswers, models: Sequence[ForeignModel], inputs: Inputs, ask: Ask, say: Said
) -> dict[str, tuple[int, ...]]:
    """Have all models answer all inputs, and return the shape of what each is shown."""
    shapes = _shapes(models, inputs)
    pieces = _missing(kept, len(inputs), piece_size(shapes))
    to_come = {
        name: sum(piece.end - piece.start for piece in pieces if name in piece.names)
        for name in kept.names
    }
    for name, count in to_come.items():
        if count == 0:
            say(f"{name}: kept from before")
    calls, places = dict.fromkeys(kept.names, 0), None
    for piece, answers, failure in ask(inputs, pieces):
        for name, rows in answers.items():
            kept.add(name, piece.start, rows)
            to_come[name] -= len(rows)
            calls[name] += 1
            if to_come[name] == 0 or calls[name] % SAY_CALLS == 0:
                say(f"{name}: {len(inputs) - to_come[name]:,} of {len(inputs):,} inputs")
        if failure is not None:
            # One elsewhere that is down is the same when it is back.
            if not isinstance(failure.cause, _core.EndpointError):
                kept.forget(failure.name)
            raise _failed(failure, piece, kept) from failure.cause
        if places is None and len(kept.models()) == len(models):
            places = _places(kept, models, inputs)  # refused before the rest is asked
    return shapes


def _shapes(models: Sequence[ForeignModel], inputs: Inputs) -> dict[str, tuple[int, ...]]:
    """Return the shape of one input as each model is shown it, where it has one."""
    found = {
        model.name: inputs.shape if model.images is None else tuple(model.images.shape)
        for model in models
    }
    return {name: shape for name, shape in found.items() if shape is not None}


def piece_size(shapes: Mapping[str, Sequence[int]]) -> int:
    """Return how many inputs of these shapes, one for each model, are read at a time."""
    values = sum(int(np.prod(shape)) for shape in {tuple(shape) for shape in shapes.values()})
    return int(np.clip(BATCH_BYTES / (4 * max(1, values)), 1, MOST_INPUTS))


def _missing(kept: KeptAnswers, count: int, size: int) -> list[Piece]:
    """Return what is still to be answered, ``size`` inputs at a time."""
    pieces = []
    for start in range(0, count, size):
        end = min(start + size, count)
        names = tuple(name for name in kept.names if not kept.answered(name, start, end))
        if names:
            pieces.append(Piece(start, end, names))
    return pieces


def _table(
    kept: KeptAnswers,
    models: Sequence[ForeignModel],
    inputs: Inputs,
    shapes: Mapping[str, tuple[int, ...]],
    are: Mapping[str, Identity],
    *,
    split: str,
    source: str,
) -> _core.OutcomeTable:
    places = _places(kept, models, inputs)
    answers = np.zeros((len(inputs), len(models), places.count), np.float32)
    for i, model in enumerate(models):
        kept.fill(model.name, answers[:, i], places.of[model.name])
    return _core.OutcomeTable(
        [model.name for model in models],
        answers,
        {models[0].cost_kind: [model.cost for model in models]},
        labels=_labels(inputs),
        split=split,
        source=source,
        indices=np.asarray(inputs.source_index, dtype=np.int64),
        contents=inputs.contents(),
        class_names=list(places.names),
        inputs={
            model.name: recorded_text(
                model, are[model.name], shapes.get(model.name), _all_names(places)
            )
            for model in models
        },
    )


def _places(kept: KeptAnswers, models: Sequence[ForeignModel], inputs: Inputs) -> Places:
    """Return where each model's classes go, which all have answered something."""
    counts = {model.name: kept.classes(model.name) for model in models}
    return places_of(inputs.class_names, {model.name: model.classes for model in models}, counts)


def _for_classes(
    models: Sequence[ForeignModel], names: Sequence[str], labels: Sequence[int]
) -> list[ForeignModel]:
    """Return the models, told the data's classes, with their own as the data calls them."""
    called = [named_by(model.classes, names, labels, model.name) for model in models]
    return [
        dataclasses.replace(model, known=tuple(names), classes=own)
        for model, own in zip(models, called, strict=True)
    ]


def _all_names(places: Places) -> list[str]:
    """Return a name of every class, the number of those without."""
    return [*places.names, *map(str, range(len(places.names), places.count))]


def _with_labels(inputs: Inputs, say: Said) -> Inputs:
    """Return the inputs with a label, where some have one, and say how many others there are."""
    known = np.flatnonzero(np.asarray(inputs.labels) >= 0)
    if not 0 < len(known) < len(inputs):
        return inputs
    say(f"{inputs.name}: {len(inputs) - len(known):,} of {len(inputs):,} left out: no label")
    return inputs.subset(known)


def _labels(inputs: Inputs) -> NDArray[np.int32]:
    """Return the labels, none where no input has one."""
    labels = np.ascontiguousarray(inputs.labels, dtype=np.int32)
    return labels if (labels >= 0).all() else labels[:0]


def _strangers(table: _core.OutcomeTable) -> list[str]:
    if not table.labels.size:
        return []
    names = [*table.class_names, *map(str, range(len(table.class_names), table.classes))]
    return strangers(Numbered(tuple(names), table.labels, [*table.predictions.T]))


def _failed(failure: Failure, piece: Piece, kept: KeptAnswers) -> UserError:
    rest = f"; answers of {len(kept.models())} models are kept in {kept.path}"
    return UserError(
        f"[collect] {failure.name} failed on input {piece.start + failure.row}: {failure.text}"
        f"{rest if kept.models() else ''}"
    )


def _failing(model: ForeignModel, inputs: Batch) -> int:
    """Return the first input on which the model fails alone; 0 where it fails on many only."""
    for i in range(len(inputs)):
        try:
            model.probabilities(inputs[i : i + 1])
        except Exception:
            return i
    return 0
