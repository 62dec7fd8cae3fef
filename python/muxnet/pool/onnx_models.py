"""ONNX files, run by ONNX Runtime where it is installed, else by the core."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.pool.calls import Predict

ENGINES = ("onnxruntime", "opencv")


@dataclasses.dataclass(frozen=True)
class OnnxDescription:
    """What an ONNX file says, and what runs it.

    ``image_shape`` is (channels, height, width), 0 for what the file leaves open; None: it does not
    say, or takes no images.
    """

    engine: str
    image_shape: tuple[int, int, int] | None


def open_onnx(
    path: Path, engine: str = "", threads: int = 0, output: str = ""
) -> tuple[Predict, OnnxDescription]:
    """Return what runs an ONNX file, and what the file says.

    Raises:
        ConfigError: a network that the engine does not know.
        MissingPackageError: ONNX Runtime is asked for and not installed.

    """
    if engine == "opencv" or (not engine and find_spec("onnxruntime") is None):
        return _opencv(path), OnnxDescription("opencv", None)
    return _onnxruntime(path, threads)


def _opencv(path: Path) -> Predict:
    try:
        return _core.load_onnx(path).answer
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _onnxruntime(path: Path, threads: int) -> tuple[Predict, OnnxDescription]:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(str(path), "onnxruntime", "onnx") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    providers = ["CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its exceptions have no common base
        raise ConfigError(error_text(str(path), "an ONNX model", error)) from error
    source, answer = session.get_inputs()[0], session.get_outputs()[0].name

    def predict(images: NDArray[np.float32]) -> object:
        found: object = session.run([answer], {source.name: images})[0]
        return found

    shape = [extent if isinstance(extent, int) else 0 for extent in source.shape]
    fixed = (shape[1], shape[2], shape[3]) if len(shape) == 4 else None
    return predict, OnnxDescription("onnxruntime", fixed)
