"""``muxnet collect``: anybody's models over labelled inputs."""

import functools
import importlib
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import ConfigError, UserError
from muxnet.pool import adapters
from muxnet.pool.collect import collect, piece_size
from muxnet.pool.model_identity import Identity
from muxnet.pool.model_list import read_models

CLASSES = 3
FIVE_IMAGES = 4 * 64 * 5  # bytes, as piece_size counts


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (30, 1, 8, 8), dtype=np.uint8)
    return muxnet.dataset(images, np.arange(30) % CLASSES, name="noise")


def bright(images):
    """Answer by the mean brightness: in [0, 1] where images are scaled as they should be."""
    mean = images.mean(axis=(1, 2, 3))
    assert ((mean >= 0) & (mean <= 1)).all()
    return np.stack([mean, 1 - mean, np.zeros_like(mean)], axis=1)


def test_every_model_answers_every_input(data, tmp_path):
    models = [
        adapters.ForeignModel("bright", 1.0, bright),
        adapters.ForeignModel(
            "sure", 2.0, lambda x: 9 * np.eye(3)[np.zeros(len(x), int)], "logits"
        ),
    ]
    table = collect(models, data, tmp_path / "o.safetensors", split="held_out", say=lambda _: None)
    assert table.models == ["bright", "sure"]
    assert table.costs("cost") == [1.0, 2.0]
    expected = bright(np.asarray(data.images, np.float32) / 255)
    np.testing.assert_allclose(table.probabilities[:, 0], expected, atol=1e-5)
    np.testing.assert_allclose(table.probabilities[:, 1].sum(axis=1), 1, atol=1e-5)
    assert _core.OutcomeTable.load(tmp_path / "o.safetensors").split == "held_out"
    assert not list(tmp_path.glob("*.partial"))


def test_a_model_that_fails_is_named_with_its_input_and_the_rest_is_kept(data, tmp_path):
    asked = []

    def first(images):
        asked.append(len(images))
        return bright(images)

    def fails(images):
        if (np.rint(255 * images[:, 0, 0, 0]) == data.images[17, 0, 0, 0]).any():
            raise RuntimeError("does not like this one")
        return bright(images)

    out = tmp_path / "o.safetensors"
    models = [adapters.ForeignModel("first", 1, first), adapters.ForeignModel("second", 2, fails)]
    with pytest.raises(UserError, match="second failed on input 17: RuntimeError: does not like"):
        collect(models, data, out, say=lambda _: None)
    assert not out.exists()
    with pytest.raises(UserError, match="--resume, or remove it"):
        collect(models, data, out, say=lambda _: None)
    count = len(asked)
    mended = [models[0], adapters.ForeignModel("second", 2, bright)]
    table = collect(mended, data, out, resume=True, say=lambda _: None)
    assert len(asked) == count  # not run again
    assert len(table) == 30


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: np.full((len(x), 3), np.nan), "finite answers"),
        (lambda x: np.zeros(len(x)), r"answers of shape \(30, K\)"),
        (lambda x: np.ones((len(x), 3)), "sum"),
        (lambda x: np.full((len(x), 2), 0.5), "over all 3 classes"),
    ],
)
def test_answers_that_do_not_fit_are_refused(data, tmp_path, answer, message):
    models = [adapters.ForeignModel("a", 1, bright), adapters.ForeignModel("b", 1, answer)]
    with pytest.raises((UserError, ValueError), match=message):
        collect(models, data, tmp_path / "o.safetensors", say=lambda _: None)


def test_a_stop_amid_a_model_costs_its_last_call_only(data, tmp_path, monkeypatch):
    monkeypatch.setattr("muxnet.pool.collect.BATCH_BYTES", FIVE_IMAGES)
    out = tmp_path / "o.safetensors"
    calls = []

    def stopped(images):
        calls.append(len(images))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return bright(images)

    with pytest.raises(KeyboardInterrupt):
        collect([adapters.ForeignModel("a", 1, stopped)], data, out, say=lambda _: None)
    said = []
    table = collect(
        [adapters.ForeignModel("a", 1, stopped)], data, out, resume=True, say=said.append
    )
    assert calls == [5] * 7
    doubt = "a: cannot be known to answer as before in all: it also depends on calls"
    assert said[:2] == [doubt, "a: 30 of 30 inputs"]
    expected = bright(np.asarray(data.images, np.float32) / np.float32(255))
    np.testing.assert_allclose(table.probabilities[:, 0], expected, atol=1e-6)


