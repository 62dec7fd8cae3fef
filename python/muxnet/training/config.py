"""The configuration of a run: defaults per data set, a JSON file over them, options over that."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from muxnet.base import files, schema
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, InputError, error_text
from muxnet.base.files import write_json
from muxnet.base.machine import cores
from muxnet.base.run_folder import RunFolder
from muxnet.base.schema import option
from muxnet.training.multiplexer_config import MOST_EPOCHS, MultiplexerConfig, formulations

SMALL_ZOO = (
    "alexnet_small",
    "mobilenet_v2_small",
    "mnasnet1_0_small",
    "resnet50_small",
    "resnet152_small",
    "resnext101_32x8d_small",
)


def data_kinds() -> list[str]:
    """Return the kinds of data set: scikit-learn's digits, and what the core reads."""
    return ["digits", *(kind.name for kind in _core.data_kinds())]


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How training images are varied."""

    crop_padding: int = option(0, "pixels of padding before the random crop", minimum=0)
    flip: bool = option(False, "mirror every other image left to right")
    erase: int = option(0, "side of a random square that is blanked, in pixels", minimum=0)


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """All that decides what a run computes, and where it is left.

    >>> muxnet.RunConfig(epochs=6, batch_size=64).epochs
    6

    """

    data: str = option(
        "digits",
        "digits, or KIND:DIR with KIND another of %(choices)s",
        names=data_kinds,
        checked=False,
    )
    out: str = option("", "folder for everything the run leaves")
    image_size: int = option(
        64, "of images:DIR: side of the central square in pixels", minimum=8, maximum=4096
    )
    image_channels: int = option(3, "of images:DIR: 3, RGB, or 1, grey", minimum=1, maximum=3)
    skip_unreadable: bool = option(
        False, "of images:DIR: leave out images that cannot be read, and say so"
    )
    seed: int = option(1, "seed of every random number", minimum=0)
    threads: int = option(0, "threads to compute with (0: every core)", minimum=0)
    models: tuple[str, ...] = option(
        SMALL_ZOO, "networks of the model pool, which are trained; or a JSON file that lists models"
    )
    epochs: int = option(
        20,
        "passes over the training data, all models together",
        minimum=1,
        maximum=MOST_EPOCHS,
    )
    batch_size: int = option(128, "images per training step", minimum=2)
    learning_rate: float = option(0.1, "peak learning rate of the models", above=0)
    weight_decay: float = option(5e-4, "weight decay of the models", minimum=0)
    optimizer: str = option(
        "sgd",
        "of the models: %(choices)s; sgd with Nesterov momentum",
        names=lambda: [entry.name for entry in _core.optimizers()],
    )
    clip_norm: float = option(
        2.0, "greatest norm of a model's gradient in a step; 0: not clipped", minimum=0
    )
    schedule: str = option(
        "one_cycle",
        "course of the learning rate: %(choices)s",
        names=lambda: [entry.name for entry in _core.schedules()],
    )
    precision: Literal["fp32", "bf16"] = option(
        "fp32", "in which the models are trained; bf16 needs a CPU that has it"
    )
    label_smoothing: float = option(0.0, "label smoothing", minimum=0, below=1)
    contrastive_weight: float = option(
        0.1, "weight of the contrastive loss (Eq. 2); 0 trains without it", minimum=0
    )
    contrastive_formulation: str = option(
        "bounded",
        "balanced and bounded, or as the paper prints it: %(choices)s",
        names=formulations,
    )
    projection_dim: int = option(32, "length of a projected embedding", minimum=2)
    online_distillation_weight: float = option(
        0.5,
        "how much each model also learns from the mean of itself and all dearer ones; 0: not",
        minimum=0,
    )
    temperature: float = option(2.0, "temperature of the on-line distillation", above=0)
    augmentation: Augmentation = dataclasses.field(default_factory=Augmentation)
    held_out_fraction: float = option(
        0.1, "share of the training data kept for the router", above=0, below=1
    )
    calibration_fraction: float = option(
        0.25, "share of the held-out data that chooses thresholds only", above=0, below=1
    )
    test_fraction: float = option(
        0.2, "share kept for testing where the data has no test set", above=0, below=1
    )
    router_data: Literal["held_out", "train"] = option(
        "held_out", "what the router learns from; train: as in the paper"
    )
    multiplexer: MultiplexerConfig = dataclasses.field(default_factory=MultiplexerConfig)
    checkpoint_seconds: float = option(120.0, "seconds between two checkpoints", above=0)

    @property
    def lists_models(self) -> bool:
        """Whether ``models`` is a file that lists them."""
        return is_list(self.models)


# What of the defaults above does not suit a data set.
_SMALL_GREY: dict[str, object] = {
    "epochs": 8,
    "held_out_fraction": 1 / 6,
    "multiplexer": {"resolution": 14},
}
_SMALL_COLOUR: dict[str, object] = {
    "epochs": 22,
    "learning_rate": 0.15,
    "held_out_fraction": 0.1,
    "augmentation": {"crop_padding": 4, "flip": True},
    "multiplexer": {"resolution": 16},
}
DATASET_DEFAULTS: dict[str, dict[str, object]] = {
    "digits": {
        "epochs": 12,
        "batch_size": 64,
        "held_out_fraction": 0.25,
        "calibration_fraction": 0.4,
        "augmentation": {"crop_padding": 1},
        "multiplexer": {"resolution": 16},
    },
    "mnist": {**_SMALL_GREY, "augmentation": {"crop_padding": 2}},
    # In so few epochs shifted images cost more than they bring: a point in four epochs.
    "fashion-mnist": {**_SMALL_GREY, "augmentation": {"flip": True}},
    "cifar10": _SMALL_COLOUR,
    "cifar100": _SMALL_COLOUR,
    "images": _SMALL_COLOUR,
}

# The inputs of a finished run, ``run:OUT``, as data for listed models.
RUN = "run"

# Where files go and how often: without influence on any number.
NOT_COMPARED = ("out", "checkpoint_seconds")


def is_list(models: object) -> bool:
    """Return whether the models of a configuration are a file that lists them."""
    return isinstance(models, (list, tuple)) and len(models) == 1 and models[0].endswith(".json")


def defaults_for(spec: str) -> dict[str, object]:
    """Return what of the defaults does not suit a data set; of a run's inputs, as its data's.

    Raises:
        ConfigError: the configuration of the run that it names cannot be read.

    """
    kind, colon, place = spec.partition(":")
    if kind == RUN and colon:
        return defaults_for(load_config(RunFolder(Path(place)).config).data)
    return DATASET_DEFAULTS.get(kind, {}) if colon or kind == "digits" else {}


def data_kind(spec: str) -> str:
    """Return the data set's kind, the part of ``spec`` before the colon.

    Raises:
        ConfigError: the kind is unknown, or its folder is not given.

    """
    kind, colon, folder = spec.partition(":")
    if kind not in data_kinds():
        raise ConfigError(f"[data] expected one of {', '.join(data_kinds())}, received '{spec}'")
    if kind == "digits" and colon:
        raise ConfigError(f"[data] expected digits without a folder, received '{spec}'")
    if kind != "digits" and not folder:
        raise ConfigError(f"[data] expected {kind}:DIR, received '{spec}'")
    return kind


def load_config(
    path: str | os.PathLike[str] | None = None, options: Mapping[str, object] | None = None
) -> RunConfig:
    """Return the data set's defaults with the file at ``path`` and then ``options`` over them.

    Raises:
        ConfigError: an unknown key, a wrong type or a value out of range, with the file's name.

    """
    options = dict(options or {})
    from_file = read_config_file(path) if path is not None else {}
    spec = options.get("data", from_file.get("data", RunConfig.data))
    if not isinstance(spec, str):
        raise ConfigError(f"[{path}] key 'data': expected a text, received {spec!r}")
    listed = is_list(options.get("models", from_file.get("models")))
    # Listed models take data of more kinds, which only their own opening knows.
    kind = spec.partition(":")[0] if listed else data_kind(spec)
    config = schema.replace(RunConfig(data=spec), defaults_for(spec), "defaults")
    config = schema.replace(config, from_file, str(path))
    config = schema.replace(config, options, "options")
    _check(config)
    features = config.multiplexer.features
    own = dataclasses.replace(config.multiplexer, features=features and os.path.abspath(features))
    return dataclasses.replace(
        config,
        data=_absolute(config.data),
        multiplexer=own,
        models=tuple(os.path.abspath(name) for name in config.models) if listed else config.models,
        out=config.out or f"runs/{Path(kind).stem}-{config.seed}",
        threads=config.threads or cores(),
    )


def _absolute(spec: str) -> str:
    """Return a data set's name that holds wherever a command on the run is given."""
    kind, colon, folder = spec.partition(":")
    if colon:
        return f"{kind}:{Path(folder).absolute()}"
    return spec if spec in data_kinds() else str(Path(spec).absolute())


