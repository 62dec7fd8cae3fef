"""Shared examples: the results of an invented run, whole and to the schema."""

import copy
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from muxnet import cli
from muxnet.outcomes.policies import reported_policies

STUB = Path(__file__).with_name("inference_stub.py")

NAMES = ("alexnet", "mobilenet_v2", "mnasnet1_0", "resnet50", "resnet152", "resnext101_32x8d")
MACS = (0.4e6, 0.9e6, 1.3e6, 5.2e6, 12.8e6, 21.4e6)
ACCURACIES = (0.842, 0.871, 0.879, 0.904, 0.916, 0.923)
LATENCIES = (0.11, 0.23, 0.26, 0.71, 1.54, 2.38)
POLICY_ACCURACIES = {
    "best_single": (0.923, 21.4e6),
    "hybrid_single": (0.914, 7.9e6),
    "hybrid_ensemble": (0.921, 11.6e6),
    "offload": (0.917, 9.7e6),
    "random_mixing": (0.907, 7.9e6),
    "cascade": (0.9215, 7.8e6),
    "learned_cascade": (0.9225, 7.4e6),
    "average_ensemble": (0.926, 42.1e6),
    "oracle": (0.968, 2.2e6),
}


def around(accuracy: float) -> list[float]:
    return [accuracy - 0.0055, accuracy + 0.005]


