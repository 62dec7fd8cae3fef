"""``muxnet paper``: the paper's tables, computed, beside what it prints."""

import argparse
import dataclasses
from collections.abc import Sequence

from muxnet.base.compiled import _core
from muxnet.base.files import write_json
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import latency_text, macs_text, percent_text
from muxnet.commands.options import add_threads
from muxnet.commands.profile import figures
from muxnet.paper.tables import Line, Tables, compute, hybrid_of

HELP = "compute the paper's Tables I and II from its equations, beside what it prints"
INTERRUPTED = "nothing was left"

QUANTITIES = {"macs": "MACs", "latency_ms": "latency ms", "energy_mj": "device energy mJ"}
SETUPS = {
    "mobile_only": "mobile-only (Eq. 9)",
    "cloud_only": "cloud-only (Eq. 10)",
    "hybrid": "hybrid (Eq. 11-13), multiplexer as mobilenet_v2",
    "hybrid_free_mux": "hybrid, multiplexer free",
    "hybrid_single": "hybrid-single (Eq. 14)",
    "hybrid_single_with_mux": "hybrid-single, multiplexer as mobilenet_v2",
}
HEADLINES = {
    "compute_ratio": "compute, dearest model over hybrid-single",
    "latency_saved": "latency saved by hybrid-single",
    "over_mobile_only": "accuracy, hybrid over mobile-only",
    "over_best_model": "accuracy, hybrid-single over the best model",
    "true_negative_rate": "true negative rate, from the 2.4 %",
    "needlessly_offloaded": "offloaded needlessly, from the rate",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet paper``."""
    parser.add_argument(
        "--measure", action="store_true", help="add what this machine measures, networks run here"
    )
    add_threads(parser, "to measure with")


def execute(arguments: argparse.Namespace) -> int:
    """Compute and print the tables, and return the exit status."""
    found = compute()
    for title, lines in (("Table I", found.table1), ("Table II", found.table2)):
        print(f"{title}: paper's figures, and what its equations make of them")
        print_table(cost_table(title, lines))
    print("Headlines, derived")
    print_table(headline_table(found.headlines))
    print("Where text and tables disagree")
    for sentence in found.contradictions:
        print(f"- {sentence}")
    content = json_content(found)
    if arguments.measure:
        content["measured"] = measure(arguments.threads)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return 0


def cost_table(title: str, lines: Sequence[Line]) -> TextTable:
    """Return the costs of the setups as text."""
    rows = tuple(
        (
            SETUPS[line.setup],
            QUANTITIES[line.quantity],
            _cost(line, line.paper),
            _cost(line, line.computed),
            _difference(line),
            " and ".join(line.origins),
        )
        for line in lines
    )
    return TextTable(title, ("setup", "", "paper", "computed", "difference", "computed from"), rows)


def headline_table(lines: Sequence[Line]) -> TextTable:
    """Return the headline figures as text."""
    rows = []
    for line in lines:
        digits = 3 if line.quantity.endswith("rate") else 2
        plain = line.quantity in ("compute_ratio", "true_negative_rate")
        paper, computed = (
            f"{value:.{digits}f}" if plain else percent_text(value)
            for value in (line.paper or 0.0, line.computed)
        )
        rows.append((HEADLINES[line.quantity], paper, computed))
    return TextTable("Headlines", ("", "paper", "computed"), tuple(rows))


def json_content(found: Tables) -> dict[str, object]:
    """Return what ``--json`` writes."""
    return {
        **found.costs,
        "lines": [dataclasses.asdict(line) for line in (*found.table1, *found.table2)],
        "headlines": {
            line.quantity: {"paper": line.paper, "computed": line.computed}
            for line in found.headlines
        },
        "contradictions": list(found.contradictions),
    }


def measure(threads: int) -> dict[str, dict[str, float | None]]:
    """Measure Table II's networks and a multiplexer here, print and return their costs."""
    from muxnet.paper.profiling import device_profile, measured_cost, multiplexer_model

    _core.set_threads(threads)
    profile = device_profile(threads=threads)
    look = measured_cost(multiplexer_model(), _core.EnergyMeter())
    total = hybrid_of(profile.networks, look)
    rows = [(name, cost) for name, cost in profile.networks.items()]
    rows += [("multiplexer", look), ("hybrid-single, the paper's called shares", total)]
    print(f"Measured here: {profile.name}")
    text = tuple(
        (
            name,
            macs_text(cost.macs.value),
            latency_text(cost.latency_ms.value),
            latency_text(cost.energy_mj.value),
            " and ".join(cost.latency_ms.origins),
        )
        for name, cost in rows
    )
    columns = ("network", "MACs", "latency ms", "energy mJ (– not measured)", "latency is")
    print_table(TextTable("Measured", columns, text))
    measured = _core.DeviceProfile(profile.name, dict(rows))
    return figures(measured)


def _cost(line: Line, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1e9:.3f} G" if line.quantity == "macs" else f"{value:.3f}"


def _difference(line: Line) -> str:
    if line.paper is None:
        return "–"
    return percent_text(round(line.computed / line.paper - 1, 3) + 0.0, 1)
