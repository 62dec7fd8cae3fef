"""``muxnet run``: train the models and the multiplexer, evaluate every policy, leave a report."""

import argparse
from pathlib import Path

from muxnet.base import schema
from muxnet.base.errors import ConfigError, UsageError
from muxnet.base.files import write_json
from muxnet.base.run_folder import RunFolder
from muxnet.base.schema_arguments import add_options, given_options
from muxnet.run.main_job import carry_out
from muxnet.training import results
from muxnet.training.config import RunConfig, data_kind, load_config

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


def configuration(arguments: argparse.Namespace, *, resume: bool) -> RunConfig:
    """Return the run's configuration; to resume, that of the out folder is the base.

    Raises:
        UsageError: an option is out of range or names unknown data.
        ConfigError: the configuration file is wrong.

    """
    options = given_options(arguments, RunConfig)
    try:
        given = schema.replace(RunConfig(), options, "options")
        if not given.lists_models:
            data_kind(given.data)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    path = getattr(arguments, "config", None)
    if resume and path is None:
        left = RunFolder(Path(load_config(None, options).out)).config
        path = left if left.exists() else None
    return load_config(path, options)


def show(
    found: results.Results, folder: RunFolder, arguments: argparse.Namespace, state: str
) -> None:
    """Print the tables and where everything lies; write ``--json`` where asked."""
    from muxnet.run import result_tables

    result_tables.print_results(found)
    print(f"{state}: {folder.report} for reading, {folder.results} for scripts")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, schema.to_dict(found))
