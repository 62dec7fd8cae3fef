"""What a router routes to: models of any kind, and images as they want them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.base.images import Images
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.study_results import DEFAULT
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.router_folder import MODELS_FILE, load_router
from muxnet.run.config import load_config

Costs = Mapping[str, list[float]]


def image_format(
    channels: int = 3, height: int = 64, width: int = 64, resize: int = 0
) -> _core.ImageFormat:
    """Return how files become images: the largest central rectangle, resized by means of areas.

    ``resize``: the shorter side before the centre is cut out, as ``muxnet.load_images`` does.
    """
    interpolation = "bilinear" if resize else "box"
    return _core.ImageFormat(
        channels=channels, height=height, width=width, resize=resize, interpolation=interpolation
    )


class Pool(Protocol):
    """Models behind a router."""

    format: _core.ImageFormat
    class_names: Sequence[str]
    costs: Costs
    multiplexer_costs: Mapping[str, float]
    names: Sequence[str]
    image_shape: tuple[int, int, int]
    cost_kind: str
    multiplexer: _core.Multiplexer | None

    def view(
        self, images: Images, features: NDArray[np.float32] | None = None
    ) -> _core.MultiplexerView:
        """Return what the multiplexer says of raw images (n, c, h, w), or features (n, d)."""

    def probabilities(self, model: int, images: Images) -> NDArray[np.float32]:
        """Return a model's probabilities (n, K)."""

    def hosted(self) -> list[_core.HostedModel]:
        """Return the models as a service of the core hosts them."""


class ForeignPool:
    """Anybody's models; those that only one thread may call take turns."""

    def __init__(
        self,
        models: Sequence[ForeignModel],
        policy: _core.Policy,
        images: _core.ImageFormat,
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
        self._models = [by_name[name] for name in policy.models]
        self._turns = [nullcontext() if m.concurrent else threading.Lock() for m in self._models]
        self._classes = policy.classes
        self.names: Sequence[str] = policy.models
        self.format = images
        self.image_shape = images.shape
        self.cost_kind = policy.cost_kind
        self.multiplexer = multiplexer
        self.class_names = class_names
        self.costs: Costs = {policy.cost_kind: policy.prices}
        self.multiplexer_costs: Mapping[str, float] = {}
        if multiplexer is not None and policy.uses_multiplexer:
            self.multiplexer = multiplexer.at_price(policy.multiplexer_cost)
            self.multiplexer_costs = {policy.cost_kind: self.multiplexer.cost}

    def view(
        self, images: Images, features: NDArray[np.float32] | None = None
    ) -> _core.MultiplexerView:
        """Return what the multiplexer says of raw images (n, c, h, w), or features (n, d).

        Raises:
            ValueError: it is shown something else.

        """
        if self.multiplexer is None:
            return _core.MultiplexerView()
        kinds = {kind.name: kind for kind in _core.multiplexer_kinds()}
        vectors = kinds[self.multiplexer.kind].source == _core.MultiplexerSource.vectors
        inputs = features if vectors and features is not None else images
        shown = _core.multiplexer_inputs(self.multiplexer, np.ascontiguousarray(inputs))
        return _core.run_multiplexer(self.multiplexer, shown)

    def probabilities(self, model: int, images: Images) -> NDArray[np.float32]:
        """Return a model's probabilities (n, K).

        Raises:
            UserError: it failed.

        """
        try:
            with self._turns[model]:
                return np.ascontiguousarray(self._models[model].probabilities(images))
        except Exception as error:
            name = self._models[model].name
            shape = " x ".join(str(extent) for extent in images.shape[1:])
            text = (
                f"[route] {name} failed on images of {shape} (--channels, --size): "
                f"{type(error).__name__}: {error}"
            )
            raise UserError(text) from error

    def hosted(self) -> list[_core.HostedModel]:
        """Return the models as a service of the core hosts them."""
        prices = self.costs[self.cost_kind]
        return [
            model.hosted(price, self.image_shape, self._classes)
            for model, price in zip(self._models, prices, strict=True)
        ]


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
        self.format = image_format(channels, height, width)
        self.image_shape = (channels, height, width)
        self.cost_kind = "macs"
        self.class_names = class_names
        self.costs: Costs = {"macs": self._costs}
        self.multiplexer_costs: Mapping[str, float] = {}
        if multiplexer is not None:
            self.multiplexer_costs = {"macs": multiplexer.cost}

    def view(
        self, images: Images, features: NDArray[np.float32] | None = None
    ) -> _core.MultiplexerView:
        """Return what the multiplexer says of images (n, c, h, w); it looks at no features."""
        if self.multiplexer is None:
            return _core.MultiplexerView()
        return _core.run_multiplexer(self.multiplexer, self._normalized(images))

    def probabilities(self, model: int, images: Images) -> NDArray[np.float32]:
        """Return a model's probabilities (n, K)."""
        return self._pool.probabilities(model, self._normalized(images))

    def hosted(self) -> list[_core.HostedModel]:
        """Return the models as a service of the core hosts them."""
        return self._models

    def _normalized(self, images: Images) -> NDArray[np.float32]:
        return _core.normalize(np.ascontiguousarray(images), self._normalization)


def models_file(router: Path, models: Path | None) -> Path:
    """Return the list of a router's models: the one given, or that beside it.

    Raises:
        ConfigError: there is none.

    """
    found = models or router / MODELS_FILE
    if not found.is_file():
        expected = f"--models, or {MODELS_FILE} beside the policy (muxnet fit --models)"
        raise ConfigError(error_text(str(router), expected, "none"))
    return found


def require_models(where: str, policy: _core.Policy, names: Sequence[str]) -> None:
    """Refuse a policy for other models, or in another order.

    Raises:
        ConfigError: it is one.

    """
    if list(policy.models) != list(names):
        expected = "one for " + ", ".join(names)
        raise ConfigError(error_text(where, expected, ", ".join(policy.models)))


def load_policy(path: Path, name: str = "") -> _core.Policy:
    """Return the policy of a router's folder, or one of a run's: the learned cascade by default.

    Raises:
        ConfigError: none, or no such policy.
        OSError: files that cannot be read.

    """
    folder = RunFolder(path)
    if folder.finished:
        return run_policy(folder, name or DEFAULT)
    if name:
        expected = f"a run's folder, which has several policies, at {path}"
        raise ConfigError(error_text("--policy", expected, name))
    return load_router(path)


def run_policy(folder: RunFolder, name: str) -> _core.Policy:
    """Return a policy of a finished run; one that the run did not save is fitted on its outcomes.

    Raises:
        ConfigError: no such policy, or one that needs labels.
        OSError: files that cannot be read.

    """
    path = folder.policies / f"{name}.json"
    known = {entry.name: entry for entry in _core.policies() if "label" not in entry.needs}
    if name not in known:
        raise ConfigError(error_text("--policy", "one of " + ", ".join(known), name))
    if path.is_file():
        return _core.Policy.load(path)
    table = _core.OutcomeTable.load(folder.outcomes(_core.make_policy(name).fitting_part))
    return fit_policy(name, table, seed=load_config(folder.config).seed)
