"""The paper's four placements (Figure 2) with a run's own models."""

from __future__ import annotations

import dataclasses

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.images import raw_pixels
from muxnet.paper.tables import PROFILES
from muxnet.training.finished import LoadedRun
from muxnet.training.results import ModelResult, policy

SERVER_ANSWER_BYTES = 40.0  # a class and its probability, with their names
IMAGES_SENT = 200  # whose mean size is the payload


@dataclasses.dataclass(frozen=True)
class Placement:
    """One of the paper's four placements (Figure 2), an answer's cost."""

    name: str
    accuracy: float
    macs: float | None
    latency_ms: float | None
    energy_mj: float | None
    origins: tuple[str, ...]  # of the latency


def placements(
    run: LoadedRun,
    device: _core.DeviceProfile | None = None,
    server: _core.DeviceProfile | None = None,
    link: _core.LinkProfile | None = None,
    payload: str = "png",
) -> tuple[Placement, ...]:
    """Return the four placements of Figure 2 with the run's own models.

    ``device`` and ``server`` are device profiles (default: as measured in the run), ``link`` a link
    profile (default: US Wi-Fi of 2019), ``payload`` raw, png or jpeg.
    """
    models = {model.name: model for model in run.results.models}
    cheapest = min(models.values(), key=lambda model: model.cost)
    dearest = max(models.values(), key=lambda model: model.cost)
    multiplexer = _core.Cost(
        _core.Quantity(run.results.multiplexer.cost, "counted"),
        _core.Quantity(run.results.multiplexer.latency_ms, "measured"),
    )
    upload = float(np.mean(_core.encoded_bytes(raw_pixels(run.test, 0, IMAGES_SENT), payload)))
    link = link or _core.LinkProfile.load(PROFILES / "wifi_us_2019.json")
    local, cloud = _cost_on(device, cheapest), _from_cloud(_cost_on(server, dearest), link, upload)
    pair = policy(run.results, "offload")
    stays = 1 - pair.called[list(models).index(dearest.name)]
    routed = policy(run.results, "hybrid_single")
    on_server = [_cost_on(server, model) for model in models.values()]
    return (
        _placement("mobile-only", cheapest.accuracy, _core.mobile_only(local)),
        _placement("cloud-only", dearest.accuracy, cloud),
        _placement(
            "mobile-cloud hybrid", pair.accuracy, _core.hybrid(stays, multiplexer, local, cloud)
        ),
        _placement(
            "multiplexed in the cloud, at the server",
            routed.accuracy,
            _core.multiplexed(list(routed.called), on_server, multiplexer),
        ),
    )


def _from_cloud(answer: _core.Cost, link: _core.LinkProfile, upload: float) -> _core.Cost:
    """Return what an answer of the server costs the device."""
    sent = _core.exchange(link, upload, SERVER_ANSWER_BYTES, answer.latency_ms)
    # The server's energy is not the device's; while it computes, the device waits.
    remote = _core.Cost(answer.macs, answer.latency_ms, sent.waiting.energy_mj)
    return _core.cloud_only(sent.upload, remote, sent.download)


def _cost_on(profile: _core.DeviceProfile | None, model: ModelResult) -> _core.Cost:
    """Return a model's cost by a device profile, else as the run measured it."""
    if profile is None:
        return _core.Cost(
            _core.Quantity(model.cost, "counted"), _core.Quantity(model.latency_ms, "measured")
        )
    if model.name not in profile.networks:
        received = ", ".join(profile.networks)
        raise ConfigError(error_text(f"profile {profile.name}", model.name, received))
    return profile.networks[model.name]


def _placement(name: str, accuracy: float, cost: _core.Cost) -> Placement:
    return Placement(
        name,
        accuracy,
        cost.macs.value,
        cost.latency_ms.value,
        cost.energy_mj.value,
        tuple(cost.latency_ms.origins),
    )
