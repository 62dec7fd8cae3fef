"""Background tasks of ``muxnet serve``, and the file of its decisions."""

import asyncio
import os
import resource
import sys
import types

import pytest
from muxnet.base.errors import OutputError
from muxnet.serve import background as module
from muxnet.serve.background import Background
from muxnet.serve.decision_log import DecisionLog


def run(scenario):
    """Run a scenario with a Background, which is stopped then."""

    async def whole():
        background = Background()
        await scenario(background)
        await background.stop()
        return background

    return asyncio.run(whole())


def test_a_step_that_fails_is_tried_again_and_shown(caplog):
    seen = []

    async def step():
        seen.append(background.tasks["flaky"].failing)
        if len(seen) < 3:
            raise OSError("no descriptors")

    async def scenario(made):
        nonlocal background
        background = made
        background.every(0.01, "flaky", step)
        while len(seen) < 5:
            await asyncio.sleep(0.01)

    background = None
    task = run(scenario).tasks["flaky"]
    assert seen == ["", "OSError: no descriptors", "OSError: no descriptors", "", ""]
    assert (task.failures, task.failing, task.trouble) == (2, "", "")


def test_pauses_grow_while_a_step_fails_and_it_can_be_woken(monkeypatch):
    pauses, woken = [], []

    async def wait_for(waiting, pause):
        waiting.close()
        pauses.append(pause)
        if len(pauses) > 5:
            await asyncio.sleep(3600)
        raise TimeoutError

    async def step():
        woken.append(1)
        raise ValueError("never works")

    async def scenario(background):
        background.every(1.0, "broken", step)
        while len(pauses) < 6:
            await asyncio.sleep(0)

    fakes = {**vars(asyncio), "wait_for": wait_for}
    monkeypatch.setattr(module, "asyncio", types.SimpleNamespace(**fakes))
    assert run(scenario).tasks["broken"].failures == 6
    assert pauses == [2.0, 4.0, 8.0, 10.0, 10.0, 10.0]


def test_a_task_that_is_ended_from_outside_begins_again():
    steps = []

    async def step():
        steps.append(1)

    async def scenario(background):
        background.every(0.01, "watch", step)
        await asyncio.sleep(0.05)
        background._running["watch"].cancel()
        before = len(steps)
        while len(steps) < before + 2:
            await asyncio.sleep(0.01)
        assert background.tasks["watch"].failures == 1

    run(scenario)


def test_a_step_that_does_not_end_is_shown(monkeypatch):
    monkeypatch.setattr(module, "OVERDUE_SECONDS", 0.02)

    async def scenario(background):
        release = asyncio.Event()
        background.every(0.01, "slow", release.wait)
        while background.tasks["slow"].trouble != "slow does not end":
            await asyncio.sleep(0.01)
        release.set()
        while background.tasks["slow"].trouble:
            await asyncio.sleep(0.01)

    run(scenario)


def test_code_on_a_thread_cannot_end_the_process():
    async def scenario(background):
        with pytest.raises(RuntimeError, match="SystemExit: 3"):
            await background.in_thread(sys.exit, 3)
        assert await background.in_thread(len, "four") == 4
        await asyncio.sleep(0)
        assert not background.busy

    run(scenario)


def answer(*records):
    return types.SimpleNamespace(version=1, total_ms=0.5, records=list(records))


def test_a_half_line_is_taken_back_and_the_next_records_are_whole(tmp_path):
    path = tmp_path / "decisions.jsonl"
    log = DecisionLog(path)
    record = '{"x":"' + "a" * 300 + '"}'
    log.write("one", answer(record), [])
    log.flush()
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(len(whole) * 2.5), before[1]))
    try:
        log.write("two", answer(record, record, record), [])
        log.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert log.state() == {"recorded": 2, "lost": 2, "failing": "File too large"}
    assert path.read_bytes().endswith(b'"}\n')
    log.write("three", answer(record), [])
    log.close()
    assert log.state() == {"recorded": 3, "lost": 2, "failing": ""}
    lines = path.read_text().splitlines()
    assert [line[-303:] for line in lines] == [record[-303:]] * 3


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (b'{"time":1}\n{"time":1,"id', b'{"time":1}\n'),
        (b'{"time":1,"id', b""),
        (b'{"time":1}\n{"time":2}', b'{"time":1}\n{"time":2}\n'),
        (b"a note of mine", b"a note of mine\n"),
        (b'{"time":1}\n', b'{"time":1}\n'),
    ],
)
def test_what_a_killed_process_left_is_mended(tmp_path, left, kept):
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(left)
    log = DecisionLog(path)
    log.write("one", answer('{"x":1}'), [])
    log.close()
    content = path.read_bytes()
    assert content.startswith(kept + b'{"time":')
    assert content.endswith(b'"x":1}\n')
    assert content.count(b"\n") == kept.count(b"\n") + 1


def test_records_that_cannot_be_made_or_find_no_room_are_lost_and_nothing_else(
    tmp_path, monkeypatch
):
    log = DecisionLog(tmp_path / "decisions.jsonl")
    log.write("\ud800", answer('{"x":1}'), [])  # no UTF-8
    assert log.lost == 1
    monkeypatch.setattr("muxnet.serve.decision_log.ROOM_BYTES", 50)
    for _ in range(5):
        log.write("one", answer('{"x":1}'), [])
    assert log.lost > 1
    log.close()
    assert log.recorded + log.lost == 6
    full = DecisionLog(type(tmp_path)("/dev/full"))
    full.write("one", answer('{"x":1}'), [])
    full.close()
    assert full.state() == {"recorded": 0, "lost": 1, "failing": "No space left on device"}


def test_a_file_that_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        DecisionLog(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="cannot be written"):
        DecisionLog(tmp_path / "pipe")  # nobody reads it
