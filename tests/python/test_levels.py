"""A wheel's copies of the core: which one a CPU gets."""

import os
import subprocess
import sys
from pathlib import Path

import muxnet
import pytest
from muxnet.base.levels import FOLDER, LEVELS, VARIABLE, core_folders, cpu_flags

V3 = LEVELS["x86-64-v3"]
COPIES = Path(muxnet.__file__).parent / FOLDER


@pytest.fixture
def package(tmp_path) -> Path:
    for name in LEVELS:
        (tmp_path / FOLDER / name).mkdir(parents=True)
    return tmp_path


def levels(package: Path, flags: frozenset[str], asked: str | None = None) -> list[str]:
    environment = {VARIABLE: asked} if asked else {}
    return [Path(folder).name for folder in core_folders(package, flags, environment)]


def test_the_best_that_the_cpu_has(package):
    assert levels(package, V3 | {"sse2"})[0] == "x86-64-v3"
    assert levels(package, V3 - {"fma"}) == []
    assert levels(package, frozenset()) == []


def test_a_lower_one_can_be_asked_for(package):
    assert levels(package, V3, "x86-64-v2") == []
    assert levels(package, V3, "x86-64-v3") == ["x86-64-v3"]
    assert levels(package, frozenset(), "x86-64-v3") == []
    with pytest.raises(ValueError, match=r"\[MUXNET_CPU_LEVEL\] expected one of .* received v3"):
        levels(package, V3, "v3")


def test_what_was_compiled_here_has_no_levels(tmp_path):
    assert levels(tmp_path, V3, "nonsense") == []


def test_flags_are_the_first_processors(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nflags\t\t: fpu avx2\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert cpu_flags(file) == {"fpu", "avx2"}
    file.write_text("CPU part\t: 0xd07\n")
    assert cpu_flags(file) == frozenset()
    assert cpu_flags(tmp_path / "missing") == frozenset()


def core_file(level: str) -> Path:
    show = "from muxnet import _core; print(_core.__file__)"
    environment = {**os.environ, VARIABLE: level}
    command = [sys.executable, "-c", show]
    return Path(subprocess.check_output(command, env=environment, text=True).strip())


@pytest.mark.skipif(not COPIES.is_dir(), reason="muxnet was not installed from a wheel of levels")
def test_each_level_that_this_cpu_has_is_loaded():
    *_, lowest = LEVELS
    for level in LEVELS:
        folder = core_file(level).parent
        if level == lowest:
            assert folder == COPIES.parent
        elif LEVELS[level] <= cpu_flags():
            assert folder == COPIES / level
