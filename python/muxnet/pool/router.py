"""A router: a fitted policy and the models that it calls, for images in memory and in files."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.images import Images
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.policies import OFFLOAD
from muxnet.pool.adapters import ForeignModel, read_models
from muxnet.pool.collect import BATCH_BYTES
from muxnet.pool.decision_text import Plan, Record
from muxnet.pool.pools import (
    ForeignPool,
    ImageFormat,
    NetworkPool,
    Pool,
    load_policy,
    models_file,
    require_models,
)
from muxnet.run.config import load_config
from muxnet.run.finished import load_models, load_multiplexer
from muxnet.run.multiplexers import device_and_cloud
from muxnet.run.results import read_results


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
        multiplexer: of ``fit_multiplexer``; None for policies that look at none, and for models
            that are not ours.
        policy: of ``fit_policy``.
        class_names: for records, by class.
        images: how files become images for models that are not ours.

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
        images: ImageFormat | None = None,
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
            self.pool = ForeignPool(foreign, policy, images or ImageFormat(), class_names)
        require_models(f"policy {policy.name}", policy, self.pool.names)

    def route(self, images: Images) -> Routed:
        """Return probabilities (n, K) and called (n, N) for raw images u8 or f32 (n, c, h, w).

        Raises:
            ValueError: images of another shape, or pixels f32 that are not from 0 to 1.
            BusyError: another thread trains one of the models.
            UserError: a model that is not ours failed.

        """
        batch = self._begin(images)
        self._run(batch, images)
        masks = np.asarray(batch.called, dtype=np.uint64)[:, None]
        bits = np.left_shift(np.uint64(1), np.arange(len(self.pool.names), dtype=np.uint64))
        return Routed(batch.probabilities, (masks & bits) != 0)

    def route_files(
        self,
        paths: Sequence[str | os.PathLike[str]],
        *,
        monitor: _core.DriftMonitor | None = None,
        decide_only: bool = False,
    ) -> RoutedFiles:
        """Decide and answer for every file that can be read.

        A record is that of the core with ``image``, its file, and ``class``, the answer's name
        where classes have names. With ``decide_only`` no model runs, and in place of records there
        are plans. ``monitor`` observes every input.

        Raises:
            ValueError: the models' answers do not fit the policy.
            UserError: a model failed.

        """
        policy, pool, found = self.policy, self.pool, RoutedFiles()
        for names, images in _batches(pool, paths, found.damaged):
            batch = self._begin(images, len(found.records))
            if decide_only:
                for row, name in enumerate(names):
                    found.plans.append({"image": name} | json.loads(batch.plan(policy, row)))
                continue
            self._run(batch, images)
            texts = batch.records(policy, pool.costs, pool.multiplexer_costs)
            for row, (name, text) in enumerate(zip(names, texts, strict=True)):
                record: Record = {"image": name} | json.loads(text)
                if pool.class_names:
                    record["class"] = pool.class_names[record["answer"]]
                found.records.append(record)
                if monitor is not None:
                    monitor.observe(batch.monitored(policy, row))
        return found

    def _begin(self, images: Images, first_input: int = 0) -> _core.DecisionBatch:
        _core.check_pixels(images, "route, images")
        # A multiplexer is run, paid for and recorded only where the policy uses one.
        uses_multiplexer = self.policy.uses_multiplexer
        view = self.pool.view(images) if uses_multiplexer else _core.MultiplexerView()
        return _core.DecisionBatch(self.policy, len(images), view, first_input)

    def _run(self, batch: _core.DecisionBatch, images: Images) -> None:
        """Run the models that a batch of decisions wants until it wants none."""
        while not batch.done:
            for model, rows in enumerate(batch.wanted):
                if rows:
                    batch.store(model, self.pool.probabilities(model, images[rows]))


def open_router(
    path: str | os.PathLike[str],
    *,
    policy: str = "",
    run: str | os.PathLike[str] | None = None,
    models: str | os.PathLike[str] | None = None,
    images: ImageFormat | None = None,
    threads: int = 0,
) -> Router:
    """Return the router of a folder that ``muxnet fit`` or ``muxnet run`` left.

    ``policy`` chooses among those of a run; a router of fit has its models in ``run``, or in
    ``models``, a list, by default the one beside it, with ``images`` as they want them and
    ``threads`` for each (0: all cores).

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
    if run is None and not folder.finished:
        listed = read_models(models_file(path, Path(models) if models else None), threads=threads)
        return Router(listed, None, found, images=images)
    if models is not None or images is not None:
        raise ConfigError(error_text(str(path), "a run's own models and images", "others"))
    config, results = load_config(folder.config), read_results(folder.results)
    networks, offload = load_models(folder, config, results), found.name == OFFLOAD
    multiplexer = load_multiplexer(folder, config, networks, offload=offload)
    if offload:
        networks = [networks[i] for i in device_and_cloud(networks)]
    return Router(networks, multiplexer, found, class_names=results.data.class_names)


def _batches(
    pool: Pool, paths: Sequence[str | os.PathLike[str]], damaged: dict[str, str]
) -> Iterator[tuple[list[str], NDArray[np.uint8]]]:
    names: list[str] = []
    images: list[NDArray[np.uint8]] = []
    for path in paths:
        try:
            image = pool.format.load(Path(path))
        except OSError as error:
            damaged[str(path)] = str(error)
            continue
        names.append(str(path))
        images.append(image)
        if len(images) >= max(1, BATCH_BYTES // (4 * image.size)):
            yield names, np.stack(images)
            names, images = [], []
    if images:
        yield names, np.stack(images)
