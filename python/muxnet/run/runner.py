"""A whole run: computed in its folder, and all that it leaves there."""

from muxnet.base import schema
from muxnet.base.files import write_json, write_text
from muxnet.base.locks import sole_folder
from muxnet.base.progress import reporter
from muxnet.run import main_job, preparation, results
from muxnet.run.config import RunConfig
from muxnet.run.main_job import Run


def carry_out(config: RunConfig, *, resume: bool) -> tuple[results.Results, str]:
    """Return the results of a run, made now or found finished, and in words which.

    Raises:
        UserError: ``config.out`` belongs to another run, cannot be gone on with, or is written by
            another process.
        OutputError: a file cannot be written.

    """
    with sole_folder(config.out):
        folder = preparation.prepare(config, resume=resume)
        if resume and folder.results.exists() and not folder.checkpoints():
            return results.read_results(folder.results), "was finished before"
        with reporter() as progress:
            run = Run(config, folder, progress, resume)
            found = main_job.compute(run)
            leave(found, run)
        return found, "done"


def leave(found: results.Results, run: Run) -> None:
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
