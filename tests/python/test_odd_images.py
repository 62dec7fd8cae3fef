"""Images as programs write them: pixels as Pillow gives them, or a refusal at once."""

import struct
import time
import zlib

import numpy as np
import pytest
from muxnet import _core
from PIL import Image


def gradient(height=40, width=30):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def with_chunks(file, *chunks):
    """Put chunks behind a PNG's header."""
    content = file.read_bytes()
    file.write_bytes(content[:33] + b"".join(chunks) + content[33:])


def shown(file, **options):
    return _core.read_images([file], [_core.ImageFormat(**options)])[0][0][0]


@pytest.mark.parametrize(
    "chunks", [(chunk(b"sRGB", b"\0"),), (chunk(b"gAMA", struct.pack(">I", 45455)),)]
)
@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_gamma_in_a_png_changes_no_grey(tmp_path, chunks, mode):
    plain, marked = tmp_path / "plain.png", tmp_path / "marked.png"
    image = Image.fromarray(gradient()).convert(mode)
    for file in (plain, marked):
        image.save(file)
    with_chunks(marked, *chunks)
    sides = {"height": 40, "width": 30, "fit": "stretch", "channels": 1}
    assert np.array_equal(shown(plain, **sides), shown(marked, **sides))
    difference = shown(marked, **sides)[0].astype(int) - np.asarray(
        image.convert("RGB").convert("L")
    )
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("size", [(20, 15), (13, 11), (60, 45), (7, 90)])
def test_box_is_pillows(tmp_path, size):
    file = tmp_path / "image.png"
    Image.fromarray(gradient()).save(file)
    height, width = size
    wanted = Image.fromarray(gradient()).resize((width, height), Image.Resampling.BOX)
    found = shown(file, height=height, width=width, fit="stretch", interpolation="box")
    assert np.array_equal(found.transpose(1, 2, 0), np.asarray(wanted))


def test_a_stretched_image_may_be_cut(tmp_path):
    """As Hugging Face's DeiT: both sides to 32, the centre of 24 cut out."""
    file = tmp_path / "image.png"
    Image.fromarray(gradient(30, 40)).save(file)
    wanted = (
        Image.fromarray(gradient(30, 40))
        .resize((32, 32), Image.Resampling.BICUBIC)
        .crop((4, 4, 28, 28))
    )
    found = shown(file, height=24, width=24, fit="stretch", resize=32, interpolation="bicubic")
    assert np.array_equal(found.transpose(1, 2, 0), np.asarray(wanted))
    with pytest.raises(ValueError, match="crop of 1 to resize pixels"):
        shown(file, height=24, width=24, fit="stretch", resize=16)


def test_tags_of_a_tiff_hold_no_more_than_the_file(tmp_path):
    file = tmp_path / "bomb.tif"
    size, count = 200_000, 4000
    entries = [(256, 3, 1, 16), (257, 3, 1, 16), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 16), (279, 4, 1, 256)]
    entries += [(40_000 + i, 1, size, 8) for i in range(count)]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", *e) for e in entries
    )
    pixels = bytes(size)
    file.write_bytes(b"II*\0" + struct.pack("<I", 8 + size) + pixels + directory + bytes(4))
    start = time.process_time()
    errors = _core.read_images([file], [_core.ImageFormat(height=16, width=16)])[1]
    assert "a TIFF whose tags hold more than it" in errors[0]
    assert time.process_time() - start < 2
