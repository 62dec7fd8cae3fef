import json

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.commands import guarantee
from muxnet.outcomes import fitting, promises, table_files


@pytest.fixture
def tables(answers, tmp_path):
    probabilities, labels = answers(rows=5000)
    np.savez(
        tmp_path / "answers.npz",
        held_out_probabilities=probabilities[:2000],
        held_out_labels=labels[:2000],
        test_probabilities=probabilities[2000:],
        test_labels=labels[2000:],
        macs=[1.0, 4.0, 20.0],
    )
    return tmp_path / "answers.npz"


def test_promises_are_seldom_broken_and_save(tables):
    parts = table_files.read_outcomes(tables)
    policy = fitting.fit_policy("learned_cascade", parts["held_out"])
    kept = promises.count_kept(policy, parts["test"], [(0.02, 0.1), (0.0001, 0.05)], divisions=40)
    assert [entry.divisions for entry in kept] == [40, 40]
    assert kept[0].promised > 30
    assert kept[0].broken <= 4 + 6  # a tenth of 40, and three deviations
    assert kept[0].cost_share < 1
    assert kept[0].broken <= kept[0].promised
    with pytest.raises(ConfigError, match="two parts of 3000 inputs"):
        promises.count_kept(policy, parts["test"], [(0.02, 0.1)], divisions=1, fraction=1.0)


def test_the_command_prints_and_writes(tables, tmp_path, capsys):
    target = tmp_path / "kept.json"
    arguments = ["guarantee", str(tables), "--divisions", "5", "--promise", "3", "10"]
    assert cli.main([*arguments, "--json", str(target)]) == 0
    (entry,) = json.loads(target.read_text())
    assert entry["drop"] == pytest.approx(0.03)
    assert entry["delta"] == pytest.approx(0.1)
    assert "3 points below" in capsys.readouterr().out
    assert cli.main([*arguments, "--promise", "0", "5"]) == 2


def test_a_share_of_cost_that_is_none_is_said(tables, capsys, monkeypatch):
    kept = [promises.Kept(0.03, 0.1, 5, 4, 0, 0, None), promises.Kept(0.01, 0.1, 5, 0, 0, 0, None)]
    monkeypatch.setattr(guarantee, "count_kept", lambda *_, **__: kept)
    assert cli.main(["guarantee", str(tables)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"3 points below: {guarantee.NO_SHARE}"
    assert told[1] == "too few inputs, or too much asked: never promised: 1 points below"


def test_promises_of_abstaining_are_kept(tables, tmp_path, capsys):
    target = tmp_path / "kept.json"
    arguments = ["guarantee", str(tables), "--divisions", "60", "--abstain", "95", "10"]
    assert cli.main([*arguments, "--abstain", "99.99", "1", "--json", str(target)]) == 0
    kept, hopeless = json.loads(target.read_text())
    assert (kept["at_least"], kept["delta"]) == (0.95, 0.1)
    assert kept["promised"] > 50
    assert kept["broken"] <= 6 + 7  # a tenth of 60, and three deviations
    assert 0.3 < kept["coverage"] < 1
    assert hopeless["promised"] == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("too few inputs, or too much asked: never promised: 99.99 % right")
    assert any("95 % right of those answered" in line for line in told)


def test_inputs_of_a_group_are_calibrated_on_together(answers, tmp_path, capsys):
    probabilities, labels = answers(rows=600)
    rows = np.repeat(np.arange(600), 5)
    table = _core.OutcomeTable(
        ["a", "b", "c"],
        probabilities[rows],
        {"macs": [1.0, 4.0, 20.0]},
        labels=labels[rows],
        groups=rows,
    )
    once = _core.OutcomeTable(["a", "b", "c"], probabilities, {"macs": [1, 4, 20]}, labels=labels)
    parts, alone = _core.divide(table), _core.divide(once)
    assert [part.group_count for part in parts] == [len(part) for part in alone]
    assert not set(parts[0].groups) & set(parts[1].groups)
    policy = fitting.fit_policy("cascade", parts[0])
    found, other = _core.evaluate(policy, parts[1]), _core.evaluate(policy, alone[1])
    assert (found.inputs, found.groups) == (1500, 300)
    assert found.accuracy.interval.low == pytest.approx(other.accuracy.interval.low)
    parts[1].save(tmp_path / "test.safetensors")
    policy.save(tmp_path / "policy.json")
    test = ["--outcomes", str(tmp_path / "test.safetensors")]
    assert cli.main(["evaluate", str(tmp_path), *test]) == 0
    assert "1,500 inputs in 300 groups" in capsys.readouterr().out
