"""Threads that wait for parallel work sleep, whichever OpenMP library the process has."""

import ctypes.util
import subprocess
import sys

import pytest

# Processor time that passes while nothing is asked for, in ms for each of some inferences.
PROGRAM = """
import ctypes, sys, time
if sys.argv[1] == "loaded for everybody before":
    ctypes.CDLL("libgomp.so.1", mode=ctypes.RTLD_GLOBAL)  # as PyTorch does
import numpy as np
from muxnet import _core
_core.set_threads(2)
options = _core.NetworkOptions(channels=3, height=32, width=32, classes=10)
predictor = _core.Predictor(_core.make_model("resnet50_small", options), 8)
images = np.zeros((8, 3, 32, 32), np.float32)
predictor.output(images, "logits")
time.sleep(0.2)  # libgomp is asked for its threads in the background
spent = 0.0
for _ in range(20):
    predictor.output(images, "logits")
    before = time.process_time()
    time.sleep(0.02)
    spent += time.process_time() - before
print(1000 * spent / 20)
"""


@pytest.mark.parametrize("libgomp", ["left out", "loaded for everybody before"])
def test_nothing_spins_after_an_inference(libgomp: str) -> None:
    if libgomp != "left out" and ctypes.util.find_library("gomp") is None:
        pytest.skip("this system has no libgomp beside the package's own")
    command = [sys.executable, "-c", PROGRAM, libgomp]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert float(done.stdout) < 1.0
