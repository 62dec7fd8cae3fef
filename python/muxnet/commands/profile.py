"""``muxnet profile``: what networks cost on this machine, measured and saved."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.files import write_json
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import latency_text, macs_text
from muxnet.commands.options import add_threads
from muxnet.paper.profiling import NETWORKS, device_profile

HELP = "measure latency, and energy where there is a sensor, of networks on this machine"
INTERRUPTED = "nothing was left"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet profile``."""
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), metavar="NAME")
    add_threads(parser, "to measure with")
    parser.add_argument(
        "--out", type=Path, default=Path("profile.json"), help="the device profile to write"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Measure, print and save the profile, and return the exit status."""
    meter = _core.EnergyMeter()
    profile = device_profile(arguments.networks, threads=arguments.threads, meter=meter)
    sensor = meter.sensor
    print(f"{profile.name}; energy: {sensor}")
    print_table(table(profile))
    today = datetime.datetime.now(tz=datetime.UTC).date()
    profile.save(arguments.out, f"muxnet profile, {today}")
    print(f"done: {arguments.out}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, {"name": profile.name, "sensor": sensor, "networks": figures(profile)})
    return 0


def table(profile: _core.DeviceProfile) -> TextTable:
    """Return a device profile as text."""
    rows = tuple(
        (
            name,
            macs_text(cost.macs.value),
            latency_text(cost.latency_ms.value),
            latency_text(cost.energy_mj.value),
        )
        for name, cost in profile.networks.items()
    )
    return TextTable(profile.name, ("network", "MACs", "latency ms", "energy mJ"), rows)


def figures(profile: _core.DeviceProfile) -> dict[str, dict[str, float | None]]:
    """Return the numbers of a profile by network; None where one is not known."""
    return {
        name: {kind: getattr(cost, kind).value for kind in ("macs", "latency_ms", "energy_mj")}
        for name, cost in profile.networks.items()
    }
