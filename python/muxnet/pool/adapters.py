"""Anybody's models behind one call: images in, probabilities out."""

from __future__ import annotations

import dataclasses
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, MissingPackageError, error_text
from muxnet.base.files import Json, read_json, write_json
from muxnet.base.images import Images
from muxnet.pool.endpoint_models import ENDPOINT_KEYS, open_endpoint
from muxnet.pool.hosting import Host, Hosting, Parts, Predict

if TYPE_CHECKING:
    import torch

Entry: TypeAlias = Mapping[str, Json]

KINDS = ("onnx", "callable", "endpoint")
KEYS = {"name", *KINDS, "engine", "path", "cost", "output", "mean", "deviation"} | ENDPOINT_KEYS
OUTPUTS = ("probabilities", "logits")
ENGINES = ("onnxruntime", "opencv")


class ModelOptions(TypedDict, total=False):
    """Further fields of a ``ForeignModel``."""

    output: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    concurrent: bool
    onnx: Path | None
    source: Path | None
    host: Host | None
    parts: Parts | None
    unknown: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class ForeignModel:
    """A model of any kind.

    ``predict`` takes images f32 (n, c, h, w), (x / 255 - mean) / deviation, and gives (n, K):
    probabilities, or logits where ``output`` says so. ``concurrent``: several threads may call it
    at once. ``source`` is the ONNX file that it was read from, ``onnx`` the same where the core
    can run it without ``predict``; otherwise ``host`` does, where there is one. ``parts`` are the
    digests of what it is made of, where something tells them; ``unknown`` names what nothing tells.
    """

    name: str
    cost: float
    predict: Predict
    output: str = "probabilities"
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    concurrent: bool = False
    onnx: Path | None = None
    source: Path | None = None
    host: Host | None = None
    parts: Parts | None = None
    unknown: tuple[str, ...] = ()

    def probabilities(self, images: Images) -> NDArray[np.float32]:
        """Return the probabilities (n, K) for raw images (n, c, h, w).

        Raises:
            ValueError: an answer of another shape, not finite, or no probabilities.

        """
        channels = images.shape[1]
        mean, deviation = (
            list(np.broadcast_to(np.asarray(values, np.float32), channels))
            for values in (self.mean, self.deviation)
        )
        scaled = _core.normalize(images, _core.Normalization(mean, deviation))
        answer = np.ascontiguousarray(self.predict(scaled), dtype=np.float32)
        return _core.probabilities_of(
            answer, len(images), 0, logits=self.output == "logits", name=self.name
        )

    def hosted(
        self, cost: float, image_shape: tuple[int, int, int], classes: int
    ) -> _core.HostedModel:
        """Return the model as a service of the core hosts it, at the policy's cost.

        Raises:
            ValueError: a mean or deviation for another number of channels.

        """
        options: Hosting = {
            "cost": cost,
            "image_shape": image_shape,
            "classes": classes,
            "normalization": _core.Normalization(list(self.mean), list(self.deviation)),
            "logits": self.output == "logits",
        }
        if self.onnx is not None:
            return _core.HostedModel.onnx(self.name, self.onnx, **options)
        if self.host is not None:
            return self.host(self.name, options)
        return _core.HostedModel.function(
            self.name, self.predict, concurrent=self.concurrent, **options
        )


def from_module(
    name: str, module: torch.nn.Module, cost: float, **options: Unpack[ModelOptions]
) -> ForeignModel:
    """Return a PyTorch module as a model.

    Its answer is taken as logits; ``options`` are further fields of ``ForeignModel``.

    >>> muxnet.from_module("mine", module, cost=4.1e9, mean=(0.5,), deviation=(0.25,)).output
    'logits'

    """
    import torch

    def predict(images: NDArray[np.float32]) -> ArrayLike:
        with torch.inference_mode():
            answer: torch.Tensor = module(torch.from_numpy(images))
        found: ArrayLike = answer.numpy()
        return found

    return dataclasses.replace(ForeignModel(name, cost, predict, "logits"), **options)


