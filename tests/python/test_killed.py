"""Commands that are killed at any moment, and begun again, end as if nothing had been.

``MUXNET_KILLS=100`` kills each at so many moments, drawn at random; by default at one.
"""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from muxnet import _core
from small_commands import COMMANDS, Command, clear, command_line, may_go_on, results, write_inputs

KILLS = int(os.environ.get("MUXNET_KILLS", "1"))


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_inputs()


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


@pytest.mark.parametrize("name", COMMANDS)
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
        again = command.run(*(["--resume"] if may_go_on(command) else []))
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
