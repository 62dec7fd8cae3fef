"""What a router routes to: models of any kind, and images as they want them."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.policies import OFFLOAD
from muxnet.outcomes.study_results import DEFAULT
from muxnet.pool.adapters import ForeignModel, read_models
from muxnet.pool.router_folder import MODELS_FILE, load_router
from muxnet.run.config import RunConfig, load_config
from muxnet.run.results import Results, read_results

Costs = Mapping[str, list[float]]


@dataclasses.dataclass(frozen=True)
class ImageFormat:
    """How files become images: the central square, resized; or as ``muxnet.load_images`` does.

    ``resize``: the shorter side in pixels before a central square of ``size`` is cut out, in
    colour; 0: the largest central square is resized to ``size``.
    """

    channels: int = 3
    size: int = 64
    resize: int = 0

    def load(self, path: Path) -> NDArray[np.uint8]:
        """Return a file as an image u8 (c, h, w).

        Raises:
            OSError: unreadable, or damaged.

        """
        if self.resize:
            images = _core.load_images([path], self.resize, self.size)
        else:
            images = _core.load_squares([path], self.channels, self.size)
        image: NDArray[np.uint8] = images[0]
        return image


class Pool(Protocol):
    """Models behind a router."""

    format: ImageFormat
    class_names: Sequence[str]
    costs: Costs
    router_costs: Mapping[str, float]
    names: Sequence[str]
    image_shape: tuple[int, int, int]
    cost_kind: str
    multiplexer: Any  # None where there is none

    def view(self, images: NDArray[np.uint8]) -> Any:
        """Return what the multiplexer says of images u8 (n, c, h, w)."""

    def probabilities(self, model: int, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a model's probabilities (n, K)."""

    def hosted(self) -> list[Any]:
        """Return the models as a service of the core hosts them."""


class ForeignPool:
    """Models of a list as ``muxnet collect`` reads it."""

    def __init__(self, models: Sequence[ForeignModel], policy: Any, images: ImageFormat) -> None:
        by_name = {model.name: model for model in models}
        if not set(policy.models) <= set(by_name):
            expected = f"the router's models {', '.join(policy.models)}"
            raise ConfigError(error_text("models", expected, ", ".join(by_name)))
        if policy.uses_router:
            expected = "a policy that needs no multiplexer, or the folder of the run that has it"
            raise ConfigError(error_text("policy", expected, policy.name))
        self._models = [by_name[name] for name in policy.models]
        self._classes = int(policy.classes)
        self.names: Sequence[str] = list(policy.models)
        self.format = images
        self.image_shape = (images.channels, images.size, images.size)
        self.cost_kind = str(policy.cost_kind)
        self.multiplexer = None
        self.class_names: Sequence[str] = ()
        self.costs: Costs = {policy.cost_kind: list(policy.prices)}
        self.router_costs: Mapping[str, float] = {}

    def view(self, images: NDArray[np.uint8]) -> Any:
        """Return nothing: these models have no multiplexer."""
        return _core.MultiplexerView()

    def probabilities(self, model: int, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a model's probabilities (n, K).

        Raises:
            UserError: it failed.

        """
        try:
            return np.ascontiguousarray(self._models[model].probabilities(images))
        except Exception as error:
            name = self._models[model].name
            shape = " x ".join(str(extent) for extent in images.shape[1:])
            text = (
                f"[route] {name} failed on images of {shape} (--channels, --size): "
                f"{type(error).__name__}: {error}"
            )
            raise UserError(text) from error

    def hosted(self) -> list[Any]:
        """Return the models as a service of the core hosts them."""
        prices = self.costs[self.cost_kind]
        return [
            model.hosted(price, self.image_shape, self._classes)
            for model, price in zip(self._models, prices, strict=True)
        ]


class RunPool:
    """The networks of a finished run."""

    def __init__(self, folder: RunFolder, *, offload: bool = False) -> None:
        from muxnet.run import api

        config, results = load_config(folder.config), read_results(folder.results)
        models, data = load_models(folder, config, results), results.data
        channels, height, width = data.image_shape
        pair = api.device_and_cloud(models) if offload else range(len(models))
        self.multiplexer = load_multiplexer(folder, config, models, offload=offload)
        self._models = [_core.HostedModel(models[i]) for i in pair]
        self._macs = [model.cost for model in self._models]
        self._pool = _core.ModelPool(self._models)
        self._normalization = models[0].normalization
        self.names: Sequence[str] = [model.name for model in self._models]
        self.format = ImageFormat(channels, width)
        self.image_shape = (channels, height, width)
        self.cost_kind = "macs"
        self.class_names: Sequence[str] = data.class_names
        self.costs: Costs = {"macs": self._macs}
        self.router_costs: Mapping[str, float] = {"macs": float(self.multiplexer.macs)}

    def view(self, images: NDArray[np.uint8]) -> Any:
        """Return what the multiplexer says of images u8 (n, c, h, w)."""
        return _core.look(self.multiplexer, self._normalized(images), self._macs)

    def probabilities(self, model: int, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a model's probabilities (n, K)."""
        return np.asarray(self._pool.probabilities(model, self._normalized(images)))

    def hosted(self) -> list[Any]:
        """Return the models as a service of the core hosts them."""
        return self._models

    def _normalized(self, images: NDArray[np.uint8]) -> Any:
        return _core.normalize(np.ascontiguousarray(images), self._normalization)


def load_models(folder: RunFolder, config: RunConfig, results: Results) -> list[Any]:
    """Return a run's models with their weights; its data is not needed.

    Raises:
        OSError: the weights cannot be read.

    """
    channels, height, width = results.data.image_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=results.data.classes
    )
    models = [
        _core.make_model(name, options, projection_dim=config.projection_dim)
        for name in config.models
    ]
    for model in models:
        model.load(folder.weights / f"{model.name}.safetensors")
    return models


