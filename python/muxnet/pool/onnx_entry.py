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
from muxnet.pool.onnx_models import engines, open_onnx


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
        path = place.file("onnx", self.onnx)
        classes = read_classes(place, self.classes)
        predict, found = open_onnx(
            path,
            self.engine,
            place.threads,
            self.output_name,
            layout=self.layout or "",
            classes=len(classes),
        )

        def host(name: str, hosting: Hosting) -> _core.HostedModel:
            return _core.HostedModel.onnx(name, path, options=found.options, **hosting)

        model = ForeignModel(
            self.name,
            self.cost,
            predict,
            self.output,
            resolve(place.where, self.input, place.folder, found.image_shape),
            classes,
            concurrent=True,
            host=host,
            parts=lambda: self._parts(found.options, path),
            source=path,
        )
        return [model]

    def _parts(self, options: _core.OnnxOptions, path: Path) -> dict[str, str]:
        """Return digests of what decides its answers."""
        chosen = {"engine": options.engine, "output_name": options.output, "layout": options.layout}
        return {**chosen, **fingerprint.of_onnx(path)}

    def files(self, folder: Path) -> list[Path]:
        """Return the ONNX file."""
        return [folder / self.onnx]
