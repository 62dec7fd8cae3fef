"""``muxnet export --deployment`` and ``muxnet-serve``: what is served, without Python."""

import argparse
import json
import re
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from muxnet import _core, cli
from muxnet.commands.serve import add_arguments
from muxnet.serve.served import Source, load
from serve_requests import infer_body, request, told, wait_until

PROGRAM = Path(__file__).parents[2] / "build/release/cpp/muxnet/server/muxnet-serve"
needs_program = pytest.mark.skipif(not PROGRAM.is_file(), reason="./test.sh builds muxnet-serve")
# What Python alone can do.
PYTHONS_OWN = {
    *("source", "run", "policy", "shadow", "models", "size", "resize", "channels"),
    *("traces", "ray", "replicas", "with_router"),
}


@pytest.fixture(scope="module")
def deployment(untrained_run, tmp_path_factory):
    out = tmp_path_factory.mktemp("edge") / "deployment"
    words = ["export", str(untrained_run), "--deployment", "--policy", "hybrid_single"]
    assert cli.main([*words, "--out", str(out)]) == 0
    return out


@contextmanager
def serving(folder, log, *arguments):
    ports = ["--port", "0", "--grpc-port", "0"]
    with log.open("w") as out:
        process = subprocess.Popen([PROGRAM, folder, *ports, *arguments], stderr=out)
    said = {"log": log}
    try:
        wait_until(lambda: told(said, "ready") or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process, said | told(said, "ready")[0]
    finally:
        process.kill()
        process.wait()


@needs_program
def test_it_answers_as_muxnet_serve_does(
    deployment, untrained_run, digit_images, started_server, tmp_path
):
    body = infer_body(digit_images[:7])
    asked = ("POST", "/v2/models/router/infer", body)
    options = ["--workers", "1", "--batch", "1"]  # a batch's size may change the last bit
    with started_server(untrained_run, "--policy", "hybrid_single", *options) as (_, said):
        expected = request(said["http_port"], *asked)[2]
    decisions = tmp_path / "decisions.jsonl"
    options += ["--decisions", str(decisions)]
    with serving(deployment, tmp_path / "log", *options) as (process, said):
        port = said["http_port"]
        found = request(port, *asked)[2]
        assert found["outputs"] == expected["outputs"]
        for name in ("called", "cost", "policy"):
            assert found["parameters"][name] == expected["parameters"][name]
        assert request(port)[2]["images"] == 7
        words = [PROGRAM, deployment, "--port", "0", "--grpc-port", "0", *options]
        other = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert other.returncode == 1
        assert other.stderr.startswith(f"muxnet-serve: error: [decisions] {decisions}: another")
        process.terminate()
        assert process.wait(60) == 0
    assert len(decisions.read_text().splitlines()) == 7
    assert told(said, "stopped")


@needs_program
def test_another_export_is_taken_and_half_of_one_is_not(deployment, untrained_run, tmp_path):
    folder = tmp_path / "edge"
    shadowed = ["export", str(untrained_run), "--deployment", "--shadow", "best_single"]
    assert cli.main([*shadowed, "--out", str(folder)]) == 0
    with serving(folder, tmp_path / "log") as (process, said):
        port, policy = said["http_port"], folder / "policy.json"
        whole = policy.read_bytes()
        policy.write_bytes(whole + b"\n")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: told(said, "reload refused"))
        assert "[policy.json] expected the file" in told(said, "reload refused")[0]["reason"]
        assert request(port)[2]["reloads"]["failing"]
        policy.write_bytes(whole)
        assert cli.main([*shadowed, "--out", str(folder)]) == 0
        wait_until(lambda: request(port)[2]["version"] > 1)
        assert request(port, path="/v2/health/ready")[0] == 200


def test_what_is_read_again_is_what_was_written(deployment, untrained_run):
    served = load(Source(untrained_run, policy="hybrid_single"))
    loaded = _core.load_deployment(deployment)
    assert loaded.names == served.names
    assert loaded.class_names == served.class_names
    assert loaded.policy.version == served.policy.version
    assert [model.cost for model in loaded.models] == [model.cost for model in served.models]
    assert loaded.formats[0].shape == served.formats[0].shape


def test_a_function_of_python_is_refused_by_its_name(answers, tmp_path, capsys):
    probabilities, labels = answers(accuracies=(0.6, 0.95))
    names = ["small", "large"]
    table = _core.OutcomeTable(names, probabilities, {"cost": [1.0, 10.0]}, labels=labels)
    table.save(tmp_path / "held_out.safetensors")
    (tmp_path / "functions.py").write_text("def predict(images):\n    raise NotImplementedError\n")
    listed = [
        {"name": name, "callable": "functions:predict", "cost": 1 + 9 * i}
        for i, name in enumerate(names)
    ]
    (tmp_path / "models.json").write_text(json.dumps(listed))
    fit = ["fit", str(tmp_path / "held_out.safetensors"), "--policy", "cascade"]
    router = str(tmp_path / "router")
    assert cli.main([*fit, "--out", router, "--models", str(tmp_path / "models.json")]) == 0
    out = ["--out", str(tmp_path / "edge"), "--size", "8", "--channels", "1"]
    assert cli.main(["export", router, "--deployment", *out]) == 1
    assert "[small] expected a network, an ONNX file, or a model" in capsys.readouterr().err
    assert not (tmp_path / "edge" / _core.DEPLOYMENT_FILE).exists()


def test_options_that_only_a_deployment_has_are_refused_without_one(untrained_run, capsys):
    assert cli.main(["export", str(untrained_run), "--shadow", "always"]) == 2
    assert "[--shadow] expected --deployment beside it" in capsys.readouterr().err


@needs_program
def test_its_options_and_defaults_are_those_of_muxnet_serve():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    theirs = vars(parser.parse_args(["router"]))
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    ours = dict(re.findall(r"^  --([a-z-]+).*\n.*?(?:default: (\S+)\))?$", done.stdout, re.M))
    ours = {name.replace("-", "_"): default for name, default in ours.items()}
    assert ours.keys() - {"help"} == theirs.keys() - PYTHONS_OWN
    for name, default in ours.items():
        if default:
            assert type(theirs[name])(default) == theirs[name], name
