"""Image files of every format and kind are shown as Pillow shows them."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from muxnet import _core
from PIL import Image, ImageOps, PngImagePlugin

SIZE = (53, 37)
STORED = _core.ImageFormat(height=SIZE[1], width=SIZE[0], fit="stretch")


def picture(mode: str) -> Image.Image:
    random = np.random.default_rng(3)
    pixels = random.integers(0, 256, (4, 5, 4), dtype=np.uint8)
    image = Image.fromarray(pixels).resize(SIZE, Image.Resampling.BICUBIC)
    image = image.convert("RGB") if mode != "RGBA" else image
    if mode == "CMYK":
        return Image.fromarray(np.asarray(image).repeat(2, axis=2)[..., :4].copy(), "CMYK")
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shown(content: bytes, channels: int = 3) -> np.ndarray:
    wanted = _core.ImageFormat(channels=channels, height=SIZE[1], width=SIZE[0], fit="stretch")
    (images,), (error,) = _core.decode_images([content], [wanted])
    assert error == ""
    return images[0]


def pillows(content: bytes, mode: str = "RGB") -> np.ndarray:
    image = np.asarray(Image.open(io.BytesIO(content)).convert(mode))
    return image.reshape(SIZE[1], SIZE[0], -1).transpose(2, 0, 1)


@pytest.mark.parametrize("packed", [False, True])
def test_exif_data_may_be_a_text_of_a_png(packed: bool) -> None:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        held = exif.tobytes()
        profile = f"\nexif\n{len(held):8}\n"
        profile += "".join(f"{held[i : i + 36].hex()}\n" for i in range(0, len(held), 36))
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", "x" * 1_000_000, zip=packed)  # is more than may hold Exif data
        texts.add_text("Raw profile type exif", profile, zip=packed)
        texts.add_itxt("XML:com.adobe.xmp", "x" * 1_000_000)
        content = encoded(picture("RGB"), "PNG", pnginfo=texts, icc_profile=b"x" * 1_000_000)
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        wanted = _core.ImageFormat(height=turned.height, width=turned.width, fit="stretch")
        (images,), (error,) = _core.decode_images([content], [wanted])
        assert error == ""
        np.testing.assert_array_equal(images[0].transpose(1, 2, 0), turned)


@pytest.mark.parametrize(
    ("kind", "modes"),
    [
        ("PNG", ["RGB", "L", "P", "RGBA", "1", "LA"]),
        ("BMP", ["RGB", "L", "P", "1", "RGBA"]),
        ("TIFF", ["RGB", "L", "P", "1", "RGBA", "LA"]),
        ("GIF", ["RGB", "L", "P", "1"]),
        ("PPM", ["RGB", "L", "1"]),
        ("WEBP", ["RGB", "RGBA", "L"]),
    ],
)
def test_every_format_and_kind(kind: str, modes: list[str]) -> None:
    for mode in modes:
        content = encoded(picture(mode), kind, **({"lossless": True} if kind == "WEBP" else {}))
        np.testing.assert_array_equal(shown(content), pillows(content), f"{kind} {mode}")
        grey = shown(content, 1).astype(int) - pillows(content, "L")
        assert np.abs(grey).max() <= 1, f"{kind} {mode}, grey"


@pytest.mark.parametrize("packing", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_packed_tiff(packing: str) -> None:
    content = encoded(picture("RGB"), "TIFF", compression=packing)
    assert np.abs(shown(content).astype(int) - pillows(content)).max() <= 3


def test_interlaced_and_animated_gif() -> None:
    first, second = picture("P"), picture("L").convert("P")
    content = encoded(first, "GIF", interlace=1, save_all=True, append_images=[second])
    np.testing.assert_array_equal(shown(content), pillows(content))


def test_of_cmyk_what_the_inks_leave_of_white() -> None:
    content = encoded(picture("CMYK"), "JPEG", quality=95)
    assert np.abs(shown(content).astype(int) - pillows(content)).max() <= 3


def test_sixteen_bits_become_eight() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (SIZE[1], SIZE[0]), dtype=np.uint16)
    for kind in ("PNG", "TIFF", "PPM"):
        found = shown(encoded(Image.fromarray(deep), kind), 1)[0].astype(int)
        assert np.abs(found - deep // 256).max() <= 1, kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_they_say(kind: str, orientation: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = picture("RGB")
    if orientation in turns:
        upright = upright.transpose(turns[orientation])
    content = encoded(picture("RGB"), kind, exif=exif, **({"quality": 95}))
    wanted = _core.ImageFormat(height=upright.height, width=upright.width, fit="stretch")
    (images,), (error,) = _core.decode_images([content], [wanted])
    assert error == ""
    difference = np.abs(images[0].astype(int) - np.asarray(upright).transpose(2, 0, 1))
    assert difference.mean() < 8
    assert np.median(difference) <= 4


def test_the_content_counts_not_the_name(tmp_path: Path) -> None:
    for i, kind in enumerate(("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")):
        (tmp_path / f"{i}.jpg").write_bytes(encoded(picture("RGB"), kind))
    files = sorted(tmp_path.iterdir())
    (images,), errors = _core.read_images(files, [STORED])
    assert not any(errors)
    assert np.abs(images.astype(int) - images[1]).mean() < 12


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_first_frame_of_an_animated_webp(mode: str) -> None:
    later = [picture("L").convert(mode)]
    content = encoded(picture(mode), "WEBP", save_all=True, append_images=later, lossless=True)
    np.testing.assert_array_equal(shown(content), pillows(content))


def test_a_frame_in_the_midst_of_an_animated_webp() -> None:
    still = encoded(picture("RGB"), "WEBP", lossless=True)
    # Canvas 4 larger than the frame, whose place is counted in twos.
    sizes = (SIZE[0] + 3).to_bytes(3, "little") + (SIZE[1] + 3).to_bytes(3, "little")
    place = (1).to_bytes(3, "little") + (2).to_bytes(3, "little")
    frame = place + bytes(10) + still[12:]
    chunks = b"VP8X" + (10).to_bytes(4, "little") + b"\2\0\0\0" + sizes
    chunks += b"ANIM" + (6).to_bytes(4, "little") + bytes(6)
    chunks += b"ANMF" + len(frame).to_bytes(4, "little") + frame
    content = b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks
    wanted = np.zeros((3, SIZE[1] + 4, SIZE[0] + 4), np.uint8)
    wanted[:, 4:, 2:-2] = pillows(still)
    whole = _core.ImageFormat(height=SIZE[1] + 4, width=SIZE[0] + 4, fit="stretch")
    beyond = content.replace(place + bytes(10), b"\xff" + place[1:] + bytes(10))
    (images,), errors = _core.decode_images([content, beyond], [whole])
    np.testing.assert_array_equal(images[0], wanted)
    assert errors[0] == ""
    assert "a frame beyond its edges" in errors[1]


def test_what_else_a_tiff_may_hold() -> None:
    inks = encoded(picture("CMYK"), "TIFF")
    assert np.abs(shown(inks).astype(int) - pillows(inks)).max() <= 1
    brightness = encoded(picture("RGB").convert("YCbCr"), "TIFF", compression="jpeg")
    assert np.abs(shown(brightness).astype(int) - pillows(brightness)).max() <= 3
    fax = encoded(picture("1"), "TIFF", compression="group4")
    np.testing.assert_array_equal(shown(fax), pillows(fax))


def test_unknown_formats_are_refused_by_name() -> None:
    said = _core.decode_images([b"\0\0\0\x1cftypavif....", b"%PDF-1.7"], [STORED])[1]
    assert "HEIF or AVIF" in said[0]
    assert "another kind of file" in said[1]
    assert "one of JPEG, PNG, GIF, BMP, WebP, TIFF, PNM" in said[1]


def tiled_tiff(pixels: np.ndarray, side: int) -> bytes:
    """Return an uncompressed TIFF in tiles, which Pillow does not write."""
    height, width = pixels.shape[:2]
    tiles = [
        pixels[top : top + side, left : left + side].tobytes()
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]
    content = b"".join(tiles)
    starts = [8 + side * side * 3 * i for i in range(len(tiles))]
    end = 8 + len(content)
    lists = struct.pack("<3H", 8, 8, 8) + struct.pack(f"<{len(tiles)}I", *starts)
    lists += struct.pack(f"<{len(tiles)}I", *map(len, tiles))
    offsets, counts = end + 6, end + 6 + 4 * len(tiles)
    one = len(tiles) == 1
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, end),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (277, 3, 1, 3),
        (322, 4, 1, side),
        (323, 4, 1, side),
        (324, 4, len(tiles), starts[0] if one else offsets),
        (325, 4, len(tiles), len(tiles[0]) if one else counts),
    ]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    head = b"II*\0" + struct.pack("<I", end + len(lists))
    return head + content + lists + directory


@pytest.mark.parametrize(("size", "side"), [(16, 16), (48, 16), (64, 32)])
def test_tiles_of_any_size_are_read(size: int, side: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    content = tiled_tiff(pixels, side)
    assert np.array_equal(Image.open(io.BytesIO(content)), pixels)
    wanted = _core.ImageFormat(channels=3, height=size, width=size)
    (images,), errors = _core.decode_images([content], [wanted])
    assert errors == [""]
    assert np.array_equal(images[0].transpose(1, 2, 0), pixels)


def test_a_damaged_fax_is_refused() -> None:
    bits = np.random.default_rng(2).random((64, 64)) < 0.5
    content = bytearray(encoded(Image.fromarray(bits), "TIFF", compression="group4"))
    wanted = _core.ImageFormat(channels=1, height=64, width=64)
    assert _core.decode_images([bytes(content)], [wanted])[1] == [""]
    content[40] ^= 0xFF
    (error,) = _core.decode_images([bytes(content)], [wanted])[1]
    assert "a damaged TIFF: Bad code word" in error
