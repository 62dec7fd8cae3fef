"""Decisions as JSON lines in a file, one request a line."""

import time
from pathlib import Path
from typing import Any

import orjson

from muxnet.errors import OutputError


class DecisionLog:
    """Appends what was decided, with all that the decision came from but the images.

    Raises:
        OutputError: the file cannot be written.

    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise OutputError(f"[decisions] {path}: cannot be written: {error.strerror}") from error

    def write(self, request_id: str, answer: Any, models: list[str], policy: str) -> None:
        """Add one request's decisions; ``called`` and the like hold a bit per model."""
        record = {
            "time": time.time(),
            "id": request_id,
            "policy": policy,
            "version": int(answer.version),
            "models": models,
            "first_input": answer.first_input,
            "wanted": answer.wanted,
            "called": answer.called,
            "answered_from": answer.answered_from,
            "answers": answer.answers,
            "departures": [departure.name for departure in answer.departures],
            "macs": answer.macs,
            "milliseconds": answer.total_ms,
        }
        if len(answer.shadow):
            record["shadow"] = answer.shadow
        if answer.scores.size:
            record["scores"] = answer.scores
        elif answer.weights.size:
            record["weights"] = answer.weights
        self._file.write(orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    def close(self) -> None:
        """Write out and close."""
        self._file.close()
