"""Copies of networks in int8, beside them in one list of models; what they lose and save."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import Json, write_json
from muxnet.base.run_folder import RunFolder
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import piece_size
from muxnet.pool.inputs import Inputs
from muxnet.pool.listed import Say
from muxnet.pool.model_list import read_models, shown_text
from muxnet.training.zoo import measure_latency, save_weights

SUFFIX = "_int8"
INPUTS = 512  # on which ranges of activations are measured


@dataclasses.dataclass(frozen=True)
class Quantized:
    """A network in float and in int8: right on the test inputs, milliseconds of one image here."""

    name: str
    accuracy: float
    int8_accuracy: float
    alike: float  # share of the test inputs that both give the same class
    latency_ms: float
    int8_latency_ms: float


def quantize_models(
    listed: Path,
    held_out: Inputs,
    test: Inputs,
    out: Path,
    *,
    count: int = INPUTS,
    say: Say = print,
) -> list[Quantized]:
    """Write every network of a list in float and in int8 to ``out``, with ``models.json``.

    Ranges of activations are those on ``count`` of the held-out inputs. A cost is the measured
    latency of one image here, as both have the same MACs.

    Raises:
        ConfigError: a model that is no network of the zoo, inputs that are no images.
        ValueError: activations that are not finite, a CPU without VNNI.
        OSError: a file cannot be read or written.

    """
    folder = RunFolder(out)
    if folder.finished:
        raise ConfigError(error_text(str(out), "a folder of its own", "that of a finished run"))
    entries: list[Json] = []
    latencies = []
    for model in read_models(listed):
        if model.network is None:
            raise ConfigError(error_text(model.name, "a network of the zoo", "another model"))
        shown = held_out.subset(np.unique(np.linspace(0, len(held_out) - 1, count, dtype=np.int64)))
        images = _prepared(model, shown)
        pair = [_kept(folder, model, model.name)]
        model.network.quantize(images)
        pair.append(_kept(folder, model, model.name + SUFFIX))
        say(f"{model.name}: ranges of activations on {len(images)} held-out images")
        latencies.append([float(str(entry["cost"])) for entry in pair])
        entries += pair
    write_json(folder.models, {"cost_kind": "latency_ms", "models": entries})
    return _compared(read_models(folder.models), test, latencies, say)


def _prepared(model: ForeignModel, inputs: Inputs) -> NDArray[np.float32]:
    (images,) = inputs.read(slice(None), [model.images])
    return model.input.prepared(np.asarray(images))


def _kept(folder: RunFolder, model: ForeignModel, name: str) -> dict[str, Json]:
    """Write a network as it is now, and return its entry."""
    network = model.network
    assert network is not None
    path = folder.weights / f"{name}.safetensors"
    save_weights(network, path)
    return {
        "name": name,
        "network": network.name,
        "weights": str(path.relative_to(folder.path)),
        "cost": measure_latency(network).ms,
        "input": json.loads(shown_text(model.input.keys())),
    }


def _compared(
    models: Sequence[ForeignModel], test: Inputs, latencies: Sequence[Sequence[float]], say: Say
) -> list[Quantized]:
    found = []
    for whole, less, (ms, int8_ms) in zip(models[::2], models[1::2], latencies, strict=True):
        say(f"{whole.name}: in float and in int8 on {len(test):,} test images")
        classes, int8_classes = (_classes(model, test) for model in (whole, less))
        right, int8_right = (float(np.mean(c == test.labels)) for c in (classes, int8_classes))
        alike = float(np.mean(classes == int8_classes))
        found.append(Quantized(whole.name, right, int8_right, alike, ms, int8_ms))
    return found


def _classes(model: ForeignModel, inputs: Inputs) -> NDArray[np.int64]:
    """Return the class that a model gives each input."""
    assert model.shape is not None
    size = piece_size({model.name: model.shape})
    answers = []
    for start in range(0, len(inputs), size):
        (images,) = inputs.read(slice(start, start + size), [model.images])
        answers.append(model.probabilities(images).argmax(axis=1))
    return np.concatenate(answers)
