import numpy as np
from muxnet.training.digits import load_digits, resize_bilinear


def test_shape_type_and_range() -> None:
    images, labels = load_digits()
    assert images.shape == (1797, 1, 32, 32)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    assert images.max() == 255
    assert labels.dtype == np.int32
    assert np.bincount(labels).min() > 170


def test_images_keep_their_mean() -> None:
    from sklearn.datasets import load_digits as load

    images, _ = load_digits()
    pixels = load().data.mean() * 255 / 16
    assert abs(images.mean() - pixels) < 1.5


def test_resizing_keeps_constants_ramps_and_symmetry() -> None:
    assert np.allclose(resize_bilinear(np.full((1, 8, 8), 3.0), 32), 3.0)
    ramp = np.tile(np.arange(8.0), (1, 8, 1))
    resized = resize_bilinear(ramp, 32)[0, 0]
    centres = (np.arange(32) + 0.5) / 4 - 0.5
    assert np.allclose(resized, np.clip(centres, 0, 7))
    assert np.allclose(resize_bilinear(ramp[..., ::-1], 32), resize_bilinear(ramp, 32)[..., ::-1])
