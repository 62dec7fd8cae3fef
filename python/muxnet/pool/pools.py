"""What a router routes to: models of any kind, and images as they want them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.class_names import named_places
from muxnet.pool.inputs import Batch

Costs = Mapping[str, list[float]]
Features: TypeAlias = "NDArray[np.float32]"


def image_format(channels: int, height: int, width: int) -> _core.ImageFormat:
    """Return how files become images of networks that were trained on an image folder."""
    return _core.ImageFormat(channels=channels, height=height, width=width, interpolation="area")


def with_images(
    models: Sequence[ForeignModel], given: _core.ImageFormat | None
) -> list[ForeignModel]:
    """Return the models with ``given``, what options say, for those that leave their images open.

    Raises:
        ConfigError: it is of another shape than a model's answers were recorded on, or no model
            leaves its images open and all want others.

    """
    if given is None:
        return list(models)
    found = [_with_format(model, given) if model.images is None else model for model in models]
    wanted = {model.name: model.images.shape for model in found if model.images is not None}
    if given.shape not in wanted.values():
        sizes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in wanted.items())
        expected = f"images as the models want them, {sizes}"
        raise ConfigError(error_text("--size, --channels", expected, shape_text(given.shape)))
    return found


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape in words."""
    return " x ".join(map(str, shape))


def _with_format(model: ForeignModel, images: _core.ImageFormat) -> ForeignModel:
    shown = model.input
    if shown.recorded is not None and tuple(images.shape) != tuple(shown.recorded):
        expected = f"images of {shape_text(shown.recorded)}, as {model.name} was recorded on"
        raise ConfigError(error_text("--size, --channels", expected, shape_text(images.shape)))
    colour = "grey" if images.channels == 1 else shown.colour
    shown = dataclasses.replace(shown, images=images, colour=colour, recorded=None)
    return dataclasses.replace(model, input=shown)


def _with_own_format(model: ForeignModel, known: tuple[str, ...]) -> ForeignModel:
    """Return a model, told the router's classes, with a format of the size it was recorded on."""
    model = dataclasses.replace(model, known=known)
    recorded = model.input.recorded
    if model.images is not None or recorded is None or len(recorded) != 3:
        return model
    channels, height, width = recorded
    return _with_format(model, _core.ImageFormat(channels=channels, height=height, width=width))


class Answers(NamedTuple):
    """Probabilities (n, K), and what the multiplexer says that is shown what this model gives."""

    probabilities: NDArray[np.float32]
    view: _core.MultiplexerView | None = None


class Pool(Protocol):
    """Models behind a router.

    ``formats`` are the different ones that the multiplexer and the models want, ``shown`` which of
    them each is shown, the multiplexer first. Inputs are passed as a list, once in each format.
    """

    @property
    def formats(self) -> Sequence[_core.ImageFormat | None]:
        """Return the different formats."""

    @property
    def shown(self) -> Sequence[int]:
        """Return which of them the multiplexer and each model is shown."""

    class_names: Sequence[str]
    costs: Costs
    multiplexer_costs: Mapping[str, float]
    names: Sequence[str]
    cost_kind: str
    multiplexer: _core.Multiplexer | None
    vector_length: int  # of inputs in no format; 0: they are no vectors

    def prepared(self, inputs: Batch) -> list[Batch]:
        """Return inputs in memory in each format."""

    def view(
        self, inputs: Sequence[Batch], features: Features | None = None
    ) -> _core.MultiplexerView:
        """Return what the multiplexer says of inputs, or of features (n, d) that come with them."""

    def answers(self, model: int, inputs: Sequence[Batch], rows: Sequence[int]) -> Answers:
        """Return a model's answers to some of the inputs."""

    def hosted(self) -> list[_core.HostedModel]:
        """Return the models as a service of the core hosts them."""


