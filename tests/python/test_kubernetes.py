"""What a cluster of Kubernetes is told: manifests that KServe knows, a container that serves."""

import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import pytest
import ray_world
from muxnet.bench.server_process import start_server

yaml = pytest.importorskip("yaml")
DEPLOY = Path(__file__).resolve().parents[2] / "notebooks" / "site" / "deploy"
MANIFESTS = [
    pytest.param(document, id=f"{name}-{document['metadata']['name']}")
    for name in ("models.yaml", "router.yaml")
    for document in yaml.safe_load_all((DEPLOY / name).read_text())
]
SCHEMA = Path(__file__).with_name("kserve_schema.py")
TOKEN = "s3cret"


def checked(manifest):
    """Return what the SDK has to say against a manifest; in a process of its own, as it shares the
    descriptors of its messages with no other client of the protocol."""
    pytest.importorskip("kubernetes")
    if find_spec("kserve") is None:
        pytest.skip("the KServe SDK is not installed")
    command = [sys.executable, str(SCHEMA)]
    done = subprocess.run(command, input=json.dumps(manifest), capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_kserve_knows_every_key_of_a_manifest(manifest):
    assert manifest["apiVersion"] == "serving.kserve.io/v1beta1"
    assert checked(manifest) == ""


@pytest.mark.parametrize(
    ("predictor", "text"),
    [
        ({"replicas": 1}, "{'replicas'} unknown to V1beta1PredictorSpec"),
        ({"minReplicas": "1"}, "minReplicas: expected int, received '1'"),
        ({"containers": [{}]}, "lacks"),
    ],
)
def test_what_kserve_does_not_know_is_found(predictor, text):
    assert text in checked({"spec": {"predictor": predictor}})


def container_command():
    """Return the command of the router's container, and its container in the manifest."""
    text = (DEPLOY / "Containerfile").read_text()
    entry = json.loads(re.search(r"^ENTRYPOINT (.+)$", text, re.M)[1])
    usual = json.loads(re.search(r"^CMD (.+)$", text, re.M)[1])
    (router,) = yaml.safe_load_all((DEPLOY / "router.yaml").read_text())
    (container,) = router["spec"]["predictor"]["containers"]
    assert container["args"][:5] == usual[:5]
    return [*entry, *container["args"]], container, router["spec"]["predictor"]


def test_the_container_and_the_manifest_agree():
    command, container, predictor = container_command()
    text = (DEPLOY / "Containerfile").read_text()
    assert command[0].startswith(re.search(r"-m venv (\S+)", text)[1])
    ports = {str(port["containerPort"]) for port in container["ports"]}
    assert command[command.index("--port") + 1] in ports
    assert command[2] in {mount["mountPath"] for mount in container["volumeMounts"]}
    drain = float(command[command.index("--drain") + 1])
    before = float(shlex.join(container["lifecycle"]["preStop"]["exec"]["command"]).split()[1])
    assert drain + before < predictor["terminationGracePeriodSeconds"]


@pytest.fixture
def models_elsewhere(tmp_path):
    """A router's folder whose models are behind another server, as those of models.yaml are."""
    whole = ray_world.write_router(tmp_path, seconds=0)
    with start_server(whole) as (_, ready):
        listed = json.loads((whole / "models.json").read_text())
        for entry in listed:
            del entry["callable"]
            url = f"http://127.0.0.1:{ready['http_port']}/v2/models/{entry['name']}"
            # The other server scales bytes by itself.
            entry |= {"endpoint": url, "input": entry["input"] | {"scale": 1 / 255}}
        router = tmp_path / "mounted"
        router.mkdir()
        (router / "policy.json").write_bytes((whole / "policy.json").read_bytes())
        (router / "models.json").write_text(json.dumps(listed))
        yield router


def test_the_containers_command_serves_and_drains_on_sigterm(models_elsewhere, tmp_path):
    command, container, _ = container_command()
    port, grpc_port = ray_world.free_port(), ray_world.free_port()
    here = {
        "/opt/muxnet/bin/muxnet": [sys.executable, "-m", "muxnet"],
        "/router": [str(models_elsewhere)],
        "8080": [str(port)],
        "8081": [str(grpc_port)],
    }
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    environment |= {entry["name"]: TOKEN for entry in container["env"]}
    words = [word for part in command for word in here.get(part, [part])]
    server = subprocess.Popen(words, env=environment, cwd="/", stderr=subprocess.PIPE, text=True)
    try:
        wait_until_ready(port, container["readinessProbe"]["httpGet"]["path"])
        images = ray_world.make_images(12)
        assert ray_world.infer(port, images)[0] == 401
        status, answer = ray_world.infer(port, images, TOKEN)
        assert status == 200, answer
        assert answer["classes"] == ray_world.labels_of(images).tolist()
        answered = []
        asking = [
            threading.Thread(
                target=lambda: answered.append(ray_world.infer(port, images, TOKEN)[0])
            )
            for _ in range(8)
        ]
        for thread in asking:
            thread.start()
        time.sleep(0.01)
        server.send_signal(signal.SIGTERM)
        for thread in asking:
            thread.join()
        assert server.wait(40) == 0
        assert answered == [200] * 8
    finally:
        server.kill()
        log = server.communicate()[1]
    assert '"event":"stopped"' in log


def wait_until_ready(port, path):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise AssertionError("not ready")
