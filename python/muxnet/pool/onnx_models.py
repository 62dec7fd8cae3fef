"""ONNX files as they were exported, in an engine that the core opens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.pool.metadata_names import names_in

BEFORE = {"opencv": "onnxruntime"}  # in lists of models that were written for the engine of before


@dataclasses.dataclass(frozen=True)
class OnnxDescription:
    """What an ONNX file says, and what runs it.

    ``image_shape`` is (channels, height, width) of its input, 0 for what the file leaves open;
    None: it takes no images, or does not say where their channels are. ``options`` are those that
    it was opened with: ``HostedModel.onnx`` takes them too.
    """

    classifier: _core.Classifier
    options: _core.OnnxOptions
    file: _core.OnnxDescription
    image_shape: tuple[int, int, int] | None
    path: Path

    @property
    def engine(self) -> str:
        """What runs it."""
        return self.options.engine

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of its answers' classes, where the file has others than 0, 1, 2, ... in order.

        They are those of a classifier within, else of the metadata, and so of no output of another
        width.
        """
        shapes = [
            value.shape
            for value in self.file.outputs
            if self.options.output in ("", value.name) and value.shape is not None
        ]
        widths = {shape[-1] for shape in shapes if len(shape) > 1} - {0}
        counts = {max(width, 2) for width in widths}  # one number speaks for the second of two
        own = tuple(self.file.class_names) or tuple(map(str, self.file.class_labels))
        own = own or names_in(self.path.name, self.file.metadata, counts)
        if widths - {1} and len(own) not in widths:
            return ()
        return () if own == tuple(map(str, range(len(own)))) else own


def engines() -> list[str]:
    """Return what can run ONNX files, the default first."""
    return [entry.name for entry in _core.onnx_engines()]


def open_onnx(
    path: Path,
    engine: str = "",
    threads: int = 0,
    output: str = "",
    *,
    layout: str = "",
    classes: int = 0,
    embedding: str = "",
) -> tuple[Callable[[NDArray[np.float32]], ArrayLike], OnnxDescription]:
    """Return what runs an ONNX file, and what the file says.

    ``engine`` is one of ``engines()``; ``threads`` are those of one call, 0: all cores; ``output``
    is the one that answers, where several could; ``layout`` is ``nchw`` or ``nhwc``, where the file
    does not tell; ``classes`` are counted, where only labels are answered; ``embedding`` is an
    output that ``classifier.answer_embedded`` gives beside the answer.

    Raises:
        ConfigError: an engine that is not known or not installed, a network that it cannot run.
        OSError: the file cannot be read.

    """
    engine = BEFORE.get(engine, engine) or engines()[0]
    if engine not in engines():
        raise ConfigError(error_text(f"{path}, engine", " or ".join(engines()), engine))
    if not path.is_file():
        raise FileNotFoundError(error_text(str(path), "an ONNX file", "none"))
    options = _core.OnnxOptions(
        engine=engine,
        output=output,
        layout=layout,
        classes=classes,
        threads=threads,
        embedding=embedding,
    )
    try:
        found = _core.describe_onnx(path)
        classifier = _core.load_onnx(path, options)
    except ValueError as error:
        raise ConfigError(str(error)) from error

    description = OnnxDescription(classifier, options, found, _image_shape(found, layout), path)
    return classifier.answer, description


def _image_shape(found: _core.OnnxDescription, layout: str) -> tuple[int, int, int] | None:
    layout, shape = layout or found.layout, found.inputs[0].shape
    if layout == "" or shape is None or len(shape) != 4:
        return None
    channels, height, width = shape[1:] if layout == "nchw" else (shape[3], *shape[1:3])
    return channels, height, width
