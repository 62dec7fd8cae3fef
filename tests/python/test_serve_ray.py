"""``muxnet serve --ray``: one cluster of this machine for all tests, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import ray_world
from muxnet import cli
from muxnet.base import schema
from muxnet.pool.router import open_router
from muxnet.serve.on_ray import most_replicas
from muxnet.serve.ray_arguments import RayArguments
from ray_cluster import TOKEN, Cluster, Load, replicas_of
from ray_world import INFER, call, infer

serve = pytest.importorskip("ray.serve", reason="ray[serve] is not installed")
yaml = pytest.importorskip("yaml")
ServeDeploySchema = pytest.importorskip("ray.serve.schema").ServeDeploySchema
pytestmark = pytest.mark.slow

CONFIGURATION = Path(__file__).parents[2] / "notebooks" / "site" / "deploy" / "serve.yaml"
STATES = """
import sys, time
import ray
from ray import serve

address, name, deployment, wanted = sys.argv[1:]
ray.init(address=address, log_to_driver=False)
end = time.monotonic() + 60
while time.monotonic() < end:
    states = serve.status().applications[name].deployments[deployment].replica_states
    if sum(states.values()) == int(wanted):
        print("there")
        break
    time.sleep(0.1)
"""


def test_the_configuration_that_the_page_shows_is_understood():
    (entry,) = yaml.safe_load(CONFIGURATION.read_text())["applications"]
    assert ServeDeploySchema.model_validate({"applications": [entry]})
    arguments = schema.from_dict(RayArguments, entry["args"])
    assert most_replicas(arguments.deployments["large"]) == 4
    for options in arguments.deployments.values():
        assert serve.deployment(**options)(RayArguments)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("ray"))
    with made.serve(made.router, "--ray", "--replicas", "large=2") as ready:
        made.ready = ready
        assert ready["http_port"] == made.port
        yield made


def test_it_answers_what_the_router_in_one_process_does(cluster):
    images = ray_world.make_images(60, 3)
    status, answer = infer(cluster.port, images, TOKEN)
    assert status == 200
    routed = open_router(cluster.router).route(images)
    given = np.reshape(answer["probabilities"], (60, ray_world.CLASSES))
    np.testing.assert_allclose(given, routed.probabilities, atol=1e-6)
    called = np.array([len(names) for names in answer["called"]])
    assert (called == routed.called.sum(axis=1)).all()
    assert call(cluster.port, "GET", "/v2/health/ready")[0] == 200
    models = json.loads(call(cluster.port, "GET", "/v2/models", token=TOKEN)[2])
    assert models == {"models": ["router", "small", "large"]}


def test_what_is_refused_is_refused_as_by_the_server_alone(cluster):
    port, body = cluster.port, ray_world.body_of(ray_world.make_images(1))
    assert call(port, "POST", INFER, body)[0] == 401
    assert call(port, "GET", "/v2/models", token=TOKEN, headers={"host": "evil.example"})[0] == 403
    assert call(port, "POST", INFER, b"{", token=TOKEN)[0] == 400
    assert call(port, "GET", "/nothing", token=TOKEN)[0] == 404
    late = ray_world.body_of(ray_world.make_images(1), deadline_ms="soon")
    assert call(port, "POST", INFER, late, token=TOKEN)[0] == 400


def test_records_labels_metrics_and_status_are_the_servers(cluster, capsys):
    images = ray_world.make_images(8, 5)
    status, answer = infer(cluster.port, images, TOKEN)
    assert status == 200
    first = answer["first_input"]
    told = {"inputs": list(range(first, first + 8)), "labels": ray_world.labels_of(images).tolist()}
    reply = call(cluster.port, "POST", "/labels", json.dumps(told).encode(), token=TOKEN)
    assert json.loads(reply[2]) == {"known": 8, "unknown": 0}
    found = json.loads(call(cluster.port, "GET", "/status", token=TOKEN)[2])
    assert found["labels"]["right"] == 8
    assert [model["endpoint"]["breaker"] for model in found["models"]] == ["closed"] * 2
    _, headers, metrics = call(cluster.port, "GET", "/metrics", token=TOKEN)
    assert b'muxnet_endpoint_requests_total{model="large"}' in metrics
    (log,) = (cluster.folder / "decisions").glob("*.jsonl")
    assert headers["muxnet-replica"] == log.stem
    end = time.monotonic() + 30
    while (
        json.loads(call(cluster.port, "GET", "/status", token=TOKEN)[2])["decisions"]["recorded"]
        < found["images"]
    ):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert cli.main(["replay", str(cluster.router), str(log)]) == 0
    assert ", 0 decided otherwise" in capsys.readouterr().out


def test_a_killed_replica_of_a_model_costs_no_request(cluster):
    folder = cluster.router.parent
    before = replicas_of(folder, "large")
    assert len(before) == 2
    with Load(cluster.port) as load:
        load.more(20)
        os.kill(before[0], signal.SIGKILL)
        load.more(60)
        os.kill(before[1], signal.SIGKILL)
        load.more(60)
    assert set(load.status) == {200}
    assert load.wrong == 0
    assert not set(before) & set(replicas_of(folder, "large"))


def test_what_a_model_raises_fails_no_other_request(cluster):
    images = ray_world.make_images(2, hard=1)
    images[0, 0, ray_world.SIDE - 1] = 255
    status, answer = infer(cluster.port, images[:1], TOKEN)
    assert status == 200, answer  # by the other model, which the answer says
    assert answer["departures"] == ["unreachable"]
    assert "does not like this one" in "".join(
        model["endpoint"]["trouble"]
        for model in json.loads(call(cluster.port, "GET", "/status", token=TOKEN)[2])["models"]
    )
    status, answer = infer(cluster.port, images[1:], TOKEN)
    assert answer["classes"] == ray_world.labels_of(images[1:]).tolist()


def test_a_client_without_the_clusters_token_is_refused(cluster, tmp_path):
    assert (cluster.folder / ".ray" / "auth_token").is_file()
    environment = {**cluster.environment, "HOME": str(tmp_path), "RAY_AUTH_MODE": "token"}
    program = f"import ray; ray.init(address={cluster.ready['ray']!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "oken" in done.stderr


def test_a_changed_policy_is_put_in_place_without_a_new_replica(cluster):
    path = cluster.router / "policy.json"
    with Load(cluster.port) as load:
        load.more(10)
        path.write_text(path.read_text() + "\n")
        end = time.monotonic() + 30
        while json.loads(call(cluster.port, "GET", "/status", token=TOKEN)[2])["version"] == 1:
            assert time.monotonic() < end
            time.sleep(0.1)
        load.more(10)
    assert set(load.status) == {200}
    assert len(list((cluster.folder / "decisions").glob("*.jsonl"))) == 1


def test_a_new_router_is_rolled_out_without_a_gap(cluster):
    router = ray_world.write_router(cluster.folder / "second", seconds=0)
    load = Load(cluster.port).start()
    load.more(10)
    with cluster.serve(router, "--ray", cluster.ready["ray"], joins=True):
        load.more(40)
        load.stop()
        assert replicas_of(router.parent, "large")
    assert set(load.status) == {200}
    assert load.wrong == 0


def test_a_model_goes_to_no_replica_and_comes_back(cluster):
    router = ray_world.write_router(cluster.folder / "third", seconds=0)
    scaling = {
        "min_replicas": 0,
        "initial_replicas": 0,
        "max_replicas": 1,
        "target_ongoing_requests": 1,
        "downscale_to_zero_delay_s": 1,
        "metrics_interval_s": 0.2,
        "look_back_period_s": 1,
        "upscale_delay_s": 0,
    }
    # As a configuration of Ray Serve names it, which takes the place of all that is there.
    (entry,) = yaml.safe_load(CONFIGURATION.read_text())["applications"]
    entry |= {"name": "zero", "route_prefix": "/zero"}
    entry["args"] |= {
        "router": str(router),
        "deployments": {"large": {"autoscaling_config": scaling}},
    }
    path = cluster.folder / "serve.yaml"
    path.write_text(yaml.safe_dump({"applications": [entry]}))
    command = [str(Path(sys.executable).with_name("serve")), "run", "--non-blocking", str(path)]
    done = subprocess.run(
        [*command, "--address", cluster.ready["ray"]],
        env=cluster.joining,
        cwd=cluster.folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    end = time.monotonic() + 60
    while call(cluster.port, "GET", "/zero/v2/health/ready")[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert not replicas_of(router.parent, "large")
    images = ray_world.make_images(3, hard=1)
    for again in (False, True):
        status, answer = infer(cluster.port, images, TOKEN, prefix="/zero")
        assert status == 200, answer
        assert answer["classes"] == ray_world.labels_of(images).tolist()
        assert replicas_of(router.parent, "large")
        if not again:
            done = cluster.run(STATES, cluster.ready["ray"], "zero", "large", "0")
            assert done.stdout == "there\n", done.stderr[-2000:]
