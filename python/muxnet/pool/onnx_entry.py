"""Entries that are ONNX files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar, Literal

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.schema import needed, option
from muxnet.pool.adapters import ForeignModel, Hosting
from muxnet.pool.class_names import read_classes
from muxnet.pool.entries import ModelEntry, Place
from muxnet.pool.model_input import resolve
from muxnet.pool.onnx_models import open_onnx


@dataclasses.dataclass(frozen=True, kw_only=True)
class OnnxEntry(ModelEntry):
    """An ONNX file."""

    marker: ClassVar[str] = "onnx"

    onnx: str = needed(str, "the file; where it fixes the size of its images, input need not")
    engine: Literal["onnxruntime", "opencv"] | None = option(
        None, "what runs it (default: onnxruntime where it is installed, else opencv)"
    )

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the one model."""
        path = place.file("onnx", self.onnx)
        predict, found = open_onnx(path, self.engine or "", place.threads)

        def host(name: str, hosting: Hosting) -> _core.HostedModel:
            return _core.HostedModel.onnx(name, path, **hosting)

        in_core = found.engine == "opencv"
        model = ForeignModel(
            self.name,
            self.cost,
            predict,
            self.output,
            resolve(place.where, self.input, place.folder, found.image_shape),
            read_classes(place, self.classes),
            concurrent=not in_core,
            host=host if in_core else None,
            parts=lambda: {"engine": found.engine, **fingerprint.of_onnx(path)},
            source=path,
        )
        return [model]

    def files(self, folder: Path) -> list[Path]:
        """Return the ONNX file."""
        return [folder / self.onnx]
