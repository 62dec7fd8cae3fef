"""The steps of the main job as functions: data, model pool, training, outcome tables, policies."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.outcomes.fitting import fit_policy as fit_policy
from muxnet.outcomes.policies import evaluate_policies as evaluate_policies
from muxnet.run.config import SMALL_ZOO
from muxnet.run.digits import load_digits
from muxnet.run.training import contrastive_collapse as contrastive_collapse
from muxnet.run.training import device_and_cloud as device_and_cloud
from muxnet.run.training import fit_models as fit_models
from muxnet.run.training import fit_multiplexer as fit_multiplexer
from muxnet.run.training import frozen_outputs as frozen_outputs
from muxnet.run.training import multiplexer_network as multiplexer_network
from muxnet.run.training import multiplexer_of as multiplexer_of
from muxnet.run.training import offload_multiplexer as offload_multiplexer
from muxnet.run.training import pretrain_multiplexer as pretrain_multiplexer

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")

PathLike = str | os.PathLike[str]


def set_threads(threads: int) -> None:
    """Set the threads of every computation; 0 means the cores this process may use.

    Raises:
        ValueError: a negative number.

    """
    _core.set_threads(threads)


def versions() -> dict[str, str]:
    """Return the versions of the libraries behind the core."""
    return dict(_core.versions())


def load_data(
    spec: str = "digits",
    *,
    held_out_fraction: float = 0.2,
    test_fraction: float = 0.2,
    seed: int = 0,
) -> Any:
    """Return splits ``.train``, ``.held_out`` and ``.test`` of ``digits`` or ``KIND:DIR``.

    Raises:
        ValueError: an unknown kind, classes that do not fit.
        OSError: a file that is missing, truncated or mislabelled.

    """
    options = _core.SplitOptions(
        held_out_fraction=held_out_fraction, test_fraction=test_fraction, seed=seed
    )
    if spec == "digits":
        return _core.make_splits(_core.make_dataset("digits", *load_digits()), options)
    return _core.open_splits(spec, options)


def dataset(
    images: NDArray[Any], labels: NDArray[Any], *, name: str = "arrays", class_names: Any = ()
) -> Any:
    """Return a data set from arrays, not copied: images (n, c, h, w) or (n, h, w), labels (n).

    Raises:
        ValueError: shapes, dtypes or labels that do not fit, NaN in the images.

    """
    return _core.make_dataset(name, images, labels, list(class_names))


def load_images(
    source: PathLike | Sequence[PathLike], *, resize: int = 256, crop: int = 224
) -> NDArray[np.uint8]:
    """Return RGB images u8 (n, 3, crop, crop) as ImageNet's networks are shown them.

    The shorter side is resized to ``resize`` pixels (bilinear, antialiased), the central square
    cut out. ``source``: files, or a folder whose JPEG and PNG files are taken in sorted order.

    Raises:
        OSError: an unreadable file or folder.
        ValueError: no files, or a crop larger than the resized side.

    """
    if isinstance(source, (str, os.PathLike)):
        files = sorted(
            path for path in Path(source).iterdir() if path.suffix.lower() in IMAGE_SUFFIXES
        )
        if not files:
            raise ValueError(error_text(str(source), "JPEG or PNG files", "none"))
    else:
        files = [Path(path) for path in source]
    return np.asarray(_core.load_images(files, resize, crop))


def split_dataset(data: Any, fraction: float, seed: int) -> tuple[Any, Any]:
    """Divide ``data`` in two, stratified by class; ``fraction`` is the second part's.

    Raises:
        ValueError: a class with too few images.

    """
    rest, part = _core.split_dataset(data, fraction, seed)
    return rest, part


def zoo(
    names: Sequence[str] = SMALL_ZOO, train: Any = None, *, seed: int = 0, projection_dim: int = 32
) -> list[Any]:
    """Return the networks ``names`` with fresh weights, built for the images of ``train``.

    Raises:
        ValueError: a network that is not in the zoo.

    """
    channels, height, width = train.image_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=len(train.class_names)
    )
    normalization = _core.measure_normalization(train)
    return [
        _core.make_model(
            name, options, projection_dim=projection_dim, seed=seed, normalization=normalization
        )
        for name in names
    ]


def save_weights(model: Any, path: PathLike) -> None:
    """Write the weights of a model or a multiplexer, making the folder.

    Raises:
        OSError: it cannot be written.

    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    getattr(model, "model", model).save(path)


def measure_latency(model: Any, batch: int = 1, *, turns: int = 30) -> _core.Latency:
    """Return the milliseconds of one inference pass of a model or a multiplexer."""
    return _core.measure_latency(getattr(model, "model", model), batch, turns)


def outcome_table(models: Sequence[Any], multiplexer: Any, data: Any, *, split: str) -> Any:
    """Run every model and the multiplexer on ``data`` and return the OutcomeTable."""
    options = _core.CollectOptions()
    options.labels = data.labels
    options.split = split
    options.source = f"{data.name}/{'test' if split == 'test' else 'train'}"
    options.indices = data.source_index
    images = _core.normalize(data.images, models[0].normalization)
    return _core.collect_outcomes(_core.ModelPool(list(models)), images, multiplexer, options)


def offload_table(table: Any, models: Sequence[Any], offload: Any, data: Any) -> Any:
    """Return the table of the mobile/cloud case: two models of ``table`` and one score."""
    pair = list(device_and_cloud(models))
    images = _core.normalize(data.images, models[0].normalization)
    score = _core.Predictor(offload.model).output(images, "offload")
    return _core.OutcomeTable(
        [table.models[i] for i in pair],
        np.ascontiguousarray(table.probabilities[:, pair]),
        {"macs": [table.costs("macs")[i] for i in pair]},
        labels=table.labels,
        offload_score=score.reshape(-1),
        router_costs={"macs": float(offload.macs)},
        split=table.split,
        source=table.source,
        indices=table.indices,
    )


class Router:
    """Routes images among models: ``route(images)`` gives probabilities and the models called.

    Threads may call it at once, and run side by side.

    Args:
        models: the model pool.
        multiplexer: from ``fit_multiplexer``.
        policy: from ``fit_policy``, which decides by the multiplexer's scores.

    """

    def __init__(self, models: Sequence[Any], multiplexer: Any, policy: Any) -> None:
        self._normalization = models[0].normalization
        self._router = _core.Router(_core.ModelPool(list(models)), multiplexer, policy.rule())
        self._models = len(models)

    def route(self, images: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return probabilities (n, K) and called (n, N) for raw images u8 or f32 (n, c, h, w).

        Raises:
            ValueError: images of another shape, or with NaN.
            BusyError: another thread trains one of the models.

        """
        routed = self._router.route(_core.normalize(images, self._normalization))
        masks = np.asarray(routed.called, dtype=np.uint64)[:, None]
        bits = np.left_shift(np.uint64(1), np.arange(self._models, dtype=np.uint64))
        return routed.probabilities, (masks & bits) != 0
