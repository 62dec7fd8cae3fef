import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import OutputError, UserError
from muxnet.base.files import atomic_path, write_json, write_text
from muxnet.base.locks import sole_file, sole_folder

# Holds a place and leaves it half written, until it is killed.
HOLDER = """
import sys, time
from muxnet.base import files, locks

kind, place, target = sys.argv[1:]
with getattr(locks, kind)(place), files.atomic_path(target) as temporary:
    temporary.write_text("half")
    print("held", flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def held(kind: str, place: Path, target: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold ``place`` and be amid writing ``target``."""
    command = [sys.executable, "-c", HOLDER, kind, str(place), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def temporaries(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if ".tmp-" in name]


@pytest.mark.parametrize("kind", ["sole_file", "sole_folder"])
def test_the_second_process_is_refused_at_once_and_names_the_first(
    tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "out"
    target = place if kind == "sole_file" else place / "part"
    hold = sole_file if kind == "sole_file" else sole_folder
    with held(kind, place, target) as process:
        message = f"expected a place nobody else writes to, received one .*{process.pid} is writing"
        with pytest.raises(UserError, match=message), hold(place):
            pass
        assert len(temporaries(target.parent)) == 1  # of a process that lives
    with hold(place):  # the lock died with it
        assert temporaries(target.parent) == []
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_only_what_dead_processes_left_of_this_output_is_removed(tmp_path: Path) -> None:
    out, other = tmp_path / "o.csv", tmp_path / "other.csv"
    kept = [".o.csv.tmp-mine", ".o.csv.tmp-1-2.csv.gz.old", "o.csv.tmp-1-2", "o.csv.partial"]
    for name in kept:
        (tmp_path / name).write_text("mine")
    for target in (out, tmp_path / "o.csv.partial", other):
        with held("sole_file", tmp_path / "elsewhere", target) as process:
            process.send_signal(signal.SIGKILL)
    with held("sole_file", tmp_path / "elsewhere", out):
        assert len(temporaries(tmp_path)) == 7
        with sole_file(out):
            left = temporaries(tmp_path)
    assert sorted(set(left) & set(kept)) == sorted(name for name in kept if ".tmp-" in name)
    own = sorted(name for name in left if name not in kept)
    # The first is of a process that lives, the second of another output.
    assert [name.rpartition(".tmp-")[0] for name in own] == [".o.csv", ".other.csv"]


def test_a_folder_that_was_made_for_nothing_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sole_folder(tmp_path / "deep" / "out"):
        raise ZeroDivisionError
    assert not (tmp_path / "deep" / "out").exists()
    with sole_folder(tmp_path / "none", make=False):
        assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="expected a folder, received the file"):
        sole_folder(tmp_path / "file").__enter__()


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--out", "out", "--epochs", "1"],
        ["run", "--out", "out", "--resume"],
        ["sweep", "sweep.yaml", "--out", "out"],
        ["fit", "answers.npz", "--out", "out"],
        ["calibrate", "out", "--budget", "1"],
        ["figures", "out"],
        ["route", "out", "image.png", "--monitor"],
        [
            "collect",
            "--models",
            "models.json",
            "--data",
            "inputs.npz",
            "--out",
            "out/o.safetensors",
        ],
    ],
    ids=lambda words: " ".join(words[:1] + words[-1:]),
)
def test_every_command_that_writes_over_time_holds_its_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers,
    command,
) -> None:
    monkeypatch.chdir(tmp_path)
    probabilities, labels = answers(rows=40)
    np.savez("answers.npz", probabilities=probabilities, labels=labels, macs=[1.0, 3.0, 9.0])
    np.savez("inputs.npz", images=np.zeros((4, 1, 8, 8), np.uint8), labels=np.arange(4) % 2)
    Path("models.json").write_text('[{"name": "a", "callable": "math:cos", "cost": 1}]')
    Path("sweep.yaml").write_text("kind: routing\nvary: {table: [answers.npz]}")
    place = tmp_path / "out"
    kind = "sole_file" if command[-1] == "out/o.safetensors" else "sole_folder"
    with held(
        kind, place / "o.safetensors" if kind == "sole_file" else place, place / "part"
    ) as process:
        assert cli.main(command) == 1
        assert f"received one that process {process.pid} is writing" in capsys.readouterr().err
    assert not (place / "policy.json").exists()


def test_writes_and_makes_the_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "file.txt", "whole")
    assert (tmp_path / "deep" / "file.txt").read_text() == "whole"
    assert os.listdir(tmp_path / "deep") == ["file.txt"]


def test_a_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"results\.json.*No space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["results.json"]


def test_a_really_full_disk_says_so() -> None:
    with pytest.raises(OutputError, match=r"cannot be written"), atomic_path("/dev/full/x"):
        pass


def test_an_error_of_the_writer_passes_and_leaves_nothing(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic_path(tmp_path / "file") as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert os.listdir(tmp_path) == []


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_text(tmp_path / "file", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_json_without_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert os.listdir(tmp_path) == []
