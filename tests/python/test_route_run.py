"""``muxnet route`` on the folder of a run: what replay promises, image files get."""

import json
import shutil

import muxnet
import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.policies import reported_policies
from muxnet.pool.router_policy import run_policy
from PIL import Image

COUNT = 25


@pytest.fixture(scope="module")
def images(run_folder, tmp_path_factory):
    """Write some of the run's test images as files."""
    config = json.loads((run_folder / "config.json").read_text())
    shares = {name: config[name] for name in ("held_out_fraction", "test_fraction", "seed")}
    test = muxnet.load_data("digits", **shares).test
    folder = tmp_path_factory.mktemp("images")
    paths = [str(folder / f"{row}.png") for row in range(COUNT)]
    for row, path in enumerate(paths):
        Image.fromarray(np.asarray(test.images)[row, 0]).save(path)
    return paths


@pytest.mark.parametrize("name", sorted(set(reported_policies()) - {"oracle"}))
def test_files_go_where_the_recorded_outcomes_went(run_folder, images, name, tmp_path):
    records = tmp_path / "records.jsonl"
    arguments = ["route", str(run_folder), *images, "--policy", name, "--records", str(records)]
    assert cli.main(arguments) == 0
    policy = run_policy(RunFolder(run_folder), name)
    split = "offload-test" if name == "offload" else "test"
    table = _core.OutcomeTable.load(run_folder / f"outcomes-{split}.safetensors")
    decided = policy.decide(table.subset(list(range(COUNT))))
    found = [json.loads(line) for line in records.read_text().splitlines()]
    assert [record["answer"] for record in found] == decided.answers
    models = policy.models
    called = [sum(1 << models.index(model) for model in record["called"]) for record in found]
    assert called == decided.called
    assert found[0]["class"] == str(found[0]["answer"])
    assert cli.main(["replay", str(run_folder), str(records), "--policy", name]) == 0


def test_a_run_of_before_has_its_policies_fitted_again(run_folder, images, tmp_path):
    older = tmp_path / "older"
    shutil.copytree(run_folder, older)
    shutil.rmtree(older / "policies")
    found = []
    for folder in (run_folder, older):
        target = tmp_path / "found.json"
        assert cli.main(["route", str(folder), *images, "--json", str(target)]) == 0
        found.append(json.loads(target.read_text()))
    assert found[0] == found[1]
    assert found[0]["policy"] == "learned_cascade"


def test_a_multiplexer_decides_alone(run_folder, images, capsys):
    arguments = ["route", str(run_folder), images[0], "--policy", "hybrid_single"]
    assert cli.main([*arguments, "--decide-only"]) == 0
    out = capsys.readouterr().out
    assert "value less cost" in out
    assert "(next best model): calls " in out
    assert "then" not in out
    assert cli.main([*arguments, "--explain"]) == 0
    assert "answers from" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy", "oracle"], "one of always"),
        (["--size", "8"], "a run's own models and images"),
    ],
)
def test_what_a_run_cannot_do_is_told(run_folder, images, capsys, arguments, message):
    assert cli.main(["route", str(run_folder), images[0], *arguments]) == 1
    assert message in capsys.readouterr().err
