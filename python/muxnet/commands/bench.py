"""``muxnet bench``: our speed beside the peers', in turns, as ratios of medians."""

import argparse
import dataclasses
import math
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.files import write_json
from muxnet.base.machine import cores, cpu_name
from muxnet.base.progress import reporter
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import latency_text
from muxnet.bench.neighbours import beside_text, busy_neighbours
from muxnet.bench.rounds import Row, compare
from muxnet.bench.works import OURS, PEERS, Work, hops, works
from muxnet.commands.options import add_threads, integer, number
from muxnet.outcomes.study_results import DEFAULT

HELP = (
    "measure training, inference, routing, replay, loading or requests to models elsewhere beside "
    "the peers installed, in turns"
)
INTERRUPTED = "nothing was left"

PRECISIONS = {"train": ("fp32", "bf16"), "infer": ("fp32", "bf16", "int8")}
PACKAGES = {
    "torch_compile": "torch",
    "mobilenet_v2": "muxnet",
    "training_step": "muxnet",
    OURS: "muxnet",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet bench``."""
    parser.add_argument("kind", choices=(*PEERS, "serve"), help="what to measure")
    parser.add_argument(
        "--against", metavar="PEER,...", default="", help="peers (empty: all that are installed)"
    )
    parser.add_argument(
        "--networks", nargs="+", default=[], help="others than the usual ones; replay: policies"
    )
    parser.add_argument("--batch", nargs="+", type=integer(1), default=[], help="other batch sizes")
    parser.add_argument(
        "--precision",
        nargs="+",
        choices=("fp32", "bf16", "int8"),
        default=["fp32"],
        help="of both sides",
    )
    parser.add_argument(
        "--table", default="", help="replay: draw inputs from these recorded answers"
    )
    parser.add_argument("--rounds", type=integer(1), default=15, help="measured turns of each side")
    add_threads(parser, "of each side")
    parser.add_argument(
        "--busy",
        metavar="N",
        type=integer(),
        default=0,
        help="processes that count beside both sides",
    )
    _add_hop(parser)
    _add_serve(parser)


def _add_hop(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "hop", "a request to a model elsewhere, beside a plain client"
    )
    group.add_argument("--endpoint", nargs="+", default=[], help="its address, as in models.json")
    group.add_argument(
        "--through", nargs="+", default=[], help="the same model behind muxnet serve, one each"
    )


def _add_serve(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("serve", "a server under load, beside always-best")
    group.add_argument("--run", type=Path, help="folder of muxnet run to serve")
    group.add_argument("--policy", default=DEFAULT, help="of the run, or a router")
    group.add_argument("--data", default="", help="KIND:PATH of the images, if moved")
    group.add_argument(
        "--seconds", type=number(above=0, most=86_400), default=10.0, help="of each measurement"
    )
    group.add_argument("--images", type=integer(1), default=1, help="in a request")
    group.add_argument("--loads", nargs="+", type=number(above=0), default=[0.5, 0.8, 1.0, 1.5])
    group.add_argument(
        "--target-ms", type=number(0, 3_600_000), default=0.0, help="as of muxnet serve"
    )
    group.add_argument("--arrivals", choices=("random", "even"), default="random")


def execute(arguments: argparse.Namespace) -> int:
    """Measure, print the table, and return the exit status."""
    for precision in arguments.precision:
        able = PRECISIONS.get(arguments.kind, ("fp32",))
        if precision not in able:
            received = f"expected {' or '.join(able)} to {arguments.kind}, received {precision}"
            raise UsageError(f"[precision] {received}")
    if arguments.kind == "serve":
        return serve(arguments)
    threads = arguments.threads or cores()
    rows: list[Row] = []
    against = peers(arguments.kind, arguments.against)
    with reporter() as progress, busy_neighbours(arguments.busy):
        for work in chosen(arguments):
            for peer in [""] if work.alone else against:
                what = f"{work.name}, {work.precision}, batch {work.batch}"
                progress.say(f"{what}, beside {peer or 'nothing'}")
                row = compare(work, peer, threads=threads, rounds=arguments.rounds)
                rows.append(dataclasses.replace(row, busy=arguments.busy))
    beside = beside_text(arguments.busy)
    print(f"{cpu_name()}, {threads} threads{beside}; {versions(against)}")
    print_table(table(rows))
    for line in added(rows) if arguments.kind == "hop" else summary(rows):
        print(line)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, [dataclasses.asdict(row) for row in rows])
    return 0


def chosen(arguments: argparse.Namespace) -> list[Work]:
    """Return what is measured.

    Raises:
        UsageError: hops to nowhere.

    """
    batches = tuple(arguments.batch)
    if arguments.kind == "hop":
        endpoints, through = tuple(arguments.endpoint), tuple(arguments.through)
        if not endpoints or len(through) not in (0, len(endpoints)):
            expected = "--endpoint with addresses of models, and --through with none or as many"
            raise UsageError(error_text("bench hop", expected, f"{len(endpoints)}, {len(through)}"))
        return hops(endpoints, through, batches)
    networks, precisions = tuple(arguments.networks), tuple(arguments.precision)
    return works(arguments.kind, networks, batches, precisions, arguments.table)


def serve(arguments: argparse.Namespace) -> int:
    """Measure a server under load, print what came out, and return the exit status."""
    from muxnet.bench.serve_load import LoadOptions, comparison, load_table, measure

    if arguments.run is None:
        raise UsageError(error_text("bench serve", "--run with a finished run", "none"))
    if not (arguments.seconds > 0 and min(arguments.loads) > 0):
        raise UsageError(error_text("bench serve", "seconds and loads above 0", "others"))
    options = LoadOptions(
        arguments.run,
        arguments.policy,
        arguments.data,
        arguments.seconds,
        arguments.images,
        tuple(arguments.loads),
        arguments.arrivals == "even",
        target_ms=arguments.target_ms,
    )
    with reporter() as progress, busy_neighbours(arguments.busy):
        result = measure(options, progress.say)
    beside = beside_text(arguments.busy)
    print(f"{cpu_name()}, {cores()} cores for server and generator{beside}")
    print_table(load_table(result))
    for line in comparison(result):
        print(line)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, dataclasses.asdict(result))
    return 0


def peers(kind: str, wanted: str) -> list[str]:
    """Return the peers to measure beside.

    Raises:
        UsageError: a peer that cannot do this kind of work.
        UserError: none is installed.

    """
    possible = PEERS[kind]
    chosen = [name.strip() for name in wanted.split(",") if name.strip()]
    for name in chosen:
        if name not in possible:
            raise UsageError(f"[against] expected of {', '.join(possible)}, received {name}")
    if chosen:
        return chosen
    others = (name for name in possible if name != OURS)
    found = [name for name in others if find_spec(PACKAGES.get(name, name))]
    if not found:
        raise UserError(
            f"[bench] expected one of {', '.join(possible)}, received none: "
            "pip install 'muxnet[bench]'"
        )
    return found


def table(rows: Sequence[Row]) -> TextTable:
    """Return the comparisons as text."""
    columns = ("work", "batch", "precision", "ours ms", "peer", "peer ms", "ours / peer", "peak MB")
    return TextTable(
        "Benchmark",
        columns,
        tuple(
            (
                row.work,
                str(row.batch),
                row.precision,
                latency_text(row.ours_ms),
                row.peer or "–",
                latency_text(row.peer_ms),
                "–" if row.ratio is None else f"{row.ratio:.2f}",
                " / ".join(
                    f"{peak:.0f}"
                    for peak in (row.ours_peak_mb, row.peer_peak_mb)
                    if peak is not None
                ),
            )
            for row in rows
        ),
    )


def summary(rows: Sequence[Row]) -> list[str]:
    """Return a line for each peer that was met several times."""
    lines = []
    for peer in dict.fromkeys(row.peer for row in rows):
        ratios = [row.ratio for row in rows if row.peer == peer and row.ratio is not None]
        if len(ratios) > 1:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            lines.append(f"geometric mean of ours / {peer}: {mean:.2f}, worst {max(ratios):.2f}")
    return lines


def added(rows: Sequence[Row]) -> list[str]:
    """Return what each hop adds to what the plain client needs."""
    return [
        f"{row.work}: {1000 * (row.ours_ms - row.peer_ms):+.0f} us"
        for row in rows
        if row.peer_ms is not None
    ]


def versions(against: Sequence[str]) -> str:
    """Return the versions of everything that was measured."""
    packages = dict.fromkeys(["muxnet", *(PACKAGES.get(name, name) for name in against)])
    return ", ".join(f"{package} {metadata.version(package)}" for package in packages)
