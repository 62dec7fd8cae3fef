"""ONNX files as they were exported, in an engine that the core opens."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from muxnet.base.class_values import class_key
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import parse_json

NAMES_KEY = "names"  # of the metadata, where Ultralytics writes a dict of Python
NAMES_CHARACTERS = 1 << 20  # of some twenty thousand classes
_TEXT = r"""(?:'(?:[^'\\\n]|\\[\\'"nrtxuU])*+'|"(?:[^"\\\n]|\\[\\'"nrtxuU])*+")"""
_NAMED = rf"(?:\d++\s*+:\s*+)?{_TEXT}"
# Of nothing else Python's parser is asked, which other texts of this length may overwhelm.
NAMES = re.compile(rf"[\[{{]\s*+{_NAMED}(?:\s*+,\s*+{_NAMED})*+\s*+,?\s*+[\]}}]", re.ASCII)
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
        own = tuple(self.file.class_names) or tuple(map(str, self.file.class_labels))
        own = own or _names_in(self.file.metadata.get(NAMES_KEY, ""))
        shapes = [
            value.shape
            for value in self.file.outputs
            if self.options.output in ("", value.name) and value.shape is not None
        ]
        widths = {shape[-1] for shape in shapes if len(shape) > 1} - {0, 1}
        if widths and len(own) not in widths:
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

    description = OnnxDescription(classifier, options, found, _image_shape(found, layout))
    return classifier.answer, description


def _names_in(text: str) -> tuple[str, ...]:
    """Return names of classes, as a list or by number from 0 in JSON or Python; else none.

    Anybody may write anything under that key, so what names no classes is no error.
    """
    held = _literal(text)
    if isinstance(held, dict):
        by_number = {str(number): name for number, name in held.items()}
        held = [by_number.get(str(k)) for k in range(len(held))]
    if not isinstance(held, list) or not all(isinstance(name, str) for name in held):
        return ()
    if any(name.encode(errors="ignore").decode() != name for name in held):  # half a character
        return ()
    keys = {class_key(name) for name in held} - {""}
    return tuple(held) if len(keys) == len(held) > 1 else ()


def _literal(text: str) -> object:
    """Return names that are written in JSON or Python; None: it is neither."""
    if len(text) > NAMES_CHARACTERS:
        return None
    try:
        return parse_json(text, NAMES_KEY)
    except ConfigError:
        pass
    try:
        return ast.literal_eval(text) if NAMES.fullmatch(text) else None
    except (ValueError, SyntaxError):
        return None


def _image_shape(found: _core.OnnxDescription, layout: str) -> tuple[int, int, int] | None:
    layout, shape = layout or found.layout, found.inputs[0].shape
    if layout == "" or shape is None or len(shape) != 4:
        return None
    channels, height, width = shape[1:] if layout == "nchw" else (shape[3], *shape[1:3])
    return channels, height, width
