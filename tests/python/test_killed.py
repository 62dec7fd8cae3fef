"""Commands that are killed at any moment, and begun again, end as if nothing had been.

``MUXNET_KILLS=100`` kills each at so many moments, drawn at random; by default at one.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from muxnet import _core
from muxnet.base.files import write_bytes
from serve_requests import infer_body, request
from small_commands import (
    COMMANDS,
    FIT,
    Command,
    clear,
    command_line,
    may_go_on,
    muxnet,
    results,
    write_inputs,
)

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


def test_a_server_killed_amid_a_reload_begins_again_with_what_is_there(started_server) -> None:
    assert muxnet(*FIT).returncode == 0
    router = Path("out")
    first = (router / "policy.json").read_bytes()
    assert COMMANDS["calibrate"].run().returncode == 0
    policies = [first, (router / "policy.json").read_bytes()]
    assert policies[0] != policies[1]
    (router / "drift.json").unlink()  # of the second one
    shutil.copy("models.json", router)
    shutil.copy("mine.py", router)
    draws = random.Random("reload")
    arguments = ("--size", "4", "--channels", "1", "--decisions", "decisions.jsonl")
    amid = answered = 0
    for kill in range(KILLS + 1):
        with started_server(router, *arguments) as (process, said):
            status = request(said["http_port"])[2]
            assert status["accuracy"] == _core.Policy.load(router / "policy.json").point.accuracy
            if kill == KILLS:
                break
            write_bytes(router / "policy.json", policies[kill % 2])
            process.send_signal(signal.SIGHUP)
            end = time.monotonic() + draws.uniform(0, 1.3)
            while time.monotonic() < end:
                body = infer_body(np.zeros((1, 1, 4, 4), np.uint8))
                assert request(said["http_port"], "POST", "/v2/models/router/infer", body)[0] == 200
                answered += 1
            amid += request(said["http_port"])[2]["version"] == 1
            process.kill()
            process.wait()
        assert (router / "policy.json").read_bytes() == policies[kill % 2]
    records = [json.loads(line) for line in Path("decisions.jsonl").read_text().splitlines()]
    assert len(records) <= answered  # written once a second
    print(f"reload: {KILLS} kills, {amid} before it was done; {len(records)} records of {answered}")
