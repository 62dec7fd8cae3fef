"""Mobile-cloud collaboration, measured: the paper's Table I for a pair, a link, a machine.

Each row runs the same images; beside what it measures stands what Eq. 9 to 13 make of the parts.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.paper.pairs import Pair
from muxnet.paper.profiling import IDLE_SECONDS, mean_energy
from muxnet.paper.stream import Stream

FIRST = 20  # inputs by which the link and what the device runs are measured before the rows
CONNECT_MS = 2000.0
PATIENCE_MS = 30_000.0  # of the cloud-only rows, which have nothing to fall back to
RAW = "raw"


@dataclasses.dataclass(frozen=True)
class Costs:
    """What one pass costs on the device: of the multiplexer, of the small model."""

    multiplexer: _core.Cost
    small: _core.Cost


@dataclasses.dataclass(frozen=True)
class Row:
    """One setup of Table I. Means over the images; None: not known.

    ``latency_*``, ``accuracy``, ``local`` and ``sensor_mj`` are measured, bytes counted,
    ``energy_mj`` modelled from live estimates, ``predicted_*`` by Eq. 9 to 13.
    """

    setup: str
    images: int
    accuracy: float | None
    local: float
    latency_mean_ms: float
    latency_p50_ms: float
    latency_p99_ms: float
    predicted_ms: float | None
    predicted_origins: tuple[str, ...]
    energy_mj: float | None
    predicted_mj: float | None
    sensor_mj: float | None
    sent_bytes: float
    received_bytes: float
    late: int
    worst_lateness_ms: float
    by_reason: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Table:
    """All rows, the link as it was used, and what has to be said beside them."""

    rows: tuple[Row, ...]
    link: dict[str, float | None]
    server_ms: float | None
    sensor: str
    notes: tuple[str, ...]


def measured_costs(pair: Pair, server: _core.ConnectionOptions, stream: Stream) -> Costs:
    """Return what multiplexer and small model take here, preparation included; sends nothing.

    Latency is measured, and energy where there is a sensor.
    """
    client = _core.OffloadClient(pair.multiplexer, pair.small, server, _core.OffloadOptions())
    given = [(stream.image(row), stream.vector(row)) for row in range(min(FIRST, len(stream)))]

    def score() -> None:
        for image, vector in given:
            client.score(image, vector)

    def answer() -> None:
        for image, vector in given:
            client.answer(image, PATIENCE_MS, "device", vector)

    for work in (score, answer):
        work()  # from which the client knows their latencies
    meter = _core.EnergyMeter()
    score_mj, answer_mj = (mean_energy(meter, work, len(given)) for work in (score, answer))
    score_ms, answer_ms = (
        _core.Quantity(ms, "measured") for ms in (client.multiplexer_ms, client.local_ms)
    )
    macs = _core.Quantity(pair.multiplexer.macs, "counted")
    return Costs(
        _core.Cost(macs, score_ms, score_mj), _core.Cost(_core.Quantity(), answer_ms, answer_mj)
    )


def device_costs(pair: Pair, device: _core.DeviceProfile, measured: Costs) -> Costs:
    """Return what a profile says of the device, the multiplexer as measured where it does not.

    Raises:
        ConfigError: a profile without the small model.

    """
    known = device.networks
    if pair.small.name not in known:
        received = ", ".join(known) or "none"
        raise ConfigError(error_text(f"profile {device.name}", pair.small.name, received))
    return Costs(known.get("multiplexer", measured.multiplexer), known[pair.small.name])


def measure(
    pair: Pair,
    costs: Costs,
    server: _core.ConnectionOptions,
    options: Callable[[], _core.OffloadOptions],
    stream: Stream,
    compressed: str = "jpeg",
    say: Callable[[str], object] = print,
) -> Table:
    """Run every setup over the stream and return Table I.

    ``options`` makes the hybrid's; where they know no rates the link is measured first.
    """

    def client(payload: str) -> tuple[_core.OffloadClient, str]:
        chosen = options()
        chosen.endpoint.payload = payload
        made = _core.OffloadClient(pair.multiplexer, pair.small, server, chosen)
        return made, made.connect(CONNECT_MS)

    hybrid, problem = client(options().endpoint.payload)
    payload = hybrid.payload or options().endpoint.payload or RAW
    notes = [f"hybrid: {problem}"] if problem else []
    link, server_ms = _link(hybrid, options().link, pair, stream)
    work = _Work(costs, link, server_ms, stream, _core.EnergyMeter())
    say("mobile-only")
    rows = [work.row("mobile-only", hybrid, "device")]
    cloud_rows, cloud_notes = _cloud_rows(work, client, (RAW, compressed), say)
    rows += cloud_rows
    say(f"hybrid, {payload}")
    rows.append(work.row(f"hybrid, {payload}", client(payload)[0], "decide"))
    return Table(
        tuple(rows),
        _rates(link),
        None if server_ms is None else server_ms.value,
        work.meter.sensor,
        (*notes, *cloud_notes),
    )


def _rates(link: _core.LinkProfile) -> dict[str, float | None]:
    return {
        "upload_mbps": link.upload_mbps.value,
        "download_mbps": link.download_mbps.value,
        "rtt_ms": link.rtt_ms.value,
    }


def _cloud_rows(
    work: _Work,
    client: Callable[[str], tuple[_core.OffloadClient, str]],
    payloads: Sequence[str],
    say: Callable[[str], object],
) -> tuple[list[Row], list[str]]:
    """Return the rows in which the cloud answers, and what has to be said beside them."""
    rows: list[Row] = []
    notes: list[str] = []
    for payload in payloads:
        setup = f"cloud-only, {payload}"
        cloud, trouble = client(payload)
        if trouble:
            notes.append(f"{setup}: {trouble}")
            continue
        say(setup)
        row = work.row(setup, cloud, "cloud")
        if row.local > 0:
            notes.append(_fallen(row, work.detail))
        if row.local < 1:
            rows.append(row)
    return rows, notes


def _fallen(row: Row, detail: str) -> str:
    if row.local == 1:
        return f"{row.setup}: the cloud answered none: {detail}"
    return f"{row.setup}: {row.local:.1%} fell back, whose answers count here: {detail}"


def _link(
    client: _core.OffloadClient, given: _core.LinkProfile, pair: Pair, stream: Stream
) -> tuple[_core.LinkProfile, _core.Quantity | None]:
    """Return the link to predict with and the server's time: given, else from some exchanges.

    Where the server does not say how long it takes, that is part of a measured link, and beside
    one that is given, what the run measured.
    """
    for row in range(min(FIRST, len(stream))):
        image, vector = stream.image(row), stream.vector(row)
        client.answer(image, deadline_ms=PATIENCE_MS, placement="cloud", features=vector)
    server_ms = client.server_ms
    if given.upload_mbps.value is None:
        return client.link, server_ms if server_ms.value is not None else None
    if server_ms.value is None:
        server_ms = _core.Quantity(pair.cloud_ms, "measured")
    return given, server_ms


class _Work:
    """What is the same for every row."""

    def __init__(
        self,
        costs: Costs,
        link: _core.LinkProfile,
        server_ms: _core.Quantity | None,
        stream: Stream,
        meter: _core.EnergyMeter,
    ) -> None:
        self.costs, self.link, self.server_ms = costs, link, server_ms
        self.stream, self.meter = stream, meter
        self.detail = ""  # why the cloud did not answer, of the last row
        self.idle_mw = meter.idle_power_mw(IDLE_SECONDS)

    def row(self, setup: str, client: _core.OffloadClient, placement: str) -> Row:
        """Run the stream through the client and return what became of it."""
        before = client.account
        answers: list[_core.OffloadAnswer] = []
        latencies: list[float] = []

        def run() -> None:
            for answer, latency in self._answers(client, placement):
                answers.append(answer)
                latencies.append(latency)

        energy = self._drawn_mj(run)
        self.detail = next((answer.detail for answer in answers if answer.detail), "")
        after, count = client.account, len(answers)
        reasons = {name: n - before.by_reason[name] for name, n in after.by_reason.items()}
        local = sum(answer.route != "offloaded" for answer in answers) / count
        sent = float(np.mean([answer.sent_bytes for answer in answers]))
        received = float(np.mean([answer.received_bytes for answer in answers]))
        energies = [mj for answer in answers if (mj := answer.energy_mj.value) is not None]
        predicted = self._predicted(placement, local, sent, received)
        return Row(
            setup=setup,
            images=count,
            accuracy=self._accuracy(answers),
            local=local,
            latency_mean_ms=float(np.mean(latencies)),
            latency_p50_ms=float(np.quantile(latencies, 0.5)),
            latency_p99_ms=float(np.quantile(latencies, 0.99)),
            predicted_ms=predicted.latency_ms.value,
            predicted_origins=tuple(predicted.latency_ms.origins),
            energy_mj=float(np.mean(energies)) if len(energies) == count else None,
            predicted_mj=predicted.energy_mj.value,
            sensor_mj=None if energy is None else energy / count,
            sent_bytes=sent,
            received_bytes=received,
            late=sum(answer.lateness_ms > 0 for answer in answers),
            worst_lateness_ms=max(answer.lateness_ms for answer in answers),
            by_reason={name: n for name, n in reasons.items() if n > 0},
        )

    def _drawn_mj(self, run: Callable[[], None]) -> float | None:
        """Run and return what the device drew beyond rest; None where either is not known."""
        if self.idle_mw.value is None:
            run()
            return None
        return self.meter.measure_mj(run, self.idle_mw).value

    def _answers(
        self, client: _core.OffloadClient, placement: str
    ) -> Iterator[tuple[_core.OffloadAnswer, float]]:
        """Yield answers and latencies; those of a camera's images count from when they came."""
        start = time.perf_counter()
        for row in range(len(self.stream)):
            image, vector = self.stream.image(row), self.stream.vector(row)
            waited_ms = 0.0
            if self.stream.rate_hz > 0:
                comes = start + row / self.stream.rate_hz
                time.sleep(max(0.0, comes - time.perf_counter()))
                waited_ms = 1000 * (time.perf_counter() - comes)
            deadline = PATIENCE_MS if placement == "cloud" else None
            answer = client.answer(
                image, deadline_ms=deadline, placement=placement, features=vector
            )
            yield answer, waited_ms + answer.latency_ms

    def _accuracy(self, answers: Sequence[_core.OffloadAnswer]) -> float | None:
        if self.stream.labels is None:
            return None
        found = np.array([answer.answer for answer in answers])
        return float(np.mean(found == np.asarray(self.stream.labels)))

    def _predicted(self, placement: str, local: float, sent: float, received: float) -> _core.Cost:
        costs = self.costs
        mobile = _core.mobile_only(costs.small)
        if placement == "device" or local == 1:
            return mobile if placement == "device" else costs.multiplexer + mobile
        # The hybrid's bytes are means over all inputs; an exchange is of those sent.
        share = 1.0 if placement == "cloud" else 1 - local
        server = self.server_ms or _core.no_cost().latency_ms
        parts = _core.exchange(self.link, sent / share, received / share, server)
        cloud = _core.cloud_only(parts.upload, parts.waiting, parts.download)
        if placement == "cloud":
            return cloud
        return _core.hybrid(local, costs.multiplexer, mobile, cloud)
