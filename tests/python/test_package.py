"""The installed package is the one of this checkout."""

from pathlib import Path

import muxnet

ROOT = Path(__file__).resolve().parents[2]


def test_version_is_the_checkouts():
    assert muxnet.__version__ == (ROOT / "VERSION").read_text().strip()
