"""Bitmaps (BMP) of every kind that Pillow reads and does not write are shown as Pillow does."""

import io
import struct

import numpy as np
import pytest
from muxnet import _core
from PIL import Image

HEIGHT, WIDTH = 37, 53
RANDOM = np.random.default_rng(3)
PALETTE = RANDOM.integers(0, 256, (256, 4), dtype=np.uint8)
RED, GREEN, BLUE = RANDOM.integers(0, 256, (3, HEIGHT, WIDTH), dtype=np.uint32)
#: With runs.
INDICES = np.sort(RANDOM.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8), axis=1)


def bmp(bits: int, packing: int, data: bytes, *, height: int = HEIGHT, **more: bytes) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, packing, len(data), 0, 0, 0, 0)
    return file_of(head + more.get("masks", b"") + more.get("palette", b""), data)


def file_of(head: bytes, data: bytes) -> bytes:
    begin = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", begin + len(data), 0, 0, begin) + head + data


def rows(pixels: np.ndarray) -> bytes:
    """Return rows that each end with a word of four bytes."""
    lines = [row.tobytes() for row in pixels]
    return b"".join(line + bytes(-len(line) % 4) for line in lines)


def halves(indices: np.ndarray) -> np.ndarray:
    even = np.pad(indices, ((0, 0), (0, indices.shape[1] % 2)))
    return (even[:, ::2] << 4 | even[:, 1::2]).astype(np.uint8)


def packed(row: np.ndarray, bits: int) -> bytes:
    """Return runs, and indices one by one where there is none."""
    codes, at = b"", 0
    while at < len(row):
        same = np.flatnonzero(row[at:] != row[at])
        run = int(same[0]) if len(same) else len(row) - at
        single = row[at : at + 5]
        if run > 1 or len(single) < 5:
            index = int(row[at])
            codes += bytes([run, index if bits == 8 else index << 4 | index])
            at += run
        else:
            raw = single if bits == 8 else halves(single[None])[0]
            codes += bytes([0, 5]) + raw.tobytes() + bytes(len(raw) % 2)
            at += 5
    return codes


def run_lengths(indices: np.ndarray, bits: int) -> bytes:
    return b"".join(packed(row, bits) + b"\0\0" for row in indices) + b"\0\1"


def masks(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


FIVES = ((RED >> 3) << 10 | (GREEN >> 3) << 5 | BLUE >> 3).astype("<u2")
SIX = ((RED >> 3) << 11 | (GREEN >> 2) << 5 | BLUE >> 3).astype("<u2")
EIGHTS = (RED << 16 | GREEN << 8 | BLUE).astype("<u4")
COLOURS = np.stack([BLUE, GREEN, RED], -1).astype(np.uint8)
UPPER = masks(0xFF000000, 0xFF0000, 0xFF00)
SIXTEEN = PALETTE[:16].tobytes()
OLD = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24)
FILES = {
    "5-5-5": bmp(16, 0, rows(FIVES)),
    "5-6-5": bmp(16, 3, rows(SIX), masks=masks(0xF800, 0x7E0, 0x1F)),
    "8-8-8": bmp(32, 0, rows(EIGHTS)),
    "8-8-8 elsewhere": bmp(
        32, 3, rows(EIGHTS << 8), masks=masks(0xFF << 24, 0xFF << 16, 0xFF << 8)
    ),
    "from above": bmp(32, 0, rows(EIGHTS), height=-HEIGHT),
    "OS/2": file_of(OLD, rows(COLOURS)),
    "one bit": bmp(1, 0, rows(np.packbits(INDICES > 99, axis=1)), palette=PALETTE[:2].tobytes()),
    "four bits": bmp(4, 0, rows(halves(INDICES >> 4)), palette=SIXTEEN),
    "eight bits": bmp(8, 0, rows(INDICES), palette=PALETTE.tobytes()),
    "four bits, packed": bmp(4, 2, run_lengths(INDICES >> 4, 4), palette=SIXTEEN),
    "eight bits, packed": bmp(8, 1, run_lengths(INDICES, 8), palette=PALETTE.tobytes()),
}


def shown(content: bytes, channels: int = 3) -> tuple[np.ndarray, str]:
    size = _core.ImageFormat(channels=channels, height=HEIGHT, width=WIDTH, fit="stretch")
    (images,), (error,) = _core.decode_images([content], [size])
    return images[0].astype(int), error


@pytest.mark.parametrize("kind", FILES)
def test_every_kind(kind: str) -> None:
    found, error = shown(FILES[kind])
    assert error == ""
    image = Image.open(io.BytesIO(FILES[kind]))
    # Pillow rounds down where five or six bits become eight.
    most = 1 if "5" in kind else 0
    wanted = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    assert np.abs(found - wanted).max() <= most
    assert np.abs(shown(FILES[kind], 1)[0] - np.asarray(image.convert("L"))).max() <= 1 + most


@pytest.mark.parametrize("kind", FILES)
def test_what_is_cut_is_refused(kind: str) -> None:
    whole = FILES[kind]
    for length in range(3, len(whole) - 3, 1 + len(whole) // 50):
        assert "a truncated BMP" in shown(whole[:length])[1], length


def test_ten_bits_become_the_upper_eight() -> None:
    wide = (RED << 22 | GREEN << 12 | BLUE << 2).astype("<u4")
    content = bmp(32, 3, rows(wide[::-1]), masks=masks(0x3FF << 20, 0x3FF << 10, 0x3FF))
    np.testing.assert_array_equal(shown(content)[0], [RED, GREEN, BLUE])


def test_a_part_without_bits_is_black() -> None:
    content = bmp(32, 3, rows(EIGHTS[::-1]), masks=masks(0, 0xFF00, 0))
    np.testing.assert_array_equal(shown(content)[0], [0 * RED, GREEN, 0 * BLUE])


def test_a_jump_leaves_what_it_passes_over() -> None:
    content = bmp(8, 1, b"\2\1" + b"\0\2\3\1" + b"\1\2" + b"\0\1", palette=PALETTE.tobytes())
    wanted = np.zeros((HEIGHT, WIDTH), int)
    wanted[-1, :2], wanted[-2, 5] = 1, 2
    np.testing.assert_array_equal(shown(content)[0], PALETTE[wanted][..., 2::-1].transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bmp(8, 1, b"\xff\1", palette=PALETTE.tobytes()), "a run past its row's end"),
        (bmp(8, 1, b"\0\2\x3c\0\1\1", palette=PALETTE.tobytes()), "a run past its row's end"),
        (bmp(24, 4, b""), "a BMP of 24 bits, packed as 4"),
        (bmp(8, 2, b""), "a BMP of 8 bits, packed as 2"),
        (bmp(7, 0, b""), "a BMP of 7 bits, packed as 0"),
        (file_of(struct.pack("<I", 16) + bytes(40), b""), "a BMP of another form"),
        (bmp(24, 0, b"", height=-(2**31)), f"received {WIDTH} x {2**31}"),
    ],
)
def test_lies_are_refused(content: bytes, said: str) -> None:
    assert said in shown(content)[1]
