"""A network as the peers run it in int8: an ONNX file of quantised nodes."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import MissingPackageError


def quantize_onnx(path: Path, images: NDArray[np.float32]) -> Path:
    """Return a file beside ``path`` with the same network in int8.

    By ONNX Runtime's static quantisation: batch norm folded, activations u8 with ranges measured on
    ``images``, weights s8 with a scale for each channel, as pairs of nodes that quantise and undo
    it (QDQ), which OpenVINO reads too.

    Raises:
        MissingPackageError: ONNX Runtime or the package ``onnx`` is not installed.

    """
    try:
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ModuleNotFoundError as error:
        raise MissingPackageError("bench", "onnxruntime and onnx", "bench") from error

    class Images(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches = iter(images)

        def get_next(self) -> Mapping[str, NDArray[np.float32]] | None:
            image = next(self._batches, None)
            return None if image is None else {"images": image[None]}

    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)  # it advises at length
    try:
        folded, found = path.with_suffix(".folded.onnx"), path.with_suffix(".int8.onnx")
        quant_pre_process(str(path), str(folded), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(folded),
            str(found),
            Images(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
    finally:
        root.setLevel(before)
    return found
