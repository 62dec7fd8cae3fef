"""What a model is made of: an ONNX file's bytes, a function's source and the values it holds."""

import dis
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType, ModuleType

import numpy as np
from numpy.typing import NDArray

from muxnet.base import fingerprint
from muxnet.base.array_files import Arrays
from muxnet.base.machine import INSTALLED
from muxnet.pool.adapters import ForeignModel, function_of
from muxnet.pool.model_list import shown_text

PLAIN = (type(None), bool, int, float, complex, str, bytes)
DEPTH = 3  # of objects within objects


class Identity:
    """``known``: a digest of each part; ``unknown``: what else decides the answers, by name."""

    def __init__(self, model: ForeignModel) -> None:
        self.known: fingerprint.Known = {
            "output": model.output,
            "input": shown_text(model.input.keys()),
        }
        self.unknown: list[str] = []
        self._seen: dict[int, object] = {}
        if model.parts is not None:
            self.known |= model.parts()
            self.unknown += model.unknown
        else:
            self._value("function", function_of(model))

    def _add(self, name: str, digest: str) -> None:
        """Add a part; another of the same name goes into one digest with it."""
        before = self.known.get(name, digest)
        self.known[name] = digest if before == digest else fingerprint.of_text(before, digest)

    def _value(self, name: str, value: object, depth: int = 0) -> None:
        if isinstance(value, PLAIN):
            self._add(name, fingerprint.of_text(repr(value)))
        elif id(value) not in self._seen:
            self._seen[id(value)] = value  # kept, so that no other has its id
            self._part(name, value, depth)

    def _part(self, name: str, value: object, depth: int) -> None:
        if isinstance(value, FunctionType):
            self._function(name, value)
        elif isinstance(value, MethodType):
            self._value(name, value.__func__)
            self._value(f"{name}, its object", value.__self__)
        elif isinstance(value, ModuleType):
            self._module(value)
        elif isinstance(value, type):
            self._source(value)
        elif arrays := _whole(value):
            self._add(name, fingerprint.of_text(*_flat(fingerprint.of_arrays(arrays))))
            self._layers(name, value)
        elif isinstance(value, partial):
            self._value(name, value.func)
            for key, item in (*enumerate(value.args), *value.keywords.items()):
                self._value(f"{name}, argument {key}", item)
        elif isinstance(value, tuple) and value:
            for i, item in enumerate(value):
                self._value(f"{name}[{i}]", item, depth)
        else:
            self._object(name, value, depth)

    def _function(self, name: str, function: FunctionType) -> None:
        code = function.__code__
        self._add(name, f"{function.__module__}:{function.__qualname__}")
        if not self._source(function):
            self._add(f"{name}, its code", fingerprint.of_text(*_instructions(code)))
        inner = list(_codes(code))
        steps = [step for part in inner for step in dis.get_instructions(part)]
        changed = {step.argval for step in steps if step.opname == "STORE_GLOBAL"}
        own = {step.argval for step in steps if step.opname == "STORE_DEREF"}
        changed |= own & set(code.co_freevars)
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        held = {key: cell.cell_contents for key, cell in cells if _is_filled(cell)}
        for part in inner:
            scope = function.__globals__
            held |= {key: scope[key] for key in part.co_names if key in scope}
        held |= {f"default {i}": item for i, item in enumerate(function.__defaults__ or ())}
        held |= function.__kwdefaults__ or {}
        self.unknown += sorted(changed)
        for key, value in held.items():
            if key not in changed:
                self._value(key, value)

    def _source(self, thing: type | FunctionType) -> bool:
        """Add the file that a function or a class is written in, where it is the user's own."""
        try:
            return self._file(Path(inspect.getsourcefile(thing) or ""))
        except (TypeError, OSError):  # of the interpreter
            return False

    def _module(self, module: ModuleType) -> None:
        """Add the file of a module of the user's own, and of those that it imports."""
        if self._file(Path(getattr(module, "__file__", None) or "")):
            for name, value in vars(module).items():
                if isinstance(value, ModuleType):
                    self._value(name, value)

    def _file(self, file: Path) -> bool:
        own = file.is_file() and not str(file.resolve()).startswith(INSTALLED)
        if own:
            self._add(f"source {file.name}", fingerprint.of_path(file))
        return own

    def _object(self, name: str, value: object, depth: int) -> None:
        """Add what an object holds; numbers among it may change while the model runs."""
        fields = getattr(value, "__dict__", {})
        self._source(type(value))
        call = getattr(type(value), "__call__", None)  # noqa: B004  # that of the class
        if isinstance(call, FunctionType):
            self._function(name, call)
        elif not fields or depth == DEPTH:
            self.unknown.append(name)
            return
        for key, field in fields.items():
            if isinstance(field, PLAIN) or depth == DEPTH:
                self.unknown.append(f"{name}.{key}")
            else:
                self._value(f"{name}.{key}", field, depth + 1)

    def _layers(self, name: str, value: object) -> None:
        """Add what a PyTorch module is beside its weights."""
        if hasattr(value, "modules"):
            self._add(f"{name}, its layers", fingerprint.of_text(str(value)))
            kinds = {type(module) for module in value.modules()}
            for kind in sorted(kinds, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}"):
                self._source(kind)


def identities(models: Sequence[ForeignModel]) -> dict[str, Identity]:
    """Return what each model is, by its name."""
    return {model.name: Identity(model) for model in models}


def _whole(value: object) -> Arrays:
    """Return the arrays that a value consists of; none where a part of it is no array."""
    parts = dict(_arrays(value))
    arrays = {name: part for name, part in parts.items() if part is not None}
    return arrays if len(arrays) == len(parts) else {}


def _arrays(value: object) -> Iterator[tuple[str, NDArray[np.generic] | None]]:
    """Yield the arrays that a value consists of; None for a part that is none."""
    if isinstance(value, np.ndarray):
        yield "", value if value.dtype.kind in "biufc" else None
        return
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        flat = value.detach().cpu().contiguous().reshape(-1)
        yield f"{value.dtype}{tuple(value.shape)}", flat.view(torch.uint8).numpy()
    elif torch is not None and isinstance(value, torch.nn.Module):
        for name, tensor in (*value.named_parameters(), *value.named_buffers()):
            yield from ((f"{name} {key}", array) for key, array in _arrays(tensor))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from ((f"{i} {key}", array) for key, array in _arrays(item))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from ((f"{name!r} {key}", array) for key, array in _arrays(item))
    else:
        yield "", None


def _flat(known: fingerprint.Known) -> list[str]:
    return [text for item in known.items() for text in item]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _instructions(code: CodeType) -> list[str]:
    """Return what a function does, without where it was written."""
    texts = []
    for part in _codes(code):
        values = [value for value in part.co_consts if not isinstance(value, CodeType)]
        # The order of a set is another in every process.
        plain = [sorted(map(repr, v)) if isinstance(v, frozenset) else repr(v) for v in values]
        texts += [part.co_code.hex(), *map(str, plain), *part.co_names]
    return texts


def _is_filled(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
