"""``muxnet serve --ray`` in a process of its own, requests to it without end, and its replicas."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import ray_world
from ray_world import infer

TOKEN = "s3cret"


class Cluster:
    """A server on Ray: its process, its ports, its router."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = ray_world.free_port()
        self.router = ray_world.write_router(folder / "first", seconds=0.002)
        self.environment = {**os.environ, "HOME": str(folder), "MUXNET_TOKEN": TOKEN}
        self.environment.pop("RAY_AUTH_MODE", None)
        self.joining = {**self.environment, "RAY_AUTH_MODE": "token"}
        self.log = folder / "log"

    def command(self, router: Path, *more: str) -> list[str]:
        start = [sys.executable, "-m", "muxnet", "serve", str(router), "--port", str(self.port)]
        return [*start, "--decisions", str(self.folder / "decisions"), *more]

    @contextlib.contextmanager
    def serve(self, router: Path, *more: str, joins: bool = False):
        """Yield what it said when it was ready; at the end it is told to stop."""
        with open(self.log, "ab") as out, open(self.log, encoding="utf-8") as said:
            said.seek(0, os.SEEK_END)
            command = self.command(router, *more)
            environment = self.joining if joins else self.environment
            process = subprocess.Popen(command, env=environment, stderr=out, stdout=out)
            try:
                yield self.wait(process, said)
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0, self.log.read_text()[-4000:]

    def wait(self, process, said):
        while process.poll() is None:
            for line in said:
                if line.startswith("{") and json.loads(line)["event"] == "ready":
                    return json.loads(line)
            time.sleep(0.1)
        raise AssertionError(self.log.read_text()[-4000:])

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(
            command, env=self.joining, capture_output=True, text=True, timeout=120
        )


class Load:
    """Requests without end by several threads; how each ended, and how long it took."""

    def __init__(self, port: int, threads: int = 4) -> None:
        self._port = port
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(i,)) for i in range(threads)]
        self.status, self.wrong, self.seconds = [], 0, []

    def __enter__(self) -> "Load":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, seed: int) -> None:
        images = ray_world.make_images(4, seed)
        while not self._stop.is_set():
            begin = time.monotonic()
            try:
                status, answer = infer(self._port, images, TOKEN)
            except OSError:
                status, answer = 0, {}  # no answer at all
            self.seconds.append(time.monotonic() - begin)
            self.status.append(status)
            if status == 200:
                self.wrong += answer["classes"] != ray_world.labels_of(images).tolist()

    def more(self, count: int) -> None:
        """Wait until so many more have been answered."""
        wanted, end = len(self.status) + count, time.monotonic() + 60
        while len(self.status) < wanted and time.monotonic() < end:
            time.sleep(0.02)


def replicas_of(folder: Path, model: str) -> list[int]:
    """Return the processes that run a model's functions of this folder."""
    found = []
    for path in folder.glob("opened-*"):
        process = int(path.name.partition("-")[2])
        with contextlib.suppress(OSError):
            title = Path(f"/proc/{process}/cmdline").read_bytes()
            if f":{model}".encode() in title and title.startswith(b"ray::ServeReplica"):
                found.append(process)
    return found
