"""Means and deviations of a list of models: one number or several, of pixels in which scale."""

import json

import muxnet
import numpy as np
import pytest
from muxnet.base.errors import ConfigError
from muxnet.pool.model_list import read_models


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Return a function that opens a list of one Python function."""
    monkeypatch.chdir(tmp_path)

    def read(entry):
        whole = {"name": "a", "cost": 1, "callable": "math:cos", **entry}
        (tmp_path / "models.json").write_text(json.dumps([whole]))
        return read_models("models.json")

    return read


@pytest.mark.parametrize(
    "says",
    [
        {"scale": 1, "mean": [123.675, 116.28, 103.53], "deviation": [58.395, 57.12, 57.375]},
        {"scale": 1 / 127.5, "mean": 1},
        {"scale": 1, "mean": [255], "deviation": [256]},
        {"mean": [0.485, 0.456, 0.406], "deviation": [0.229, 0.224, 0.225]},
        {"deviation": 2},
    ],
)
def test_means_and_deviations_of_scaled_pixels_are_taken(opened, says):
    (model,) = opened({"input": {"size": 8, **says}})
    assert model.input.mean == tuple(np.atleast_1d(says.get("mean", 0.0)))


def test_one_number_is_all_channels_and_null_is_no_key(opened):
    (model,) = opened({"size": 8, "mean": 0.5, "deviation": 0.25, "output": None, "path": None})
    assert (model.input.mean, model.input.deviation) == ((0.5,), (0.25,))
    assert model.output == "probabilities"
    expected = np.full((1, 3, 8, 8), (1 - 0.5) / 0.25)
    np.testing.assert_allclose(
        model.input.prepared(np.full((1, 3, 8, 8), 255, np.uint8)), expected, 1e-6
    )


def test_a_file_of_another_scale_is_refused(opened, tmp_path):
    shown = {"image_mean": [123.7], "image_std": [58.4], "size": {"height": 8, "width": 8}}
    (tmp_path / "p.json").write_text(json.dumps({**shown, "resample": 2}))
    with pytest.raises(ConfigError, match=r"input.mean\] expected at most 1 .*scale"):
        opened({"input": "p.json"})
    (tmp_path / "p.json").write_text(json.dumps({**shown, "resample": 2, "do_rescale": False}))
    assert opened({"input": "p.json"})[0].input.mean == (123.7,)


def test_a_module_with_means_of_another_scale_is_refused():
    with pytest.raises(ConfigError, match=r"\[m, mean\] expected at most 1 "):
        muxnet.from_module("m", None, 1, mean=(123.7,))
