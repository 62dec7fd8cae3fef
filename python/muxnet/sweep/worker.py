"""The process of one trial: ``python -m muxnet.sweep.worker TASK``, TASK as JSON."""

import json
import os
import sys
import threading
from pathlib import Path

from muxnet.base import schema
from muxnet.base.files import write_json
from muxnet.sweep.trials import Task, Trial, run_trial

INTERRUPTED = 130


def main(task: str) -> int:
    """Run the trial, write its record, and return the exit status."""
    content: Task = json.loads(task)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    trial = Trial(content["kind"], {}, content["settings"], content["inputs"])
    try:
        record = run_trial(trial, Path(content["folder"]), content["threads"])
    except KeyboardInterrupt:
        return INTERRUPTED
    write_json(content["record"], schema.to_dict(record))
    return 0


def _end_with_parent() -> None:
    """End when standard input does: the sweep is gone, however it went."""
    # The descriptor: a lock of sys.stdin held at exit would abort the interpreter.
    while os.read(0, 1024):
        pass
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
