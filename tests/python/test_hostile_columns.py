"""Columns of recorded answers that broke their reader once; found by random damage."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from muxnet.base.columns import numbers_of, read_columns
from muxnet.base.errors import ConfigError

HOSTILE = Path(__file__).parent / "hostile"


def test_a_parquet_file_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    path = tmp_path / "answers.parquet"
    parquet.write_table(pyarrow.table({"label": [0.0, 1.0]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"label", b"\x99abel"))
    with pytest.raises(ConfigError, match="expected a Parquet file"):
        read_columns(path)


@pytest.mark.parametrize("damaged", sorted(HOSTILE.glob("*.parquet")), ids=lambda p: p.name)
def test_parquet_files_that_ended_the_process_are_refused(damaged: Path) -> None:
    pytest.importorskip("pyarrow")
    code = "import sys, pathlib\nfrom muxnet.base.columns import read_columns\n"
    command = [sys.executable, "-c", code + "read_columns(pathlib.Path(sys.argv[1]))", damaged]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "expected a Parquet file" in done.stderr


def test_whole_numbers_beyond_all_floats_are_infinite(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"a:score": 10**400}) + "\n" + json.dumps({"a:score": 1}) + "\n")
    values = numbers_of("a:score", read_columns(path)["a:score"])
    assert values.tolist() == [float("inf"), 1.0]
