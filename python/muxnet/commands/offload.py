"""``muxnet offload``: a pair of models on this device and a server, measured as Table I."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.base.files import write_json
from muxnet.base.machine import set_threads
from muxnet.base.progress import reporter
from muxnet.base.run_folder import RunFolder
from muxnet.base.tables import TextTable, print_table
from muxnet.base.tokens import token_of_environment
from muxnet.base.words import bytes_text, latency_text, percent_text
from muxnet.commands.collect import SPLITS
from muxnet.commands.options import add_payload, add_threads, integer, number
from muxnet.paper.offload import RAW, Costs, Row, Table, device_costs, measure, measured_costs
from muxnet.paper.pairs import Pair, load_pair, threshold_for
from muxnet.paper.stream import Stream, images_in, make_stream, read_features
from muxnet.paper.tables import LINKS, load_link

if TYPE_CHECKING:
    from muxnet.pool.inputs import Inputs

HELP = "send hard images to a server and print the paper's Table I for a pair of models, measured"
INTERRUPTED = "nothing was left"

MEASURED = "measured"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet offload``."""
    parser.add_argument("run", type=Path, help="folder of a finished run, or of a router of fit")
    places = "http(s)://HOST:PORT, grpc(s)://HOST:PORT (default: the dearest model's endpoint)"
    parser.add_argument("--server", default="", metavar="URL", help=places)
    parser.add_argument("--model", default="", help="its name there (default: the dearest model's)")
    parser.add_argument("--models", type=Path, metavar="FILE", help="another list of the models")
    parser.add_argument("--ca-file", type=Path, help="certificates to trust, PEM")
    parser.add_argument("--logits", action="store_true", help="the server's output are logits")
    images = parser.add_mutually_exclusive_group()
    told = "as of muxnet collect (default: a run's own test part)"
    images.add_argument("--data", default="", metavar="KIND:PATH", help=told)
    images.add_argument("--images", type=Path, metavar="DIR", help="image files instead")
    parser.add_argument("--split", choices=SPLITS, default="", help="as of muxnet collect")
    told = "npz with features (n, d), a row for each image, for a multiplexer that looks at them"
    parser.add_argument("--features", type=Path, metavar="FILE", help=told)
    parser.add_argument("--count", type=integer(1), default=500, help="images, at most")
    parser.add_argument("--rate", type=number(0), default=0.0, help="images a second (0: in turn)")
    parser.add_argument("--deadline-ms", type=number(above=0), default=1000.0)
    add_payload(parser, default="")
    parser.add_argument("--jpeg-quality", type=integer(1, 100), default=90)
    chosen = parser.add_mutually_exclusive_group()
    told = "score from which to offload (default: the policy's)"
    chosen.add_argument("--threshold", type=number(), help=told)
    chosen.add_argument(
        "--share", type=number(0, 1), help="of the calibration inputs to offload instead"
    )
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
    add_threads(parser, "to compute with")


def execute(arguments: argparse.Namespace) -> int:
    """Measure every setup, print the table, and return the exit status."""
    objective = objective_terms(arguments.objective)
    set_threads(arguments.threads)
    pair = load_pair(arguments.run, arguments.models, threads=arguments.threads)
    server, endpoint = server_of(arguments, pair)
    stream = stream_of(arguments, pair)
    costs = costs_of(arguments, pair, server, stream)
    threshold = threshold_of(arguments, pair)

    def options() -> _core.OffloadOptions:
        made = _core.OffloadOptions()
        made.endpoint, made.cloud = endpoint, pair.cloud
        made.objective.threshold = threshold
        for name, value in objective.items():
            setattr(made.objective, name, value)
        made.multiplexer_cost, made.small = costs.multiplexer, costs.small
        made.deadline_ms = arguments.deadline_ms
        if arguments.link != MEASURED:
            made.link = load_link(arguments.link)
        return made

    compressed = arguments.payload if arguments.payload not in ("", RAW) else "jpeg"
    with reporter() as progress:
        found = measure(pair, costs, server, options, stream, compressed, progress.say)
    show(found, pair, endpoint.model, threshold, arguments.link)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, dataclasses.asdict(found))
    return 0


