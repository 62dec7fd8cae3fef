"""A clock that is set forward and back, while commands work and servers answer, changes nothing."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from serve_requests import infer_body, request, wait_until
from small_commands import COMMANDS, clear, results, write_inputs

# Every other second it is a day later, and two hours earlier in those between.
STEPPING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

typedef int (*clock_function)(clockid_t, struct timespec*);

int clock_gettime(clockid_t clock, struct timespec* found) {
  static clock_function next;
  struct timespec steady;
  if (!next) next = (clock_function)dlsym(RTLD_NEXT, "clock_gettime");
  int failed = next(clock, found);
  if (clock != CLOCK_REALTIME || failed) return failed;
  next(CLOCK_MONOTONIC, &steady);
  found->tv_sec += steady.tv_sec % 2 ? 86400 : -7200;
  return 0;
}

int gettimeofday(struct timeval* restrict found, void* restrict zone) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  found->tv_sec = now.tv_sec;
  found->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* found) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (found) *found = now.tv_sec;
  return now.tv_sec;
}
"""


@pytest.fixture(scope="module")
def stepping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is loaded before all others, in front of the system's clock."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler makes the clock that steps")
    folder = tmp_path_factory.mktemp("clock")
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(STEPPING)
    words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(words, check=True)
    return library


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_as_without(name, stepping, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_inputs()
    command = COMMANDS[name]
    found = []
    for _ in range(2):
        clear(command)
        assert command.run().returncode == 0
        found.append(results(command.result))
        monkeypatch.setenv("LD_PRELOAD", str(stepping))
    assert found[0]
    assert found[0] == found[1]


def test_a_server_keeps_deadlines_and_watches(
    stepping, untrained_run, started_server, digit_images, tmp_path, monkeypatch
):
    log = tmp_path / "decisions.jsonl"
    monkeypatch.setenv("LD_PRELOAD", str(stepping))
    with started_server(untrained_run, "--decisions", str(log), "--target-ms", "1000") as (
        process,
        said,
    ):
        body = infer_body(digit_images[:2])
        end = time.monotonic() + 4  # several steps
        answered = 0
        while time.monotonic() < end:
            assert request(said["http_port"], "POST", "/v2/models/router/infer", body)[0] == 200
            answered += 2
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: request(said["http_port"])[2]["version"] == 2)
        wait_until(lambda: request(said["http_port"])[2]["decisions"]["recorded"] == answered)
        status = request(said["http_port"])[2]
        assert (status["ready"], status["failing"]) == (True, [])
        assert status["p99_ms"] < 60_000
    times = [json.loads(line)["time"] for line in log.read_text().splitlines()]
    assert max(times) - min(times) > 86_400  # the clock did step
