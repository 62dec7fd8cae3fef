"""A C++ project that finds muxnet where ``cmake --install`` has put it."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from muxnet import _core
from muxnet.serve.served import Source, load

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "release"


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def route_image(tmp_path_factory) -> Path:
    if not (BUILD / "CMakeCache.txt").exists():
        pytest.skip("build/release holds no build whose libraries could be installed")
    folder = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD, "--prefix", folder / "prefix")
    build = folder / "build"
    source = ROOT / "tests" / "consumer"
    run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={folder}/prefix")
    run("cmake", "--build", build)
    return build / "route_image"


def test_a_project_that_finds_the_package_routes_as_python_does(
    route_image, untrained_run, fitted_router, digit_images, tmp_path
):
    raw = np.asarray(digit_images[:1], np.uint8)
    (tmp_path / "image.pgm").write_bytes(b"P5 32 32 255\n" + raw.tobytes())
    policy = fitted_router(1) / "policy.json"
    weights = untrained_run / "weights"
    answer, called, cost = run(route_image, policy, weights, tmp_path / "image.pgm").split()

    served = load(Source(untrained_run))
    pool = _core.ModelPool(served.models)
    loaded = _core.Policy.load(policy)
    router = _core.Router(pool, served.multiplexer, loaded.rule())
    routed = router.route(_core.normalize(raw, served.models[1].normalization))
    assert (int(answer), int(called)) == (routed.answers[0], 0b10)
    assert float(cost) == pytest.approx(loaded.costs[1], rel=1e-5)  # and no multiplexer's


def test_the_python_extension_is_not_installed_with_the_libraries(route_image):
    prefix = route_image.parents[1] / "prefix"
    assert not list(prefix.rglob("*.so"))
    assert (prefix / "include/muxnet/routing/rule.hpp").exists()
