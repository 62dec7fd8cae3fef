"""The least and the most of everything: answered, or refused in words."""

import subprocess
import sys

import muxnet
import numpy as np
import pytest
from muxnet import _core

MODELS = ("alexnet_small", "mobilenet_v2_small")
POLICIES = ("always", "cascade", "hybrid_single", "random_mixing", "best_single")


@pytest.fixture(scope="module")
def digits():
    return muxnet.load_data("digits", held_out_fraction=0.25)


@pytest.fixture(scope="module")
def router(digits):
    models = muxnet.zoo(MODELS, digits.train)
    table = muxnet.outcome_table(models, None, digits.held_out, split="held_out")
    return muxnet.Router(models, None, muxnet.fit_policy("cascade", table))


def fitted(digits, **options):
    config = muxnet.RunConfig(epochs=1, models=MODELS, **options)
    models = muxnet.zoo(MODELS, digits.train)
    muxnet.fit_models(models, digits, config)
    return models


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_learning_rate_that_is_none_is_refused(digits, rate):
    with pytest.raises(ValueError, match="learning_rate above 0"):
        fitted(digits, learning_rate=rate)


def test_a_huge_learning_rate_diverges_by_name(digits):
    with pytest.raises(muxnet.TrainingError, match=r"step \d+ of .*expected a finite loss"):
        fitted(digits, learning_rate=1e30)


def test_a_tiny_learning_rate_ends_with_finite_answers(digits):
    for model in fitted(digits, learning_rate=1e-30):
        pool = _core.ModelPool([_core.HostedModel(model)])
        assert np.isfinite(pool.probabilities(0, np.full((1, 1, 32, 32), 0.5, np.float32))).all()


def test_batches_of_one_train(digits):
    labels = np.asarray(digits.train.labels)
    few = np.concatenate([np.flatnonzero(labels == k)[:6] for k in range(10)])
    data = muxnet.dataset(np.asarray(digits.train.images)[few], labels[few])
    splits = _core.make_splits(data, _core.SplitOptions(held_out_fraction=0.3, test_fraction=0.3))
    models = muxnet.zoo(MODELS, splits.train)
    config = muxnet.RunConfig(epochs=1, batch_size=1, models=MODELS)
    done = muxnet.fit_models(models, splits, config)
    assert np.isfinite(done.history[-1].losses).all()


def test_pixels_beyond_all_are_refused_and_denormal_ones_answered(router):
    tiny = np.full((2, 1, 32, 32), 1e-41, np.float32)
    assert np.isfinite(router.route(tiny).probabilities).all()
    for value in (np.inf, -np.inf, np.nan):
        with pytest.raises(ValueError, match="finite pixels"):
            router.route(np.full((2, 1, 32, 32), value, np.float32))
    with pytest.raises(ValueError, match="received 0 inputs"):
        router.route(np.zeros((0, 1, 32, 32), np.uint8))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 37, 41), (3, 31, 37), (5, 64, 32)])
@pytest.mark.parametrize("name", ["mobilenet_v2_small", "resnet50_small", "alexnet"])
def test_images_of_odd_sizes(name, shape):
    channels, height, width = shape
    options = _core.NetworkOptions(channels=channels, height=height, width=width, classes=7)
    if name == "alexnet":  # its kernels want more
        with pytest.raises(ValueError, match=r"features\.\d+.*at least the kernel's extent"):
            _core.make_model(name, options)
        return
    model = _core.make_model(name, options)
    pool = _core.ModelPool([_core.HostedModel(model)])
    images = np.random.default_rng(0).random((3, *shape), np.float32)
    np.testing.assert_allclose(pool.probabilities(0, images).sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("classes", [1, 2, 10_007])
def test_networks_of_any_number_of_classes(classes):
    options = _core.NetworkOptions(channels=1, height=32, width=32, classes=classes)
    model = _core.make_model("mobilenet_v2_small", options)
    pool = _core.ModelPool([_core.HostedModel(model)])
    found = pool.probabilities(0, np.zeros((2, 1, 32, 32), np.float32))
    assert found.shape == (2, classes)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)


def table(inputs, models, classes, *, split):
    draws = np.random.default_rng(len(split))
    answers = draws.dirichlet(np.ones(classes), (inputs, models)).astype(np.float32)
    return _core.OutcomeTable(
        [f"m{i}" for i in range(models)],
        answers,
        {"macs": [float(i + 1) for i in range(models)]},
        labels=(np.arange(inputs) % classes).astype(np.int32),
        indices=np.arange(inputs),
        source=split,
        split=split,
    )


@pytest.mark.parametrize("size", [(60, 3, 1), (60, 3, 10_007), (12, 64, 3), (2, 2, 2), (7, 1, 3)])
@pytest.mark.parametrize("name", POLICIES)
def test_policies_of_tables_of_any_size(name, size):
    if name == "hybrid_single":
        with pytest.raises(ValueError, match="expected a table with the multiplexer's weights"):
            muxnet.fit_policy(name, table(*size, split="held_out"))
        return
    policy = muxnet.fit_policy(name, table(*size, split="held_out"))
    found = _core.evaluate(policy, policy.point, table(*size, split="test"))
    assert 0 <= found.accuracy.value <= 1
    if size[2] == 1:
        assert found.accuracy.value == 1


def test_tables_of_nothing_and_of_too_many_models_are_refused():
    with pytest.raises(ValueError, match="1 to 64 models, received 65"):
        table(2, 65, 3, split="test")
    with pytest.raises(ValueError, match="at least one input"):
        table(0, 3, 3, split="test")


@pytest.mark.parametrize("order", [("torch", "muxnet"), ("muxnet", "torch")])
def test_beside_pytorch_whichever_is_imported_first(order):
    pytest.importorskip("torch")
    program = """
import numpy as np
data = muxnet.load_data("digits", held_out_fraction=0.25)
config = muxnet.RunConfig(epochs=1, batch_size=256, models=("alexnet_small",))
models = muxnet.zoo(config.models, data.train)
muxnet.fit_models(models, data, config)
a = torch.rand(300, 300)
assert torch.allclose(a @ a, torch.tensor(a.numpy() @ a.numpy()), rtol=1e-4)
layer = torch.nn.Conv2d(1, 8, 3)
layer(torch.rand(4, 1, 32, 32)).sum().backward()
muxnet.fit_models(models, data, config)
"""
    lines = [f"import {name}" for name in order]
    code = "\n".join(lines) + program
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
