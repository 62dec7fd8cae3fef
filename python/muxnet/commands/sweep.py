"""``muxnet sweep``: many trials from one file, one table of them all."""

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path

from muxnet.base import fingerprint
from muxnet.base.cluster import Cluster, add_ray_argument
from muxnet.base.files import write_bytes, write_json
from muxnet.base.locks import sole_folder
from muxnet.base.tables import print_table
from muxnet.base.words import count_text, duration_text
from muxnet.commands.options import integer
from muxnet.sweep import table
from muxnet.sweep.config import Sweep, read_sweep
from muxnet.sweep.folder import SweepFolder, prepare
from muxnet.sweep.search import Search, make_search
from muxnet.sweep.trials import Record, Trial
from muxnet.sweep.workers import LocalWorkers, RayWorkers, Workers

HELP = "try every combination of settings, of policies or of whole runs, in parallel processes"
INTERRUPTED = "finished trials are kept: the same command with --resume goes on from there"

Trials = Sequence[tuple[Trial, Record]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet sweep``."""
    parser.add_argument("file", type=Path, help="what to try (YAML)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default: the file's name)")
    parser.add_argument("--resume", action="store_true", help="go on with the sweep in the folder")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="over what the file fixes"
    )
    parser.add_argument(
        "--jobs",
        type=integer(),
        default=0,
        help="trials at a time (0: one, or all cores of the cluster)",
    )
    add_ray_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run what is not yet done, write and print the table, and return the exit status."""
    table.packages()
    sweep = read_sweep(arguments.file, arguments.set)
    path = arguments.out or Path(arguments.file.stem)
    with sole_folder(path):
        folder = prepare(path, sweep, resume=arguments.resume)
        found = run(make_search(sweep, folder), folder, make_workers(arguments, folder))
        leave(found, folder)
    show(found, sweep, folder)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, table.rows(found))
    return 0


def make_workers(arguments: argparse.Namespace, folder: SweepFolder) -> Workers:
    """Return the processes of this machine, or those of a cluster where one was asked for."""
    if arguments.ray is None:
        return LocalWorkers(folder, arguments.jobs or 1)
    return RayWorkers(folder, Cluster(arguments.ray), arguments.jobs)


def run(search: Search, folder: SweepFolder, workers: Workers) -> Trials:
    """Return all trials with their records; those recorded before are not run again."""
    records: dict[str, Record] = {}
    waiting: dict[str, list[int]] = {}  # numbers of the same trial
    digest = functools.cache(fingerprint.of_path)

    def settle(trial: Trial, record: Record) -> None:
        records[trial.key] = record
        for number in waiting.pop(trial.key):
            search.tell(number, record)

    try:
        while True:
            while workers.free and (asked := search.ask()) is not None:
                trial = asked.begun(digest)
                started = trial.key in waiting
                waiting.setdefault(trial.key, []).append(len(search.trials) - 1)
                known = records.get(trial.key) or finished(folder.read(trial))
                if known is not None:
                    settle(trial, known)
                elif not started:
                    workers.start(trial)
            if not workers.busy:
                break
            trial, record = workers.wait()
            folder.write(trial, record)
            settle(trial, record)
            say(trial, record, len(records), search.total)
    finally:
        workers.stop()
    return [(trial, records[trial.key]) for trial in search.trials]


def finished(record: Record | None) -> Record | None:
    """Return a record of before, None where the trial failed and is to be tried again."""
    return None if record is None or record.error else record


def say(trial: Trial, record: Record, done: int, total: int) -> None:
    """Print a line on a finished trial."""
    labels = " ".join(str(label) for label in trial.labels.values())
    accuracy = record.metrics.get("accuracy")
    outcome = record.error or (f"accuracy {accuracy:.4f}" if accuracy is not None else "done")
    print(f"{done}/{total} {labels}: {outcome}, {duration_text(record.seconds)}", flush=True)


def leave(found: Trials, folder: SweepFolder) -> None:
    """Write the table and the picture.

    Raises:
        OutputError: a file cannot be written.

    """
    from muxnet.sweep import figure  # slow to import

    rows = table.rows(found)
    table.write_csv(folder.path / "table.csv", rows)
    table.write_parquet(folder.path / "table.parquet", rows)
    picture = figure.plane(found)
    if picture is not None:
        write_bytes(folder.path / "plane.png", picture)


def show(found: Trials, sweep: Sweep, folder: SweepFolder) -> None:
    """Print means over seeds, differences from the baseline, and what failed."""
    good = [(trial, record) for trial, record in found if not record.error]
    if good:
        print_table(table.means(good))
        if sweep.config.baseline:
            compared = table.differences(good, sweep.config.baseline)
            if compared is not None:
                print_table(compared)
    failed = [record for _, record in found if record.error]
    if failed:
        print(f"{count_text(len(failed))} of {count_text(len(found))} trials failed:")
        for error in dict.fromkeys(record.error for record in failed):
            print(f"  {error}")
    print(f"done: {folder.path}/table.csv, table.parquet, plane.png")
