"""What a model gives beside its answers, for a multiplexer to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import piece_size
from muxnet.pool.inputs import Inputs
from muxnet.pool.model_list import Fields, open_models, read_models, resolved_models


def encoder_name(table: _core.OutcomeTable, cost_kind: str) -> str:
    """Return the model whose output a multiplexer is shown: the cheapest of a table."""
    return table.models[int(np.argmin(table.costs(cost_kind)))]


def open_encoder(
    path: Path, name: str, output: str, recorded: Mapping[str, Fields] | None = None
) -> ForeignModel:
    """Return a model of a list, which gives an output of that name beside its answers.

    Raises:
        ConfigError: it is not in the list, no ONNX file, or has no such output.
        OSError: a file cannot be read.

    """
    entries = resolved_models(path, read_models(path), recorded)
    own = [fields for fields in entries if fields.get("name") == name]
    if not own:
        raise ConfigError(error_text(str(path), f"an ONNX file named {name}", "none"))
    return open_models(own, str(path))[0].with_embedding(output)


def read_embeddings(inputs: Inputs, encoder: ForeignModel) -> _core.Dataset:
    """Return what a model of ``open_encoder`` gives for all inputs, as vectors.

    Raises:
        ValueError: inputs that it does not take.
        OSError: an input that cannot be read.

    """
    first = inputs.read(slice(0, 1), [encoder.images])[0]
    size = piece_size({encoder.name: getattr(first, "shape", (1, 1))[1:]})
    found = []
    for start in range(0, len(inputs), size):
        (batch,) = inputs.read(slice(start, start + size), [encoder.images])
        found.append(encoder.probabilities_embedded(batch)[1])
    values = np.concatenate(found)
    return _core.make_dataset(inputs.name, values, inputs.labels, list(inputs.class_names))
