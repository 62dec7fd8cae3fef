"""Images in memory: of several sizes, types and sources they are shown in one scale, as files."""

from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import ConfigError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.input_sources import open_inputs
from muxnet.pool.labelled import inputs_of
from muxnet.pool.model_input import ModelInput
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SMALL = _core.ImageFormat(height=4, width=4)
DARK_DEEP = (
    r"16 bits, some above 255 \(uint8, where they are of 8\), received uint16 of at most 200"
)


class Pairs:
    """A data set of pairs that is read as it is wanted."""

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], i % 2


def flat(value, dtype, height=6, width=9):
    return np.full((height, width, 3), value, dtype)


def shown(data, rows=slice(None), wanted=SMALL):
    """Return the mean of each image as a model sees it, with 255 as 1."""
    (images,) = inputs_of(data).read(rows, [wanted])
    means = ModelInput(wanted).prepared(images).mean(axis=(1, 2, 3), dtype=np.float64)
    return means.round(4).tolist()


KINDS = [lambda images: list(Pairs(images)), Pairs]  # in memory, and read as they are wanted


@pytest.mark.parametrize("data", KINDS)
def test_floats_mean_in_every_image_what_they_mean_in_the_brightest(data):
    bright = [flat(200, "f4"), flat(100, "f8", 7), flat(0, "f4"), flat(1, "f2", 5)]
    assert shown(data(bright)) == [0.7843, 0.3922, 0.0, 0.0039]
    assert shown(data(bright), [3]) == [0.0039]  # whatever batch it comes in
    dim = [flat(0.5, "f4"), flat(0, "f4", 7), flat(1, "f4", 8)]
    assert shown(data(dim)) == [0.5, 0.0, 1.0]
    inputs = inputs_of(data(bright)).subset([3])
    assert inputs.read([0], [SMALL])[0].max() == 1
    with pytest.raises(ConfigError, match=r"all images alike, received float32 of 0.5 to 0.5"):
        shown(data([flat(200, "f4"), flat(0.5, "f4", 7)]))
    with pytest.raises(ConfigError, match=r"received float32 of nan to nan"):
        shown(data([flat(200, "f4"), flat(np.nan, "f4", 7)]))


@pytest.mark.parametrize("data", KINDS)
def test_images_of_one_size_read_a_few_at_a_time_mean_what_all_do(data):
    inputs = inputs_of(data([flat(200, "f4"), flat(1, "f4")]))
    assert [inputs.read([i], [None])[0].dtype for i in (0, 1)] == [np.uint8] * 2
    assert shown(data([flat(40000, "u2"), flat(200, "u2")]), [1]) == [0.0]


@pytest.mark.parametrize("data", KINDS)
def test_bytes_and_floats_are_shown_in_one_scale(data):
    mixed = [flat(200, "u1"), flat(0.5, "f4", 7), Image.new("RGB", (5, 5), (51,) * 3)]
    assert shown(data(mixed)) == [0.7843, 0.5, 0.2]
    assert shown(data([flat(200, "u1"), flat(0, "f4", 7)])) == [0.7843, 0.0]
    assert shown(data([Image.new("F", (5, 5), 200.0), Image.new("F", (6, 5), 1.0)])) == [
        0.7843,
        0.0039,
    ]


@pytest.mark.parametrize("data", KINDS)
def test_sixteen_bits_are_sixteen_however_dark(data, tmp_path):
    assert shown(data([flat(40000, "u2"), flat(200, ">u2", 7)])) == [0.6118, 0.0]
    for dark in ([flat(200, "u2")] * 2, [flat(200, "u2"), flat(0, "u2", 7)]):
        with pytest.raises(ConfigError, match=DARK_DEEP):
            shown(data(dark))
    np.savez(tmp_path / "x.npz", images=np.stack([flat(200, "u2")] * 2))
    with pytest.raises(ConfigError, match=DARK_DEEP):
        open_inputs(str(tmp_path / "x.npz"))
    np.savez(tmp_path / "x.npz", images=np.stack([flat(40000, ">u2")] * 2))
    assert open_inputs(str(tmp_path / "x.npz")).read([0], [None])[0].flat[0] == 156


@pytest.mark.parametrize("ending", ["png", "tiff", "pgm"])
def test_grey_of_sixteen_bits_is_the_same_by_path_and_by_pillow(ending, tmp_path):
    file = tmp_path / f"x.{ending}"
    Image.fromarray(np.full((6, 9), 40000, "u2")).save(file)
    assert shown([(file, 0)]) == shown([(Image.open(file), 0)]) == [0.6118]
    swapped = Image.fromarray(np.full((6, 9), 40000, ">u2"))
    assert shown([(swapped, 0)]) == [0.6118]
    with pytest.raises(ConfigError, match="received int32 of 40000 to 40000"):
        shown([(Image.fromarray(np.full((6, 9), 40000, "i4")), 0)])


def test_a_photograph_of_pillow_is_turned_as_its_file_is(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:10] = 255
    file = tmp_path / "x.png"
    Image.fromarray(pixels).save(file, exif=exif)
    for upright in (True, False):
        wanted = _core.ImageFormat(height=20, width=20, upright=upright)
        by_path, by_pillow = (
            inputs_of([(image, 0)]).read([0], [wanted])[0] for image in (file, Image.open(file))
        )
        np.testing.assert_array_equal(by_path, by_pillow)
        assert by_path[0, 0, :, :10].mean() == (0 if upright else 127.5)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("held", [1, 6, None], ids=["upright", "turned", "unsaid"])
def test_a_photograph_is_turned_by_exif_and_not_by_xmp(ending, held, tmp_path):
    space = 'xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    xmp = f'<x:xmpmeta><rdf:Description {space} tiff:Orientation="6"/></x:xmpmeta>'
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif, texts = Image.Exif(), PngInfo()
    if held is not None:
        exif[0x0112] = held
    texts.add_itxt("XML:com.adobe.xmp", xmp)
    own = {"pnginfo": texts} if ending == "png" else {"xmp": xmp.encode()}
    file = tmp_path / f"x.{ending}"
    Image.fromarray(pixels).save(file, exif=exif, **own)
    image = Image.open(file)
    for _ in range(2):  # the image that is given stays what it was
        wanted = [_core.ImageFormat(height=16, width=16)]
        by_path, by_pillow = (inputs_of([(one, 0)]).read([0], wanted)[0] for one in (file, image))
        assert abs(by_path.astype(int) - by_pillow).max() <= 1
        assert by_path[0, 0, :, :8].mean() == pytest.approx(0 if held == 6 else 127.5, abs=2)
        assert image.getexif()[0x0112] == (held or 6)


def test_collect_shows_a_module_all_images_alike(tmp_path: Path):
    seen = []

    def predict(images):
        seen.extend(images[:, 0, 0, 0].tolist())
        return np.tile(np.float32([0.7, 0.3]), (len(images), 1))

    model = ForeignModel("m", 1, predict, input=ModelInput(SMALL))
    data = [(flat(200, "f4"), 0), (flat(100, "f4", 7), 1), (flat(0, "f4", 8), 1)]
    collect([model], data, tmp_path / "o.safetensors", say=lambda _: None)
    assert seen == pytest.approx([200 / 255, 100 / 255, 0])
    assert muxnet.read_outcomes(tmp_path / "o.safetensors")
