"""What is left of a training in PyTorch: weights for the core, or ONNX, and the list of models."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from muxnet.base.compiled import _core
from muxnet.base.errors import MissingPackageError
from muxnet.base.files import Json, atomic_path, write_json
from muxnet.base.run_folder import RunFolder
from muxnet.torch.graph import to_core
from muxnet.torch.pool_models import PoolModel

LOGITS = "logits"


def leave_models(
    models: Sequence[PoolModel],
    out: Path,
    data: _core.Dataset,
    normalization: _core.Normalization,
) -> Path:
    """Write every model to ``out`` and their list, ``models.json``, which is returned.

    Networks of the zoo are weights, others ONNX files; a cost is in MACs.

    Raises:
        MissingPackageError: a package that ONNX files need is not installed.
        OSError: a file cannot be written.

    """
    folder = RunFolder(out)
    channels, height, width = data.image_shape
    shown: dict[str, Json] = {
        "size": [height, width],
        "interpolation": "area",  # as load_data makes images small
        "colour": "grey" if channels == 1 else "rgb",
    }
    entries = []
    for model in models:
        if model.network is not None:
            path = folder.weights / f"{model.name}.safetensors"
            path.parent.mkdir(parents=True, exist_ok=True)
            to_core(model.module, model.network)
            model.network.save(path)
            named: dict[str, Json] = {"network": model.name, "weights": f"weights/{path.name}"}
            entries.append({"name": model.name, **named, "input": shown})
            continue
        file = f"{model.name}.onnx"
        export_module(model.module, out / file, data.image_shape)
        numbers = {"mean": list(normalization.mean), "deviation": list(normalization.deviation)}
        entries.append(
            {
                "name": model.name,
                "onnx": file,
                "cost": model.macs,
                "output": LOGITS,
                "classes": list(data.class_names),
                "input": {**shown, **numbers},
            }
        )
    listed: dict[str, Json] = {"cost_kind": "macs", "models": entries}
    write_json(folder.models, listed)
    return folder.models


class _Logits(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(images)[LOGITS]
        return logits


def export_module(module: nn.Module, path: Path, image_shape: Sequence[int]) -> None:
    """Write what gives {"logits"} as ONNX: input "images" (batch, c, h, w), output "logits".

    Raises:
        MissingPackageError: the package ``onnxscript``, which PyTorch needs, is not installed.
        OSError: the file cannot be written.

    """
    whole = _Logits(copy.deepcopy(module).cpu()).eval()
    try:
        with atomic_path(path) as temporary, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the exporter about itself
            torch.onnx.export(
                whole,
                (torch.zeros(2, *image_shape),),
                temporary,
                input_names=["images"],
                output_names=[LOGITS],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                external_data=False,
                verbose=False,
            )
    except ModuleNotFoundError as error:
        raise MissingPackageError("export_module", "onnxscript", "torch") from error
