"""A small limit of address space is told before the core is loaded, which would try for ever."""

import os
import resource
import subprocess
import sys

import pytest
from muxnet.base import compiled
from muxnet.base.compiled import CORE_MIB, THREAD_MIB

LIMITED = """
import resource, sys
from muxnet import cli
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
sys.exit(cli.main(["zoo"]))
"""


def zoo(mib: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", LIMITED, str(mib)]
    told = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(words, env=told, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("mib", [230, 300, 390])
def test_too_little_is_refused_in_words(mib: int) -> None:
    done = zoo(mib)
    assert done.returncode == 1
    assert done.stderr.startswith("muxnet: error: [memory] not enough memory: expected ")
    assert done.stderr.endswith(f"the compiled core on 1 threads, received {mib} (ulimit -v)\n")


def test_enough_is_taken() -> None:
    done = zoo(8 * (CORE_MIB + THREAD_MIB))
    assert done.returncode == 0, done


@pytest.mark.parametrize(
    ("asked", "cores", "threads"),
    [
        ("", 64, 64),
        ("1", 64, 1),
        ("8", 2, 2),
        ("4,2", 64, 4),
        ("0", 2, 2),
        ("x", 3, 3),
        ("", 999, 128),
    ],
)
def test_it_is_counted_for_any_number_of_cores(
    asked: str, cores: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert compiled.openblas_threads() == threads
    monkeypatch.setattr(resource, "getrlimit", lambda _: ((CORE_MIB + 1) << 20, 0))
    with pytest.raises(MemoryError, match=f"on {threads} threads"):
        compiled.require_address_space()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, 0))
    compiled.require_address_space()