def server_of(
    arguments: argparse.Namespace, pair: Pair
) -> tuple[_core.ConnectionOptions, _core.EndpointOptions]:
    """Return where the model in the cloud is, and how it is asked there.

    Raises:
        UsageError: nothing says where.

    """
    remote = pair.cloud.remote
    if remote is None and not arguments.server:
        expected = f"where {pair.cloud.name} is, which runs on no server of its own"
        raise UsageError(error_text("--server", expected, "none"))
    server = _core.ConnectionOptions(arguments.server)
    if not arguments.server and remote is not None:
        server = remote.server
    if token := token_of_environment():
        server.bearer_token = token
    if arguments.ca_file is not None:
        server.ca_file = arguments.ca_file
    endpoint = _core.EndpointOptions(model=arguments.model or pair.cloud.name)
    if remote is not None and not arguments.model:
        endpoint = remote.endpoint
    endpoint.logits = endpoint.logits or arguments.logits
    endpoint.payload, endpoint.jpeg_quality = arguments.payload, arguments.jpeg_quality
    return server, endpoint


def costs_of(
    arguments: argparse.Namespace, pair: Pair, server: _core.ConnectionOptions, stream: Stream
) -> Costs:
    """Return what the device's two models cost: measured here, or as a profile says."""
    measured = measured_costs(pair, server, stream)
    if arguments.device is None:
        return measured
    return device_costs(pair, _core.DeviceProfile.load(arguments.device), measured)


def threshold_of(arguments: argparse.Namespace, pair: Pair) -> float:
    """Return the score from which to offload."""
    if arguments.share is not None:
        return threshold_for(arguments.run, arguments.share)
    return pair.threshold if arguments.threshold is None else float(arguments.threshold)


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


def stream_of(arguments: argparse.Namespace, pair: Pair) -> Stream:
    """Return the images to answer: those of a folder, some of a data set's, or a run's own."""
    inputs = inputs_of(arguments)
    count = min(arguments.count, len(inputs))
    rows = range(count)
    if arguments.images is None:
        rows = np.sort(np.random.default_rng(0).choice(len(inputs), count, replace=False)).tolist()
    features = None if arguments.features is None else read_features(arguments.features)
    return make_stream(inputs, rows, pair.class_names, rate_hz=arguments.rate, features=features)


def inputs_of(arguments: argparse.Namespace) -> Inputs:
    """Return all inputs that the options, or the run, name.

    Raises:
        UsageError: none do.

    """
    from muxnet.pool.input_sources import open_inputs
    from muxnet.pool.labelled import inputs_of as labelled
    from muxnet.run.listed_job import divided
    from muxnet.training.config import load_config
    from muxnet.training.finished import load_run

    if arguments.images is not None:
        return images_in(arguments.images)
    folder = RunFolder(arguments.run)
    if arguments.data:
        # A network of ours may have learnt from the rest.
        split = arguments.split or ("test" if folder.has_networks else "")
        return open_inputs(arguments.data, split=split)
    if folder.has_networks:
        return labelled(load_run(arguments.run).test)
    if folder.finished:
        return divided(load_config(folder.config), print)[1]
    raise UsageError(error_text("--data, --images", "images to answer", "none"))


def show(found: Table, pair: Pair, cloud: str, threshold: float, link: str) -> None:
    """Print the table and what belongs to it."""
    print(f"device: {pair.small.name}; server: {cloud}")
    print_table(table(found))
    rates = {name: latency_text(value) for name, value in found.link.items()}
    says = "a part of the link's" if found.server_ms is None else latency_text(found.server_ms)
    print(
        f"link ({link}): {rates['upload_mbps']} Mbit/s up, round trip {rates['rtt_ms']} ms; "
        f"server's time: {says}; threshold: {threshold:.3g}"
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
