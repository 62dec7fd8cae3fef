"""Commands that find no room, memory or descriptors, or may not write, say so and lose nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from small_commands import COMMANDS, Command, clear, may_go_on, results, write_inputs

# The limit holds from where the work begins: with less memory OpenBLAS, loading, tries for ever,
# and Python's imports fail in ways of their own ("error return without exception set"); so all that
# the command imported when it had memory is there before.
LIMITED = """
import importlib, os, resource, sys
from muxnet import _core, cli
_core.set_threads(1)
kind, more, imported, *arguments = sys.argv[1:]
if kind == "descriptors":
    limit, now = resource.RLIMIT_NOFILE, len(os.listdir("/proc/self/fd")) - 1
elif kind == "memory":
    for name in open(imported).read().split():
        importlib.import_module(name)
    limit, now = resource.RLIMIT_AS, 4096 * int(open("/proc/self/statm").read().split()[0])
if kind:
    resource.setrlimit(limit, (now + int(more),) * 2)
code = cli.main(arguments)
if not kind:
    print(*(set(sys.modules) - {"__main__"}), file=open(imported, "w"))
sys.exit(code)
"""


def mount(*arguments: object) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of its own with what every command needs, in which they run."""
    mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", tmp_path)
    monkeypatch.chdir(tmp_path)
    try:
        write_inputs()
        yield tmp_path
    finally:
        os.chdir("/")
        subprocess.run(["umount", tmp_path], check=True)


@contextmanager
def full(folder: Path, free: int) -> Iterator[None]:
    room = os.statvfs(folder)
    filler = folder / "filler"
    filler.write_bytes(bytes(max(room.f_bavail * room.f_frsize - free, 0)))
    yield
    filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    mount("-o", "remount,ro", folder)
    yield
    mount("-o", "remount,rw", folder)


TROUBLES: dict[str, tuple[Callable[[Path], object], tuple[str, str], str]] = {
    "full disk": (lambda folder: full(folder, 0), ("", ""), "No space left on device"),
    "nearly full disk": (lambda folder: full(folder, 8192), ("", ""), "No space left on device"),
    "read-only disk": (read_only, ("", ""), "Read-only file system"),
    "no descriptors": (lambda _: nullcontext(), ("descriptors", "2"), "Too many open files"),
    "few descriptors": (lambda _: nullcontext(), ("descriptors", "8"), "Too many open files"),
    "no memory": (lambda _: nullcontext(), ("memory", "1000000"), "memory"),
}


def run(
    command: Command, imported: Path, limit: tuple[str, str] = ("", ""), *more: str
) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", LIMITED, *limit, str(imported), *command.arguments, *more]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_starved_command_says_so_and_goes_on_when_it_is_fed(
    name: str, small_disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command = COMMANDS[name]
    imported = tmp_path_factory.mktemp("beside") / "imported"
    clear(command)
    old = results(command.result)
    assert run(command, imported).returncode == 0
    whole = results(command.result)
    for trouble, (starved, limit, message) in TROUBLES.items():
        clear(command)
        with starved(small_disk):
            done = run(command, imported, limit)
        left = results(command.result)
        if done.returncode == 0:  # it took less than there was
            assert left == whole, trouble
            continue
        assert done.returncode == 1, (trouble, done)
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("muxnet: error: "), (trouble, done.stderr)
        assert message in last or "failed to map segment" in last, (trouble, done.stderr)
        if not command.resume:
            assert set(left.items()) <= {*old.items(), *whole.items()}, trouble
        more = ["--resume"] if may_go_on(command) else []
        again = run(command, imported, ("", ""), *more)
        assert again.returncode == 0, (trouble, again.stderr)
        assert results(command.result) == whole, trouble
