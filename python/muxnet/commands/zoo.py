"""``muxnet zoo``: the networks there are, what each costs, and of what layers each is made."""

import argparse
import dataclasses

from muxnet.base.compiled import _core
from muxnet.base.files import write_json
from muxnet.base.machine import set_threads
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import busy_text, count_text, latency_text, macs_text, megabytes_text
from muxnet.commands.options import add_threads
from muxnet.training.zoo import image_shape, measure_latency, options_for

HELP = "list the networks with their costs, or the layers of one of them"
INTERRUPTED = "nothing was left"

TURNS = 10


@dataclasses.dataclass(frozen=True)
class ZooEntry:
    """What ``muxnet zoo --json`` holds of each network."""

    name: str
    summary: str
    input_shape: tuple[int, int, int]  # channels, height, width
    classes: int
    parameters: int  # counted
    macs: int  # counted, for one image
    activation_bytes: int  # buffers of an inference pass of one image
    latency_ms: float  # measured here, one image
    typical_latency_ms: float  # the same, of the typical pass: more on a busy machine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet zoo``."""
    parser.add_argument("network", nargs="?", help="show the layers of this one")
    add_threads(parser, "to measure with")


def execute(arguments: argparse.Namespace) -> int:
    """List the zoo, or one network's layers, and return the exit status."""
    set_threads(arguments.threads)
    if arguments.network:
        print(_core.build_network(arguments.network, options_for(arguments.network)).summary())
    entries = [
        describe(network.name, network.title)
        for network in _core.networks()
        if arguments.network in (None, network.name)
    ]
    print_table(table(entries))
    if busy := busy_text(max(e.typical_latency_ms / e.latency_ms for e in entries)):
        print(busy)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, [dataclasses.asdict(entry) for entry in entries])
    return 0


def describe(name: str, summary: str) -> ZooEntry:
    """Count and measure one network."""
    model = _core.make_model(name, options_for(name), seed=None)  # drawing weights takes longest
    latency = measure_latency(model, turns=TURNS)
    return ZooEntry(
        name=name,
        summary=summary,
        input_shape=image_shape(name),
        classes=model.graph.shape(model.graph.outputs["logits"])[0],
        parameters=model.parameter_count,
        macs=model.macs,
        activation_bytes=_core.plan_bytes(model),
        latency_ms=latency.ms,
        typical_latency_ms=latency.typical_ms,
    )


def table(entries: list[ZooEntry]) -> TextTable:
    """Return the list as text."""
    rows = tuple(
        (
            entry.name,
            "x".join(str(side) for side in entry.input_shape),
            count_text(entry.parameters),
            macs_text(entry.macs),
            megabytes_text(entry.activation_bytes),
            latency_text(entry.latency_ms),
        )
        for entry in entries
    )
    columns = ("network", "input", "parameters", "MACs", "activations MB", "latency ms")
    return TextTable("Networks", columns, rows)