class ForeignPool:
    """Anybody's models; those that only one thread may call take turns."""

    def __init__(
        self,
        models: Sequence[ForeignModel],
        policy: _core.Policy,
        images: _core.ImageFormat | None,
        class_names: Sequence[str] = (),
        multiplexer: _core.Multiplexer | None = None,
    ) -> None:
        by_name = {model.name: model for model in models}
        if not set(policy.models) <= set(by_name):
            expected = f"the router's models {', '.join(policy.models)}"
            raise ConfigError(error_text("models", expected, ", ".join(by_name)))
        if policy.uses_multiplexer and multiplexer is None:
            expected = f"a multiplexer for policy {policy.name}"
            raise ConfigError(error_text("multiplexer", expected, "none"))
        wanted = with_images([by_name[name] for name in policy.models], images)
        looking = multiplexer if policy.uses_multiplexer else None
        encoder = None if looking is None else looking.encoder
        self._encoder = "" if encoder is None else encoder[0]
        if encoder is not None:
            name, output = encoder
            wanted = [m.with_embedding(output) if m.name == name else m for m in wanted]
        known = tuple(policy.class_names)
        self._models = [_with_own_format(model, known) for model in wanted]
        self._turns = [nullcontext() if m.concurrent else threading.Lock() for m in self._models]
        self._classes = policy.classes
        self._places = [
            named_places(model.name, model.classes, policy.class_names) for model in self._models
        ]
        wants = [model.images for model in self._models]
        # What no multiplexer looks at is shown to the first model.
        looks = looking is not None and encoder is None
        wants.insert(0, looking.images if looking is not None and looks else wants[0])
        self.formats: Sequence[_core.ImageFormat | None] = list(dict.fromkeys(wants))
        self.shown: Sequence[int] = [self.formats.index(wanted) for wanted in wants]
        vectors = [m.shape[0] for m in self._models if m.images is None and m.shape is not None]
        if looking is not None and looks and looking.images is None:
            vectors.insert(0, looking.model.graph.input_shape[0])
        self.vector_length = vectors[0] if vectors else 0
        self.names: Sequence[str] = policy.models
        self.cost_kind = policy.cost_kind
        self.class_names = class_names or _numbered(policy)
        self.costs: Costs = {policy.cost_kind: policy.prices}
        self.multiplexer_costs: Mapping[str, float] = {}
        self.multiplexer: _core.Multiplexer | None = None
        if looking is not None:
            self.multiplexer = looking.at_price(policy.multiplexer_cost)
            self.multiplexer_costs = {policy.cost_kind: self.multiplexer.cost}

    def prepared(self, inputs: Batch) -> list[Batch]:
        """Return inputs in memory in each format."""
        return [
            _core.format_images(inputs, wanted)
            if wanted is not None and isinstance(inputs, np.ndarray) and inputs.ndim == 4
            else inputs
            for wanted in self.formats
        ]

    def view(
        self, inputs: Sequence[Batch], features: Features | None = None
    ) -> _core.MultiplexerView:
        """Return what the multiplexer says of inputs, or of features (n, d) that come with them.

        Nothing where it is shown what a model gives: ``answers`` of that then tell.

        Raises:
            ValueError: it is shown something else.

        """
        if self.multiplexer is None or self._encoder:
            return _core.MultiplexerView()
        kinds = {kind.name: kind for kind in _core.multiplexer_kinds()}
        vectors = kinds[self.multiplexer.kind].source == _core.MultiplexerSource.vectors
        given = inputs[self.shown[0]] if features is None or not vectors else features
        shown = _core.multiplexer_inputs(self.multiplexer, np.ascontiguousarray(given))
        return _core.run_multiplexer(self.multiplexer, shown)

    def answers(self, model: int, inputs: Sequence[Batch], rows: Sequence[int]) -> Answers:
        """Return a model's answers to some of the inputs.

        Raises:
            UserError: it failed.

        """
        wanted = rows_of(inputs[self.shown[model + 1]], rows)
        view = None
        try:
            with self._turns[model]:
                asked = self._models[model]
                if asked.name == self._encoder and self.multiplexer is not None:
                    own, embedding = asked.probabilities_embedded(wanted)
                    given = _core.multiplexer_inputs(self.multiplexer, embedding)
                    view = _core.run_multiplexer(self.multiplexer, given)
                else:
                    own = np.ascontiguousarray(asked.probabilities(wanted))
        except Exception as error:
            what = "inputs"
            if isinstance(wanted, np.ndarray):
                what = f"inputs of {shape_text(wanted.shape[1:])}"
            received = f"{type(error).__name__}: {error}"
            text = f"[route] {self.names[model]} failed on {what}: {received}"
            raise UserError(text) from error
        if not self._places[model]:
            return Answers(own, view)
        found = np.zeros((len(own), self._classes), np.float32)
        found[:, self._places[model]] = own
        return Answers(found, view)

    def hosted(self) -> list[_core.HostedModel]:
        """Return the models as a service of the core hosts them.

        Raises:
            ConfigError: the size of a model's images is not known.

        """
        prices = self.costs[self.cost_kind]
        hosted = []
        for model, price, places in zip(self._models, prices, self._places, strict=True):
            if model.shape is None:
                expected = "the size of its images: --size, or input in the list of models"
                raise ConfigError(error_text(model.name, expected, "none"))
            made = model.hosted(price, model.shape, self._classes, places)
            hosted.append(made if model.images is None else made.for_images(model.images))
        return hosted


