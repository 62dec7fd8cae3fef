"""What tells whether something that is continued is what was begun: contents, not names.

Digests are those of the core (core/fingerprint.hpp), as for checkpoints.
"""

from __future__ import annotations

import json
import mmap
import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError
from muxnet.base.files import Json

# How ONNX writes the file of a tensor that lies outside the model: key "location", then the value.
EXTERNAL = re.compile(rb"\x0a\x08location\x12")

Known = dict[str, str]


def of_arrays(parts: Mapping[str, NDArray[np.generic]]) -> Known:
    """Return a digest of each array, of any dtype of numbers."""
    digests = {}
    for name, array in parts.items():
        bytes_of = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
        digests[name] = f"{array.dtype}{list(array.shape)} {_core.digest(bytes_of)}"
    return digests


def of_text(*texts: str) -> str:
    """Return a digest of texts."""
    content = json.dumps(texts).encode()
    return _core.digest(np.frombuffer(content, np.uint8))


def of_path(path: str | os.PathLike[str]) -> str:
    """Return a digest of a file, or of every file below a folder with its place there.

    What is not there, or cannot be read, has one too: it becomes another when it is.
    """
    path = Path(path)
    try:
        if not path.is_dir():
            return _core.digest_file(path)
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return of_text(*(f"{file.relative_to(path)} {_core.digest_file(file)}" for file in files))
    except OSError:
        return "unreadable"


def of_onnx(path: Path) -> Known:
    """Return digests of an ONNX file, and of the files that its tensors lie in by their names."""
    known = {"file": of_path(path)}
    for place in sorted(_external_files(path)):
        known[place] = of_path(path.parent / place)
    return known


def require_same(there: Json, here: Json, where: str, expected: str) -> None:
    """Refuse to go on with something else.

    Raises:
        ConfigError: ``there`` (of before) and ``here`` (now), as JSON, differ; it lists in what.

    """
    try:
        _core.require_same(json.dumps(there), json.dumps(here), where, expected)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _external_files(path: Path) -> set[str]:
    """Return the files named by an ONNX model, found without reading its graphs."""
    if path.stat().st_size == 0:
        return set()
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        names = {_text_at(content, at) for at in [m.end() for m in EXTERNAL.finditer(content)]}
    return {name for name in names if name and "\0" not in name}


def _text_at(content: mmap.mmap, at: int) -> str:
    """Return a text of Protocol Buffers: its length, seven bits a byte, then its bytes."""
    length, shift, more = 0, 0, True
    while more and at < len(content):
        length |= (content[at] & 0x7F) << shift
        more = content[at] >= 0x80
        shift, at = shift + 7, at + 1
    return content[at : at + length].decode("utf-8", "replace")
