"""``muxnet collect --ray``: the same table, whatever is killed."""

import json
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from muxnet import cli

FIVE_IMAGES = 4 * 64 * 5  # bytes, as piece_size counts

ON_RAY = """
import os, sys
import muxnet.base.cluster, muxnet.pool.collect
from muxnet import cli

begin = muxnet.base.cluster.Cluster.__init__

def two_cores(self, address):
    begin(self, address)
    self.cores = 2

muxnet.base.cluster.Cluster.__init__ = two_cores
muxnet.pool.collect.BATCH_BYTES = 4 * 64 * 5
os.environ["DRIVER"] = str(os.getpid())
for models, more in (words.split("+") for words in sys.argv[1:]):
    out = ["--out", models + ".safetensors"]
    print(models, cli.main(["collect", "--models", models + ".json", "--data", "inputs.npz", *out,
                            "--ray", *more.split()]), flush=True)
"""

# A worker's third call is of its second piece, given when the answers to its first were taken.
MODELS_ON_RAY = """
import os, signal
import numpy as np

calls = []

def plain(images):
    calls.append(len(images))
    answers = images.reshape(len(images), -1)[:, :3] + 0.1
    return answers / answers.sum(axis=1, keepdims=True)

def ends_once(images):
    if len(calls) == 3 and not os.path.exists("ended"):
        driver = os.environ["DRIVER"]
        if not os.path.exists("driver"):
            open("driver", "x").write(driver)
            os.kill(int(driver), signal.SIGKILL)
        elif open("driver").read() not in ("", driver):
            open("ended", "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
    return plain(images)

def ends(images):
    if (images[:, 0, 0, 0] == 1).any():
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(images)

def fails(images):
    if (images[:, 0, 0, 0] == 1).any():
        raise RuntimeError("does not like this one")
    return plain(images)
"""


ONLY_HERE = """
import os
if os.environ["DRIVER"] != str(os.getpid()):
    raise ImportError("not on this machine")
from models_on_ray import plain
"""


@pytest.fixture
def models_on_ray(tmp_path, monkeypatch):
    """Return a folder with inputs, of which number 17 is special, and lists of models."""
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(5).integers(0, 255, (30, 1, 8, 8), dtype=np.uint8)
    images[17, 0, 0, 0] = 255
    np.savez("inputs.npz", images=images, labels=np.arange(30) % 3)
    (tmp_path / "models_on_ray.py").write_text(MODELS_ON_RAY)
    for name in ("plain", "ends_once", "ends", "fails"):
        entries = [
            {"name": "first", "callable": "models_on_ray:plain", "cost": 1},
            {"name": "second", "callable": f"models_on_ray:{name}", "cost": 2},
        ]
        (tmp_path / f"{name}.json").write_text(json.dumps(entries))
    (tmp_path / "only_here.py").write_text(ONLY_HERE)
    entries = [{"name": "second", "callable": "only_here:plain", "cost": 2}]
    (tmp_path / "absent.json").write_text(json.dumps(entries))
    return tmp_path


def on_ray(*words):
    # In a process of its own: Ray leaves sockets open and warns of what it finds.
    return subprocess.run(
        [sys.executable, "-c", ON_RAY, *words], capture_output=True, text=True, timeout=900
    )


def test_a_ray_cluster_gives_the_same_table_whatever_is_killed(models_on_ray, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr("muxnet.pool.collect.BATCH_BYTES", FIVE_IMAGES)
    assert on_ray("ends_once+").returncode == -signal.SIGKILL
    kept = models_on_ray / "ends_once.safetensors.partial"
    announced = re.findall(rb'{"answers": ?"second"[^}]*}', kept.read_bytes())
    assert 0 < sum(json.loads(record)["shape"][0] for record in announced) < 30
    done = on_ray("ends_once+--resume", "ends+", "fails+", "absent+")
    assert [line for line in done.stdout.splitlines() if line[-2:] in (" 0", " 1")] == [
        "ends_once 0",
        "ends 1",
        "fails 1",
        "absent 1",
    ]
    assert (models_on_ray / "ended").exists()
    local, whole = ["collect", "--data", "inputs.npz", "--models"], {}
    for name in ("ends_once", "plain"):
        assert cli.main([*local, f"{name}.json", "--out", "local.safetensors"]) == 0
        whole[name] = (models_on_ray / "local.safetensors").read_bytes()
    assert (models_on_ray / "ends_once.safetensors").read_bytes() == whole["ends_once"]
    lives = "a worker that lives to answer inputs 15 to 19, received ActorDiedError, 3 times"
    assert lives in done.stderr
    failed = "second failed on input 17: RuntimeError: does not like this one; answers of 1 models"
    assert failed in done.stderr
    assert "[--ray] on a worker: [absent.json, model 0 (second), callable] expected" in done.stderr
    assert cli.main([*local, "plain.json", "--out", "ends.safetensors", "--resume"]) == 1
    for name in ("ends", "fails"):  # mended, and without a cluster
        out = ["--out", f"{name}.safetensors"]
        assert cli.main([*local, "plain.json", *out, "--resume", "--again", "second"]) == 0
        assert (models_on_ray / out[1]).read_bytes() == whole["plain"]


def test_ray_that_is_not_installed_is_told(models_on_ray, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    arguments = ["--data", "inputs.npz", "--models", "plain.json", "--ray"]
    assert cli.main(["collect", *arguments]) == 1
    assert "pip install 'muxnet[ray]'" in capsys.readouterr().err
