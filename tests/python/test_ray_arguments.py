"""What ``muxnet serve --ray`` and its application refuse, and what becomes of their arguments."""

import argparse
import json
import sys
from importlib.util import find_spec

import pytest
import ray_world
from muxnet import cli
from muxnet.base import schema
from muxnet.base.errors import ConfigError, UsageError
from muxnet.cli import build_parser
from muxnet.commands.serve_ray import application_arguments
from muxnet.serve.on_ray import application, deployed, most_replicas
from muxnet.serve.ray_arguments import RayArguments
from muxnet.serve.served import load

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray[serve] is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own modules


@pytest.fixture(scope="module")
def router(tmp_path_factory):
    return ray_world.write_router(tmp_path_factory.mktemp("router"), seconds=0)


def parsed(router, *options: str) -> argparse.Namespace:
    return build_parser().parse_args(["serve", str(router), *options])


def test_a_command_line_says_what_a_configuration_would(router):
    more = ("--ray", "--replicas", "large=0-3", "router=2", "--with-router", "small")
    given = application_arguments(parsed(router, *more, "--deadline-ms", "500", "--name", "router"))
    assert json.loads(json.dumps(given)) == given
    found = schema.from_dict(RayArguments, given)
    assert (found.router, found.deadline_ms) == (str(router), 500)
    assert found.with_router == ("small",)
    assert {name: most_replicas(one) for name, one in found.deployments.items()} == {
        "large": 3,
        "router": 2,
    }
    assert schema.from_dict(RayArguments, application_arguments(parsed(router, "--ray"))) == (
        RayArguments(router=str(router))
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--replicas", "large"), "NAME=N or NAME=MIN-MAX"),
        (("--replicas", "large=0"), "N from 1 on"),
        (("--replicas", "large=3-2"), "received large=3-2"),
        (("--size", "8"), "[--size] expected none beside --ray"),
        (("--key", "k.pem", "--certificate", "c.pem"), "TLS is that of what stands before"),
    ],
)
def test_options_that_ray_has_no_use_for_are_refused(router, options, text):
    with pytest.raises(UsageError) as refused:
        application_arguments(parsed(router, "--ray", *options))
    assert text in str(refused.value)


def test_its_options_alone_are_refused(router, capsys):
    assert cli.main(["serve", str(router), "--replicas", "large=2"]) == 2
    assert "--ray beside it" in capsys.readouterr().err


def test_ray_that_is_not_installed_is_told(router, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert cli.main(["serve", str(router), "--ray"]) == 1
    assert "pip install 'muxnet[ray]'" in capsys.readouterr().err
    with pytest.raises(ImportError, match=r"muxnet\[ray\]"):
        application({"router": str(router)})


def test_models_elsewhere_and_with_the_router_get_no_deployment(router, tmp_path):
    assert deployed(load(RayArguments(router=str(router)).source, opened=()), ()) == [
        "small",
        "large",
    ]
    listed = json.loads((router / "models.json").read_text())
    del listed[1]["callable"]
    listed[1]["endpoint"] = "http://127.0.0.1:1/v2/models/large"
    models = tmp_path / "models.json"
    models.write_text(json.dumps(listed))
    served = load(RayArguments(router=str(router), models=str(models)).source, opened=())
    assert deployed(served, ()) == ["small"]
    assert deployed(served, ("small",)) == []


def test_a_function_that_runs_elsewhere_is_not_imported(router):
    for opened, there in (((), False), (("large",), True)):
        sys.modules.pop("functions", None)
        for path in router.parent.glob("opened-*"):
            path.unlink()
        load(RayArguments(router=str(router)).source, opened=opened)
        assert any(router.parent.glob("opened-*")) == there


@needs_ray
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"replicas": 2}, "unknown key 'replicas'"),
        ({"deadline_ms": -1}, "deadline_ms"),
        ({"with_router": ["huge"]}, "models among small, large, received huge"),
        ({"name": "large"}, "another than the models', received large"),
        ({"deployments": {"huge": {}}}, "deployments among router, small, large, received huge"),
        ({"deployments": {"large": {"num_replica": 1}}}, "deployments, large"),
        ({"deployments": {"large": {"num_replicas": 0}}}, "deployments, large"),
        ({"deployments": {"large": {"max_ongoing_requests": "x"}}}, "deployments, large"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(router, changes, text):
    with pytest.raises(ConfigError) as refused:
        application({"router": str(router), **changes})
    assert text in str(refused.value)


@needs_ray
def test_an_application_is_made_without_a_cluster(router):
    assert application({"router": str(router), "with_router": ["small"]}) is not None
    import ray

    assert not ray.is_initialized()
