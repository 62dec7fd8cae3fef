"""The main job: all its steps, from the data to the results, and what it leaves in its folder."""

from muxnet.base import schema
from muxnet.base.files import write_json, write_text
from muxnet.base.locks import sole_folder
from muxnet.base.machine import set_threads
from muxnet.base.progress import reporter
from muxnet.run import assemble, listed_job, preparation, steps, zoo_job
from muxnet.run.steps import Run
from muxnet.training.config import RunConfig
from muxnet.training.results import Results, read_results


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
    job = listed_job if run.config.lists_models else zoo_job
    recorded = job.record(run)
    with run.phase("evaluation"):
        evaluations = steps.evaluate(run, recorded.outcomes)
    return assemble.results(run, recorded, evaluations)


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
