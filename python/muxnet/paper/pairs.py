"""The pair of the mobile/cloud case: of a run or a router, networks of ours or anybody's models."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.policies import OFFLOAD
from muxnet.pool.router import open_router
from muxnet.pool.router_folder import OUTCOMES_FILE
from muxnet.training.multiplexers import cheapest_and_dearest
from muxnet.training.results import read_results


@dataclasses.dataclass(frozen=True)
class Pair:
    """What the device runs, and how the model in the cloud is shown images.

    ``threshold`` is the score that the policy offloads from; ``cloud_ms``: what the model in the
    cloud took where that was measured, for a server that does not say.
    """

    multiplexer: _core.Multiplexer
    small: _core.HostedModel
    cloud: _core.HostedModel
    threshold: float = 0.5
    class_names: tuple[str, ...] = ()
    cloud_ms: float | None = None


def load_pair(path: Path, models: Path | None = None, *, threads: int = 0) -> Pair:
    """Return the cheapest and the dearest model of a run or a router, and their multiplexer.

    ``models`` is another list of the models than the one beside the router.

    Raises:
        ConfigError: a router that does not offload; models that nothing here can run.
        OSError: files that cannot be read.

    """
    folder = RunFolder(path)
    policy = OFFLOAD if folder.finished else ""
    router = open_router(path, policy=policy, models=models, threads=threads)
    pool, found = router.pool, router.policy
    if found.name != OFFLOAD or pool.multiplexer is None:
        expected = f"a run, or a router of muxnet fit --policy {OFFLOAD} --multiplexer KIND"
        raise ConfigError(error_text(str(path), expected, f"policy {found.name}"))
    hosted = pool.hosted()
    small, cloud = (hosted[i] for i in cheapest_and_dearest(pool.costs[pool.cost_kind]))
    multiplexer, wanted = pool.multiplexer, pool.formats[pool.shown[0]]
    if wanted is not None and not multiplexer.images:
        multiplexer = multiplexer.for_images(wanted)
    times: dict[str, float | None] = {}
    if folder.finished:
        times = {model.name: model.latency_ms for model in read_results(folder.results).models}
    return Pair(
        multiplexer,
        small,
        cloud,
        found.point.parameters["threshold"],
        tuple(found.class_names),
        times.get(cloud.name),
    )


def threshold_for(path: Path, share: float) -> float:
    """Return the score that a share of the inputs reaches, of which the multiplexer learnt nothing.

    Raises:
        OSError: a router without the table of its scores.

    """
    folder = RunFolder(path)
    table = folder.outcomes("offload-calibration") if folder.finished else path / OUTCOMES_FILE
    scores = _core.OutcomeTable.load(table).offload_score
    return float(np.quantile(np.asarray(scores), 1 - share))
