"""Decision records in a file, one line of JSON for each image."""

import time
from pathlib import Path
from typing import Any

import orjson

from muxnet.errors import OutputError


class DecisionLog:
    """Appends the records that the service made of a request, as ``muxnet replay`` reads them.

    Raises:
        OutputError: the file cannot be written.

    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise OutputError(f"[decisions] {path}: cannot be written: {error.strerror}") from error

    def write(self, request_id: str, answer: Any, shadow: list[list[str]]) -> None:
        """Add one request's; ``shadow`` names the models that the shadow wanted, where one is."""
        head = {
            "time": time.time(),
            "id": request_id,
            "deployment": int(answer.version),
            "milliseconds": answer.total_ms,
        }
        for row, record in enumerate(answer.records):
            if shadow:
                head["shadow"] = shadow[row]
            # Both are objects, and neither is empty.
            self._file.write(orjson.dumps(head)[:-1] + b"," + record.encode()[1:] + b"\n")

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    def close(self) -> None:
        """Write out and close."""
        self._file.close()
