"""A server of ours in a process of its own, and what it tells of itself."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import TextIO, TypedDict

from muxnet.base.errors import UserError, error_text


class Ready(TypedDict):
    """Where a server is reached, what it serves, and its log."""

    http_port: int
    grpc_port: int
    models: list[str]
    log: Path


@contextlib.contextmanager
def start_server(
    run: Path, *arguments: str, within: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[bytes], Ready]]:
    """Yield a server process on free ports when it is ready.

    ``within``: the start of a command that starts another, such as ``prlimit --nofile=256``.

    Raises:
        UserError: it ended before.

    """
    command = [*within, sys.executable, "-P", "-m", "muxnet", "serve", str(run)]
    ports = ["--port", "0", "--grpc-port", "0"]
    with (
        tempfile.NamedTemporaryFile(prefix="muxnet-serve-", suffix=".log") as out,
        open(out.name, encoding="utf-8") as log,
        subprocess.Popen([*command, *ports, *arguments], stderr=out) as process,
    ):
        try:
            yield process, _wait_until_ready(process, log)
        finally:
            process.terminate()


def _wait_until_ready(process: subprocess.Popen[bytes], log: TextIO) -> Ready:
    said = ""
    while True:
        ended = process.poll() is not None
        for line in log:
            said = line.strip() or said
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == "ready":
                    return Ready(
                        http_port=entry["http_port"],
                        grpc_port=entry["grpc_port"],
                        models=entry["models"],
                        log=Path(log.name),
                    )
        if ended:
            raise UserError(error_text("bench serve", "a server that starts", said))
        time.sleep(0.05)


@dataclasses.dataclass(frozen=True)
class Counts:
    """What a server has counted."""

    policy: str
    images: int
    cost: float
    called: dict[str, int]


class Status:
    """What a server tells of itself."""

    def __init__(self, port: int, pid: int, grpc_port: int = 0) -> None:
        self.port = port
        self.grpc_port = grpc_port
        self.pid = pid

    def __call__(self) -> Counts:
        """Ask it."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as http:
            http.request("GET", "/status")
            found = json.loads(http.getresponse().read())
        called = {model["name"]: model["called"] for model in found["models"]}
        return Counts(found["policy"], found["images"], found["cost"], called)


def memory_mb(pid: int) -> float:
    """Return what a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return float(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
