"""A router: a fitted policy and the models that it calls, for images in memory and in files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.policies import OFFLOAD
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.calls import as_answers
from muxnet.pool.collect import BATCH_BYTES
from muxnet.pool.decision_text import Plan, Record
from muxnet.pool.inputs import Batch
from muxnet.pool.model_list import read_models
from muxnet.pool.pixels import Greatest, Numbers, array_of, stacked, values_of
from muxnet.pool.pools import Features, ForeignPool, NetworkPool, Pool
from muxnet.pool.router_folder import load_multiplexer
from muxnet.pool.router_policy import load_policy, models_file, require_models
from muxnet.training import finished
from muxnet.training.config import load_config
from muxnet.training.multiplexers import device_and_cloud
from muxnet.training.results import read_results

IMAGES = "u8 or f32 (n, c, h, w)"


class Routed(NamedTuple):
    """What became of images: probabilities f32 (n, K), and which models were called (n, N)."""

    probabilities: NDArray[np.float32]
    called: NDArray[np.bool_]


@dataclasses.dataclass
class RoutedFiles:
    """What became of image files: a record, or a plan, of each that could be read."""

    records: list[Record] = dataclasses.field(default_factory=list)
    plans: list[Plan] = dataclasses.field(default_factory=list)
    damaged: dict[str, str] = dataclasses.field(default_factory=dict)  # why not, by file


class Router:
    """Routes images among models, networks of ours or anybody's (Algorithm 2).

    Threads may call it at once, and run side by side where the models do.

    Args:
        models: networks, or models as of ``from_module``.
        multiplexer: of ``fit_multiplexer``; None for policies that look at none.
        policy: of ``fit_policy``.
        class_names: for records, by class.
        images: what images are for models that are not ours and do not say it themselves.

    Raises:
        ConfigError: a policy for other models, or one that wants a multiplexer.

    >>> router = muxnet.Router(models, multiplexer, muxnet.fit_policy("hybrid_single", table))
    >>> probabilities, called = router.route(data.test.images)
    >>> probabilities.shape, called.shape
    ((60, 10), (60, 2))

    """

    def __init__(
        self,
        models: Sequence[_core.Model] | Sequence[ForeignModel],
        multiplexer: _core.Multiplexer | None,
        policy: _core.Policy,
        *,
        class_names: Sequence[str] = (),
        images: _core.ImageFormat | None = None,
    ) -> None:
        networks = [model for model in models if isinstance(model, _core.Model)]
        foreign = [model for model in models if isinstance(model, ForeignModel)]
        if networks and foreign:
            raise ConfigError(error_text("models", "networks of ours, or others'", "both"))
        self.policy = policy
        self.pool: Pool
        if networks:
            self.pool = NetworkPool(networks, multiplexer, class_names)
        else:
            self.pool = ForeignPool(foreign, policy, images, class_names, multiplexer)
        require_models(f"policy {policy.name}", policy, self.pool.names)

    def route(self, images: Batch | ArrayLike, features: ArrayLike | None = None) -> Routed:
        """Return probabilities (n, K) and called (n, N) for raw images u8 or f32 (n, c, h, w).

        Models that are not ours are shown them in the size that each wants; vectors (n, d), texts
        and other objects, in a list, as they come. Tensors of PyTorch and lists of images are taken
        as arrays, and so are numbers of other types: whole ones of 0 to 255, of 16 bits of 0 to
        65535, in floating point of 0 to 1. ``features``, f32 (n, d), come with the
        inputs, for what looks at them.

        Raises:
            TypeError: neither an array nor a list, or a list of other objects than images for
                models that want these.
            ValueError: images of another shape than networks of ours want; pixels f32 that are not
                from 0 to 1.
            BusyError: another thread trains one of the models.
            UserError: a model that is not ours failed.

        """
        rows = _batch_of(images, vectors=self.pool.vector_length > 0 and features is None)
        if not isinstance(rows, np.ndarray) and any(self.pool.formats):
            received = f"a list of {type(rows[0]).__name__}" if rows else "an empty list"
            raise TypeError(error_text("route", f"images {IMAGES}", received))
        inputs = self.pool.prepared(rows)
        given = None if features is None else as_answers(features, "route, features")
        batch = self._begin(inputs, given)
        self._run(batch, inputs)
        masks = np.asarray(batch.called, dtype=np.uint64)[:, None]
        bits = np.left_shift(np.uint64(1), np.arange(len(self.pool.names), dtype=np.uint64))
        return Routed(batch.probabilities, (masks & bits) != 0)

    def route_files(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        monitor: _core.DriftMonitor | None = None,
        decide_only: bool = False,
    ) -> RoutedFiles:
        """Decide and answer for every file that can be read; one path is one file.

        A record is that of the core with ``image``, its file, and ``class``, the answer's name
        where classes have names. With ``decide_only`` no model runs, and in place of records there
        are plans. ``monitor`` observes every input.

        Raises:
            ValueError: the models' answers do not fit the policy.
            UserError: a model failed.

        """
        policy, pool, found = self.policy, self.pool, RoutedFiles()
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        for names, inputs in _batches(pool, paths, found.damaged):
            batch = self._begin(inputs, first_input=len(found.records))
            if decide_only:
                for row, name in enumerate(names):
                    found.plans.append({"image": name} | json.loads(batch.plan(policy, row)))
                continue
            self._run(batch, inputs)
            texts = batch.records(policy, pool.costs, pool.multiplexer_costs)
            for row, (name, text) in enumerate(zip(names, texts, strict=True)):
                record: Record = {"image": name} | json.loads(text)
                if pool.class_names:
                    record["class"] = pool.class_names[record["answer"]]
                found.records.append(record)
                if monitor is not None:
                    monitor.observe(batch.monitored(policy, row))
        return found

    def _begin(
        self,
        inputs: Sequence[Batch],
        features: Features | None = None,
        *,
        first_input: int = 0,
    ) -> _core.DecisionBatch:
        for batch in inputs:
            if isinstance(batch, np.ndarray) and batch.ndim == 4:
                _core.check_pixels(batch, "route, images")
        # A multiplexer is run, paid for and recorded only where the policy uses one. One that is
        # shown what a model gives looks when that has run: it is called first, for every input.
        view = _core.MultiplexerView()
        if self.policy.uses_multiplexer:
            view = self.pool.view(inputs, features)
        if features is not None:
            view.features = features
        return _core.DecisionBatch(self.policy, len(inputs[0]), view, first_input)

    def _run(self, batch: _core.DecisionBatch, inputs: Sequence[Batch]) -> None:
        """Run the models that a batch of decisions wants until it wants none."""
        while not batch.done:
            for model, rows in enumerate(batch.wanted):
                if not rows:
                    continue
                found = self.pool.answers(model, inputs, rows)
                if found.view is not None:
                    batch.show(found.view)
                batch.store(model, found.probabilities)


def open_router(
    path: str | os.PathLike[str],
    *,
    policy: str = "",
    run: str | os.PathLike[str] | None = None,
    models: str | os.PathLike[str] | None = None,
    images: _core.ImageFormat | None = None,
    threads: int = 0,
    opened: Container[str] | None = None,
) -> Router:
    """Return the router of a folder that ``muxnet fit`` or ``muxnet run`` left.

    ``policy`` chooses among those of a run; a router of fit has its models in ``run``, or in
    ``models``, a list, by default the one beside it, with ``images`` as they want them and
    ``threads`` for each (0: all cores). ``opened`` names those of a list that are to run in this
    process; the others are described alone. None: all.

    Raises:
        ConfigError: no such folder, no models, an unknown policy, one that cannot serve.
        OSError: files that cannot be read.

    >>> router = muxnet.open_router("router")
    >>> router.route_files(["photo.png"]).records[0]["called"]
    ['large']
    >>> router.route(muxnet.load_images(["photo.png"], resize=64, crop=64)).called
    array([[False,  True]])

    """
    path = Path(path)
    found = load_policy(path, policy)
    folder = RunFolder(Path(run or path))
    if run is None and not folder.has_networks:
        listed = read_models(
            models_file(path, Path(models) if models else None), threads=threads, opened=opened
        )
        saved = load_multiplexer(path, found)
        multiplexer = None if saved is None else saved.multiplexer
        return Router(listed, multiplexer, found, images=images)
    if models is not None or images is not None:
        raise ConfigError(error_text(str(path), "a run's own models and images", "others"))
    config, results = load_config(folder.config), read_results(folder.results)
    networks, offload = finished.load_models(folder, config, results), found.name == OFFLOAD
    multiplexer = finished.load_multiplexer(folder, config, networks, offload=offload)
    if offload:
        networks = [networks[i] for i in device_and_cloud(networks)]
    return Router(networks, multiplexer, found, class_names=results.data.class_names)


def _batch_of(given: object, *, vectors: bool) -> Batch:
    """Return inputs in memory as an array, where they are one or images or vectors in a list.

    ``vectors``: models take vectors alone, so that lists of numbers are such.

    Raises:
        ConfigError: images whose numbers may mean several things.
        TypeError: neither an array nor a list.

    """
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        array = _whole_numbers(given)
        array = stacked(given) if array is None else array
        if array is None and vectors:
            with contextlib.suppress(ValueError, TypeError):  # of what is no number
                array = np.asarray(given, np.float32)
        return given if array is None else _values(array)
    array = array_of(given)
    if array is None:
        expected = f"an array of images {IMAGES} or vectors (n, d), or a list of inputs"
        raise TypeError(error_text("route", expected, type(given).__name__))
    # Others that are read as they are, such as numbers of tokens, keep their type.
    if array.ndim == 4 and array.dtype not in (np.uint8, np.float32):
        return _values(array)
    return cast("Numbers", array)


def _values(array: NDArray[np.generic]) -> Numbers:
    """Return images as u8 or f32, or vectors.

    What numbers mean goes by their type, and not by how bright the images of a call are: in
    floating point they are of 0 to 1.

    Raises:
        ConfigError: others; of 16 bits such as may be of 8.

    """
    where, most = "route, inputs", float(array.max(initial=0)) if array.dtype.kind in "fu" else 0
    if array.ndim == 4 and array.dtype.kind == "f" and most > 1:
        expected = "pixels of 0 to 1 in floating point (uint8, where they are of 0 to 255)"
        raise ConfigError(error_text(where, expected, f"{array.dtype} of up to {most:g}"))
    return values_of(where, array, Greatest(deep=int(most) if array.dtype.itemsize == 2 else 0))


def _whole_numbers(given: Sequence[object]) -> NDArray[np.generic] | None:
    """Return images in nested lists of whole numbers as such; None: they are something else."""
    if not given or not isinstance(given[0], (list, tuple)):
        return None
    try:
        array = np.asarray(given)
    except (ValueError, TypeError):  # of several sizes, or of what is no number
        return None
    return array if array.ndim == 4 and array.dtype.kind in "iu" else None


def _batches(
    pool: Pool, paths: Sequence[str | os.PathLike[str]], damaged: dict[str, str]
) -> Iterator[tuple[list[str], list[Batch]]]:
    """Yield files that can be read, in each format of the pool, some at a time.

    Raises:
        ConfigError: the size of a model's images is not known.

    """
    formats = [wanted for wanted in pool.formats if wanted is not None]
    if len(formats) < len(pool.formats):
        expected = "the size of every model's images: --size, or input in the list of models"
        raise ConfigError(error_text("route", expected, "none of some"))
    size = max(1, int(BATCH_BYTES / (4 * sum(int(np.prod(f.shape)) for f in formats))))
    for start in range(0, len(paths), size):
        names = [str(path) for path in paths[start : start + size]]
        images, errors = _core.read_images([Path(name) for name in names], formats)
        damaged |= {name: error for name, error in zip(names, errors, strict=True) if error}
        fine = [i for i, error in enumerate(errors) if not error]
        if fine:
            shown: list[Batch] = [np.ascontiguousarray(one[fine]) for one in images]
            yield [names[i] for i in fine], shown
