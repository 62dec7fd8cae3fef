"""Means and deviations beside the scale of pixels: of images alone, whenever these are known."""

import json

import muxnet
import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.model_input import ModelInput

SOURCE = "import numpy as np\n\n\ndef even(x):\n    return np.full((len(x), 2), 0.5)\n"


def collected(folder, monkeypatch, shape, dtype):
    """Collect answers of a model with means of 0 to 255, which says no size of images."""
    monkeypatch.chdir(folder)
    (folder / "evens.py").write_text(SOURCE)
    entry = {"name": "m", "callable": "evens:even", "cost": 1, "mean": 120, "deviation": 30}
    (folder / "m.json").write_text(json.dumps([entry]))
    key = "images" if len(shape) > 2 else "features"
    np.savez("i.npz", **{key: np.zeros(shape, dtype)}, labels=np.arange(shape[0]) % 2)
    return cli.main(["collect", "--models", "m.json", "--data", "i.npz"])


def test_vectors_have_no_pixels(tmp_path, monkeypatch):
    assert collected(tmp_path, monkeypatch, (8, 4), np.float32) == 0


def test_images_of_a_model_that_says_no_size_are_told(tmp_path, monkeypatch, capsys):
    assert collected(tmp_path, monkeypatch, (8, 3, 4, 4), np.uint8) == 1
    assert (
        "m failed on input 0: ConfigError: [input, mean] expected at most 1 where pixels"
        in capsys.readouterr().err
    )


def test_models_of_a_program_are_held_to_the_same():
    torch = pytest.importorskip("torch")
    options = {"mean": (120.0,), "deviation": (30.0,)}
    module = torch.nn.Flatten()
    model = muxnet.from_module("m", module, 1, **options)
    assert model.probabilities(np.eye(4, dtype=np.float32)).shape == (4, 4)
    with pytest.raises(ConfigError, match=r"mean.* expected at most 1 where pixels"):
        model.probabilities(np.zeros((2, 3, 4, 4), np.float32))
    with pytest.raises(ConfigError, match=r"mean.* expected at most 1 where pixels"):
        ForeignModel("m", 1, module, input=ModelInput(**options)).hosted(1, (3, 4, 4), 2)
