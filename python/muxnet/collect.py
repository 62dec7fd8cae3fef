"""Running anybody's models over labelled inputs, and keeping what they answer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muxnet.adapters import ForeignModel
from muxnet.errors import ConfigError, UserError, error_text
from muxnet.files import atomic_path

# Images of one call: their floats take at most so many bytes.
BATCH_BYTES = 64e6
# Before a model's name in the partial file, which has words of its own.
PREFIX = "answers of "

Said = Callable[[str], object]


def collect(
    models: Sequence[ForeignModel],
    data: Any,
    out: Path,
    *,
    split: str = "",
    resume: bool = False,
    say: Said = print,
) -> Any:
    """Run every model over ``data``, write the outcome table to ``out`` and return it.

    What the models have answered so far lies in ``OUT.partial`` while it runs, and stays there when
    it is interrupted or a model fails; ``resume`` goes on from it.

    Raises:
        UserError: a model failed; its name, the input's place and where the rest is.
        ConfigError: answers of different classes, or a partial file of something else.

    """
    from muxnet import _core

    kept = _Partial(out.with_name(out.name + ".partial"), models, data, resume)
    size = batch_size(data)
    for model in models:
        if model.name in kept.answers:
            say(f"{model.name}: kept from before")
            continue
        kept.answers[model.name] = _answers(model, data, size, kept, say)
        kept.save()
    counts = {name: rows.shape[1] for name, rows in kept.answers.items()}
    if len(set(counts.values())) != 1 or min(counts.values()) < len(data.class_names):
        expected = f"answers over the same {len(data.class_names)} or more classes"
        raise ConfigError(error_text("collect", expected, counts))
    table = _core.OutcomeTable(
        [model.name for model in models],
        np.ascontiguousarray(np.stack([kept.answers[model.name] for model in models], axis=1)),
        {"cost": [model.cost for model in models]},
        labels=data.labels,
        split=split,
        source=data.name,
        indices=np.asarray(data.source_index, dtype=np.int64),
    )
    table.save(out)
    kept.path.unlink(missing_ok=True)
    return table


def batch_size(data: Any) -> int:
    """Return how many images a model is given at a time."""
    values = int(np.prod(data.image_shape))
    return int(np.clip(BATCH_BYTES / (4 * values), 1, 256))


def _answers(
    model: ForeignModel, data: Any, size: int, kept: "_Partial", say: Said
) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(data), size):
        images = raw_pixels(data, start, start + size)
        try:
            parts.append(model.probabilities(images))
        except KeyboardInterrupt:
            kept.save()
            raise
        except Exception as error:
            kept.save()
            row = start + _failing(model, images)
            raise UserError(
                f"[collect] {model.name} failed on input {row}: {type(error).__name__}: {error}; "
                f"answers of {len(kept.answers)} models are kept in {kept.path}"
            ) from error
        done = min(start + size, len(data))
        if done == len(data) or start // size % 20 == 19:
            say(f"{model.name}: {done:,} of {len(data):,} inputs")
    return np.concatenate(parts)


def _failing(model: ForeignModel, images: NDArray[np.uint8]) -> int:
    """Return the first image on which the model fails alone; 0 where it fails on many only."""
    for i in range(len(images)):
        try:
            model.probabilities(images[i : i + 1])
        except Exception:
            return i
    return 0


def raw_pixels(data: Any, start: int, end: int) -> NDArray[np.uint8]:
    """Return images of a data set as u8; those in floating point lie in [0, 1]."""
    images = np.asarray(data.images[start:end])
    if images.dtype != np.uint8:
        images = np.clip(np.rint(255 * images), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(images)


class _Partial:
    """Answers of the models that are done, on disk."""

    def __init__(self, path: Path, models: Sequence[ForeignModel], data: Any, resume: bool) -> None:
        self.path = path
        self.answers: dict[str, NDArray[np.float32]] = {}
        if not path.exists():
            return
        if not resume:
            raise UserError(f"[collect] {path} holds answers of before: --resume, or remove it")
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                name, rows = key.removeprefix(PREFIX), file[key]
                if name not in {model.name for model in models} or len(rows) != len(data):
                    expected = f"answers of these models to {len(data)} inputs"
                    received = f"{name}, {len(rows)} inputs"
                    raise ConfigError(error_text(str(path), expected, received))
                self.answers[name] = rows

    def save(self) -> None:
        """Write what there is, atomically."""
        with atomic_path(self.path) as temporary, temporary.open("wb") as file:
            content: dict[str, Any] = {PREFIX + name: rows for name, rows in self.answers.items()}
            np.savez(file, **content)
