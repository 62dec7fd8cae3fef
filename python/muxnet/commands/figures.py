"""``muxnet figures``: the paper's figures for a finished run."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base.compiled import _core
from muxnet.base.files import write_bytes, write_json
from muxnet.base.locks import sole_folder
from muxnet.base.machine import set_threads
from muxnet.base.tables import TextTable, print_table
from muxnet.base.words import latency_text, macs_text, percent_text
from muxnet.commands.options import add_payload, add_threads, integer
from muxnet.paper.tables import LINKS, load_link

if TYPE_CHECKING:
    from muxnet.paper.placements import Placement
    from muxnet.run.analysis import Distances, Embeddings, OffloadDecision

HELP = "draw the paper's figures for a finished run: embeddings, distances, offload decision, costs"
INTERRUPTED = "figures drawn so far are kept"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet figures``."""
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument(
        "--before", type=Path, metavar="RUN", help="the same run without the contrastive loss"
    )
    parser.add_argument("--inputs", type=integer(10), default=400, help="test inputs to embed")
    parser.add_argument("--device", type=Path, metavar="FILE", help="profile (default: the run's)")
    parser.add_argument("--server", type=Path, metavar="FILE", help="profile (default: the run's)")
    parser.add_argument(
        "--link", default=LINKS[0], metavar="LINK", help=f"{', '.join(LINKS)}, or a profile's file"
    )
    add_payload(parser, default="png")
    add_threads(parser, "to compute with")


def execute(arguments: argparse.Namespace) -> int:
    """Draw, print the placements, and return the exit status."""
    with sole_folder(arguments.run, make=False):
        content = draw(arguments)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return 0


def draw(arguments: argparse.Namespace) -> dict[str, object]:
    """Leave the figures in the run's folder, print the placements, and return all numbers."""
    from muxnet.paper.placements import placements
    from muxnet.run import analysis
    from muxnet.training.finished import load_run

    set_threads(arguments.threads)
    run = load_run(arguments.run)
    after = analysis.embeddings_of(run, arguments.inputs)
    distances = analysis.distances_of(after)
    decision = analysis.offload_decision(run)
    costs = placements(
        run,
        device=_device(arguments.device),
        server=_device(arguments.server),
        link=load_link(arguments.link),
        payload=arguments.payload,
    )
    panels = {"trained with the contrastive loss": after}
    if arguments.before is not None:
        before = load_run(arguments.before)
        panels = {
            "without the contrastive loss": analysis.embeddings_of(before, arguments.inputs),
            "with it": after,
        }
    folder = run.folder.figures
    for name, picture in pictures(panels, distances, decision).items():
        write_bytes(folder / f"{name}.png", picture)
    print(
        f"offload decision: true positive rate {decision.true_positive_rate:.3f}, true negative "
        f"rate {decision.true_negative_rate:.3f}, {percent_text(decision.offloaded, 1)} offloaded"
    )
    print_table(table(costs))
    print(f"done: {folder}")
    return {
        "placements": [dataclasses.asdict(entry) for entry in costs],
        "distances": dataclasses.asdict(distances),
        "offload": dataclasses.asdict(decision),
    }


def pictures(
    panels: Mapping[str, Embeddings], distances: Distances, decision: OffloadDecision
) -> dict[str, bytes]:
    """Return all pictures by name."""
    from muxnet.run import analysis_figures as drawn
    from muxnet.run.analysis import plane_of

    some = next(iter(panels.values()))
    versions = {
        "embeddings_2": (0, len(some.models) - 1),
        "embeddings_all": tuple(range(len(some.models))),
    }
    found = {}
    for name, models in versions.items():
        chosen = {title: drawn.of_models(value, models) for title, value in panels.items()}
        placed = {title: (value, plane_of(drawn.flat(value))) for title, value in chosen.items()}
        found[name] = drawn.draw(drawn.embedding_figure, placed)
    found["distances"] = drawn.draw(drawn.distance_figure, distances)
    found["offload_roc"] = drawn.draw(drawn.offload_figure, decision)
    return found


def table(costs: Sequence[Placement]) -> TextTable:
    """Return the four placements as text."""
    rows = tuple(
        (
            entry.name,
            percent_text(entry.accuracy)[:-2],
            macs_text(entry.macs),
            latency_text(entry.latency_ms),
            latency_text(entry.energy_mj),
            " and ".join(entry.origins),
        )
        for entry in costs
    )
    columns = ("placement", "accuracy %", "MACs", "latency ms", "device energy mJ", "latency from")
    return TextTable("Placements (– not measured)", columns, rows)


def _device(path: Path | None) -> _core.DeviceProfile | None:
    return None if path is None else _core.DeviceProfile.load(path)
