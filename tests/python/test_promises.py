import json

import numpy as np
import pytest
from muxnet import cli
from muxnet.base.errors import ConfigError
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
