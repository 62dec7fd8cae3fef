"""Every public name has an example, and every example runs."""

import contextlib
import doctest
import inspect
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.training.digits import load_digits

MINE = """
import numpy as np

def predict(images):
    return np.tile([0.75, 0.25], (len(images), 1))
"""
ENTRIES = [
    {"name": name, "callable": "mine:predict", "cost": 1, "size": 64} for name in ("small", "large")
]
# PyTorch, as far as a module that answers evenly wants it.
TORCH = SimpleNamespace(
    inference_mode=contextlib.nullcontext,
    from_numpy=np.asarray,
    Tensor=(),
    nn=SimpleNamespace(Module=()),
)


def module(images):
    return np.full((len(images), 10), 0.1)


@pytest.fixture(scope="module")
def names():
    """The names of README's program, of two small networks and few digits."""
    images, labels = load_digits()
    options = _core.SplitOptions(held_out_fraction=0.25, test_fraction=0.2)
    data = _core.make_splits(muxnet.dataset(images[:300], labels[:300]), options)
    own = muxnet.MultiplexerConfig(epochs=1, pretraining_epochs=1)
    config = muxnet.RunConfig(epochs=1, batch_size=60, multiplexer=own)
    models = muxnet.zoo(["alexnet_small", "mobilenet_v2_small"], data.train)
    outputs = muxnet.frozen_outputs(models, data.held_out, config)
    multiplexer, offload = (
        muxnet.fit_multiplexer(outputs, config=config, offload=offload).multiplexer
        for offload in (False, True)
    )
    table = muxnet.outcome_table(models, multiplexer, data.held_out, split="calibration")
    given = {"data": data, "config": config, "models": models, "multiplexer": multiplexer}
    return {**given, "offload": offload, "table": table, "module": module}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A photograph, recorded answers and a router with its models."""
    folder = tmp_path_factory.mktemp("examples")
    photo = np.random.default_rng(0).integers(0, 256, (1, 3, 80, 90), np.uint8)
    (folder / "photo.png").write_bytes(_core.encode_image(photo, "png"))
    lines = ["label,small:prediction,small:confidence,large:prediction,large:confidence"]
    for i in range(200):
        small, large = (i if i % wrong else i + 1 for wrong in (4, 20))
        lines.append(f"{i % 3},{small % 3},{0.9 if i % 4 else 0.5},{large % 3},0.9")
    (folder / "answers.csv").write_text("\n".join(lines) + "\n")
    table = muxnet.read_outcomes(folder / "answers.csv", {"small": 1, "large": 5})["all"]
    (folder / "router").mkdir()
    muxnet.fit_policy("best_single", table).save(folder / "router" / "policy.json")
    (folder / "router" / "models.json").write_text(json.dumps(ENTRIES))
    (folder / "router" / "mine.py").write_text(MINE)
    return folder


def examples(name):
    """The examples of a name, or of the package where the core defines it."""
    found = getattr(muxnet, name)
    text = muxnet.__doc__ if found.__module__ == "muxnet._core" else inspect.getdoc(found)
    return doctest.DocTestParser().get_doctest(text, {}, name, None, None)


@pytest.mark.parametrize("name", muxnet.__all__)
def test_a_public_name_has_an_example_that_runs(name, names, folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "torch", TORCH)
    test, said = examples(name), []
    assert any(re.search(rf"\b{name}\b", example.source) for example in test.examples)
    test.globs = {"muxnet": muxnet, "np": np, **names}
    doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)


def test_there_are_few_public_names():
    assert len(muxnet.__all__) <= 30
    assert muxnet.__all__ == sorted(set(muxnet.__all__))


def test_the_package_alone_loads_nothing_that_is_slow():
    check = "import sys, muxnet; assert not {'numpy', 'argparse', 'muxnet._core'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_another_name_is_none():
    assert not hasattr(muxnet, "evaluate")
