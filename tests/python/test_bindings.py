"""What is bound says what the headers say: texts and defaults have one source."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import header_texts
import numpy as np
import pytest
from muxnet import _core

HEADERS = sorted((Path(__file__).resolve().parents[2] / "cpp" / "muxnet").rglob("*.hpp"))
TEXTS = header_texts.read(HEADERS)

# Bound as another thing than the header describes: several of a name, other arguments or results.
ADAPTED = {
    "open_dataset",
    "DecisionBatch",
    "Quantity.value",
    "Loader.next",
    "Model",
    "OffloadClient.answer",
    "OutcomeTable.load",
    "Policy.decide",
    "PolicyStudy.curve",
    "Predictor.output",
    "accuracy_cost_curve",
    "area_between",
    "build_network",
    "load_safetensors",
    "OutcomeTable.labels",
    "measure_normalization",
    "monitored_values",
    "record_decisions",
    "train_models",
    "train_multiplexer",
}

# Functions and constructors whose defaults are fields of a struct that Python does not see.
DEFAULTS_OF = {
    "Loader.__init__": "LoaderOptions",
    "DriftMonitor.__init__": "DriftOptions",
    "PolicyOptions.__init__": "PolicyOptions",
    "bootstrap_mean": "BootstrapOptions",
    "certify": "GuaranteeOptions",
    "decode_images": "ImageLimits",
    "evaluate": "BootstrapOptions",
    "read_images": "ImageLimits",
    "read_stored_images": "ImageLimits",
}


def bound() -> Iterator[tuple[str, object]]:
    """Yield all public names, those of classes as CLASS.NAME."""
    for name, value in vars(_core).items():
        if name.startswith("_"):
            continue
        yield name, value
        for member, held in vars(value).items() if isinstance(value, type) else ():
            # Of a static property pybind11 keeps no text.
            static = type(held).__name__ == "pybind11_static_property"
            if not (member.startswith("_") or static or (name, member) in OF_PYBIND11):
                yield f"{name}.{member}", held


OF_PYBIND11 = {
    (name, member)
    for name, value in vars(_core).items()
    if hasattr(value, "__members__")
    for member in ("name", "value")
}
BOUND = dict(bound())


def text(name: str) -> str:
    """Return a docstring without the signature that pybind11 puts before it."""
    holder, _, member = name.rpartition(".")
    kind = getattr(_core, holder) if holder else _core
    if hasattr(kind, "__members__") and member in kind.__members__:
        return dict(re.findall(r"^  (\w+) : (.*?)(?=\n\n  \w+|\Z)", kind.__doc__, re.M | re.S)).get(
            member, ""
        )
    value = inspect.getattr_static(kind, member) if holder else BOUND[name]
    if isinstance(value, staticmethod):
        value = value.__func__
    said = value.__doc__ or ""
    signed = callable(value) and not isinstance(value, type)
    return (said.partition("\n")[2] if signed else said).strip()


@pytest.mark.parametrize("name", BOUND)
def test_it_is_described(name) -> None:
    # What an enumeration says of all its values need not be said of each.
    value = hasattr(type(BOUND[name]), "__members__")
    assert text(name.partition(".")[0] if value else name)


@pytest.mark.parametrize("name", sorted(set(TEXTS) & set(BOUND) - ADAPTED))
def test_it_says_what_the_header_says(name) -> None:
    assert TEXTS[name].strip() in text(name)


def test_what_is_adapted_is_in_a_header_and_says_something_else() -> None:
    assert not [name for name in ADAPTED if name not in TEXTS or name not in BOUND]
    assert not [name for name in ADAPTED if TEXTS[name] == text(name)]


def struct_defaults(struct: str) -> dict[str, object]:
    """Return the fields of a struct whose default is a number, a truth value or a text."""
    pattern = rf"^struct {struct} \{{$(.*?)^\}};"
    bodies = [re.search(pattern, header.read_text(), re.M | re.S) for header in HEADERS]
    (body,) = (found[1] for found in bodies if found)
    result: dict[str, object] = {}
    for name, value in re.findall(r"^  [\w:]+ (\w+) =\s+([\w.'\"-]+);", body, re.M):
        value = {"true": "True", "false": "False"}.get(value, value.replace("'", "_"))
        if re.fullmatch(r"True|False|-?[\d._e-]+|\".*\"", value):
            result[name] = ast.literal_eval(value)
    return result


OPTIONS = [name for name in BOUND if name.endswith("Options")]


@pytest.mark.parametrize("name", OPTIONS)
def test_options_begin_as_their_struct(name) -> None:
    kind = getattr(_core, name)
    needed = {"NetworkOptions": {"channels": 3, "height": 8, "width": 8, "classes": 2}}
    made = kind("http://host") if name == "ConnectionOptions" else kind(**needed.get(name, {}))
    wanted = struct_defaults(name)
    seen = {key: getattr(made, key) for key in wanted if hasattr(kind, key)}
    assert seen == {key: wanted[key] for key in seen}


@pytest.mark.parametrize("name", DEFAULTS_OF)
def test_arguments_begin_as_the_struct(name) -> None:
    holder, _, member = name.rpartition(".")
    said = getattr(getattr(_core, holder) if holder else _core, member).__doc__
    wanted = struct_defaults(DEFAULTS_OF[name])
    seen = dict(re.findall(r"(\w+): [^,=]+ = ([\w.'-]+)", said))
    compared = {key: ast.literal_eval(seen[key]) for key in wanted if key in seen}
    assert compared
    assert compared == {key: wanted[key] for key in compared}


def test_an_array_of_another_process_is_one_of_this() -> None:
    # What is sent to a process comes with a dtype that equals this one's and is not the same.
    sent = np.full((2, 1, 2, 2), 0.5, np.dtype(np.float32, copy=True))
    assert sent.dtype is not np.dtype(np.float32)
    found = _core.normalize(sent, _core.Normalization([0.0], [1.0]))
    np.testing.assert_array_equal(found, sent)
