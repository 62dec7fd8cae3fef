"""The compiled package as a user meets it: arrays in, a router out."""

import gc
import threading
import time

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.training.config import load_config
from muxnet.training.zoo import save_weights

NAMES = ["alexnet_small", "mobilenet_v2_small", "resnet50_small"]


def shapes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images with a bright bar, upright (class 0) or lying (class 1)."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 90, (n, 1, 28, 28), dtype=np.uint8)
    labels = (np.arange(n) % 2).astype(np.int64)
    for image, label in zip(images, labels, strict=True):
        at = int(random.integers(4, 20))
        if label == 0:
            image[0, :, at : at + 4] = 220
        else:
            image[0, at : at + 4, :] = 220
    return images, labels


@pytest.fixture(scope="module")
def trained():
    data = _core.make_splits(
        muxnet.dataset(*shapes(420, 0), name="bars"),
        _core.SplitOptions(held_out_fraction=0.3, test_fraction=0.3, seed=1),
    )
    models = muxnet.zoo(NAMES, data.train, seed=1, projection_dim=8)
    config = muxnet.RunConfig(
        epochs=3,
        batch_size=32,
        learning_rate=0.05,
        multiplexer=muxnet.MultiplexerConfig(epochs=4, meta_dim=8, variants=2),
    )
    history = muxnet.fit_models(models, data, config).history
    calibration, learn = muxnet.split_dataset(data.held_out, 0.4, 1)
    outputs = muxnet.frozen_outputs(models, learn, config)
    multiplexer = muxnet.fit_multiplexer(outputs, config=config).multiplexer
    table = muxnet.outcome_table(models, multiplexer, calibration, split="calibration")
    return data, models, multiplexer, table, history


def test_models_learn_and_report_each_epoch(trained) -> None:
    history = trained[4]
    assert [entry.epoch for entry in history] == [1, 2, 3]
    assert len(history[-1].losses) == len(NAMES)
    assert max(history[-1].held_out_accuracies) > 0.9


