"""Images routed by a fitted policy among the models of a pool, each decision with its record."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.pool.collect import BATCH_BYTES
from muxnet.pool.decision_text import Plan, Record
from muxnet.pool.pools import Pool


@dataclasses.dataclass
class RoutedImages:
    """What became of image files: a record, or a plan, of each that could be read."""

    records: list[Record] = dataclasses.field(default_factory=list)
    plans: list[Plan] = dataclasses.field(default_factory=list)
    damaged: dict[str, str] = dataclasses.field(default_factory=dict)  # why not, by file


def route_images(
    policy: _core.Policy,
    pool: Pool,
    paths: Sequence[Path],
    *,
    monitor: _core.DriftMonitor | None = None,
    decide_only: bool = False,
) -> RoutedImages:
    """Decide and answer for every file that can be read.

    A record is that of the core with ``image``, its file, and ``class``, the answer's name where
    classes have names. With ``decide_only`` no model runs, and in place of records there are plans.
    ``monitor`` observes every input.

    Raises:
        ValueError: the models' answers do not fit the policy.
        UserError: a model failed.

    """
    found = RoutedImages()
    for names, images in _batches(pool, paths, found.damaged):
        # A look is paid for and recorded only where the policy takes it.
        view = pool.view(images) if policy.uses_router else _core.MultiplexerView()
        batch = _core.DecisionBatch(policy, len(images), view, len(found.records))
        if decide_only:
            for row, name in enumerate(names):
                found.plans.append({"image": name} | json.loads(batch.plan(policy, row)))
            continue
        run_models(batch, pool, images)
        texts = batch.records(policy, pool.costs, pool.router_costs)
        for row, (name, text) in enumerate(zip(names, texts, strict=True)):
            record: Record = {"image": name} | json.loads(text)
            if pool.class_names:
                record["class"] = pool.class_names[record["answer"]]
            found.records.append(record)
            if monitor is not None:
                monitor.observe(batch.monitored(policy, row))
    return found


def run_models(batch: _core.DecisionBatch, pool: Pool, images: NDArray[np.uint8]) -> None:
    """Run the models that a batch of decisions wants until it wants none."""
    while not batch.done:
        for model, rows in enumerate(batch.wanted):
            if rows:
                batch.store(model, pool.probabilities(model, images[rows]))


def _batches(
    pool: Pool, paths: Sequence[Path], damaged: dict[str, str]
) -> Iterator[tuple[list[str], NDArray[np.uint8]]]:
    names: list[str] = []
    images: list[NDArray[np.uint8]] = []
    for path in paths:
        try:
            image = pool.format.load(path)
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
