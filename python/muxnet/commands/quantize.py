"""``muxnet quantize``: networks of the zoo in int8, as further models of the pool."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from muxnet.base.files import write_json
from muxnet.base.machine import set_threads
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import latency_text, percent_text
from muxnet.commands.options import add_threads, integer
from muxnet.pool.quantize import INPUTS, SUFFIX, Quantized, quantize_models

HELP = "add networks in int8 to a list of models, and say what they lose and save"
INTERRUPTED = "nothing was listed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet quantize``."""
    parser.add_argument(
        "--models", type=Path, required=True, metavar="FILE", help="list of networks of the zoo"
    )
    parser.add_argument("--data", required=True, help="images, as of muxnet collect")
    parser.add_argument("--out", type=Path, default=Path("int8"), help="folder of weights and list")
    parser.add_argument(
        "--inputs",
        type=integer(1),
        default=INPUTS,
        help="held-out ones that activations are measured on",
    )
    add_threads(parser, "to measure with")


def execute(arguments: argparse.Namespace) -> int:
    """Quantise, print the table, and return the exit status."""
    from muxnet.pool.input_sources import open_inputs

    set_threads(arguments.threads)
    data = arguments.data
    held_out = open_inputs(data, split="held_out")
    test = open_inputs(data, split="test")
    found = quantize_models(arguments.models, held_out, test, arguments.out, count=arguments.inputs)
    print_table(table(found))
    for one in found:
        if one.int8_latency_ms >= one.latency_ms:
            print(f"{one.name}: int8 does not pay here")
    print(f"done: {arguments.out / 'models.json'}, the networks and each as NAME{SUFFIX}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, [dataclasses.asdict(one) for one in found])
    return 0


def table(found: Sequence[Quantized]) -> TextTable:
    """Return what int8 loses and saves as text."""
    columns = ("network", "accuracy", "in int8", "same class", "latency ms", "in int8", "ratio")
    rows = tuple(
        (
            one.name,
            percent_text(one.accuracy),
            percent_text(one.int8_accuracy),
            percent_text(one.alike),
            latency_text(one.latency_ms),
            latency_text(one.int8_latency_ms),
            f"{one.int8_latency_ms / one.latency_ms:.2f}",
        )
        for one in found
    )
    return TextTable("int8", columns, rows)
