"""``muxnet quantize``: networks in int8 as further models of a pool."""

import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import UserError
from muxnet.base.run_folder import RunFolder
from muxnet.bench import ours, peers
from muxnet.bench.works import works
from muxnet.pool.model_list import read_models
from muxnet.training.results import read_results

needs_int8 = pytest.mark.skipif(not _core.supports_int8(), reason="no VNNI, or no oneDNN")


def network(name="resnet50_small", classes=10, seed=3):
    options = _core.NetworkOptions(channels=3, height=32, width=32, classes=classes)
    return _core.make_model(name, options, seed=seed)


def images(count, seed=1):
    return np.random.default_rng(seed).standard_normal((count, 3, 32, 32), dtype=np.float32)


@pytest.fixture(scope="module")
def quantized(run_folder, tmp_path_factory):
    """The networks of a run, each in float and in int8, and what the command found."""
    folder = tmp_path_factory.mktemp("quantized")
    (folder / "run.json").write_text(json.dumps([{"run": str(run_folder)}]))
    wanted = ["--models", str(folder / "run.json"), "--data", f"run:{run_folder}"]
    found = folder / "found.json"
    command = ["quantize", *wanted, "--out", str(folder / "int8"), "--inputs", "100"]
    assert cli.main([*command, "--threads", "1", "--json", str(found)]) == 0
    return folder / "int8", json.loads(found.read_text())


@needs_int8
def test_each_network_is_listed_in_float_and_in_int8(quantized):
    folder, _ = quantized
    listed = json.loads((folder / "models.json").read_text())
    assert listed["cost_kind"] == "latency_ms"
    names = ["alexnet_small", "alexnet_small_int8", "resnet50_small", "resnet50_small_int8"]
    assert [entry["name"] for entry in listed["models"]] == names
    models = read_models(folder / "models.json")
    in_int8 = [bool(model.network.ranges) for model in models if model.network]
    assert in_int8 == [False, True, False, True]


@needs_int8
def test_it_says_what_is_lost(quantized, run_folder):
    _, found = quantized
    native = read_results(RunFolder(run_folder).results)
    for one, model in zip(found, native.models, strict=True):
        assert one["name"] == model.name
        assert one["accuracy"] == pytest.approx(model.accuracy)
        assert one["int8_accuracy"] == pytest.approx(model.accuracy, abs=0.03)
        assert 0.95 < one["alike"] <= 1
        assert min(one["latency_ms"], one["int8_latency_ms"]) > 0


@needs_int8
def test_the_main_job_takes_them_as_any_other_models(quantized, run_folder, tmp_path):
    folder, found = quantized
    wanted = ["--models", str(folder / "models.json"), "--data", f"run:{run_folder}"]
    quick = ["--multiplexer-epochs", "2", "--multiplexer-pretraining-epochs", "1"]
    assert cli.main(["run", *wanted, *quick, "--threads", "1", "--out", str(tmp_path / "o")]) == 0
    results = read_results(RunFolder(tmp_path / "o").results)
    assert results.cost_kind == "latency_ms"
    accuracies = {model.name: model.accuracy for model in results.models}
    for one in found:
        assert accuracies[one["name"]] == pytest.approx(one["accuracy"])
        assert accuracies[one["name"] + "_int8"] == pytest.approx(one["int8_accuracy"])


@needs_int8
def test_another_model_is_no_network(tmp_path, run_folder, capsys):
    entry = {"callable": "json:loads", "name": "mine", "cost": 1.0}
    (tmp_path / "models.json").write_text(json.dumps([entry]))
    command = ["quantize", "--models", str(tmp_path / "models.json"), "--data", f"run:{run_folder}"]
    assert cli.main([*command, "--out", str(tmp_path / "o")]) == 1
    assert "[mine] expected a network of the zoo" in capsys.readouterr().err


def test_a_finished_run_is_not_written_over(run_folder, tmp_path, capsys):
    (tmp_path / "run.json").write_text(json.dumps([{"run": str(run_folder)}]))
    command = ["quantize", "--models", str(tmp_path / "run.json"), "--data", f"run:{run_folder}"]
    assert cli.main([*command, "--out", str(run_folder)]) == 1
    assert "expected a folder of its own" in capsys.readouterr().err


@needs_int8
def test_images_that_are_not_finite_are_refused():
    model, shown = network(), images(4)
    shown[2, 1, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"\[int8, input\] expected finite activations"):
        model.quantize(shown)
    assert not model.ranges


@needs_int8
def test_a_network_in_int8_is_not_trained():
    (work,) = works("train", ("resnet50_small",), (8,))
    data, (model,) = ours.random_images(work, 8), ours.models(work)
    model.quantize(images(8))
    options = _core.ModelTrainingOptions()
    options.fit = _core.FitOptions()
    options.fit.batch_size = 8
    options.contrastive_weight = 0.0
    with pytest.raises(ValueError, match="expected models that answer in float"):
        _core.train_models(
            [model], data, data.subset([]), model.normalization, options, lambda _: True
        )


@needs_int8
@pytest.mark.parametrize("name", ["resnet50_small", "mobilenet_v2_small", "alexnet_small"])
def test_the_bench_answers_nearly_alike(name):
    exact, rough = works("infer", (name,), (3,), ("fp32", "int8"))
    whole, less = (ours.inference(work)() for work in (exact, rough))
    assert 0 < np.abs(whole - less).max() < 0.1 * np.abs(whole).max()


@pytest.mark.parametrize("peer", ["onnxruntime", "openvino"])
def test_peers_are_shown_the_network_in_int8(peer):
    pytest.importorskip("onnx")
    pytest.importorskip(peer)
    (work,) = works("infer", ("alexnet_small",), (2,), ("int8",))
    peers.make(peer, work, 1)()


def test_a_peer_without_int8_is_refused():
    (work,) = works("infer", ("alexnet_small",), (2,), ("int8",))
    with pytest.raises(UserError, match="received torch"):
        peers.make("torch", work, 1)
