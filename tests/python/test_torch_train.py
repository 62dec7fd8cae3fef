"""Pools trained by PyTorch on an image folder: processes, checkpoints, and back to the core."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from muxnet import _core

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from muxnet.base.errors import ConfigError, MissingPackageError  # noqa: E402
from muxnet.pool.model_list import read_models  # noqa: E402
from muxnet.torch import train as training  # noqa: E402
from muxnet.torch.pool_models import count_macs, open_models  # noqa: E402
from muxnet.torch.trained_pool import export_module  # noqa: E402
from muxnet.training.config import load_config  # noqa: E402
from torch import nn  # noqa: E402
from train_in_double import in_double  # noqa: E402

SIDE, CLASSES, IMAGES = 16, 3, 20
NETWORK = "mnasnet1_0_small"
WITHIN = 1e-12  # of weights in float64, one process against two
DOUBLE = Path(__file__).with_name("train_in_double.py")

MINE = """
from torch import nn


def network(num_classes, in_chans):
    layers = [nn.Conv2d(in_chans, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(196, num_classes))


def dropping(num_classes, in_chans):
    return nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(256 * in_chans, num_classes))


def nothing(num_classes, in_chans):
    return "nothing"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Noise on a slope of each class's own direction, as PNG files by class."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(2)
    slopes = np.linspace(0, 100, SIDE), np.linspace(100, 0, SIDE)
    for part, count in (("train", IMAGES), ("test", 4)):
        for name in range(CLASSES):
            (folder / part / f"class{name}").mkdir(parents=True)
            for i in range(count):
                image = random.integers(0, 100, (1, 1, SIDE, SIDE)) + 20
                if name < 2:
                    image = image + slopes[name].astype(int)
                encoded = _core.encode_image(image.astype(np.uint8), "png")
                (folder / part / f"class{name}" / f"{i}.png").write_bytes(encoded)
    (folder / "mine_torch.py").write_text(MINE)
    return folder


@pytest.fixture
def options(folder, tmp_path, monkeypatch):
    """What a training is told, but for its out folder."""
    monkeypatch.syspath_prepend(str(folder))
    return {
        **{"data": f"images:{folder}", "image_size": SIDE, "image_channels": 1},
        **{"models": [NETWORK, "mine_torch:network"], "epochs": 2, "batch_size": 16},
        **{"learning_rate": 0.02, "weight_decay": 1e-3, "held_out_fraction": 0.2, "threads": 1},
        "augmentation": {"flip": True},
    }


def config_of(options, out, **others):
    return load_config(None, {**options, "out": str(out), **others})


def by_torchrun(options, out, folder, *flags):
    """Train in two processes, in float64."""
    config = folder / "config-of-test.json"
    training.save_config(config_of(options, out), config)
    run = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(DOUBLE)]
    command = [sys.executable, *run, "--config", str(config), *flags]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def weights_of(out):
    """Return all weights that a training ended with."""
    tensors, _ = _core.load_safetensors(out / training.CHECKPOINT)
    return {name: values for name, values in tensors.items() if "/weights/" in name}


def assert_alike(out, other, within):
    found, wanted = weights_of(out), weights_of(other)
    assert found.keys() == wanted.keys()
    for name, values in found.items():
        np.testing.assert_allclose(values, wanted[name], rtol=0, atol=within, err_msg=name)


@pytest.fixture
def data_of_noise():
    labels = np.arange(6, dtype=np.int32) % CLASSES
    return _core.make_dataset("noise", np.zeros((6, 1, 8, 8), np.uint8), labels, list("abc"))


class StoppedError(Exception):
    """Raised amid a training."""


def interrupt(monkeypatch, name, after):
    """Let a function of the training raise once it was called so many times."""
    module, calls = sys.modules[name.rpartition(".")[0]], []
    held = getattr(module, name.rpartition(".")[2])

    def counting(*given, **named):
        calls.append(given)
        if len(calls) > after:
            raise StoppedError
        return held(*given, **named)

    monkeypatch.setattr(module, name.rpartition(".")[2], counting)


def test_two_processes_give_the_weights_of_one(folder, options, tmp_path, monkeypatch):
    one, two, resumed = (tmp_path / name for name in ("one", "two", "resumed"))
    for name, module in (("open_models", training), ("leave_models", training)):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards
    joint = sys.modules["muxnet.torch.training"].JointTraining
    monkeypatch.setattr(joint, "_parts", joint._parts)
    in_double()
    training.train(config_of(options, one))
    said = by_torchrun(options, two, folder)
    assert said.count("epoch ") == 2  # by the first process alone
    assert_alike(one, two, WITHIN)
    with monkeypatch.context() as patch:
        interrupt(patch, "muxnet.torch.train._say", 0)
        with pytest.raises(StoppedError):
            training.train(config_of(options, resumed))
    by_torchrun(options, resumed, folder, "--resume")
    assert_alike(one, resumed, WITHIN)
    told, wanted = (json.loads((o / "training.json").read_text()) for o in (resumed, one))
    for epoch, alike in zip(told, wanted, strict=True):
        assert epoch["losses"] == pytest.approx(alike["losses"], abs=WITHIN)
        assert epoch["held_out_accuracies"] == pytest.approx(alike["held_out_accuracies"])


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_an_interrupted_training_goes_on_to_the_same_bits(
    options, tmp_path, monkeypatch, optimizer
):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    monkeypatch.setattr(training, "leave_models", lambda *_: None)  # which takes longest
    others = {"optimizer": optimizer, "checkpoint_seconds": 1e-9, "learning_rate": 0.002}
    others["models"] = ["mine_torch:dropping", "mine_torch:network"]
    training.train(config_of(options, whole, **others))
    with monkeypatch.context() as patch:
        interrupt(patch, "muxnet.torch.training.train_models_step", 4)
        with pytest.raises(StoppedError):
            training.train(config_of(options, cut, **others))
    training.train(config_of(options, cut, **others), resume=True)
    assert_alike(whole, cut, 0)