def read_models(path: str | os.PathLike[str], *, threads: int = 0) -> list[ForeignModel]:
    """Return the models that a JSON file lists.

    Each entry has a ``name``, a ``cost``, and one of ``onnx``, a file beside the list,
    ``callable``, ``package.module:function``, found beside the list too, and ``endpoint``, a model
    elsewhere, ``http://HOST:PORT/v2/models/MODEL`` or ``grpc://HOST:PORT/MODEL``, beside which
    ``token_file``, ``ca_file``, ``certificate``, ``key``, ``timeout_ms``, ``in_flight``,
    ``input_tensor`` and ``output_tensor`` may stand; optionally ``output``
    (``probabilities`` or ``logits``), ``mean`` and ``deviation`` per channel, ``path``, another
    folder than the list's, and for ONNX ``engine``: ``onnxruntime``, the default where it is
    installed, or ``opencv``, which is built in. ``threads`` are those of one call of ONNX Runtime;
    0: all cores.

    Raises:
        ConfigError: an entry that does not fit, a network that the engine does not know.
        MissingPackageError: ONNX Runtime is needed and not installed.
        OSError: the file, or one that it names, cannot be read.

    """
    return open_models(describe_models(path), str(path), threads=threads)


def describe_models(path: str | os.PathLike[str]) -> list[Entry]:
    """Return the entries of a list of models, each with its folder as an absolute path.

    Raises:
        ConfigError: no list of models.
        OSError: the file cannot be read.

    """
    path = Path(path)
    return [_described(path, i, entry) for i, entry in enumerate(_read_list(path))]


def open_models(entries: Sequence[Entry], where: str, *, threads: int = 0) -> list[ForeignModel]:
    """Return the models of entries that ``describe_models`` gave, ``where`` for error texts.

    ``threads`` are those of a call of ONNX Runtime; 0: its own choice. Raises as ``read_models``.
    """
    models = [_open(f"{where}, model {i}", entry, threads) for i, entry in enumerate(entries)]
    names = [model.name for model in models]
    if len(set(names)) != len(names):
        raise ConfigError(error_text(where, "models with different names", names))
    return models


def files_of(path: Path) -> list[Path]:
    """Return a list of models and the ONNX files that it names, as far as it is one.

    Raises:
        OSError: it cannot be read now, though it is there.

    """
    try:
        entries = describe_models(path)
    except (FileNotFoundError, ConfigError):
        return [path]
    return [
        path,
        *(_folder(entry) / str(entry["onnx"]) for entry in entries if "onnx" in entry),
    ]


def keep_models(path: Path, copy: Path) -> None:
    """Write a list of models that can be read from another place.

    Raises:
        ConfigError: no list of models.
        OSError: a file that cannot be read or written.

    """
    write_json(copy, describe_models(path))


def _read_list(path: Path) -> list[Json]:
    entries = read_json(path)
    if not isinstance(entries, list) or not entries:
        raise ConfigError(error_text(str(path), "a list of models", type(entries).__name__))
    return entries


def _described(path: Path, i: int, entry: Json) -> Entry:
    if not isinstance(entry, Mapping):
        raise ConfigError(error_text(f"{path}, model {i}", "an object", type(entry).__name__))
    try:
        folder = (path.parent / str(entry.get("path", "."))).resolve()
    except ValueError as error:  # a NUL among its letters
        raise ConfigError(error_text(str(path), "paths of folders", error)) from error
    return {**entry, "path": str(folder)}


def _folder(entry: Entry) -> Path:
    return Path(str(entry["path"]))


