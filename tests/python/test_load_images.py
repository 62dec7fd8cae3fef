"""Photographs become what torchvision's Resize and CenterCrop make of them."""

import os
from pathlib import Path
from typing import Any

import muxnet
import numpy as np
import pytest
from muxnet import _core
from PIL import Image

SAMPLE = Path(os.environ.get("MUXNET_TEST_DATA") or "nowhere") / "imagenet-sample" / "images"

# What PyTorch's interpolate gives, without antialiasing.
SHARP = {
    "bilinear": [[21, 95, 170], [98, 97, 97]],
    "bicubic": [[14, 94, 173], [82, 96, 110]],
}


def torchvisions(
    image: Image.Image,
    resize: int,
    crop: int | tuple[int, int],
    kernel: Image.Resampling = Image.Resampling.BILINEAR,
) -> np.ndarray:
    """Return what torchvision.transforms makes of a Pillow image, in Pillow's own calls."""
    shorter = min(image.size)
    width, height = (resize * side // shorter for side in image.size)
    image = image.convert("RGB").resize((width, height), kernel)
    rows, columns = (crop, crop) if isinstance(crop, int) else crop
    left, top = round((width - columns) / 2), round((height - rows) / 2)
    cut = image.crop((left, top, left + columns, top + rows))
    return np.asarray(cut).transpose(2, 0, 1)


KERNELS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
}


def noise(height: int, width: int, channels: int = 3) -> Image.Image:
    random = np.random.default_rng(height)
    pixels = random.integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])


def shown(image: Image.Image, tmp_path: Path, **options: Any) -> np.ndarray:
    """Return an image as a format of these options wants it."""
    image.save(tmp_path / "image.png")
    wanted = _core.ImageFormat(**options)
    ((found,),), errors = _core.read_images([tmp_path / "image.png"], [wanted])
    assert errors == [""]
    return found


@pytest.mark.parametrize("interpolation", KERNELS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(200, 301), (31, 90), (40, 7), (64, 64)])
def test_every_kernel_is_pillows_to_the_bit(interpolation, channels, size, tmp_path) -> None:
    image, kernel = noise(*size, channels), KERNELS[interpolation]
    how = {"channels": channels, "height": 48, "width": 33, "interpolation": interpolation}
    stretched = np.asarray(image.resize((33, 48), kernel)).reshape(48, 33, -1).transpose(2, 0, 1)
    np.testing.assert_array_equal(shown(image, tmp_path, fit="stretch", **how), stretched)
    cropped = np.asarray(torchvisions(image, 51, (48, 33), kernel))
    found = shown(image, tmp_path, resize=51, **how)
    np.testing.assert_array_equal(found, cropped[:channels])


def test_without_antialiasing_as_pytorch_on_tensors(tmp_path) -> None:
    # torch.nn.functional.interpolate(x, (2, 3), mode=..., align_corners=False), rounded.
    image = Image.fromarray(
        np.array([[0, 50, 100, 150, 200, 250], [9, 8, 7, 6, 5, 4], [255, 0, 255, 0, 255, 0]], "u1")
    )
    how = {"channels": 1, "height": 2, "width": 3, "fit": "stretch", "antialias": False}
    bilinear = shown(image, tmp_path, interpolation="bilinear", **how)
    np.testing.assert_array_equal(bilinear[0], SHARP["bilinear"])
    bicubic = shown(image, tmp_path, interpolation="bicubic", **how)
    np.testing.assert_array_equal(bicubic[0], SHARP["bicubic"])


def test_floats_are_resized_as_floats() -> None:
    pixels = np.random.default_rng(1).random((2, 3, 40, 50), dtype=np.float32)
    wanted = _core.ImageFormat(height=20, width=30, fit="stretch", interpolation="bicubic")
    found = _core.format_images(pixels, wanted)
    expected = [
        np.asarray(Image.fromarray(plane).resize((30, 20), Image.Resampling.BICUBIC))
        for plane in pixels.reshape(6, 40, 50)
    ]
    np.testing.assert_allclose(found.reshape(6, 20, 30), expected, atol=1e-5)


def test_a_photograph_is_turned_as_exif_says_unless_asked_not_to(tmp_path) -> None:
    image, exif = noise(40, 60), Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    upright = image.transpose(Image.Transpose.ROTATE_270)
    found = muxnet.load_images([tmp_path / "turned.png"], resize=32, crop=32)
    np.testing.assert_array_equal(found[0], torchvisions(upright, 32, 32))
    stored = muxnet.load_images([tmp_path / "turned.png"], resize=32, crop=32, upright=False)
    np.testing.assert_array_equal(stored[0], torchvisions(image, 32, 32))


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
    with pytest.raises(ValueError, match="image files"):
        muxnet.load_images(tmp_path)