def load_multiplexer(
    folder: RunFolder, config: RunConfig, models: Sequence[Any], *, offload: bool = False
) -> Any:
    """Return a run's multiplexer with its weights: that of all models, or of the mobile/cloud pair.

    Raises:
        OSError: the weights cannot be read.

    """
    from muxnet.run import api

    network = api.multiplexer_network(models, config, offload=offload)
    name = "offload" if offload else "multiplexer"
    network.load(folder.weights / f"{name}.safetensors")
    return api.multiplexer_of(network, config)


def open_router(
    path: Path,
    *,
    policy: str = "",
    run: Path | None = None,
    models: Path | None = None,
    images: ImageFormat | None = None,
    threads: int = 0,
) -> tuple[Any, Pool]:
    """Return the policy and the models of a folder that ``muxnet fit`` or ``muxnet run`` left.

    ``policy`` chooses among those of a run; a router of fit has its models in ``run``, or in
    ``models``, a list, by default the one beside it, with ``images`` as they want them and
    ``threads`` for each (0: all cores).

    Raises:
        ConfigError: no such folder, no models, an unknown policy, one that cannot serve.
        OSError: files that cannot be read.

    """
    found = load_policy(path, policy)
    folder = RunFolder(run or path)
    pool: Pool
    if run is not None or is_run(folder):
        if models is not None or images is not None:
            raise ConfigError(error_text(str(path), "a run's own models and images", "others"))
        pool = RunPool(folder, offload=found.name == OFFLOAD)
    else:
        listed = read_models(models_file(path, models), threads=threads)
        pool = ForeignPool(listed, found, images or ImageFormat())
    require_models(f"policy {found.name}", found, pool.names)
    return found, pool


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


def require_models(where: str, policy: Any, names: Sequence[str]) -> None:
    """Refuse a policy for other models, or in another order.

    Raises:
        ConfigError: it is one.

    """
    if list(policy.models) != list(names):
        expected = "one for " + ", ".join(names)
        raise ConfigError(error_text(where, expected, ", ".join(policy.models)))


def is_run(folder: RunFolder) -> bool:
    """Return whether a folder holds a finished run."""
    return folder.results.is_file() and folder.config.is_file()


def load_policy(path: Path, name: str = "") -> Any:
    """Return the policy of a router's folder, or one of a run's: the learned cascade by default.

    Raises:
        ConfigError: none, or no such policy.
        OSError: files that cannot be read.

    """
    folder = RunFolder(path)
    if is_run(folder):
        return run_policy(folder, name or DEFAULT)
    if name:
        expected = f"a run's folder, which has several policies, at {path}"
        raise ConfigError(error_text("--policy", expected, name))
    return load_router(path)


def run_policy(folder: RunFolder, name: str) -> Any:
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
