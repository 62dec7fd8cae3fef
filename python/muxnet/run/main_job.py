"""The main job: all its steps, from the data to the results, and what it leaves in its folder."""

from muxnet.base import schema
from muxnet.base.files import write_json, write_text
from muxnet.base.locks import sole_folder
from muxnet.base.machine import set_threads
from muxnet.base.progress import reporter
from muxnet.run import assemble, preparation, steps
from muxnet.run.config import RunConfig
from muxnet.run.results import Results, read_results
from muxnet.run.steps import Run


def carry_out(config: RunConfig, *, resume: bool) -> tuple[Results, str]:
    """Return the results of a run, made now or found finished, and in words which.

    Raises:
        UserError: ``config.out`` belongs to another run, cannot be gone on with, or is written by
            another process.
        OutputError: a file cannot be written.
        KeyboardInterrupt: interrupted; a checkpoint was left.

    """
    with sole_folder(config.out):
        folder = preparation.prepare(config, resume=resume)
        if resume and folder.results.exists() and not folder.checkpoints():
            return read_results(folder.results), "was finished before"
        with reporter() as progress:
            run = Run(config, folder, progress, resume)
            found = compute(run)
            leave(found, run)
        return found, "done"


def compute(run: Run) -> Results:
    """Take every step from the data to the results.

    Raises:
        KeyboardInterrupt: interrupted; a checkpoint was left.

    """
    set_threads(run.config.threads)
    with run.phase("data"):
        data = steps.load(run)
    with run.phase("models"):
        trained = steps.train_models(run, data)
    with run.phase("multiplexer"):
        multiplexers = steps.train_multiplexers(run, data, trained)
    with run.phase("latency"):
        latencies = steps.time_networks(trained, multiplexers)
    with run.phase("evaluation"):
        outcomes = steps.record(run, data, trained, multiplexers)
        evaluations = steps.evaluate(run, outcomes)
    return assemble.results(run, data, trained, multiplexers, latencies, evaluations)


def leave(found: Results, run: Run) -> None:
    """Write results, figures and report, then remove the checkpoints.

    Raises:
        OutputError: a file cannot be written.

    """
    from muxnet.run import figures, report  # slow to import

    run.progress.say("drawing the figures and writing the report")
    pictures = figures.draw(found)
    figures.save(pictures, run.folder.figures)
    write_text(run.folder.report, report.html(found, pictures))
    write_json(run.folder.results, schema.to_dict(found))
    for checkpoint in run.folder.checkpoints():
        checkpoint.unlink()