def first_pixels(images, weights):
    answers = images.reshape(len(images), -1)[:, :3] * weights + 0.1
    return answers / answers.sum(axis=1, keepdims=True)


def linear(weights):
    """Return a model's function that holds its weights."""

    def function(images):
        return first_pixels(images, weights)

    return function


class Linear:
    def __init__(self, weights):
        self.weights = weights
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        return first_pixels(images, self.weights)


def torch_linear(weights):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, CLASSES, bias=False))
    with torch.no_grad():
        module[1].weight[:] = torch.from_numpy(np.outer(weights, np.ones(64)).astype(np.float32))
    return adapters.from_module("a", module, 1).predict


ONE, OTHER = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.5])
HOLDERS = {
    "closure": linear,
    "object": Linear,
    "method": lambda weights: Linear(weights).__call__,
    "partial": lambda weights: functools.partial(first_pixels, weights=weights),
    "torch": torch_linear,
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_other_weights_are_another_model(data, tmp_path, holder):
    out, make = tmp_path / "o.safetensors", HOLDERS[holder]
    output = "logits" if holder == "torch" else "probabilities"

    def collected(*functions, resume=False):
        models = [
            adapters.ForeignModel(name, 1, function, output)
            for name, function in zip("ab", functions, strict=True)
        ]
        return collect(models, data, out, resume=resume, say=lambda _: None)

    with pytest.raises(UserError, match="b failed"):
        collected(make(ONE), lambda _: None)
    kept = out.with_name("o.safetensors.partial").read_bytes()
    with pytest.raises(ConfigError, match=r"models/a/.*: \"[0-9a-f]+\" before, \"[0-9a-f]+\" now"):
        collected(make(OTHER), make(ONE), resume=True)
    assert out.with_name("o.safetensors.partial").read_bytes() == kept
    assert len(collected(make(ONE.copy()), make(OTHER), resume=True)) == 30


def test_a_model_is_asked_anew_where_it_is_said(data, tmp_path):
    out = tmp_path / "o.safetensors"

    def collected(weights, b, **options):
        functions = {"a": linear(weights), "b": b}
        models = [adapters.ForeignModel(name, 1, found) for name, found in functions.items()]
        return collect(models, data, out, say=lambda _: None, **options)

    with pytest.raises(UserError, match="b failed"):
        collected(ONE, lambda _: None)
    with pytest.raises(UserError, match="expected of a, b, received c"):
        collected(OTHER, bright, resume=True, again=["c"])
    table = collected(OTHER, bright, resume=True, again=["a"])
    images = np.asarray(data.images, np.float32) / 255
    np.testing.assert_allclose(table.probabilities[:, 0], first_pixels(images, OTHER), atol=1e-5)


def test_other_inputs_of_the_same_length_are_refused(data, tmp_path):
    out = tmp_path / "o.safetensors"
    model = adapters.ForeignModel("a", 1, bright)
    fails = adapters.ForeignModel("b", 1, lambda _: None)
    with pytest.raises(UserError, match="b failed"):
        collect([model, fails], data, out, say=lambda _: None)
    images, labels = np.asarray(data.images).copy(), np.asarray(data.labels).copy()
    both = [model, adapters.ForeignModel("b", 1, bright)]
    images[29, 0, 7, 7] ^= 1
    for other, what in (
        (muxnet.dataset(images, labels, name="noise"), "inputs/images"),
        (muxnet.dataset(data.images, labels[::-1].copy(), name="noise"), "inputs/labels"),
    ):
        with pytest.raises(ConfigError, match=f"{what}: .* before, .* now") as failure:
            collect(both, other, out, resume=True, say=lambda _: None)
        assert str(failure.value).count(" now") == 1
    renamed = muxnet.dataset(np.asarray(data.images).copy(), labels, name="the same elsewhere")
    assert len(collect(both, renamed, out, resume=True, say=lambda _: None)) == 30


MODULE = """
import numpy as np
from beside import SCALE
weights = np.load("weights.npy")

def predict(images):
    return np.eye(3)[np.argmax(images.reshape(len(images), -1)[:, :3] * weights * SCALE, 1)]

def lazy(images):
    global cache
    cache = np.load("weights.npy")
    return np.eye(3)[np.argmax(images.reshape(len(images), -1)[:, :3] * cache, 1)]
"""


def test_a_module_is_its_source_what_it_imports_and_what_it_has_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def known(name="predict"):
        for module in ("mine_of_test", "beside"):
            sys.modules.pop(module, None)
        importlib.invalidate_caches()
        entries = [{"name": "a", "callable": f"mine_of_test:{name}", "cost": 1}]
        (tmp_path / "models.json").write_text(json.dumps(entries))
        return Identity(read_models("models.json")[0])

    np.save("weights.npy", ONE)
    (tmp_path / "beside.py").write_text("SCALE = 2.0\n")
    (tmp_path / "mine_of_test.py").write_text(MODULE)
    first = known()
    assert first.known == known().known
    assert not first.unknown
    assert known("lazy").unknown == ["cache"]
    assert known("lazy").known != first.known
    np.save("weights.npy", OTHER)
    assert differing(first, known()) == ["weights"]
    np.save("weights.npy", ONE)
    (tmp_path / "beside.py").write_text("SCALE = 4.25\n")
    assert differing(first, known()) == ["SCALE"]
    (tmp_path / "beside.py").write_text("SCALE = 2.0\n")
    (tmp_path / "mine_of_test.py").write_text(MODULE + "# more\n")
    assert differing(first, known()) == ["source mine_of_test.py"]


def differing(one, other):
    assert one.known.keys() == other.known.keys()
    return [key for key in one.known if one.known[key] != other.known[key]]


def test_a_function_without_a_source_file_is_its_code():
    def made(text):
        scope = {}
        exec(text, scope)  # as in an interpreter
        return Identity(adapters.ForeignModel("a", 1, scope["f"])).known

    assert made("def f(x):\n    return x in {'a', 'b', 'c'}") == made(
        "# another line\ndef f(x):\n    return x in {'a', 'b', 'c'}"
    )
    assert made("def f(x):\n    return x + 1") != made("def f(x):\n    return x + 2")


def test_a_model_that_changes_its_classes_is_refused(data, tmp_path, monkeypatch):
    monkeypatch.setattr("muxnet.pool.collect.BATCH_BYTES", FIVE_IMAGES)
    counts = iter((3, 4))

    def alike(images):
        classes = next(counts)
        return np.full((len(images), classes), 1 / classes)

    model = adapters.ForeignModel("a", 1, alike)
    with pytest.raises(ConfigError, match="expected 3 classes, as in a's answers before, received"):
        collect([model], data, tmp_path / "o.safetensors", say=lambda _: None)


def test_pieces_fit_memory():
    assert piece_size({"a": (3, 2000, 2000)}) == 1
    assert piece_size({"a": (1, 8, 8)}) == 256
    assert piece_size({}) == 256  # texts
    both = {"a": (3, 224, 224), "b": (3, 224, 224)}
    assert piece_size(both) == piece_size({"a": (3, 224, 224)})  # the same pixels
    assert piece_size({**both, "c": (3, 448, 448)}) < piece_size(both)


def test_a_torch_module_is_one_line(data):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, CLASSES))
    model = adapters.from_module("mine", module, cost=1.0)
    answers = model.probabilities(np.asarray(data.images))
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    with pytest.raises(TypeError, match=r"\[mine\] expected inputs that are arrays of one shape"):
        model.probabilities([{}])


def test_a_torch_module_answers_in_eval_mode_and_has_its_own_again(data):
    torch = pytest.importorskip("torch")
    frozen = torch.nn.BatchNorm2d(1).eval()
    layers = [torch.nn.BatchNorm2d(1), frozen, torch.nn.Flatten(), torch.nn.Dropout(0.5)]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(64, CLASSES)).train()
    modes, inside = [part.training for part in module.modules()], threading.Barrier(2, timeout=30)

    class Meets(torch.nn.Module):
        def forward(self, images):
            inside.wait()  # both threads are within
            found = module(images)
            assert not any(part.training for part in module.modules())
            return found

    one, other = Meets(), Meets()
    one.held = other.held = module
    images = np.asarray(data.images)
    models = [adapters.from_module("one", one, 1.0), adapters.from_module("other", other, 1.0)]
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda model: model.probabilities(images), models)
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(before[name], now) for name, now in module.state_dict().items())
    module.eval()
    expected = adapters.from_module("mine", module, 1.0).probabilities(images)
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(second, expected)
    assert not Identity(models[0]).unknown
