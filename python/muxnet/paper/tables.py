"""The paper's Tables I and II, computed from its own equations and figures (arXiv 2001.05870v2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.files import read_json
from muxnet.base.words import bytes_text, macs_text, percent_text

PROFILES = Path(__file__).parent / "profiles"
LINKS = ("wifi_us_2019", "lte", "3g")
RAW_IMAGE_BYTES = 224 * 224 * 3


@dataclasses.dataclass(frozen=True)
class Side:
    """What the paper ran on the device, or in the cloud."""

    device: str
    network: str
    link: str = ""


@dataclasses.dataclass(frozen=True)
class Setup:
    """A line of a table, as printed."""

    macs: float
    latency_ms: float
    accuracy: float
    energy_mj: float | None = None
    threshold: float | None = None


@dataclasses.dataclass(frozen=True)
class Table1:
    """Mobile, cloud, and both."""

    mobile_only: Setup
    cloud_only: Setup
    hybrid: Setup
    local: float
    true_negative_rate: float
    needlessly_offloaded: float


@dataclasses.dataclass(frozen=True)
class Called:
    """A model of Table II: how accurate it is, and the share of the inputs it is called for."""

    accuracy: float
    called: float


@dataclasses.dataclass(frozen=True)
class Table2:
    """Six models in the cloud."""

    models: dict[str, Called]
    hybrid_single: Setup
    hybrid_ensemble: Setup


@dataclasses.dataclass(frozen=True)
class Paper:
    """All that the paper prints."""

    source: str
    mobile: Side
    cloud: Side
    table1: Table1
    table2: Table2
    headlines: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Line:
    """One figure: what the paper says (None: nothing) and what its equations give."""

    setup: str
    quantity: str
    paper: float | None
    computed: float
    origins: tuple[str, ...]  # of what was computed from


@dataclasses.dataclass(frozen=True)
class Tables:
    """All that ``muxnet paper`` prints. ``costs``: computed, by table and setup."""

    table1: tuple[Line, ...]
    table2: tuple[Line, ...]
    headlines: tuple[Line, ...]
    contradictions: tuple[str, ...]
    costs: dict[str, dict[str, dict[str, float]]]


def read_paper() -> Paper:
    """Return the figures that the paper prints."""
    return schema.from_dict(Paper, read_json(PROFILES / "paper.json"), "paper.json")


def load_link(name: str) -> _core.LinkProfile:
    """Return one of ``LINKS``, or the link profile in the file ``name``.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no link profile.

    """
    return _core.LinkProfile.load(PROFILES / f"{name}.json" if name in LINKS else name)


def compute() -> Tables:
    """Compute every figure of both tables that follows from others."""
    paper = read_paper()
    parts = _Parts(paper)
    first = {
        "mobile_only": _core.mobile_only(parts.mobile),
        "cloud_only": parts.cloud,
        "hybrid": _core.hybrid(parts.local, parts.mobile, parts.mobile, parts.cloud),
        "hybrid_free_mux": _core.hybrid(parts.local, _core.no_cost(), parts.mobile, parts.cloud),
    }
    second = {
        "hybrid_single": _core.multiplexed(parts.called, parts.models),
        "hybrid_single_with_mux": _core.multiplexed(parts.called, parts.models, parts.multiplexer),
    }
    table1 = paper.table1
    printed1 = {
        "mobile_only": table1.mobile_only,
        "cloud_only": table1.cloud_only,
        "hybrid": table1.hybrid,
        "hybrid_free_mux": table1.hybrid,
    }
    printed2 = dict.fromkeys(second, paper.table2.hybrid_single)
    return Tables(
        table1=tuple(_lines(first, printed1)),
        table2=tuple(_lines(second, printed2)),
        headlines=_headlines(parts),
        contradictions=_contradictions(parts, first, second),
        costs={"table1": _known(first), "table2": _known(second)},
    )


def hybrid_of(costs: Mapping[str, _core.Cost], multiplexer: _core.Cost) -> _core.Cost:
    """Return Eq. 14 with the paper's called shares over other costs of the same networks."""
    models = read_paper().table2.models
    called = [entry.called for entry in models.values()]
    return _core.multiplexed(called, [costs[name] for name in models], multiplexer)


class _Parts:
    """The paper's figures as costs."""

    def __init__(self, paper: Paper) -> None:
        mobile, cloud = paper.mobile, paper.cloud
        device = _core.DeviceProfile.load(PROFILES / f"{mobile.device}.json")
        self.server = _core.DeviceProfile.load(PROFILES / f"{cloud.device}.json")
        self.link = _core.LinkProfile.load(PROFILES / f"{cloud.link}.json")
        self.paper = paper
        self.mobile = device.networks[mobile.network]
        self.cloud_compute = self.server.networks[cloud.network]
        self.multiplexer = self.server.networks[mobile.network]
        printed = paper.table1.cloud_only
        figures = (printed.macs, printed.latency_ms, printed.energy_mj)
        self.cloud = _core.Cost(*(_core.Quantity(figure, "paper") for figure in figures))
        self.local = paper.table1.local
        entries = paper.table2.models
        self.called = [entry.called for entry in entries.values()]
        self.models = [self.server.networks[name] for name in entries]