def read_config_file(path: str | os.PathLike[str]) -> dict[str, object]:
    """Return the JSON object in the file at ``path``.

    Raises:
        ConfigError: the file cannot be read or holds no JSON object.

    """
    try:
        content = files.read_json(path)
    except InputError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(f"[{path}] cannot be read: {error.strerror}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"[{path}] expected a JSON object, received {type(content).__name__}")
    return content


def save_config(config: RunConfig, path: str | os.PathLike[str]) -> None:
    """Write ``config``, complete, such that ``muxnet run --config PATH`` repeats the run.

    Raises:
        OutputError: the file cannot be written.

    """
    write_json(path, schema.to_dict(config))


def differences(one: RunConfig, other: RunConfig) -> list[str]:
    """Return ``key: ONE against OTHER`` for each key in which two runs would differ."""
    return [
        f"{key}: {first!r} against {second!r}"
        for (key, first), (_, second) in zip(_flat(one), _flat(other), strict=True)
        if first != second and key not in NOT_COMPARED
    ]


def _check(config: RunConfig) -> None:
    """Refuse what is wrong only in combination."""
    models = list(config.models)
    if not config.lists_models and (len(models) < 2 or len(set(models)) != len(models)):
        raise ConfigError(error_text("models", "two or more different names", models))
    own = config.multiplexer
    if own.kind != MultiplexerConfig.kind and not config.lists_models:
        expected = f"{MultiplexerConfig.kind} for networks of the zoo"
        raise ConfigError(error_text("multiplexer.kind", expected, own.kind))
    if own.distillation_weight > 0 and own.meta_dim != config.projection_dim:
        expected = f"projection_dim ({config.projection_dim}) for the distillation loss"
        raise ConfigError(error_text("multiplexer.meta_dim", expected, own.meta_dim))


def _flat(config: RunConfig) -> list[tuple[str, object]]:
    items: list[tuple[str, object]] = []
    for key, value in schema.to_dict(config).items():
        if isinstance(value, dict):
            items += [(f"{key}.{name}", inner) for name, inner in value.items()]
        else:
            items.append((key, value))
    return items
