"""Commands that are killed at any moment, and begun again, end as if nothing had been.

``MUXNET_KILLS=100`` kills each at so many moments, drawn at random; by default at one.
"""

import csv
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from muxnet import _core
from muxnet.base.files import write_text

KILLS = int(os.environ.get("MUXNET_KILLS", "1"))

MODELS = """
import numpy as np


def small(images):
    return np.eye(3)[(np.asarray(images).sum((1, 2, 3)) > 6).astype(int)]


def large(images):
    return np.eye(3)[(np.asarray(images)[:, 0, 0] > 0.5).sum(-1) % 3]
"""
LIST = """[{"name": "small", "callable": "mine:small", "cost": 1},
           {"name": "large", "callable": "mine:large", "cost": 9}]"""
SWEEP = "kind: routing\nfixed: {policy: cascade}\nvary: {table: [answers.npz], seed: [0, 1, 2, 3]}"
FIT = ("fit", "answers.csv", "--costs", "small=1,large=9", "--out", "out")
TRAINING = (
    *("run", "--models", "alexnet_small", "mobilenet_v2_small", "--epochs", "2", "--threads", "1"),
    *("--multiplexer-epochs", "1", "--multiplexer-pretraining-epochs", "1"),
    *("--checkpoint-seconds", "0.01", "--out", "out"),
)


@dataclass(frozen=True)
class Command:
    """A command, what it takes to go on, and the files that it is about."""

    arguments: tuple[str, ...]
    result: str  # a pattern
    resume: bool = False
    before: tuple[str, ...] = ()  # a command that makes what it changes

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        return muxnet(*self.arguments, *more)


COMMANDS = {
    "run": Command(TRAINING, "out/**/*.safetensors", resume=True),
    "collect": Command(
        ("collect", "--models", "models.json", "--data", "images.npz", "--out", "out.safetensors"),
        "out.safetensors",
        resume=True,
    ),
    "sweep": Command(("sweep", "sweep.yaml", "--out", "out"), "out/table.csv", resume=True),
    "fit": Command(FIT, "out/policy.json"),
    "calibrate": Command(
        ("calibrate", "out", "--outcomes", "others.csv", "--drop", "5"),
        "out/*.json",
        before=FIT,
    ),
}


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "muxnet", *arguments]


def muxnet(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command_line(*arguments), capture_output=True, text=True, check=False)


def kill_after(seconds: float, arguments: tuple[str, ...]) -> bool:
    """Begin a command and kill it, with all it has begun; return whether it was at work still."""
    with subprocess.Popen(
        command_line(*arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return True
        return False


def results(pattern: str) -> dict[str, str]:
    """Return digests of what a command is about; a table without the times that it took."""
    found = {}
    for path in sorted(Path().glob(pattern)):
        content = path.read_bytes()
        if path.suffix == ".csv":
            with open(path, newline="", encoding="utf-8") as file:
                rows = [
                    {key: value for key, value in row.items() if "seconds" not in key}
                    for row in csv.DictReader(file)
                ]
            content = repr(rows).encode()
        found[str(path)] = hashlib.sha256(content).hexdigest()
    return found


def write_answers(path: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = ["label,small:prediction,small:score,large:prediction,large:score"]
    for _ in range(400):
        label = rng.integers(3)
        cells = [label]
        for accuracy in (0.7, 0.95):
            right = rng.random() < accuracy
            cells += [label if right else (label + 1) % 3, round(rng.random() + right, 3)]
        lines.append(",".join(map(str, cells)))
    write_text(Path(path), "\n".join(lines) + "\n")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what every command needs, in which they run."""
    monkeypatch.chdir(tmp_path)
    write_answers("answers.csv", 1)
    write_answers("others.csv", 2)
    write_text(Path("mine.py"), MODELS)
    write_text(Path("models.json"), LIST)
    write_text(Path("sweep.yaml"), SWEEP)
    probabilities = np.random.default_rng(4).dirichlet([1, 1, 1], (400, 2)).astype(np.float32)
    np.savez("answers.npz", probabilities=probabilities, labels=np.arange(400) % 3, macs=[1.0, 9.0])
    images = np.random.default_rng(3).random((600, 1, 4, 4)).astype(np.float32)
    np.savez("images.npz", images=images, labels=np.arange(600) % 3)
    return tmp_path


def clear(command: Command) -> None:
    for path in (Path("out"), Path("out.safetensors")):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    if command.before:
        assert muxnet(*command.before).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("place")
def test_a_killed_command_goes_on_to_the_same_end(name: str) -> None:
    command: Command = COMMANDS[name]
    clear(command)
    old = results(command.result) if command.before else {}
    began = time.perf_counter()
    assert command.run().returncode == 0
    seconds = time.perf_counter() - began
    whole = results(command.result)
    assert whole
    draws = random.Random(name)
    amid = 0
    for kill in range(KILLS):
        clear(command)
        amid += kill_after(draws.uniform(0.3, 1.0) * seconds, command.arguments)
        left = results(command.result)
        if not command.resume:
            check_whole(left, old, whole)
        began = time.perf_counter()
        again = command.run(*(["--resume"] if command.resume and Path("out").exists() else []))
        assert again.returncode == 0, (kill, again.stderr)
        assert results(command.result) == whole, kill
        if not command.resume:  # the first one may have been slower
            seconds = min(seconds, time.perf_counter() - began)
    print(f"{name}: {KILLS} kills, {amid} of them amid {seconds:.1f} s of work, no difference")


def check_whole(left: dict[str, str], old: dict[str, str], whole: dict[str, str]) -> None:
    """Every file is the old one, the new one, or not there."""
    for path, content in left.items():
        assert content in (old.get(path), whole[path]), path
        if path.endswith("policy.json"):
            _core.Policy.load(path)
