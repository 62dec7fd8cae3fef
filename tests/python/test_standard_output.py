"""What was computed is left, and told, whatever becomes of standard output."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest
from muxnet.base.output import steady_output
from muxnet.cli import main

FIT = ["fit", "a.csv", "--costs", "s=1,l=2", "--folds", "2", "--out", "r", "--json", "f.json"]
STUDY = ["study", "a.csv", "--costs", "s=1,l=2", "--out", "p.png", "--json", "f.json"]
FULL = "muxnet: error: standard output: No space left on device"


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{i % 3},{i % 3 if i % 5 else 0},0.{i % 7 + 2},{i % 3},0.9" for i in range(200)]
    head = "label,s:prediction,s:score,l:prediction,l:score"
    Path("a.csv").write_text("\n".join([head, *rows]))


def full() -> TextIO:
    return open("/dev/full", "w", encoding="utf-8")


def closed() -> TextIO:
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", encoding="utf-8")


def in_ascii() -> TextIO:
    return open("out.txt", "w", encoding="ascii")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[TextIO], None]]:
    """Puts a stream in the place of standard output."""
    put: list[TextIO] = []

    def place(stream: TextIO) -> None:
        put.append(stream)
        monkeypatch.setattr(sys, "stdout", stream)

    yield place
    monkeypatch.undo()
    for stream in put:
        stream.close()  # what was not written is not tried again


@pytest.mark.parametrize(
    ("arguments", "files"),
    [(FIT, ["r/policy.json", "f.json"]), (STUDY, ["p.png", "f.json"])],
)
@pytest.mark.parametrize(
    ("stream", "status", "says"),
    [(full, 1, f"{FULL}; all else is done, and left in "), (closed, 0, "")],
)
def test_files_are_left_where_nothing_can_be_printed(
    arguments: list[str],
    files: list[str],
    stream: Callable[[], TextIO],
    status: int,
    says: str,
    printed: Callable[[TextIO], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed(stream())
    assert main(arguments) == status
    assert all(Path(file).stat().st_size for file in files)
    error = capsys.readouterr().err
    told = [line for line in error.splitlines() if line.startswith("muxnet: ")]
    assert told == ([f"{says}{files[0].split('/')[0]} and f.json"] if says else [])


def test_what_a_command_reads_is_not_what_it_left(
    printed: Callable[[TextIO], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(FIT) == 0
    Path("b.csv").write_text(Path("a.csv").read_text().replace(",0.", ",0.0"))
    evaluate = ["evaluate", "r", "--outcomes", "b.csv", "--records", "x.jsonl"]
    for arguments, left in ((evaluate, ", and left in x.jsonl"), (["replay", "r", "x.jsonl"], "")):
        printed(full())
        assert main(arguments) == 1
        assert capsys.readouterr().err.splitlines()[-1] == f"{FULL}; all else is done{left}"


def test_lines_are_written_as_texts_are(printed: Callable[[TextIO], None]) -> None:
    printed(full())
    with steady_output() as output:
        assert output is not None
        sys.stdout.writelines(["x" * 9000, "\n"])
        assert isinstance(output.failure, OSError)
        sys.stdout.writelines(["more\n"])
    assert "No space left" in output.failure_text()
    printed(in_ascii())
    with steady_output():
        sys.stdout.writelines(["caf\xe9", "\n"])
    sys.stdout.flush()
    assert Path("out.txt").read_text() == "caf\\xe9\n"


def test_an_error_of_the_command_comes_first(
    printed: Callable[[TextIO], None], capsys: pytest.CaptureFixture[str]
) -> None:
    printed(full())
    assert main(["--version"]) == 1
    assert capsys.readouterr().err == f"{FULL}\n"
    printed(full())
    Path("f.json").mkdir()
    assert main(STUDY) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "f.json: cannot be written" in first
    assert second == FULL


def test_what_an_encoding_lacks_is_escaped(printed: Callable[[TextIO], None]) -> None:
    os.rename("a.csv", b"caf\xe9.csv")
    printed(in_ascii())
    assert main([STUDY[0], os.fsdecode(b"caf\xe9.csv"), *STUDY[2:]]) == 0
    sys.stdout.flush()
    text = Path("out.txt").read_text()
    assert text.count("caf\\xe9.csv: fitted on 100 inputs") == 1
    assert "\\u2013" in text


def test_what_a_fit_is_at_is_said_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(FIT) == 0
    assert capsys.readouterr().err.splitlines() == [
        "fitting learned_cascade for 2 models on 200 inputs",
        "cross-validating learned_cascade: 2 further fits, each without one of 2 parts of them",
    ]
