"""A finished run's networks as ONNX files, with the list of models that names them."""

from __future__ import annotations

from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import UserError, error_text
from muxnet.base.files import Json, write_json
from muxnet.base.run_folder import RunFolder
from muxnet.pool.onnx_export import export_onnx
from muxnet.pool.router_folder import MODELS_FILE
from muxnet.training.config import load_config
from muxnet.training.finished import load_models
from muxnet.training.results import read_results

OUTPUT = "logits"


def export_run(run: Path, out: Path) -> list[Path]:
    """Write every network of a run to ``out``, then their list, and return all files.

    An entry's cost is the network's MACs for one image.

    Raises:
        UserError: ``run`` is no finished run of networks of the zoo.
        MissingPackageError: the package ``onnx`` is not installed.
        OSError: a file cannot be read or written.

    """
    folder = RunFolder(run)
    if not folder.has_networks:
        expected = "the folder of a finished run of networks of the zoo"
        raise UserError(error_text(str(run), expected, "none"))
    results = read_results(folder.results)
    files, entries = [], []
    out.mkdir(parents=True, exist_ok=True)
    for model in load_models(folder, load_config(folder.config), results):
        files.append(out / f"{model.name}.onnx")
        export_onnx(model, files[-1], outputs=[OUTPUT])
        entries.append(entry_of(model, files[-1].name, results.data.class_names))
    write_json(out / MODELS_FILE, entries)
    return [*files, out / MODELS_FILE]


def entry_of(model: _core.Model, file: str, classes: tuple[str, ...]) -> dict[str, Json]:
    """Return what a list of models says of a network in an ONNX file beside it."""
    own = model.normalization
    entry: dict[str, Json] = {
        "name": model.name,
        "onnx": file,
        "cost": float(model.macs),
        "output": OUTPUT,
        "mean": list(own.mean),
        "deviation": list(own.deviation),
    }
    return {**entry, "classes": list(classes)} if classes else entry