def rows_of(inputs: Batch, rows: Sequence[int]) -> Batch:
    """Return some of the inputs of a batch."""
    return inputs[rows] if isinstance(inputs, np.ndarray) else [inputs[row] for row in rows]


def _numbered(policy: _core.Policy) -> list[str]:
    """Return a name of every class, the number of those without; none where all are numbers."""
    names = policy.class_names
    numbers = [str(k) for k in range(policy.classes)]
    return [] if names == numbers[: len(names)] else [*names, *numbers[len(names) :]]


class NetworkPool:
    """Networks of ours, and their multiplexer."""

    def __init__(
        self,
        models: Sequence[_core.Model],
        multiplexer: _core.Multiplexer | None,
        class_names: Sequence[str] = (),
    ) -> None:
        channels, height, width = models[0].graph.input_shape
        self.multiplexer = multiplexer
        self._models = [_core.HostedModel(model) for model in models]
        self._costs = [model.cost for model in self._models]
        self._pool = _core.ModelPool(self._models)
        self._normalization = models[0].normalization
        self.names: Sequence[str] = [model.name for model in models]
        self.formats: Sequence[_core.ImageFormat] = [image_format(channels, height, width)]
        self.shown: Sequence[int] = [0] * (len(models) + 1)
        self.cost_kind = "macs"
        self.vector_length = 0
        self.class_names = class_names
        self.costs: Costs = {"macs": self._costs}
        self.multiplexer_costs: Mapping[str, float] = {}
        if multiplexer is not None:
            self.multiplexer_costs = {"macs": multiplexer.cost}

    def prepared(self, inputs: Batch) -> list[Batch]:
        """Return images in memory, which are to be of the networks' size."""
        return [inputs]

    def view(
        self, inputs: Sequence[Batch], features: Features | None = None
    ) -> _core.MultiplexerView:
        """Return what the multiplexer says of images (n, c, h, w); it looks at no features."""
        if self.multiplexer is None:
            return _core.MultiplexerView()
        return _core.run_multiplexer(self.multiplexer, self._normalized(inputs[0]))

    def answers(self, model: int, inputs: Sequence[Batch], rows: Sequence[int]) -> Answers:
        """Return a model's answers to some of the images."""
        images = self._normalized(rows_of(inputs[0], rows))
        return Answers(self._pool.probabilities(model, images))

    def hosted(self) -> list[_core.HostedModel]:
        """Return the models as a service of the core hosts them."""
        return [model.for_images(self.formats[0]) for model in self._models]

    def _normalized(self, images: Batch) -> NDArray[np.float32]:
        return _core.normalize(np.ascontiguousarray(images), self._normalization)
