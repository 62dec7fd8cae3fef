"""``muxnet run``: train the models and the multiplexer, evaluate every policy, leave a report."""

import argparse
from pathlib import Path
from typing import Any

from muxnet import main_job, records, results, run_folder
from muxnet.config import RunConfig, data_kind, load_config
from muxnet.errors import ConfigError, UsageError
from muxnet.files import sole_folder, write_json, write_text
from muxnet.main_job import Run
from muxnet.options import add_options, given_options
from muxnet.progress import reporter
from muxnet.run_folder import RunFolder

HELP = "train the models and the multiplexer, evaluate every policy and write a report"
INTERRUPTED = "a checkpoint was left: the same command with --resume goes on from it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``muxnet run``: every key of the configuration, and these."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="configuration as JSON, such as OUT/config.json of the run to repeat",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        default=argparse.SUPPRESS,
        help="go on with the interrupted run in the out folder, to the same bits",
    )
    add_options(parser, RunConfig)


def execute(arguments: argparse.Namespace) -> int:
    """Run the main job and return the exit status."""
    resume = getattr(arguments, "resume", False)
    config = configuration(arguments, resume=resume)
    found, state = carry_out(config, resume=resume)
    show(found, RunFolder(Path(config.out)), arguments, state)
    return 0


def carry_out(config: RunConfig, *, resume: bool) -> tuple[results.Results, str]:
    """Return the results of a run, made now or found finished, and in words which.

    Raises:
        UserError: ``config.out`` belongs to another run, cannot be gone on with, or is written by
            another process.
        OutputError: a file cannot be written.

    """
    with sole_folder(config.out):
        folder = run_folder.prepare(config, resume=resume)
        if resume and folder.results.exists() and not folder.checkpoints():
            return results.read_results(folder.results), "was finished before"
        with reporter() as progress:
            run = Run(config, folder, progress, resume)
            found = main_job.compute(run)
            leave(found, run)
        return found, "done"


def configuration(arguments: argparse.Namespace, *, resume: bool) -> RunConfig:
    """Return the run's configuration; to resume, that of the out folder is the base.

    Raises:
        UsageError: an option is out of range or names unknown data.
        ConfigError: the configuration file is wrong.

    """
    options = given_options(arguments, RunConfig)
    try:
        records.replace(RunConfig(), options, "options")
        data_kind(options.get("data", RunConfig.data))
    except ConfigError as error:
        raise UsageError(str(error)) from error
    path = getattr(arguments, "config", None)
    if resume and path is None:
        left = RunFolder(Path(load_config(None, options).out)).config
        path = left if left.exists() else None
    return load_config(path, options)


def leave(found: results.Results, run: Run) -> None:
    """Write results, figures and report, then remove the checkpoints.

    Raises:
        OutputError: a file cannot be written.

    """
    from muxnet import figures, report  # slow to import

    run.progress.say("drawing the figures and writing the report")
    pictures = figures.draw(found)
    figures.save(pictures, run.folder.figures)
    write_text(run.folder.report, report.html(found, pictures))
    write_json(run.folder.results, records.to_dict(found))
    for checkpoint in run.folder.checkpoints():
        checkpoint.unlink()


def show(
    found: results.Results, folder: RunFolder, arguments: argparse.Namespace, state: str
) -> None:
    """Print the tables and where everything lies; write ``--json`` where asked."""
    from muxnet import tables

    tables.print_results(found)
    print(f"{state}: {folder.report} for reading, {folder.results} for scripts")
    target: Any = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, records.to_dict(found))