def _open(where: str, entry: Entry, threads: int) -> ForeignModel:
    unknown = sorted(set(entry) - KEYS)
    if unknown:
        raise ConfigError(error_text(where, f"keys of {', '.join(sorted(KEYS))}", unknown[0]))
    name, cost = entry.get("name"), entry.get("cost")
    if not isinstance(name, str) or not name:
        raise ConfigError(error_text(where, "a name", name))
    if not isinstance(cost, (int, float)) or not 0 < cost < float("inf"):
        raise ConfigError(error_text(f"{where}, cost", "a number above 0", cost))
    output = entry.get("output", "probabilities")
    if not isinstance(output, str) or output not in OUTPUTS:
        raise ConfigError(error_text(f"{where}, output", " or ".join(OUTPUTS), output))
    kinds = [kind for kind in KINDS if kind in entry]
    if len(kinds) != 1:
        expected = f"one of {', '.join(KINDS)}"
        raise ConfigError(error_text(where, expected, " and ".join(kinds) or "none"))
    stray = sorted(set(entry) & ENDPOINT_KEYS)
    if stray and kinds != ["endpoint"]:
        raise ConfigError(error_text(f"{where}, {stray[0]}", f"none beside {kinds[0]}", "one"))
    options: ModelOptions = {
        "output": output,
        "mean": _numbers(f"{where}, mean", entry.get("mean", [0.0])),
        "deviation": _numbers(f"{where}, deviation", entry.get("deviation", [1.0]), above=0.0),
    }
    engine = entry.get("engine", "")
    if "onnx" in entry:
        path = _folder(entry) / str(entry["onnx"])
        predict, running = _onnx(where, path, engine, threads)
        options.update(running)
    elif engine:
        raise ConfigError(error_text(f"{where}, engine", f"none beside {kinds[0]}", engine))
    elif "endpoint" in entry:
        remote = open_endpoint(where, entry, _folder(entry))
        predict = remote.predict
        options["concurrent"], options["host"] = True, remote.host
        options["parts"], options["unknown"] = remote.parts, remote.unknown
    else:
        predict = _callable(where, entry["callable"], _folder(entry))
    return ForeignModel(name, float(cost), predict, **options)


def _numbers(where: str, values: Json, above: float = -float("inf")) -> tuple[float, ...]:
    items = values if isinstance(values, Sequence) and not isinstance(values, str) else ()
    numbers = tuple(float(v) for v in items if isinstance(v, (int, float)) and v > above)
    if not numbers or len(numbers) != len(items):
        raise ConfigError(error_text(where, "a list of numbers, one per channel", values))
    return numbers


def _onnx(where: str, path: Path, engine: Json, threads: int) -> tuple[Predict, ModelOptions]:
    """Return what runs an ONNX file, and the fields of a model that tell how."""
    if engine not in ("", *ENGINES):
        raise ConfigError(error_text(f"{where}, engine", " or ".join(ENGINES), engine))
    if not path.is_file():
        raise FileNotFoundError(f"[{path}] expected an ONNX file, received none")
    if engine == "opencv" or (not engine and find_spec("onnxruntime") is None):
        return _opencv(path), {"onnx": path, "source": path}
    return _onnxruntime(path, threads), {"concurrent": True, "source": path}


def _opencv(path: Path) -> Predict:
    try:
        return _core.load_onnx(path).answer
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _onnxruntime(path: Path, threads: int) -> Predict:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(str(path), "onnxruntime", "onnx") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    providers = ["CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its exceptions have no common base
        raise ConfigError(error_text(str(path), "an ONNX model", error)) from error
    source, answer = session.get_inputs()[0].name, session.get_outputs()[0].name
    return lambda images: session.run([answer], {source: images})[0]


def _callable(where: str, target: Json, folder: Path) -> Predict:
    module, _, function = str(target).partition(":")
    # A module beside the list is found, as one beside a script is.
    sys.path.insert(0, str(folder.resolve()))
    try:
        found = getattr(importlib.import_module(module), function)
    except (Exception, SystemExit) as error:  # of anybody's code
        expected = "package.module:function that can be imported"
        raise ConfigError(error_text(f"{where}, callable", expected, error)) from error
    finally:
        sys.path.pop(0)
    if not callable(found):
        raise ConfigError(error_text(f"{where}, callable", "a function", type(found).__name__))
    predict: Predict = found
    return predict
