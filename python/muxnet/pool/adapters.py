"""Anybody's models behind one call: inputs in, probabilities out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.pool.batch_scales import one_by_one, scales_by_batch
from muxnet.pool.calls import Calls, Predict, exits_told
from muxnet.pool.inputs import Batch
from muxnet.pool.label_answers import LABELS, rows_of_labels
from muxnet.pool.model_input import ModelInput, Shape
from muxnet.pool.read_answers import read_answers, require_kind

if TYPE_CHECKING:
    import torch


Answers: TypeAlias = "NDArray[np.float32]"

COST = "cost"  # of costs of which nobody says what they are

# How the answers of an output are made probabilities.
KINDS = {
    "probabilities": "probabilities",
    "logits": "logits",
    "log_probabilities": "logits",  # whose softmax they are too
    "scores": "scores",
    LABELS: "probabilities",
}


class Hosting(TypedDict):
    """What a model is hosted with in the core, whatever runs it."""

    cost: float
    image_shape: Shape
    classes: int
    normalization: _core.Normalization
    answers: _core.AnswerKind
    places: list[int]  # of its classes among all
    reversed: bool  # channels: BGR


Host: TypeAlias = "Callable[[str, Hosting], _core.HostedModel]"


class ModelOptions(TypedDict, total=False):
    """Further fields of a ``ForeignModel``."""

    output: str
    input: ModelInput
    classes: tuple[str, ...]
    concurrent: bool


@dataclasses.dataclass(frozen=True)
class ForeignModel:
    """A model of any kind.

    ``predict`` takes inputs prepared as ``input`` says, images f32 (n, c, h, w), and gives (n,
    K): probabilities, or what ``output`` says (logits, log_probabilities, scores of each label
    by itself); or labels, a class of each input, alone or with its score (``rows_of_labels``).
    ``classes`` are its own, in the order of its answers; none: those of the data.
    ``concurrent``: several threads may call it at once. ``host`` puts it to work in the core
    without ``predict``; ``parts`` are the digests of what it is made of, where something tells
    them, and ``unknown`` names what nothing tells; ``source`` is the ONNX file that it was read
    from. ``embed`` gives the same model, whose ``predict_embedded`` gives an output of that
    name (n, ...) beside its answers. ``cost_kind`` is that of its cost, as of all models of a
    pool. ``network`` is the network of the zoo that it is. ``known`` are the classes of the data
    or router that it answers for, by which columns with names are read; ``said`` what was said of
    its answers.
    """

    name: str
    cost: float
    predict: Predict
    output: str = "probabilities"
    input: ModelInput = dataclasses.field(default_factory=ModelInput)
    classes: tuple[str, ...] = ()
    concurrent: bool = False
    host: Host | None = None
    parts: Callable[[], dict[str, str]] | None = None
    unknown: tuple[str, ...] = ()
    source: Path | None = None
    embed: Callable[[str], ForeignModel] | None = None
    predict_embedded: Callable[[Batch], tuple[Answers, Answers]] | None = None
    cost_kind: str = COST
    network: _core.Model | None = None
    known: tuple[str, ...] = ()
    said: set[str] = dataclasses.field(default_factory=set, repr=False, compare=False)

    @property
    def images(self) -> _core.ImageFormat | None:
        """What images it wants; None: inputs as they come."""
        return self.input.images

    @property
    def shape(self) -> Shape | None:
        """Of one input: (c, h, w) of images, (d,) of vectors; None: it is not known."""
        recorded = self.input.recorded
        if self.images is None and recorded is not None and len(recorded) == 1:
            return recorded
        return None if self.images is None else self.images.shape

    def probabilities(self, inputs: Batch) -> NDArray[np.float32]:
        """Return the probabilities (n, K) for inputs: images raw, and of its size.

        Raises:
            ValueError: an answer of another shape, not finite, or no probabilities.

        """
        return self._checked(self.answer(self._prepared(inputs)), len(inputs))

    def probabilities_embedded(self, inputs: Batch) -> tuple[Answers, Answers]:
        """Return the same, and the embedding (n, d), of a model that ``with_embedding`` gave.

        Raises:
            ValueError: as ``probabilities``.

        """
        assert self.predict_embedded is not None
        answer, embedding = self.predict_embedded(self._prepared(inputs))
        return self._checked(answer, len(inputs)), embedding

    def with_embedding(self, output: str) -> ForeignModel:
        """Return the same model, which gives an output of that name beside its answers.

        Raises:
            ConfigError: it is no ONNX file, or has no such output.

        """
        if self.embed is None:
            expected = "an ONNX file, an output of which the multiplexer can be shown"
            raise ConfigError(error_text(self.name, expected, "another kind of model"))
        return self.embed(output)

    def answer(self, inputs: Batch) -> NDArray[np.float32]:
        """Return what it gives for prepared inputs, as f32.

        Raises:
            ValueError: no rows of numbers, or none of what ``output`` says.

        """
        with exits_told():
            given = self.predict(inputs)
        if self.output == LABELS:
            return rows_of_labels(given, len(inputs), self.classes, self.name)
        names = self.classes or self.known
        found = read_answers(given, len(inputs), names, self.output, self.name)
        require_kind(found, self.output, self.name, self.said)
        return found

    def hosted(
        self,
        cost: float,
        image_shape: Shape,
        classes: int,
        places: Sequence[int] = (),
    ) -> _core.HostedModel:
        """Return the model as a service of the core hosts it, at the policy's cost.

        ``places`` are those of its own classes among all ``classes``; none: it has all.

        Raises:
            ValueError: a mean or deviation for another number of channels.

        """
        options: Hosting = {
            "cost": cost,
            "image_shape": image_shape,
            "classes": classes,
            "normalization": self._normalization(image_shape),
            "answers": self._kind,
            "places": list(places),
            "reversed": self.input.colour == "bgr",
        }
        if self.host is not None:
            return self.host(self.name, options)
        return _core.HostedModel.function(
            self.name, self.answer, concurrent=self.concurrent, **options
        )

    def _normalization(self, shape: Shape) -> _core.Normalization:
        if len(shape) == 1:  # vectors are as they come
            return _core.Normalization([0.0], [1.0])
        return self.input.normalization(shape[0], self.name)

    def _checked(self, answer: Answers, count: int) -> Answers:
        return _core.probabilities_of(answer, count, 0, self._kind, self.name)

    @property
    def _kind(self) -> _core.AnswerKind:
        return _core.AnswerKind.__members__[KINDS[self.output]]

    def _prepared(self, inputs: Batch) -> Batch:
        if isinstance(inputs, np.ndarray) and inputs.ndim == 4:
            return self.input.prepared(inputs)
        return inputs


def from_module(
    name: str,
    module: torch.nn.Module,
    cost: float,
    *,
    images: _core.ImageFormat | None = None,
    mean: Sequence[float] = (0.0,),
    deviation: Sequence[float] = (1.0,),
    **options: Unpack[ModelOptions],
) -> ForeignModel:
    """Return a PyTorch module, on any device, as a model.

    It answers in eval mode: without dropout, by the statistics that batch norm has learnt. Each of
    its modules has its own mode again after a call; do not train it meanwhile. Its answer is taken
    as logits. ``images`` is the size that it wants, if any; pixels are (x / 255 - mean) /
    deviation; ``options`` are further fields of ``ForeignModel``. A module that is
    quantised dynamically, by the scale of a whole batch, is shown one input at a time.

    >>> muxnet.from_module("mine", module, cost=4.1e9, mean=(0.5,), deviation=(0.25,)).output
    'logits'

    """
    import torch

    def predict(inputs: Batch) -> object:
        if not isinstance(inputs, np.ndarray):
            expected = "inputs that are arrays of one shape, or images=, the size of its images"
            raise TypeError(error_text(name, expected, f"{type(inputs[0]).__name__} in a list"))
        held = next(iter(getattr(module, "parameters", tuple)()), None)
        given = torch.from_numpy(inputs)
        # Imported here, as a name of the file would be a part of what the model is made of.
        from muxnet.pool.eval_mode import in_eval_mode

        with torch.inference_mode(), in_eval_mode(module):
            return module(given if held is None else given.to(held.device, held.dtype))

    call = one_by_one(predict) if scales_by_batch(module) else predict
    shown = ModelInput(images, mean=tuple(mean), deviation=tuple(deviation))
    model = dataclasses.replace(ForeignModel(name, cost, call, "logits", shown), **options)
    if images is not None:
        model.input.require_scaled(f"{name}, ")
    return model


def function_of(model: ForeignModel) -> object:
    """Return the function that a model calls, as its author wrote it."""
    return model.predict.function if isinstance(model.predict, Calls) else model.predict
