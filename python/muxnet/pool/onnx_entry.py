"""Entries that are ONNX files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.base.schema import needed, option
from muxnet.pool.adapters import Answers, ForeignModel, Hosting
from muxnet.pool.class_names import read_classes
from muxnet.pool.entries import ModelEntry, Place
from muxnet.pool.inputs import Batch
from muxnet.pool.model_input import PIXEL, ModelInput, resolve
from muxnet.pool.onnx_models import OnnxDescription, engines, open_onnx


@dataclasses.dataclass(frozen=True, kw_only=True)
class OnnxEntry(ModelEntry):
    """An ONNX file."""

    marker: ClassVar[str] = "onnx"

    onnx: str = needed(str, "the file; where it fixes the size of its images, input need not")
    engine: str = option(
        "", "what runs it: %(choices)s (default: the first)", names=engines, checked=False
    )
    output_name: str = option("", "the output that answers, where several could")
    layout: Literal["nchw", "nhwc"] | None = option(
        None, "of its images, where the file does not tell"
    )

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the one model."""
        self.refuse_labels(place)
        return [self._model(place)]

    def _model(self, place: Place, embedding: str = "") -> ForeignModel:
        """Return the model, which gives an output of that name beside its answers."""
        path = place.file("onnx", self.onnx)
        named = read_classes(place, self.classes)
        beside = read_classes(place, self.classes, self.input)
        predict, found = open_onnx(
            path,
            self.engine,
            place.threads,
            self.output_name,
            layout=self.layout or "",
            classes=len(beside),
            embedding=embedding,
        )

        def both(inputs: Batch) -> tuple[Answers, Answers]:
            return found.classifier.answer_embedded(np.asarray(inputs))

        def embedded(output: str) -> ForeignModel:
            if not output:
                names = ", ".join(str(value) for value in found.file.outputs)
                expected = f"an output of {path} that the multiplexer is to be shown: {names}"
                raise UsageError(error_text("--multiplexer-output", expected, "none"))
            return self._model(place, output)

        def host(name: str, hosting: Hosting) -> _core.HostedModel:
            return _core.HostedModel.onnx(name, path, options=found.options, **hosting)

        return ForeignModel(
            self.name,
            self.cost,
            predict,
            self.output,
            self._shown(place, found),
            named or found.classes or beside,
            concurrent=True,
            host=host,
            parts=lambda: self._parts(found, path),
            source=path,
            predict_embedded=both if embedding else None,
            embed=embedded,
        )

    def _shown(self, place: Place, found: OnnxDescription) -> ModelInput:
        shown = resolve(place.where, self.input, place.folder, found.image_shape)
        if shown.scale == 1 and found.file.inputs[0].dtype == "u8":
            shown = dataclasses.replace(shown, scale=PIXEL)  # a file of whole pixels gets these
        return shown

    def _parts(self, found: OnnxDescription, path: Path) -> dict[str, str]:
        """Return digests of what decides its answers, whatever the file is called."""
        options, outputs = found.options, found.file.outputs
        output = outputs[0].name if len(outputs) == 1 else options.output
        layout = options.layout or found.file.layout
        chosen = {"engine": options.engine, "output_name": output, "layout": layout}
        return {**chosen, **fingerprint.of_onnx(path)}

    def files(self, folder: Path) -> list[Path]:
        """Return the ONNX file."""
        return [folder / self.onnx]
