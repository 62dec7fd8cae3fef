"""The paper's Tables I and II, computed from its own equations and figures (arXiv 2001.05870v2)."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from muxnet.base.compiled import _core
from muxnet.base.files import read_json
from muxnet.base.words import bytes_text, macs_text, percent_text

PROFILES = Path(__file__).parent / "profiles"
LINKS = ("wifi_us_2019", "lte", "3g")
RAW_IMAGE_BYTES = 224 * 224 * 3
KINDS = ("macs", "latency_ms", "energy_mj")


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


def read_paper() -> dict[str, Any]:
    """Return the figures that the paper prints."""
    content: dict[str, Any] = read_json(PROFILES / "paper.json")
    return content


def load_link(name: str) -> Any:
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
        "hybrid_single_with_mux": _core.multiplexed(parts.called, parts.models, parts.look),
    }
    printed1 = {**paper["table1"], "hybrid_free_mux": paper["table1"]["hybrid"]}
    printed2 = dict.fromkeys(second, paper["table2"]["hybrid_single"])
    return Tables(
        table1=tuple(_lines(first, printed1)),
        table2=tuple(_lines(second, printed2)),
        headlines=_headlines(parts),
        contradictions=_contradictions(parts, first, second),
        costs={"table1": _known(first), "table2": _known(second)},
    )


def hybrid_of(costs: Mapping[str, Any], multiplexer: Any) -> Any:
    """Return Eq. 14 with the paper's called shares over other costs of the same networks."""
    models = read_paper()["table2"]["models"]
    called = [entry["called"] for entry in models.values()]
    return _core.multiplexed(called, [costs[name] for name in models], multiplexer)


class _Parts:
    """The paper's figures as costs."""

    def __init__(self, paper: dict[str, Any]) -> None:
        mobile, cloud = paper["mobile"], paper["cloud"]
        device = _core.DeviceProfile.load(PROFILES / f"{mobile['device']}.json")
        self.server = _core.DeviceProfile.load(PROFILES / f"{cloud['device']}.json")
        self.link = _core.LinkProfile.load(PROFILES / f"{cloud['link']}.json")
        self.paper = paper
        self.mobile = device.networks[mobile["network"]]
        self.cloud_compute = self.server.networks[cloud["network"]]
        self.look = self.server.networks[mobile["network"]]
        printed = paper["table1"]["cloud_only"]
        self.cloud = _core.Cost(*(_core.Figure(printed[kind], "paper") for kind in KINDS))
        self.local = paper["table1"]["local"]
        entries = paper["table2"]["models"]
        self.called = [entry["called"] for entry in entries.values()]
        self.models = [self.server.networks[name] for name in entries]


def _number(figure: Any) -> float:
    """Return a figure that the paper prints, or that follows from such."""
    return float(figure.value)


def _lines(costs: Mapping[str, Any], printed: Mapping[str, Any]) -> Iterable[Line]:
    for setup, cost in costs.items():
        for kind in KINDS:
            figure = getattr(cost, kind)
            if figure.value is not None:
                paper = printed[setup].get(kind)
                yield Line(setup, kind, paper, figure.value, tuple(figure.origins))


def _known(costs: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {
        setup: {
            kind: getattr(cost, kind).value
            for kind in KINDS
            if getattr(cost, kind).value is not None
        }
        for setup, cost in costs.items()
    }


def _headlines(parts: _Parts) -> tuple[Line, ...]:
    paper = parts.paper
    first, second, said = paper["table1"], paper["table2"], paper["headlines"]
    best = max(second["models"].values(), key=lambda entry: entry["accuracy"])
    routed = second["hybrid_single"]
    latency = _number(parts.cloud_compute.latency_ms)
    # Negatives are the inputs that the device's model gets right; each follows from the other.
    negatives = first["mobile_only"]["accuracy"]
    derived = {
        "compute_ratio": first["cloud_only"]["macs"] / routed["macs"],
        "latency_saved": 1 - routed["latency_ms"] / latency,
        "over_mobile_only": first["hybrid"]["accuracy"] - first["mobile_only"]["accuracy"],
        "over_best_model": routed["accuracy"] - best["accuracy"],
        "true_negative_rate": 1 - first["needlessly_offloaded"] / negatives,
        "needlessly_offloaded": (1 - first["true_negative_rate"]) * negatives,
    }
    claims = {**said, **{k: first[k] for k in ("true_negative_rate", "needlessly_offloaded")}}
    return tuple(
        Line("headline", name, claims[name], value, ("paper",)) for name, value in derived.items()
    )


def _contradictions(
    parts: _Parts, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[str, ...]:
    paper = parts.paper
    table1, table2 = paper["table1"], paper["table2"]
    free, whole, printed = first["hybrid_free_mux"], first["hybrid"], table1["hybrid"]
    single, looked = second["hybrid_single"], second["hybrid_single_with_mux"]
    spare = _number(parts.cloud.latency_ms) - _number(parts.cloud_compute.latency_ms)
    rate = _number(parts.link.upload_mbps)
    raw = _core.exchange(parts.link, RAW_IMAGE_BYTES, 0, _core.Figure(0.0)).upload
    alexnet = _network_macs("alexnet")
    device = _number(parts.mobile.latency_ms)
    cloud, mobile = (paper[side]["network"] for side in ("cloud", "mobile"))
    best_of = table2["models"][cloud]["accuracy"]
    rightly_local = table1["true_negative_rate"] * table1["mobile_only"]["accuracy"]
    return (
        f"Table I holds only with a multiplexer as dear as {mobile}: "
        f"{_number(whole.latency_ms):.2f} ms and {_number(whole.energy_mj):.2f} mJ against "
        f"{printed['latency_ms']} and {printed['energy_mj']}; with the negligible one of the text "
        f"it would be {_number(free.latency_ms):.2f} ms and {_number(free.energy_mj):.2f} mJ.",
        f"Table II leaves the multiplexer out: its shares give {_number(single.latency_ms):.3f} ms "
        f"({table2['hybrid_single']['latency_ms']} printed); with one as dear as Table I's, "
        f"{_number(looked.latency_ms):.3f} ms.",
        f"The same shares give {_number(single.macs) / 1e9:.3f} G MACs, the table says "
        f"{macs_text(table2['hybrid_single']['macs'])}, Table I's figure; with the multiplexer "
        f"{macs_text(_number(looked.macs))}.",
        f"Upload and download have {spare:.1f} ms (cloud-only less {cloud}'s own time): enough for "
        f"{bytes_text(spare * rate * 125)} at {rate} Mbps, while a raw 224 x 224 image of "
        f"{bytes_text(RAW_IMAGE_BYTES)} takes {_number(raw.latency_ms):.0f} ms.",
        f"alexnet has {macs_text(alexnet)} MACs, Table II says "
        f"{macs_text(_number(parts.server.networks['alexnet'].macs))}: its linear layers are "
        "missing.",
        f"{mobile} takes {device} ms on the device of Table I and "
        f"{_number(parts.look.latency_ms)} ms on the server of Table II, many times as fast.",
        f"{cloud} is {percent_text(table1['cloud_only']['accuracy'])} right in Table I and "
        f"{percent_text(best_of)} in Table II.",
        f"A true negative rate of {table1['true_negative_rate']} leaves "
        f"{percent_text(rightly_local)} of the inputs rightly on the device, more than the "
        f"{percent_text(parts.local)} that Table I leaves there in all.",
    )


def _network_macs(name: str) -> float:
    options = _core.NetworkOptions(channels=3, height=224, width=224, classes=1000)
    return float(_core.build_network(name, options).macs)
