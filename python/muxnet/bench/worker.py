"""One side of a comparison: does its work each time a line comes in, and answers with the time."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import sys
import time
from collections.abc import Callable

from muxnet.base.compiled import _core
from muxnet.base.errors import UserError
from muxnet.bench import ours, peers
from muxnet.bench.works import Work

Once = Callable[[], object]
TURN_SECONDS = 0.1


class Channel:
    """Takes turns of work when it is asked to, and answers with their times."""

    def __init__(self) -> None:
        # Libraries print to standard output too; only answers may reach the asking process.
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def _answer(self, milliseconds: float) -> None:
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        self._answers.write(json.dumps({"ms": milliseconds, "peak_mb": peak_mb}) + "\n")
        self._answers.flush()

    def turns(self, once: Once, parts: float = 1) -> None:
        """Time calls of ``once``, each of so many parts."""
        self._answer(0.0)
        for _ in sys.stdin:
            # Of short work as much as fills a turn: a lone call would mostly measure how threads
            # and caches wake up.
            calls, started = 0, time.perf_counter()
            while calls == 0 or time.perf_counter() - started < TURN_SECONDS:
                once()
                calls += 1
            self._answer(1e3 * (time.perf_counter() - started) / (calls * parts))

    def steps(self, train: Callable[[Callable[[_core.Progress], bool]], object]) -> None:
        """Time the steps of ``train``, which calls what it is given after each."""
        started = 0.0

        def after_step(_: _core.Progress) -> bool:
            nonlocal started
            self._answer(1e3 * (time.perf_counter() - started) if started else 0.0)
            if not sys.stdin.readline():
                return False
            started = time.perf_counter()
            return True

        train(after_step)


def main() -> int:
    """Serve until standard input ends."""
    task = json.loads(sys.argv[1])
    fields = task["work"]
    fields["networks"] = tuple(fields["networks"])
    fields["image_shape"] = tuple(fields["image_shape"])
    work, threads = Work(**fields), int(task["threads"])
    channel = Channel()
    try:
        if task["side"] == "ours":
            ours.serve(work, threads, channel.turns, channel.steps)
        elif task["side"] == "training_step":
            training = dataclasses.replace(work, kind="train")
            ours.serve(training, threads, channel.turns, channel.steps)
        else:
            channel.turns(peers.make(task["side"], work, threads))
    except (UserError, MemoryError, ValueError) as error:
        print(f"{task['side']}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
