"""A C++ project that finds muxnet where ``cmake --install`` put it, for this CPU and for ARM."""

import os
import subprocess
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.base.images import raw_pixels
from muxnet.base.run_folder import RunFolder
from muxnet.pool.router import open_router
from muxnet.training.config import load_config
from muxnet.training.multiplexers import multiplexer_options

ROOT = Path(__file__).parents[2]
SYSROOT = ROOT / "build" / "aarch64-sysroot"
TOOLCHAIN = ROOT / "cpp" / "cmake" / "aarch64-linux-gnu.cmake"
# How programs of a build are started, and what configuring a project for it takes.
BUILDS = {
    "release": ([], []),
    "aarch64": (
        ["qemu-aarch64-static", "-L", str(SYSROOT)],
        [f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}"],
    ),
}
IMAGES = 1000


def run(*command: object) -> str:
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=BUILDS)
def program(request, tmp_path_factory) -> list[object]:
    """The program of tests/consumer, and what starts it."""
    build = ROOT / "build" / request.param
    if request.param == "aarch64" and not os.environ.get("MUXNET_AARCH64"):
        pytest.skip("./test.sh aarch64 runs it, as its libraries have to be those of this source")
    if not (build / "cpp" / "muxnet" / "runtime" / "libmuxnet_runtime.a").exists():
        pytest.skip(f"build/{request.param} holds no build whose libraries could be installed")
    start, options = BUILDS[request.param]
    folder = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", build, "--prefix", folder / "prefix")
    found = folder / "prefix" / "lib" / "cmake" / "muxnet"
    source = ROOT / "tests" / "consumer"
    made = folder / "build"
    run("cmake", "-G", "Ninja", "-S", source, "-B", made, f"-Dmuxnet_DIR={found}", *options)
    run("cmake", "--build", made)
    return [*start, made / "route_images"]


def open_undecided(run_folder):
    """Open the run's router at the point that calls its two models most nearly alike often.

    What a run learns differs from CPU to CPU, and its own point may call one model for all.
    """
    opened = open_router(run_folder, policy="hybrid_single")
    points = opened.policy.operating_points
    opened.policy.choose(min(points, key=lambda point: abs(point.called_shares[0] - 0.5)))
    return opened


@pytest.fixture(scope="module")
def router(run_folder, tmp_path_factory) -> Path:
    """A router of a run's models as a C++ program reads it."""
    folder = tmp_path_factory.mktemp("router")
    opened = open_undecided(run_folder)
    opened.policy.save(folder / "policy.json")
    config = load_config(RunFolder(run_folder).config)
    pool = opened.pool
    saved = _core.SavedMultiplexer(
        pool.multiplexer.for_images(pool.formats[0]),
        network=multiplexer_options((1, 32, 32), len(pool.names), config),
        models=list(pool.names),
        classes=10,
        cost_kind="macs",
        learnt_from="the run",
    )
    _core.save_multiplexer(saved, folder)
    return folder


def test_a_project_that_finds_the_package_decides_as_python_does(
    program, router, run_folder, tmp_path
):
    images = raw_pixels(muxnet.load_data("digits").train, 0, IMAGES)
    for i, image in enumerate(images):
        (tmp_path / f"{i:04}.pgm").write_bytes(b"P5 32 32 255\n" + image.tobytes())
    lines = run(*program, router, run_folder / "weights", tmp_path).splitlines()
    answers, called, costs = np.array([line.split() for line in lines], float).T

    opened = open_undecided(run_folder)
    routed = opened.route(images)
    assert len(set(called)) > 1  # there is something to decide
    assert np.array_equal(called, routed.called @ [1, 2])
    assert np.array_equal(answers, routed.probabilities.argmax(1))
    prices = routed.called @ opened.policy.costs + opened.pool.multiplexer.cost
    np.testing.assert_allclose(costs, prices, rtol=1e-5)


def test_the_python_extension_is_not_installed_with_the_libraries(program):
    prefix = Path(program[-1]).parents[1] / "prefix"
    assert not list(prefix.rglob("*.so"))
    assert (prefix / "include/muxnet/routing/rule.hpp").exists()
