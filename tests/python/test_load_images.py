"""Photographs become what torchvision's Resize and CenterCrop make of them."""

import os
from pathlib import Path

import muxnet
import numpy as np
import pytest
from PIL import Image

SAMPLE = Path(os.environ.get("MUXNET_TEST_DATA") or "nowhere") / "imagenet-sample" / "images"


def torchvisions(image: Image.Image, resize: int, crop: int) -> np.ndarray:
    """Return what torchvision.transforms makes of a Pillow image, in Pillow's own calls."""
    shorter = min(image.size)
    width, height = (resize * side // shorter for side in image.size)
    image = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - crop) / 2), round((height - crop) / 2)
    cut = image.crop((left, top, left + crop, top + crop))
    return np.asarray(cut).transpose(2, 0, 1)


@pytest.mark.parametrize(
    ("size", "resize", "crop"),
    [((301, 200), 256, 224), ((90, 133), 64, 63), ((31, 31), 40, 40), ((64, 64), 64, 32)],
)
def test_resizing_is_pillows_to_the_bit(size, resize, crop, tmp_path) -> None:
    random = np.random.default_rng(2)
    image = Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    image.save(tmp_path / "image.png")
    found = muxnet.load_images([tmp_path / "image.png"], resize=resize, crop=crop)
    np.testing.assert_array_equal(found[0], torchvisions(image, resize, crop))


def test_real_photographs_are_those_of_pillow() -> None:
    if not SAMPLE.is_dir():
        pytest.skip("MUXNET_TEST_DATA names no folder with imagenet-sample/images")
    files = sorted(SAMPLE.iterdir())
    images = muxnet.load_images(SAMPLE)
    assert images.shape == (len(files), 3, 224, 224)
    for found, path in zip(images[::10], files[::10], strict=True):
        expected = torchvisions(Image.open(path), 256, 224)
        difference = np.abs(found.astype(int) - expected)
        # Two JPEG decoders may round differently.
        assert difference.max() <= 4, path
        assert difference.mean() < 0.05, path


def test_bad_files_are_named(tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(OSError, match=r"broken.jpg"):
        muxnet.load_images(tmp_path)
    with pytest.raises(ValueError, match="none"):
        muxnet.load_images([])
    with pytest.raises(ValueError, match="crop 300 of 256"):
        muxnet.load_images([tmp_path / "broken.jpg"], crop=300)
    (tmp_path / "broken.jpg").unlink()
    with pytest.raises(ValueError, match="JPEG or PNG"):
        muxnet.load_images(tmp_path)
