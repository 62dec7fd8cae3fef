"""The six full-size networks answer as torchvision's do with the same weights."""

from pathlib import Path

import numpy as np
import pytest
from muxnet import _core

# From make_torchvision_golden.py.
GOLDEN = Path(__file__).parent / "torchvision_golden.safetensors"
NETWORKS = ("alexnet", "mobilenet_v2", "mnasnet1_0", "resnet50", "resnet152", "resnext101_32x8d")
SEED = 7


def full_size(name: str):
    """Return the network with weights, statistics and biases that depend on SEED only."""
    options = _core.NetworkOptions(channels=3, height=224, width=224, classes=1000)
    model = _core.make_model(name, options, seed=SEED)
    state = model.state()
    for number, (key, values) in enumerate(sorted(state.items())):
        wave = np.sin(np.arange(values.size, dtype=np.float64) + number).astype(np.float32)
        if key.endswith("running_var"):
            values[...] = 1 + 0.5 * wave.reshape(values.shape)
        elif values.ndim == 1 and key.endswith(("running_mean", "bias")):
            values[...] = 0.1 * wave.reshape(values.shape)
    model.load_state(state)
    return model


def image() -> np.ndarray:
    """Return two images (2, 3, 224, 224) of waves."""
    rows, columns = np.mgrid[0:224, 0:224].astype(np.float64)
    planes = [
        [np.sin(0.07 * (k + 1) * rows + 0.05 * (i + 1) * columns + k) for k in range(3)]
        for i in range(2)
    ]
    return np.array(planes, np.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_torchvisions(name) -> None:
    expected = _core.load_safetensors(GOLDEN)[0][name]
    logits = _core.Predictor(full_size(name), 2).output(image(), "logits")
    assert np.abs(logits - expected).max() <= 1e-4 * np.abs(expected).max()
