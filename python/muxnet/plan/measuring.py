"""Latencies that were measured here: of a finished run, of a table, or of a run's batches now."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.plan.batches import BatchLatency
from muxnet.plan.given import LATENCY, Latencies
from muxnet.plan.routes import MULTIPLEXER
from muxnet.training.config import load_config
from muxnet.training.finished import load_models, load_multiplexer
from muxnet.training.results import read_results
from muxnet.training.zoo import measure_latency


def recorded(router: Path, table: _core.OutcomeTable) -> Latencies:
    """Return latencies of single inputs that a finished run measured, or a table holds.

    Raises:
        UsageError: there are none.
        OSError: they cannot be read.

    """
    folder = RunFolder(router)
    found: dict[str, float | None] = {}
    if folder.finished:
        results = read_results(folder.results)
        found = {model.name: model.latency_ms for model in results.models}
        found[MULTIPLEXER] = results.multiplexer.latency_ms
    elif "latency_ms" in table.cost_kinds:
        found = dict(zip(table.models, table.costs("latency_ms"), strict=True))
    known = {name: BatchLatency.line(0.0, ms) for name, ms in found.items() if ms}
    if not known:
        raise UsageError(error_text("--latency", LATENCY, "none, and none was recorded"))
    return known


def measure(router: Path, most: int) -> tuple[Latencies, float]:
    """Return what batches of 1, 2, 4, ... ``most`` inputs of a run's networks take, on a thread.

    Beside it how many times as long a typical pass took as the fastest tenth, which is taken.

    Raises:
        UsageError: no finished run of our networks.
        OSError: its weights cannot be read.

    """
    folder = RunFolder(router)
    if not folder.finished or folder.models.is_file():
        expected = "the folder of a finished run of muxnet's networks"
        raise UsageError(error_text("--measure", expected, router))
    config, results = load_config(folder.config), read_results(folder.results)
    models = load_models(folder, config, results)
    multiplexer = load_multiplexer(folder, config, models)
    threads = _core.threads()
    _core.set_threads(1)  # as a worker of muxnet serve has
    try:
        found = {model.name: _batches(model, most) for model in models}
        found[MULTIPLEXER] = _batches(multiplexer, most)
    finally:
        _core.set_threads(threads)
    slowdown = max(slower for _, slower in found.values())
    return {name: latency for name, (latency, _) in found.items()}, slowdown


def _batches(model: _core.Model | _core.Multiplexer, most: int) -> tuple[BatchLatency, float]:
    sizes = sorted({*(1 << power for power in range(most.bit_length()) if 1 << power < most), most})
    measured = [measure_latency(model, size) for size in sizes]
    # A larger batch that was faster was disturbed less: it takes as long at least.
    times = accumulate((latency.ms for latency in measured), max)
    pairs = list(zip(sizes, times, strict=True))
    slowdown = max(latency.typical_ms / latency.ms for latency in measured)
    return BatchLatency.measured(pairs, "--measure"), slowdown
