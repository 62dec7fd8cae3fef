"""What tests share: an invented run, small runs, answers, servers."""

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
from invented_run import example
from muxnet import _core, cli

STUB = Path(__file__).with_name("inference_stub.py")


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
    from muxnet.training.config import RunConfig, save_config
    from muxnet.training.multiplexers import multiplexer_network
    from muxnet.training.zoo import save_weights

    folder = RunFolder(tmp_path_factory.mktemp("served") / "run")
    # Of a seed whose multiplexer, which knows nothing, calls several models.
    config = RunConfig(data="digits", models=SERVED_MODELS, seed=1, out=str(folder.path))
    data = muxnet.load_data("digits", held_out_fraction=0.25)
    models = muxnet.zoo(
        SERVED_MODELS, data.train, projection_dim=config.projection_dim, seed=config.seed
    )
    network = multiplexer_network(models, config)
    multiplexer = _core.Multiplexer(network, costs=[model.macs for model in models])
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
    from muxnet.bench.server_process import start_server

    return start_server


@pytest.fixture
def rest(ready):
    """Triton's client of the server that the module's ``ready`` is, by REST."""
    http = pytest.importorskip("tritonclient.http")
    with http.InferenceServerClient(f"127.0.0.1:{ready['http_port']}") as client:
        yield client


@pytest.fixture
def rpc(ready):
    """The same by gRPC."""
    grpc = pytest.importorskip("tritonclient.grpc")
    with grpc.InferenceServerClient(f"127.0.0.1:{ready['grpc_port']}") as client:
        yield client


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

    def __init__(
        self, image: tuple[int, int, int], classes: int, protocol: str, tls: tuple[Path, ...]
    ) -> None:
        self._arguments = [*map(str, image), str(classes), *map(str, tls)]
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
    """Start stub servers: ``make_cloud(image_shape, classes, protocol="http")``, or "grpc".

    ``tls``, a certificate and its key, is the server's and what it wants clients to show.
    """
    started: list[Cloud] = []

    def make(
        image: tuple[int, int, int],
        classes: int,
        protocol: str = "http",
        tls: tuple[Path, ...] = (),
    ) -> Cloud:
        if protocol == "grpc" and find_spec("tritonclient") is None:
            pytest.skip("tritonclient, whose messages the stub speaks, is not installed")
        started.append(Cloud(image, classes, protocol, tls))
        return started[-1]

    yield make
    for cloud in started:
        cloud.kill()


@pytest.fixture
def fitted_router(untrained_run, tmp_path):
    """A router of ``muxnet fit``, which calls one model alone."""

    def fit(model):
        policy = _core.make_policy("always", _core.PolicyOptions(model=model))
        policy.fit(_core.OutcomeTable.load(untrained_run / "outcomes-held_out.safetensors"))
        (tmp_path / "router").mkdir(exist_ok=True)
        policy.save(tmp_path / "router" / "policy.json")
        return tmp_path / "router"

    return fit


@pytest.fixture
def failing_sensor(tmp_path, monkeypatch):
    """Give each energy meter a rail that gives no number once it is found; return its file."""
    chip = tmp_path / "sys/class/hwmon/hwmon0"
    chip.mkdir(parents=True)
    (chip / "name").write_text("ina226\n")
    rail = chip / "power1_input"
    found = _core.EnergyMeter

    def meter():
        rail.write_text("2000000\n")
        made = found(tmp_path)
        rail.write_text("n/a\n")
        return made

    monkeypatch.setattr(_core, "EnergyMeter", meter)
    return rail
