import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

import muxnet
import pytest
from muxnet.base import files, schema
from muxnet.base.errors import OutputError, one_line
from muxnet.cli import COMMANDS, build_parser, main
from muxnet.run import figures, main_job
from muxnet.run.steps import Run
from muxnet.training import results
from muxnet.training.config import load_config


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def computed(results_dict: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Replaces computing and drawing by invented outcomes; holds the runs asked for."""
    runs: list[Run] = []

    def compute(run: Run) -> results.Results:
        runs.append(run)
        run.folder.checkpoint("models").write_bytes(b"x")
        return results.from_dict(results_dict)

    monkeypatch.setattr(main_job, "compute", compute)
    monkeypatch.setattr(figures, "draw", lambda found: dict.fromkeys(figures.FIGURES, b"picture"))
    return runs


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def compute(run: Run) -> results.Results:
        run.folder.checkpoint("models").write_bytes(b"x")
        raise error

    monkeypatch.setattr(main_job, "compute", compute)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"muxnet {muxnet.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_json_and_debug(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert "--json FILE" in out
    assert "--debug" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "required: COMMAND"),
        (["rnu"], "invalid choice: 'rnu'"),
        (["run", "--epoch", "three"], "invalid int value: 'three'"),
        (["run", "--optimizer", "adam"], "invalid choice: 'adam'"),
        (
            ["run", "--epochs", "0"],
            "key 'epochs': expected a number at least 1 and at most 1e+09",
        ),
        (["run", "--data", "minst:x"], "[data] expected one of digits, mnist"),
        (["fit", "t.csv", "--seed", "-1"], "--seed: expected an integer at least 0, received '-1'"),
        (["bench", "infer", "--rounds", "0"], "--rounds: expected an integer at least 1"),
        (["serve", "r", "--port", "1e3"], "--port: expected an integer from 0 to 65535"),
        (["study", "t.csv", "--seed", "9" * 30], "--seed: expected an integer at least 0"),
    ],
)
def test_wrong_usage_is_status_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert text in capsys.readouterr().err


def test_a_run_leaves_everything(
    computed: list[Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--out", "o", "--seed", "4", "--json", "figures.json"]) == 0
    assert computed[0].config.seed == 4
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "config.json",
        "figures",
        "report.html",
        "results.json",
    ]
    assert len(list((tmp_path / "o" / "figures").iterdir())) == len(figures.FIGURES)
    assert (tmp_path / "figures.json").read_text() == (tmp_path / "o/results.json").read_text()
    assert "hybrid-single" in capsys.readouterr().out
    results.read_results(tmp_path / "o" / "results.json")


def test_its_configuration_repeats_it(computed: list[Run]) -> None:
    assert main(["run", "--out", "one", "--multiplexer-width", "5", "--no-augmentation-flip"]) == 0
    assert main(["run", "--config", "one/config.json", "--out", "two"]) == 0
    assert computed[1].config.multiplexer.width == 5
    assert results_of("one") == results_of("two")


def results_of(folder: str) -> Any:
    return json.loads(Path(folder, "results.json").read_text())


def test_the_folder_of_another_run_is_refused(
    computed: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--out", "o", "--epochs", "3"]) == 0
    for more in ([], ["--resume"]):
        assert main(["run", "--out", "o", "--epochs", "4", *more]) == 1
        assert "holds another run, which differs in epochs: 3 against 4" in capsys.readouterr().err
    assert len(computed) == 1


def test_a_folder_with_nothing_but_a_mistyped_configuration_may_be_used(
    computed: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    config = Path("o/config.json")
    config.parent.mkdir()
    config.write_text(json.dumps({"data": "cifar10:/nowhere", "out": "o"}))
    assert main(["run", "--out", "o", "--data", "digits", "--resume"]) == 1
    assert "differs in data" in capsys.readouterr().err
    assert main(["run", "--out", "o"]) == 0
    assert json.loads(config.read_text())["data"] == computed[0].config.data
    config.write_text('{"architectures": ["ViT"]}')
    Path("o/results.json").unlink()
    assert main(["run", "--out", "o"]) == 1
    assert "holds something else" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on_and_resume_takes_the_folders_configuration(
    computed: list[Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    compute = main_job.compute
    raising(monkeypatch, KeyboardInterrupt())
    assert main(["run", "--out", "o", "--epochs", "3"]) == 130
    assert "--resume goes on from it" in capsys.readouterr().err
    assert main(["run", "--out", "o", "--epochs", "3"]) == 1
    assert "unfinished run: go on with it by --resume" in capsys.readouterr().err
    monkeypatch.setattr(main_job, "compute", compute)
    assert main(["run", "--out", "o", "--resume"]) == 0
    assert computed[0].resume
    assert computed[0].config.epochs == 3
    assert not Path("o/checkpoint-models.safetensors").exists()


def test_resuming_a_finished_run_shows_it_again(
    computed: list[Run], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--out", "o"]) == 0
    assert main(["run", "--out", "o", "--resume"]) == 0
    assert "was finished before" in capsys.readouterr().out
    assert len(computed) == 1


def test_nothing_to_resume(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--out", "none", "--resume"]) == 1
    assert "holds no run to resume" in capsys.readouterr().err
    assert not Path("none").exists()


def test_out_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("o").write_text("x")
    assert main(["run", "--out", "o"]) == 1
    assert "expected a folder, received the file o" in capsys.readouterr().err


def test_out_that_holds_something_else(capsys: pytest.CaptureFixture[str]) -> None:
    Path("o").mkdir()
    Path("o/config.json").write_text('{"window": 1}')
    assert main(["run", "--out", "o"]) == 1
    assert "holds something else: [o/config.json] unknown key 'window'" in capsys.readouterr().err


def test_a_wrong_configuration_file_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.json").write_text('{"epohcs": 1}')
    assert main(["run", "--config", "c.json"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("muxnet: error: [c.json] unknown key 'epohcs'; known keys: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("[data] expected 10,\n received 9"), "[data] expected 10, received 9"),
        (OutputError("[write] x: disk full"), "[write] x: disk full"),
        (MemoryError(), "[memory] not enough memory"),
        (KeyError("k"), "KeyError: k (--debug shows where)"),
        (IndexError("[zoo] expected a, received b"), "[zoo] expected a, received b"),
        (RuntimeError(), "RuntimeError:  (--debug shows where)"),
    ],
)
def test_an_error_is_one_line(
    error: Exception,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert one_line(error) == text
    raising(monkeypatch, error)
    assert main(["run", "--out", "o"]) == 1
    assert capsys.readouterr().err == f"muxnet: error: {text}\n"
    assert main(["run", "--out", "p", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_full_disk_leaves_no_results(
    computed: list[Run],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sync = files._sync

    def full(path: Path) -> None:
        if ".report.html" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(path)

    monkeypatch.setattr(files, "_sync", full)
    assert main(["run", "--out", "o"]) == 1
    assert "o/report.html: cannot be written: No space left" in capsys.readouterr().err
    assert sorted(path.name for path in Path("o").iterdir()) == [
        "checkpoint-models.safetensors",
        "config.json",
        "figures",
    ]


def test_options_cover_the_configuration(computed: list[Run]) -> None:
    keys: dict[str, Any] = schema.to_dict(load_config())
    flat = set(keys) - {"augmentation", "multiplexer"}
    flat |= {f"augmentation.{key}" for key in keys["augmentation"]}
    flat |= {f"multiplexer.{key}" for key in keys["multiplexer"]}
    run = next(a for a in build_parser()._actions if a.dest == "command").choices["run"]
    assert flat <= {action.dest for action in run._actions}


def test_without_the_core_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "muxnet._core", None)
    assert main(["run", "--out", "o"]) == 1
    assert "muxnet._core" in capsys.readouterr().err