def _number(figure: _core.Quantity) -> float:
    """Return a figure that the paper prints, or that follows from such."""
    assert figure.value is not None
    return figure.value


def _lines(costs: Mapping[str, _core.Cost], printed: Mapping[str, Setup]) -> Iterable[Line]:
    for setup, cost in costs.items():
        for kind, figure in _figures(cost).items():
            if figure.value is not None:
                paper: float | None = getattr(printed[setup], kind)
                yield Line(setup, kind, paper, figure.value, tuple(figure.origins))


def _known(costs: Mapping[str, _core.Cost]) -> dict[str, dict[str, float]]:
    return {
        setup: {
            kind: figure.value
            for kind, figure in _figures(cost).items()
            if figure.value is not None
        }
        for setup, cost in costs.items()
    }


def _figures(cost: _core.Cost) -> dict[str, _core.Quantity]:
    return {"macs": cost.macs, "latency_ms": cost.latency_ms, "energy_mj": cost.energy_mj}


def _headlines(parts: _Parts) -> tuple[Line, ...]:
    paper = parts.paper
    first, second = paper.table1, paper.table2
    best = max(entry.accuracy for entry in second.models.values())
    routed = second.hybrid_single
    latency = _number(parts.cloud_compute.latency_ms)
    # Negatives are the inputs that the device's model gets right; each follows from the other.
    negatives = first.mobile_only.accuracy
    derived = {
        "compute_ratio": first.cloud_only.macs / routed.macs,
        "latency_saved": 1 - routed.latency_ms / latency,
        "over_mobile_only": first.hybrid.accuracy - first.mobile_only.accuracy,
        "over_best_model": routed.accuracy - best,
        "true_negative_rate": 1 - first.needlessly_offloaded / negatives,
        "needlessly_offloaded": (1 - first.true_negative_rate) * negatives,
    }
    claims = {
        **paper.headlines,
        "true_negative_rate": first.true_negative_rate,
        "needlessly_offloaded": first.needlessly_offloaded,
    }
    return tuple(
        Line("headline", name, claims[name], value, ("paper",)) for name, value in derived.items()
    )


def _contradictions(
    parts: _Parts, first: Mapping[str, _core.Cost], second: Mapping[str, _core.Cost]
) -> tuple[str, ...]:
    paper = parts.paper
    table1, table2 = paper.table1, paper.table2
    free, whole, printed = first["hybrid_free_mux"], first["hybrid"], table1.hybrid
    single, looked = second["hybrid_single"], second["hybrid_single_with_mux"]
    spare = _number(parts.cloud.latency_ms) - _number(parts.cloud_compute.latency_ms)
    rate = _number(parts.link.upload_mbps)
    raw = _core.exchange(parts.link, RAW_IMAGE_BYTES, 0, _core.Quantity(0.0)).upload
    alexnet = _network_macs("alexnet")
    device = _number(parts.mobile.latency_ms)
    cloud, mobile = paper.cloud.network, paper.mobile.network
    best_of = table2.models[cloud].accuracy
    rightly_local = table1.true_negative_rate * table1.mobile_only.accuracy
    return (
        f"Table I holds only with a multiplexer as dear as {mobile}: "
        f"{_number(whole.latency_ms):.2f} ms and {_number(whole.energy_mj):.2f} mJ against "
        f"{printed.latency_ms} and {printed.energy_mj}; with the negligible one of the text "
        f"it would be {_number(free.latency_ms):.2f} ms and {_number(free.energy_mj):.2f} mJ.",
        f"Table II leaves the multiplexer out: its shares give {_number(single.latency_ms):.3f} ms "
        f"({table2.hybrid_single.latency_ms} printed); with one as dear as Table I's, "
        f"{_number(looked.latency_ms):.3f} ms.",
        f"The same shares give {_number(single.macs) / 1e9:.3f} G MACs, the table says "
        f"{macs_text(table2.hybrid_single.macs)}, Table I's figure; with the multiplexer "
        f"{macs_text(_number(looked.macs))}.",
        f"Upload and download have {spare:.1f} ms (cloud-only less {cloud}'s own time): enough for "
        f"{bytes_text(spare * rate * 125)} at {rate} Mbps, while a raw 224 x 224 image of "
        f"{bytes_text(RAW_IMAGE_BYTES)} takes {_number(raw.latency_ms):.0f} ms.",
        f"alexnet has {macs_text(alexnet)} MACs, Table II says "
        f"{macs_text(_number(parts.server.networks['alexnet'].macs))}: its linear layers are "
        "missing.",
        f"{mobile} takes {device} ms on the device of Table I and "
        f"{_number(parts.multiplexer.latency_ms)} ms on the server of Table II, many times as "
        "fast.",
        f"{cloud} is {percent_text(table1.cloud_only.accuracy)} right in Table I and "
        f"{percent_text(best_of)} in Table II.",
        f"A true negative rate of {table1.true_negative_rate} leaves "
        f"{percent_text(rightly_local)} of the inputs rightly on the device, more than the "
        f"{percent_text(parts.local)} that Table I leaves there in all.",
    )


def _network_macs(name: str) -> float:
    options = _core.NetworkOptions(channels=3, height=224, width=224, classes=1000)
    return _core.build_network(name, options).macs
