"""``muxnet offload``: a run's two models on this device and a server, measured as Table I."""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.files import write_json
from muxnet.base.progress import reporter
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import bytes_text, latency_text, percent_text
from muxnet.commands.options import add_payload
from muxnet.paper.offload import (
    Pair,
    Row,
    Stream,
    Table,
    load_pair,
    measure,
    require_fit,
    threshold_for,
)
from muxnet.paper.tables import LINKS, load_link

if TYPE_CHECKING:
    from muxnet.training.finished import LoadedRun

HELP = "send a run's hard test images to a server and print the paper's Table I as measured here"
INTERRUPTED = "nothing was left"

MEASURED = "measured"
TOKEN = "MUXNET_TOKEN"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet offload``."""
    parser.add_argument("run", type=Path, help="folder of a finished run")
    places = "http(s)://HOST:PORT, grpc(s)://HOST:PORT"
    parser.add_argument("--server", required=True, metavar="URL", help=places)
    parser.add_argument("--model", default="", help="its name there (default: the run's dearest)")
    parser.add_argument("--ca-file", type=Path, help="certificates to trust, PEM")
    parser.add_argument("--logits", action="store_true", help="the server's output are logits")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--data", default="", metavar="KIND:PATH", help="its test part instead")
    images.add_argument("--images", type=Path, metavar="DIR", help="image files instead")
    parser.add_argument("--count", type=int, default=500, help="images, at most")
    parser.add_argument("--rate", type=float, default=0.0, help="images a second (0: in turn)")
    parser.add_argument("--deadline-ms", type=float, default=1000.0)
    add_payload(parser, default="raw")
    parser.add_argument("--jpeg-quality", type=int, default=90)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--threshold", type=float, default=0.5, help="score from which to offload")
    chosen.add_argument("--share", type=float, help="of the calibration inputs to offload instead")
    parser.add_argument(
        "--objective",
        default="accuracy",
        metavar="TERMS",
        help="accuracy, or latency=W and energy=W, score that a ms or mJ is worth, or latency<=MS "
        "and energy<=MJ, with commas between",
    )
    parser.add_argument(
        "--link",
        default=MEASURED,
        metavar="LINK",
        help=f"{MEASURED}, {', '.join(LINKS)}, or a profile's file: rates and radio to predict by",
    )
    parser.add_argument("--device", type=Path, metavar="FILE", help="profile (default: measured)")
    parser.add_argument("--threads", type=int, default=0, help="threads to compute with (0: all)")


def execute(arguments: argparse.Namespace) -> int:
    """Measure every setup, print the table, and return the exit status."""
    from muxnet.training.finished import load_run

    check(arguments)
    objective = objective_terms(arguments.objective)
    _core.set_threads(arguments.threads)
    run = load_run(arguments.run)
    device = None if arguments.device is None else _core.DeviceProfile.load(arguments.device)
    pair = load_pair(run, device)
    stream = stream_of(arguments, run)
    require_fit(stream.images, pair.small, "images")
    if arguments.share is not None:
        arguments.threshold = threshold_for(run, arguments.share)

    def options() -> _core.OffloadOptions:
        made = _core.OffloadOptions()
        endpoint = made.endpoint
        endpoint.model = arguments.model or pair.cloud_name
        endpoint.logits, endpoint.payload = arguments.logits, arguments.payload
        endpoint.jpeg_quality = arguments.jpeg_quality
        made.objective.threshold = arguments.threshold
        for name, value in objective.items():
            setattr(made.objective, name, value)
        made.multiplexer_cost, made.small = pair.multiplexer_cost, pair.small_cost
        made.deadline_ms = arguments.deadline_ms
        if arguments.link != MEASURED:
            made.link = load_link(arguments.link)
        return made

    server = _core.ConnectionOptions(arguments.server)
    server.bearer_token = os.environ.get(TOKEN, "")
    if arguments.ca_file is not None:
        server.ca_file = arguments.ca_file
    compressed = arguments.payload if arguments.payload != "raw" else "jpeg"
    with reporter() as progress:
        found = measure(pair, server, options, stream, compressed, progress.say)
    show(found, pair, arguments)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, dataclasses.asdict(found))
    return 0


def check(arguments: argparse.Namespace) -> None:
    """Refuse numbers that make no sense.

    Raises:
        UsageError: which one.

    """
    if arguments.count < 1:
        raise UsageError(error_text("--count", "at least 1", arguments.count))
    if not arguments.deadline_ms > 0:
        raise UsageError(error_text("--deadline-ms", "above 0", arguments.deadline_ms))
    if not arguments.rate >= 0:
        raise UsageError(error_text("--rate", "at least 0", arguments.rate))
    if arguments.share is not None and not 0 <= arguments.share <= 1:
        raise UsageError(error_text("--share", "0 to 1", arguments.share))


def objective_terms(text: str) -> dict[str, float]:
    """Return the members of OffloadObjective that ``--objective`` sets.

    Raises:
        UsageError: a term that is none.

    """
    names = {
        ("latency", "="): "per_ms",
        ("energy", "="): "per_mj",
        ("latency", "<="): "max_latency_ms",
        ("energy", "<="): "max_energy_mj",
    }
    found: dict[str, float] = {}
    for term in filter(None, (part.strip() for part in text.split(","))):
        if term == "accuracy":
            continue
        sign = "<=" if "<=" in term else "="
        kind, _, number = term.partition(sign)
        try:
            value = float(number)
            name = names[kind.strip(), sign]
        except (KeyError, ValueError):
            value, name = -1.0, ""
        if not 0 <= value < float("inf"):
            expected = "accuracy, latency=W, energy=W, latency<=MS or energy<=MJ"
            raise UsageError(error_text("--objective", expected, term))
        found[name] = value
    return found


def stream_of(arguments: argparse.Namespace, run: LoadedRun) -> Stream:
    """Return the images to answer: the run's test part, another's, or a folder's."""
    from muxnet.training.data import load_data, load_images

    if arguments.images is not None:
        _, height, width = run.test.image_shape
        if height != width:
            raise UserError(error_text("--images", "models of square images", (height, width)))
        loaded = load_images(arguments.images, resize=height, crop=height)
        return Stream(loaded[: arguments.count], None, arguments.rate)
    test = load_data(arguments.data).test if arguments.data else run.test
    count = min(arguments.count, len(test))
    rows = np.sort(np.random.default_rng(0).choice(len(test), count, replace=False))
    images = np.ascontiguousarray(test.images[rows])
    return Stream(images, np.asarray(test.labels)[rows], arguments.rate)