def test_the_core_serves_what_pytorch_trained(folder, options, tmp_path):
    config = config_of(options, tmp_path / "out")
    path = training.train(config)
    data = training.data_of(config)
    normal = _core.measure_normalization(data.train)
    modules = [
        m.module for m in open_models(config.models, data.train, normal, projection_dim=32, seed=1)
    ]
    tensors = weights_of(tmp_path / "out")
    images = torch.tensor(_core.normalize(data.test.images, normal))
    served = read_models(path)
    assert [model.name for model in served] == [NETWORK, "mine_torch.network"]
    for place, (module, model) in enumerate(zip(modules, served, strict=True)):
        for name, tensor in module.state_dict().items():
            stem = f"{place}/weights/{name}"
            kept = tensors[stem] if tensor.dim() else tensors[f"{stem}/scalar"]
            tensor.copy_(torch.tensor(kept).reshape(tensor.shape))
        with torch.no_grad():
            wanted = module.eval()(images)["logits"].numpy()
        if model.output == "logits":
            found = model.predict(images.numpy())
        else:
            wanted, found = torch.tensor(wanted).softmax(1), model.predict(images.numpy())
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)
    told = json.loads((tmp_path / "out" / "training.json").read_text())
    assert [epoch["epoch"] for epoch in told] == [0, 1]
    assert all(len(epoch["held_out_accuracies"]) == 2 for epoch in told)


def test_a_checkpoint_of_another_training_is_refused(options, tmp_path):
    training.train(config_of(options, tmp_path, epochs=1))
    with pytest.raises(ConfigError, match="same settings, models and data"):
        training.train(config_of(options, tmp_path, epochs=1, learning_rate=0.5), resume=True)
    _core.save_safetensors(tmp_path / training.CHECKPOINT, {"x": np.zeros(1, np.float32)})
    with pytest.raises(ConfigError, match="a checkpoint of a training in PyTorch"):
        training.train(config_of(options, tmp_path, epochs=1), resume=True)


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"models": [NETWORK, "mine_torch:absent"]}, "a function mine_torch:absent"),
        ({"models": [NETWORK, "mine_torch:nothing"]}, r"a torch\.nn\.Module of mine_torch:nothing"),
        ({"batch_size": 64}, "at most 48 images"),
    ],
)
def test_what_cannot_be_trained_is_told(options, tmp_path, others, told, capsys):
    with pytest.raises(ConfigError, match=told):
        training.train(config_of(options, tmp_path, **others))


def test_the_command_says_errors_in_one_line(capsys):
    assert training.main(["--data", "images:nowhere"]) == 1
    assert capsys.readouterr().err.startswith("muxnet.torch.train: error: ")


def test_names_of_timm_are_made_as_timm_makes_them(data_of_noise, monkeypatch):
    calls = []

    def create_model(name, **named):
        calls.append((name, named))
        return nn.Sequential(nn.Flatten(), nn.Linear(64, named["num_classes"]))

    timm = SimpleNamespace(is_model=lambda name: name == "theirs", create_model=create_model)
    monkeypatch.setitem(sys.modules, "timm", timm)
    normal = _core.Normalization([0.5], [0.25])
    (model,) = open_models(["theirs"], data_of_noise, normal, projection_dim=4, seed=0)
    assert calls == [("theirs", {"num_classes": CLASSES, "in_chans": 1})]
    assert (model.name, model.macs, model.network) == ("theirs", 64 * CLASSES, None)
    assert model.module(torch.zeros(2, 1, 8, 8))["projected"].shape == (2, 4)
    with pytest.raises(ConfigError, match="of the zoo or of timm, or module:function"):
        open_models(["nobodys"], data_of_noise, normal, projection_dim=4, seed=0)
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingPackageError, match="the package timm"):
        open_models(["theirs"], data_of_noise, normal, projection_dim=4, seed=0)


def test_macs_are_counted_of_one_image():
    module = nn.Sequential(nn.Conv2d(3, 5, 3, bias=False), nn.Flatten(), nn.Linear(180, 7))
    assert count_macs(module, (3, 8, 8)) == 5 * 27 * 36 + 180 * 7


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    class Failing(nn.Module):
        def forward(self, images):
            raise StoppedError

    with pytest.raises(Exception):  # noqa: B017, PT011 - PyTorch's own, of the exporter
        export_module(Failing(), tmp_path / "model.onnx", (1, 4, 4))
    assert not list(tmp_path.iterdir())
