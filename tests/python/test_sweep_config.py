"""``sweep.yaml``: every key checked, errors that name the place and what is allowed."""

from pathlib import Path

import pytest
from muxnet.base.errors import ConfigError
from muxnet.sweep.config import Choices, Range, Sweep, read_sweep

ROUTING = "kind: routing\nfixed: {table: x.npz}\n"
OPTUNA = "kind: training\nsearch: optuna\n"


def read(tmp_path: Path, text: str, *changes: str) -> Sweep:
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    return read_sweep(path, changes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: routing\nvary: {polices: [a]}", ("vary.polices] unknown key 'polices'", "policy")),
        ("kind: routing\nvary: {policy: [cascade]}", ("'table' is missing",)),
        (ROUTING + "vary: {policy: [x]}", ("policy] expected one of", "cascade", "received x")),
        (ROUTING + "vary: {table: [y]}", ("table] expected one place", "fixed and vary.table")),
        (ROUTING + "vary: {bins: [1]}", ("key 'bins'", "at least 2", "received 1")),
        (ROUTING + "vary: {seed: 1}", ("vary.seed] expected a list of values",)),
        (ROUTING + "vary: {seed: [1, 1]}", ("vary.seed] expected different values",)),
        (ROUTING + "vary: {fraction: {low: 0.1, high: 0.5}}", ("search: optuna", "a range")),
        (ROUTING + "vary: {seed: [1]}\nbaseline: {sed: 1}", ("one of ['seed']", "sed")),
        (ROUTING + "vary: {seed: [1]}\nbaseline: {seed: 2}", ("one of [1], received 2",)),
        (ROUTING + "epochs: 3\nvary: {seed: [1]}", ("unknown key 'epochs'", "fixed, kind")),
        ("kind: training\nfixed: {out: x}\nvary: {seed: [1]}", ("unknown key 'out'",)),
        (
            "kind: training\nfixed: {multiplexer: {wdth: 3}}\nvary: {seed: [1]}",
            ("fixed] unknown key 'multiplexer.wdth'", "multiplexer.width"),
        ),
        ("kind: training\nvary: {data: [mnist]}", ("'data': 'mnist'", "mnist:DIR")),
        (
            OPTUNA + "vary: {epochs: {low: 1.5, high: 3}}",
            ("vary.epochs] expected whole numbers",),
        ),
        (OPTUNA + "vary: {epochs: {low: 3, high: 3}}", ("expected low below high",)),
        (OPTUNA + "vary: {seed: [1]}\nmaximise: [are]", ("maximise, minimise", "area", "are")),
        (
            ROUTING + f"vary: {{seed: {list(range(200))}, bins: {list(range(2, 102))}}}",
            ("vary] expected at most 10,000 combinations, received 20,000",),
        ),
        ("kind: [", ("expected YAML",)),
        ("[]", ("expected keys and values",)),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    for word in ("sweep.yaml", *words):
        assert word in str(error.value)


def test_numbers_and_words_are_read_as_meant(tmp_path: Path) -> None:
    sweep = read(
        tmp_path,
        """
kind: training
vary:
  learning_rate: [1e-3, .1, 1]
  multiplexer.width: [4, 8]
  distillation:
    off: {online_distillation_weight: 0}
    on:
""",
    )
    assert [trial.labels for trial in sweep.grid()][1] == {
        "learning_rate": 0.001,
        "multiplexer.width": 4,
        "distillation": "on",
    }
    first = next(iter(sweep.grid()))
    assert first.settings == {
        "learning_rate": 0.001,
        "multiplexer.width": 4,
        "online_distillation_weight": 0,
    }
    assert len(list(sweep.grid())) == 12


def test_ranges_are_of_the_settings_own_kind(tmp_path: Path) -> None:
    text = OPTUNA + "vary: {epochs: {low: 1, high: 4}, learning_rate: {low: 1, high: 4, log: true}}"
    sweep = read(tmp_path, text)
    assert sweep.axes["epochs"] == Range(1, 4, 1, False)
    assert isinstance(sweep.axes["epochs"].low, int)
    assert sweep.axes["learning_rate"] == Range(1.0, 4.0, None, True)
    assert isinstance(sweep.axes["learning_rate"].low, float)


def test_settings_on_the_command_line_win(tmp_path: Path) -> None:
    text = ROUTING + "vary: {seed: [1]}"
    assert read(tmp_path, text, "table=other.npz", "bins=20").fixed == {
        "table": "other.npz",
        "bins": 20,
    }
    with pytest.raises(ConfigError, match="unknown key 'tabel'"):
        read(tmp_path, text, "tabel=other.npz")
    with pytest.raises(ConfigError, match="expected KEY=VALUE, received table"):
        read(tmp_path, text, "table")


def test_the_key_of_a_trial_is_that_of_its_settings(tmp_path: Path) -> None:
    one, two = read(tmp_path, ROUTING + "vary: {seed: [1, 2]}").grid()
    named = "vary: {s: {a: {seed: 1}, b: {seed: 2}}}"
    sweep = read(tmp_path, ROUTING + named)
    assert isinstance(sweep.axes["s"], Choices)
    assert [trial.key for trial in sweep.grid()] == [one.key, two.key]
    assert one.key != two.key


def test_the_ablation_of_the_contrastive_loss_is_a_sweep() -> None:
    path = Path(__file__).resolve().parents[2] / "notebooks" / "contrastive_ablation.yaml"
    sweep = read_sweep(path, ["data=fashion-mnist:DIR"])
    assert len({trial.key for trial in sweep.grid()}) == 18
    assert sweep.config.baseline == {"contrastive": "none"}
