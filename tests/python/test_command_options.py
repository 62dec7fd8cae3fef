"""Numbers and tokens of the command line are checked before anything is done."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest
from muxnet import cli
from muxnet.base.errors import UserError
from muxnet.base.tokens import read_token_file, token_of_environment
from muxnet.commands.options import number


def options() -> Iterator[tuple[str, argparse.Action]]:
    commands = next(a for a in cli.build_parser()._actions if a.dest == "command")
    for name, parser in dict(commands.choices or {}).items():
        yield from ((name, action) for action in parser._actions)


def test_every_number_of_the_command_line_has_bounds() -> None:
    # Those without a default are a configuration's, whose fields have their ranges.
    bare = [
        f"{name} {'/'.join(action.option_strings)}"
        for name, action in options()
        if action.type in (int, float)
        and action.choices is None
        and action.default is not argparse.SUPPRESS
    ]
    assert not bare
    unbounded = [f"{name} {action.dest}" for name, action in options() if _takes_any(action)]
    assert unbounded == ["offload threshold"]  # of a score, which may be any number


def _takes_any(action: argparse.Action) -> bool:
    """Tell whether an option takes a number far below or above all that have a meaning."""
    kind = action.type
    if not callable(kind) or getattr(kind, "__qualname__", "") != number().__qualname__:
        return False
    try:
        return all(isinstance(kind(text), float) for text in ("-1e300", "1e300"))
    except argparse.ArgumentTypeError:
        return False


@pytest.mark.parametrize(
    ("command", "option", "value", "expected"),
    [
        ("study", "fraction", "1", "above 0, below 1"),
        ("compare", "fraction", "1.5", "above 0, below 1"),
        ("calibrate", "budget", "-1", "at least 0"),
        ("calibrate", "p99", "-1", "at least 0"),
        ("calibrate", "confidence", "100", "above 0, below 100"),
        ("calibrate", "drop", "0", "above 0, below 100"),
        ("calibrate", "abstain", "1", "above 0, below 1"),
        ("calibrate", "delta", "0", "above 0, below 1"),
        ("calibrate", "false-alarms", "1", "above 0, below 1"),
        ("plan", "rate", "9.9", "at least 10, at most 1000000"),
        ("plan", "accuracy", "1.1", "at least 0, at most 1"),
        ("plan", "mtbf", "0", "above 0"),
        ("plan", "mttr", "-1", "above 0"),
    ],
)
def test_numbers_are_refused_before_anything_is_read(
    command: str, option: str, value: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "none", f"--{option}={value}"]) == 2
    told = f"argument --{option}: expected a number {expected}, received {value!r}\n"
    assert capsys.readouterr().err.endswith(told)


def test_both_numbers_of_a_promise_have_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--promise", "--abstain"):
        assert cli.main(["guarantee", "none", option, "1", "100"]) == 2
        error = capsys.readouterr().err
        assert f"argument {option}: expected a number above 0, below 100, received '100'" in error


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (number(), "nan", "a finite number"),
        (number(), "-inf", "a finite number"),
        (number(0), "-1e-9", "a number at least 0"),
        (number(0, 1), "1.5", "a number at least 0, at most 1"),
        (number(above=0, most=3600), "0", "a number above 0, at most 3600"),
        (number(above=0), "inf", "a number above 0"),
        (number(above=0, below=1), "1", "a number above 0, below 1"),
        (number(above=0), "1,5", "a number above 0"),
    ],
)
def test_what_is_out_of_bounds_is_refused(kind, text, expected) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(argparse.ArgumentTypeError) as told:
        kind(text)
    assert str(told.value) == f"expected {expected}, received {text!r}"


def test_what_is_within_them_is_taken() -> None:
    assert [number(0, 1)(text) for text in ("0", "1", "1e-3")] == [0, 1, 0.001]
    assert number(above=0)("0.5") == 0.5
    assert number()("-2") == -2


@pytest.mark.parametrize("value", ["-1", "0", "nan", "inf", "1e300", "x"])
@pytest.mark.parametrize("name", ["max-body", "max-bodies", "head-seconds", "body-seconds"])
def test_limits_of_a_server_are_numbers_that_limit(
    name: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", "r", f"--{name}={value}"]) == 2
    error = capsys.readouterr().err
    assert f"argument --{name}: expected a number " in error
    assert error.endswith(f"received {value!r}\n")


@pytest.mark.parametrize(
    ("content", "received"),
    [
        ("first\nsecond\n", "2 lines"),
        ("tab\tbed", "a blank at character 4"),
        ("bell\a.", "what is no printable character at character 5"),
    ],
)
def test_a_token_that_no_request_can_bear_is_refused(
    content: str,
    received: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    refused = f"expected one token, on one line, received {received}"
    assert cli.main(["serve", "r", "--token-file", str(file)]) == 1
    assert capsys.readouterr().err == f"muxnet: error: [--token-file, {file}] {refused}\n"
    monkeypatch.setenv("MUXNET_TOKEN", content)
    assert cli.main(["serve", "r"]) == 1
    assert capsys.readouterr().err == f"muxnet: error: [MUXNET_TOKEN] {refused}\n"


def test_a_token_is_what_stands_between_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(" a-b.c~d+e/f==\r\n\n")
    assert read_token_file(file, "--token-file") == "a-b.c~d+e/f=="
    file.write_text("\n")
    with pytest.raises(UserError, match="expected a token, received an empty file"):
        read_token_file(file, "--token-file")
    monkeypatch.delenv("MUXNET_TOKEN", raising=False)
    assert token_of_environment() == ""
    monkeypatch.setenv("MUXNET_TOKEN", "t\n")
    assert token_of_environment() == "t"


def test_texts_that_are_no_utf_8_are_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("label,s:prediction,l:prediction\n" + "1,1,1\n0,0,1\n" * 20)
    arguments = ["study", "a.csv", "--costs", "s=1,l=2", "--cost-kind", "caf\udce9"]
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert error == "muxnet: error: [text] expected UTF-8, received 'caf\\udce9'\n"