def show(found: Table, pair: Pair, arguments: argparse.Namespace) -> None:
    """Print the table and what belongs to it."""
    print(f"device: {pair.small.name}; server: {arguments.model or pair.cloud_name}")
    print_table(table(found))
    rates = {name: latency_text(value) for name, value in found.link.items()}
    origin = MEASURED if arguments.link == MEASURED else arguments.link
    says = "a part of the link's" if found.server_ms is None else latency_text(found.server_ms)
    print(
        f"link ({origin}): {rates['upload_mbps']} Mbit/s up, round trip {rates['rtt_ms']} ms; "
        f"server's time: {says}; threshold: {arguments.threshold:.3g}"
    )
    for row in found.rows:
        reasons = ", ".join(f"{name} {count}" for name, count in row.by_reason.items())
        print(f"{row.setup}: {reasons}; late {row.late}")
    for note in found.notes:
        print(f"note: {note}")
    print(
        "latency, accuracy and local share measured; bytes counted; energy modelled, but by the "
        f"sensor where there is one ({found.sensor})"
    )


def table(found: Table) -> TextTable:
    """Return Table I as text."""
    columns = (
        "setup",
        "accuracy %",
        "local",
        "mean ms",
        "p50",
        "p99",
        "Eq. 9-13 ms",
        "energy mJ",
        "Eq. mJ",
        "sensor mJ",
        "up",
        "down",
    )
    title = f"Table I, measured over {found.rows[0].images} images (– not known)"
    return TextTable(title, columns, tuple(_cells(row) for row in found.rows))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.setup,
        "–" if row.accuracy is None else percent_text(row.accuracy)[:-2],
        percent_text(row.local, 1),
        latency_text(row.latency_mean_ms),
        latency_text(row.latency_p50_ms),
        latency_text(row.latency_p99_ms),
        latency_text(row.predicted_ms),
        latency_text(row.energy_mj),
        latency_text(row.predicted_mj),
        latency_text(row.sensor_mj),
        bytes_text(row.sent_bytes),
        bytes_text(row.received_bytes),
    )
