import json
from pathlib import Path

import pytest
from muxnet.base.errors import ConfigError
from muxnet.training import config as configuration
from muxnet.training.config import RunConfig, load_config, save_config


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_defaults_depend_on_the_data() -> None:
    assert load_config().data == "digits"
    assert load_config().augmentation.flip is False
    assert load_config(None, {"data": "cifar10:x"}).augmentation.flip is True
    assert load_config(None, {"data": "cifar10:x", "seed": 7}).out == "runs/cifar10-7"


def test_every_data_kind_has_valid_defaults() -> None:
    for kind in configuration.data_kinds():
        spec = kind if kind == "digits" else f"{kind}:folder"
        assert load_config(None, {"data": spec}).threads > 0


def test_options_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"epochs": 3, "seed": 5, "multiplexer": {"width": 4}})
    config = load_config(path, {"seed": 6, "multiplexer": {"epochs": 2}})
    assert (config.epochs, config.seed) == (3, 6)
    assert (config.multiplexer.width, config.multiplexer.epochs) == (4, 2)


def test_a_saved_configuration_is_complete_and_repeats_the_run(tmp_path: Path) -> None:
    config = load_config(None, {"data": "mnist:d", "seed": 9, "models": ["a", "b"]})
    save_config(config, tmp_path / "config.json")
    assert load_config(tmp_path / "config.json") == config
    saved = json.loads((tmp_path / "config.json").read_text())
    assert set(saved) == set(RunConfig.__dataclass_fields__)


def test_a_run_finds_its_data_from_any_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(None, {"data": "mnist:data"})
    assert config.data == f"mnist:{tmp_path / 'data'}"
    save_config(config, tmp_path / "config.json")
    monkeypatch.chdir("/")
    assert load_config(tmp_path / "config.json") == config


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"epoch": 3}, "unknown key 'epoch'; known keys: augmentation, batch_size"),
        ({"epochs": "3"}, "key 'epochs': expected a whole number, received '3'"),
        ({"epochs": 0}, "key 'epochs': expected a number at least 1 and at most 1e+09"),
        ({"epochs": 10**18}, "at least 1 and at most 1e+09, received 1000000000000000000"),
        ({"data": 3}, "key 'data': expected a text, received 3"),
        (
            {"augmentation": {"crop": 1}},
            "unknown key 'augmentation.crop'; known keys: crop_padding",
        ),
        ("{", "expected JSON"),
        ("[]", "expected a JSON object, received list"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: object, text: str) -> None:
    path = write(tmp_path / "wrong.json", content)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(path) in str(error.value)
    assert text in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json"):
        load_config(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"data": "imagenet:x"}, "expected one of digits, mnist"),
        ({"data": "mnist"}, "expected mnist:DIR"),
        ({"data": "digits:x"}, "expected digits without a folder"),
        ({"models": ["a"]}, "two or more different names"),
        ({"models": ["a", "a"]}, "two or more different names"),
        (
            {"multiplexer": {"distillation_weight": 1.0, "meta_dim": 5}},
            "[multiplexer.meta_dim] expected projection_dim (32)",
        ),
        ({"multiplexer": {"kind": "statistics"}}, "image for networks of the zoo"),
    ],
)
def test_combinations_that_cannot_be_are_refused(options: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(None, options)
    assert text in str(error.value)


def test_differences_ignore_where_files_go() -> None:
    one = load_config(None, {"out": "a", "checkpoint_seconds": 1.0})
    other = load_config(None, {"out": "b", "multiplexer": {"width": 5}})
    assert configuration.differences(one, other) == ["multiplexer.width: 12 against 5"]