def test_a_router_answers_with_probabilities_and_calls(trained) -> None:
    data, models, multiplexer, table, _ = trained
    router = muxnet.Router(models, multiplexer, muxnet.fit_policy("hybrid_single", table))
    probabilities, called = router.route(data.test.images)
    assert probabilities.shape == (len(data.test), 2)
    assert called.shape == (len(data.test), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (called.sum(axis=1) == 1).all()
    assert (probabilities.argmax(axis=1) == data.test.labels).mean() > 0.8


def test_a_pretrained_multiplexer_starts_from_what_labels_taught(trained) -> None:
    data, models, _, _, _ = trained
    own = muxnet.MultiplexerConfig(pretraining_epochs=6, pretraining_learning_rate=0.01)
    config = muxnet.RunConfig(batch_size=32, multiplexer=own)
    learn = muxnet.frozen_outputs(models, data.held_out)
    phases = []
    pretrained = muxnet.pretrain_multiplexer(
        learn, data.train, config, progress=lambda state: phases.append(state.phase)
    )
    logits = _core.Predictor(pretrained.network).output(learn.images, "logits")
    assert (logits.argmax(axis=1) == learn.labels).mean() > 0.9
    assert set(phases) == {"multiplexer's pre-training"}
    own = muxnet.MultiplexerConfig(epochs=1, learning_rate=1e-12)
    config = muxnet.RunConfig(batch_size=32, multiplexer=own)
    started = muxnet.fit_multiplexer(learn, config=config, pretrained=pretrained)
    state = started.multiplexer.model.state()
    assert "classes.weight" not in state
    np.testing.assert_allclose(
        state["conv3.weight"], pretrained.network.state()["conv3.weight"], atol=1e-6
    )
    fresh = muxnet.fit_multiplexer(learn, config=config)
    assert not np.allclose(
        state["conv3.weight"], fresh.multiplexer.model.state()["conv3.weight"], atol=1e-3
    )
    single = muxnet.fit_multiplexer(learn, config=config, pretrained=pretrained, offload=True)
    state = single.multiplexer.model.state()
    np.testing.assert_allclose(
        state["conv3.weight"], pretrained.network.state()["conv3.weight"], atol=1e-6
    )
    assert state["v.weight"].shape[0] == 1


def test_pretraining_learns_from_the_models_answers_who_is_right(trained) -> None:
    data = trained[0]
    config = muxnet.RunConfig(
        epochs=3,
        batch_size=32,
        multiplexer=muxnet.MultiplexerConfig(
            pretraining_epochs=12, pretraining_learning_rate=0.01, pretraining_visits=3
        ),
    )
    beginners = muxnet.zoo(["alexnet_small", "resnet50_small"], data.train, seed=5)
    answers = muxnet.fit_models(beginners, data, config).answers
    shares = answers.shares(3)
    assert shares.shape == (len(data.train), 2)
    sixths = set(np.unique((6 * shares).round().astype(int)))
    assert sixths <= {-6, 0, 2, 3, 4, 6}
    seen = shares[:, 0] >= 0
    assert seen.mean() > 0.95
    outputs = muxnet.frozen_outputs(beginners, data.train)
    pretrained = muxnet.pretrain_multiplexer(outputs, data.train, config, answers=answers)
    images = outputs.images
    scores = _core.Predictor(pretrained.network).output(images, "scores")
    shares, found = shares[seen], 1 / (1 + np.exp(-scores[seen]))
    mean = shares.mean(axis=0)
    assert np.square(found - shares).mean() < 0.9 * np.square(mean - shares).mean()
    blind = muxnet.pretrain_multiplexer(outputs, data.train, config)
    blind_scores = _core.Predictor(blind.network).output(images, "scores")[seen]
    blind_found = 1 / (1 + np.exp(-blind_scores))
    assert np.square(found - shares).mean() < np.square(blind_found - shares).mean()


def test_test_outcomes_are_refused_for_fitting(trained) -> None:
    data, models, multiplexer, table, _ = trained
    test = muxnet.outcome_table(models, multiplexer, data.test, split="test")
    with pytest.raises(ValueError, match="test"):
        muxnet.fit_policy("hybrid_single", test)
    with pytest.raises(ValueError, match="one of"):
        muxnet.fit_policy("no_such", table)


def test_weights_and_tables_come_back_from_files(trained, tmp_path) -> None:
    data, models, _, table, _ = trained
    path = tmp_path / "weights" / "m.safetensors"
    save_weights(models[1], path)
    again = muxnet.zoo(NAMES, data.train, seed=9, projection_dim=8)[1]
    again.load(path)
    for name, values in models[1].state().items():
        np.testing.assert_array_equal(again.state()[name], values)
    with pytest.raises(ValueError, match=r"missing.*conv1|missing.*features"):
        muxnet.zoo(NAMES, data.train, projection_dim=8)[0].load(path)
    table.save(tmp_path / "t.safetensors")
    loaded = _core.OutcomeTable.load(tmp_path / "t.safetensors")
    np.testing.assert_array_equal(loaded.scores, table.scores)


def test_contiguous_arrays_are_shared_not_copied() -> None:
    images, labels = shapes(6, 1)
    data = muxnet.dataset(images, labels)
    images[0, 0, 0, 0] = 77
    assert data.images[0, 0, 0, 0] == 77
    assert np.shares_memory(data.images, images)
    kept = data.images
    del data, images
    gc.collect()
    assert kept[0, 0, 0, 0] == 77


def test_other_layouts_are_copied_right() -> None:
    images, labels = shapes(6, 1)
    flipped = images[:, :, ::-1]
    assert not flipped.flags.c_contiguous
    np.testing.assert_array_equal(muxnet.dataset(flipped, labels).images, flipped)


def test_what_is_no_image_is_refused() -> None:
    images, labels = shapes(6, 1)
    wrong = images.astype(np.float32)
    wrong[3, 0, 5, 5] = np.nan
    with pytest.raises(ValueError, match="3"):
        muxnet.dataset(wrong, labels)
    with pytest.raises(ValueError, match="float16"):
        muxnet.dataset(images.astype(np.float16), labels)
    with pytest.raises(ValueError, match="expected"):
        muxnet.dataset(images, labels[:-1])
    with pytest.raises(ValueError, match="alexnet_small"):
        muxnet.zoo(["alexnot"], muxnet.dataset(images, labels))
    with pytest.raises(ValueError, match=r"\[zoo\] expected train, .*, received none"):
        muxnet.zoo()
    with pytest.raises(ValueError, match="cifar10"):
        muxnet.load_data("cifar11:/nowhere")
    with pytest.raises(OSError, match="nowhere"):
        muxnet.load_data("mnist:/nowhere")


def test_nan_is_refused_by_the_router(trained) -> None:
    data, models, multiplexer, table, _ = trained
    router = muxnet.Router(models, multiplexer, muxnet.fit_policy("cascade", table))
    images = data.test.images[:4].astype(np.float32)
    images[1] = np.inf
    with pytest.raises(ValueError, match="1"):
        router.route(images)


def test_other_python_threads_run_while_the_core_computes() -> None:
    options = _core.NetworkOptions(channels=3, height=64, width=64, classes=10)
    model = _core.make_model("resnet152_small", options)
    predictor = _core.Predictor(model, 64)
    images = np.zeros((256, 3, 64, 64), np.float32)
    predictor.output(images[:64], "logits")  # compiled now
    ticks, done = [], threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    began = time.monotonic()
    predictor.output(images, "logits")
    ended = time.monotonic()
    done.set()
    thread.join()
    assert sum(began < moment < ended for moment in ticks) > 5


def test_training_stops_on_a_loss_that_is_not_finite(tmp_path) -> None:
    data = _core.make_splits(muxnet.dataset(*shapes(200, 3)), _core.SplitOptions(seed=1))
    models = muxnet.zoo(NAMES[1:2] + NAMES[2:], data.train, projection_dim=8)
    config = muxnet.RunConfig(epochs=3, batch_size=32, learning_rate=1e30)
    with pytest.raises(
        muxnet.TrainingError, match=r"step 2 .*learning rate .*model mobilenet_v2_small.*finite"
    ):
        muxnet.fit_models(models, data, config, checkpoint=tmp_path / "c.safetensors")


def test_a_network_without_batch_norm_learns_the_digits_too():
    config = load_config(None, {"epochs": 10})
    data = muxnet.load_data("digits", held_out_fraction=config.held_out_fraction, seed=1)
    models = muxnet.zoo(["alexnet_small"], data.train, seed=1)
    history = muxnet.fit_models(models, data, config).history
    assert history[3].losses[0] < 2.0  # that of guessing is 2.3
    assert history[-1].held_out_accuracies[0] > 0.9