def called_shares(name: str) -> list[float]:
    shares = {
        "best_single": [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        "hybrid_single": [0.412, 0.087, 0.058, 0.151, 0.108, 0.184],
        "hybrid_ensemble": [0.31, 0.22, 0.17, 0.29, 0.31, 0.35],
        "offload": [0.62, 0.0, 0.0, 0.0, 0.0, 0.38],
        "cascade": [1.0, 0.0, 0.0, 0.37, 0.0, 0.18],
        "learned_cascade": [1.0, 0.0, 0.0, 0.35, 0.0, 0.16],
        "average_ensemble": [1.0] * 6,
        "oracle": [0.842, 0.062, 0.021, 0.019, 0.013, 0.043],
        "random_mixing": [0.22, 0.11, 0.16, 0.25, 0.15, 0.11],
    }
    return shares.get(name, shares["best_single"])


def line(name: str, exponent: float) -> dict[str, Any]:
    macs = np.geomspace(0.5e6, 21.4e6, 25)
    share = (np.log(macs / macs[0]) / np.log(macs[-1] / macs[0])) ** exponent
    accuracy = 0.842 + 0.081 * share
    return {
        "name": name,
        "points": [
            {"macs": float(m), "accuracy": float(a)} for m, a in zip(macs, accuracy, strict=True)
        ],
    }


def model_epoch(epoch: int) -> dict[str, Any]:
    decay = 0.75**epoch
    return {
        "epoch": epoch,
        "learning_rate": 0.1 * decay,
        "losses": [(1.2 - 0.1 * i) * decay + 0.02 * (6 - i) for i in range(6)],
        "accuracies": [1 - 0.6 * decay - 0.02 * (6 - i) for i in range(6)],
        "both_right_distance": 0.14 + 0.3 * decay,
        "one_right_distance": 0.47 + 0.02 * decay,
        "held_out_accuracies": [0.99 - 0.6 * decay - 0.015 * (6 - i) for i in range(6)],
        "contrastive": -0.8,
        "seconds": 12.5 * epoch,
    }


def example() -> dict[str, Any]:
    counts = [7650, 860, 450, 320, 230, 170, 320]
    shapes = [[0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.2, 0.2, 0.3]]
    blend = np.linspace(0, 1, 7)[:, None]
    called = (1 - blend) * shapes[0] + blend * shapes[1]
    models = [
        {
            "name": name,
            "parameters": int(40_000 * (i + 1) ** 2),
            "macs": MACS[i],
            "latency_ms": LATENCIES[i],
            "accuracy": ACCURACIES[i],
            "accuracy_interval": around(ACCURACIES[i]),
            "called": called_shares("hybrid_single")[i],
            "called_by_policy": {p: called_shares(p)[i] for p in reported_policies()},
        }
        for i, name in enumerate(NAMES)
    ]
    policies = [
        {
            "name": name,
            "accuracy": accuracy,
            "accuracy_interval": around(accuracy),
            "macs": macs,
            "latency_ms": macs / 9e6,
            "models_per_input": sum(called_shares(name)),
            "called": called_shares(name),
            "note": "threshold from held-out data" if name == "cascade" else "",
            "settings": {"threshold": 0.288} if name == "hybrid_ensemble" else {},
        }
        for name in reported_policies()
        for accuracy, macs in [POLICY_ACCURACIES.get(name, POLICY_ACCURACIES["best_single"])]
    ]
    return {
        "format": "muxnet-results",
        "version": 1,
        "dataset": "fashion-mnist",
        "seed": 3,
        "seconds": 1234.5,
        "data": {
            "classes": 10,
            "image_shape": [1, 28, 28],
            "train": 54000,
            "held_out": 6000,
            "test": 10000,
            "router_data": "held_out",
        },
        "models": models,
        "policies": policies,
        "curves": [
            line("multiplexer", 0.9),
            line("cascade", 0.6),
            line("learned_cascade", 0.55),
            line("random_mixing", 1.2),
        ],
        "area_above_random_mixing": {"value": 0.0042, "interval": [0.0021, 0.0064]},
        "multiplexer": {
            "parameters": 9000,
            "macs": 0.05e6,
            "latency_ms": 0.04,
            "objective": "correctness",
            "formulation": "bounded",
            "resolution": 14,
            "width": 8,
            "lambda_cost": 0.1,
            "auroc": [0.81, 0.8, 0.8, 0.79, 0.78, 0.78],
        },
        "hardness": {"counts": counts, "called": called.tolist()},
        "right_wrong_matrix": [
            [0.0 if a == b else 0.03 + 0.012 * (a - b) / 2 + 0.03 for b in range(6)]
            for a in range(6)
        ],
        "learning_curves": {
            "models": [model_epoch(epoch) for epoch in range(1, 16)],
            "multiplexer": [
                {
                    "epoch": e,
                    "learning_rate": 0.002,
                    "losses": [0.3 + 0.4 * 0.9**e],
                    "seconds": e / 2,
                }
                for e in range(1, 21)
            ],
        },
        "contrastive": {
            "formulation": "bounded",
            "weight": 0.1,
            "both_right_distance": 0.144,
            "one_right_distance": 0.474,
        },
        "comparisons": [
            {
                "policy": "hybrid_single",
                "against": "random_mixing",
                "macs": 7.9e6,
                "difference": 0.007,
                "interval": [0.003, 0.011],
            },
            {
                "policy": "hybrid_single",
                "against": "cascade",
                "macs": 7.9e6,
                "difference": -0.0075,
                "interval": [-0.0112, -0.0038],
            },
        ],
        "warnings": ["A warning in words."],
        "seconds_by_phase": {"models": 1000.0, "multiplexer": 120.0},
        "provenance": {"models.macs": "counted", "models.latency_ms": "measured"},
        "machine": {
            "cpu": "Invented CPU",
            "threads": 2,
            "system": "Linux",
            "versions": {"muxnet": "0.1.0", "numpy": "2.0"},
        },
        "config": {"data": "fashion-mnist:data/fashion", "seed": 3, "epochs": 15},
    }


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """Make a small run of two models on the digits."""
    folder = tmp_path_factory.mktemp("run") / "digits"
    options = ["--models", "alexnet_small", "resnet50_small", "--epochs", "2"]
    options += ["--multiplexer-epochs", "2", "--multiplexer-pretraining-epochs", "1"]
    assert cli.main(["run", *options, "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def results_dict() -> dict[str, Any]:
    """The results of an invented run as plain JSON values; free to change."""
    return copy.deepcopy(example())


def _answers(seed=0, rows=400, accuracies=(0.6, 0.75, 0.9), classes=4):
    """Return probabilities (n, N, K) and labels: surer where the model is right."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    probabilities = np.empty((rows, len(accuracies), classes), np.float32)
    for model, accuracy in enumerate(accuracies):
        right = random.random(rows) < accuracy
        top = np.where(right, labels, (labels + random.integers(1, classes, rows)) % classes)
        confidence = np.where(right, 0.7, 0.5) + 0.29 * random.random(rows)
        rest = (1 - confidence) / (classes - 1)
        probabilities[:, model] = rest[:, None]
        np.put_along_axis(probabilities[:, model], top[:, None], confidence[:, None], axis=1)
    return probabilities, labels.astype(np.int32)


@pytest.fixture(scope="session")
def answers():
    """Make recorded answers of models, the dearer the better."""
    return _answers


SERVED_MODELS = ("alexnet_small", "mobilenet_v2_small", "mnasnet1_0_small")


@pytest.fixture(scope="session")
def untrained_run(tmp_path_factory):
    """A run's folder as ``muxnet serve`` reads it, of networks that have learnt nothing."""
    import muxnet
    from muxnet import _core
    from muxnet.base.files import write_json
    from muxnet.base.run_folder import RunFolder
    from muxnet.run.config import RunConfig, save_config
    from muxnet.run.multiplexers import multiplexer_network
    from muxnet.run.zoo import save_weights

    folder = RunFolder(tmp_path_factory.mktemp("served") / "run")
    # Of a seed whose multiplexer, which knows nothing, calls several models.
    config = RunConfig(data="digits", models=SERVED_MODELS, seed=1, out=str(folder.path))
    data = muxnet.load_data("digits", held_out_fraction=0.25)
    models = muxnet.zoo(
        SERVED_MODELS, data.train, projection_dim=config.projection_dim, seed=config.seed
    )
    multiplexer = _core.Multiplexer(multiplexer_network(models, config))
    for network in (*models, multiplexer.model):
        save_weights(network, folder.weights / f"{network.name}.safetensors")
    for split in ("held_out", "calibration"):
        table = muxnet.outcome_table(models, multiplexer, data.held_out, split=split)
        table.save(folder.outcomes(split))
    found = example()
    found["data"].update(
        classes=10, image_shape=list(data.train.image_shape), class_names=list("0123456789")
    )
    write_json(folder.results, found)
    save_config(config, folder.config)
    return folder.path


@pytest.fixture(scope="session")
def digit_images():
    """Test images u8 (n, c, h, w) of the digits."""
    import muxnet
    from muxnet.base.images import raw_pixels

    data = muxnet.load_data("digits", held_out_fraction=0.25).test
    return raw_pixels(data, 0, len(data))


@pytest.fixture(scope="session")
def started_server():
    """Start a server on free ports: a context that gives its process and what it said."""
    if find_spec("kserve") is None:  # not imported: its messages clash with those of tritonclient
        pytest.skip("kserve is not installed")
    from muxnet.bench.server_process import start_server

    return start_server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Make a certificate of this machine that nobody has signed: its chain's file and its key's."""
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(chain)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return chain, key


class Cloud:
    """The stub server as a process that can be killed and started again at its port."""

    def __init__(self, image: tuple[int, int, int], classes: int, protocol: str) -> None:
        self._arguments = [*map(str, image), str(classes)]
        self._protocol = protocol
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"{self._protocol}://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-P", str(STUB), self._protocol, str(self.port)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen([*command, *self._arguments], text=True, **pipes)
        self.port = int(self._process.stdout.readline())

    def order(self, mode: str = "answer", delay: float = 0.0) -> None:
        print(json.dumps({"mode": mode, "delay": delay}), file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == "\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


@pytest.fixture(scope="session")
def make_cloud():
    """Start stub servers: ``make_cloud(image_shape, classes, protocol="http")``, or "grpc"."""
    started: list[Cloud] = []

    def make(image: tuple[int, int, int], classes: int, protocol: str = "http") -> Cloud:
        if protocol == "grpc" and find_spec("tritonclient") is None:
            pytest.skip("tritonclient, whose messages the stub speaks, is not installed")
        started.append(Cloud(image, classes, protocol))
        return started[-1]

    yield make
    for cloud in started:
        cloud.kill()
