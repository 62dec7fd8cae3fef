"""Commands that work for a second or two on small inputs, for tests of what befalls them."""

import csv
import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from muxnet.base.files import write_text

MODELS = """
import time

import numpy as np


def small(images):
    time.sleep(0.1)  # so that there is an amid
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


def may_go_on(command: Command) -> bool:
    """Whether a command has left something that it goes on with."""
    return command.resume and any(Path().glob("out*"))


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "muxnet", *arguments]


def muxnet(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command_line(*arguments), capture_output=True, text=True, check=False)


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


def write_inputs() -> None:
    """Write what every command needs into this folder."""
    write_answers("answers.csv", 1)
    write_answers("others.csv", 2)
    write_text(Path("mine.py"), MODELS)
    write_text(Path("models.json"), LIST)
    write_text(Path("sweep.yaml"), SWEEP)
    probabilities = np.random.default_rng(4).dirichlet([1, 1, 1], (400, 2)).astype(np.float32)
    np.savez("answers.npz", probabilities=probabilities, labels=np.arange(400) % 3, macs=[1.0, 9.0])
    images = np.random.default_rng(3).random((600, 1, 4, 4)).astype(np.float32)
    np.savez("images.npz", images=images, labels=np.arange(600) % 3)


def clear(command: Command) -> None:
    """Remove what a command has left, and make anew what it changes."""
    for path in Path().glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if command.before:
        assert muxnet(*command.before).returncode == 0
