"""What the numbers of images mean goes by their type, however bright the images of a call are."""

import numpy as np
import pytest
from muxnet import Router, _core
from muxnet.base.errors import UserError
from muxnet.outcomes.fitting import fit_policy
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.labelled import labelled
from muxnet.pool.model_input import ModelInput

SIDE = 4


@pytest.fixture
def router(tmp_path):
    """Return a router whose model answers how bright an image is shown to it."""

    def brightness(images):
        level = np.asarray(images).mean((1, 2, 3))
        return np.stack([1 - level, level], 1)

    shown = ModelInput(_core.ImageFormat(height=SIDE, width=SIDE))
    model = ForeignModel("brightness", 1, brightness, input=shown)
    images = np.random.default_rng(1).integers(0, 256, (60, 3, SIDE, SIDE), np.uint8)
    data = labelled("noise", images, [0, 1] * 30)
    table = collect([model], data, tmp_path / "o.safetensors", say=lambda _: None)
    return Router([model], None, fit_policy("always", table))


def level(router, images):
    return router.route(images).probabilities[0, 1]


def flat(value, dtype):
    return np.full((1, 3, SIDE, SIDE), value, dtype)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (flat(300, np.uint16), 1 / 255),
        (flat(51400, np.uint16), 200 / 255),
        (flat(51400, ">u2"), 200 / 255),
        (flat(1, np.uint8), 1 / 255),
        (flat(1, np.int64), 1 / 255),
        (flat(1, np.int64).tolist(), 1 / 255),
        (flat(0.5, np.float64), 0.5),
        (flat(1, np.float32), 1.0),
    ],
)
def test_a_dark_image_is_read_as_a_bright_one(router, images, expected):
    assert level(router, images) == pytest.approx(expected, abs=1e-6)


def test_pixels_of_16_bits_that_may_be_of_8_are_refused(router):
    with pytest.raises(UserError, match="pixels of 16 bits, some above 255"):
        level(router, flat(200, np.uint16))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_pixels_of_255_in_floating_point_are_refused(router, dtype):
    with pytest.raises((UserError, ValueError), match="0 to 1"):
        level(router, flat(200, dtype))
