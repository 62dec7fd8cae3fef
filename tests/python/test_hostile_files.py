"""Files made to do harm: refused by name, soon, in memory that their size justifies."""

import csv
import os
import resource
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.base import array_files, files
from muxnet.base.errors import ConfigError, InputError, error_text
from muxnet.commands import serve
from muxnet.outcomes import table_files
from muxnet.pool import model_list
from muxnet.pool.input_sources import open_inputs
from muxnet.sweep.config import read_sweep
from muxnet.training import config, results

COSTS = {"a": 1.0, "b": 2.0}
HEADER = "label,a:prediction,a:confidence,b:prediction,b:confidence\n"


def read_outcomes(path: Path) -> object:
    return table_files.read_outcomes(path, COSTS)


READERS: dict[str, Callable[[Path], object]] = {
    "config.json": config.load_config,
    "results.json": results.read_results,
    "models.json": model_list.read_models,
    "sweep.yaml": read_sweep,
    "token": serve.read_token,
    "a.csv": read_outcomes,
    "a.npz": read_outcomes,
    "a.safetensors": read_outcomes,
    "a.parquet": read_outcomes,
    "data.npz": lambda path: open_inputs(str(path)),
    "a.png": lambda path: muxnet.load_images([path]),
    "b.png": lambda path: muxnet.load_images([path], upright=False),
    "device.json": _core.DeviceProfile.load,
    "link.json": _core.LinkProfile.load,
    "policy.json": _core.Policy.load,
    "drift.json": _core.DriftMonitor.load,
    "net.onnx": _core.load_onnx,
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises((OSError, ConfigError), match=r"expected a file, received a FIFO"):
        READERS[name](path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises((OSError, ConfigError), match=r"expected a file, received a device"):
        READERS[name](path)


@pytest.mark.parametrize("name", [n for n in READERS if not n.endswith((".png", ".npz", ".onnx"))])
def test_a_hole_of_a_tebibyte_is_not_read(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises((OSError, ConfigError)):
        READERS[name](path)


def test_a_socket_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder"):
        files.read_bytes(tmp_path, 10)
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(tmp_path / "s"))
        with pytest.raises(InputError, match="a socket"):
            files.read_bytes(tmp_path / "s", 10)


def test_a_file_that_shrinks_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    opened = files.open_file

    def then_cut(path: Path, most: int) -> object:
        file = opened(path, most)
        monkeypatch.setattr(os, "fstat", lambda _: whole)
        os.truncate(path, 4)
        return file

    whole = path.stat()
    monkeypatch.setattr(files, "open_file", then_cut)
    with pytest.raises(InputError, match="expected 10 bytes, received 4: it was cut"):
        files.read_bytes(path, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "at most 32 levels"),
        ("[" * 40 + "]" * 40, "at most 32 levels"),
        ('{"a":' * 200_000, "at most 32 levels"),
        ("[1,", "expected JSON"),
        ("9" * 100_000, "expected JSON"),
        ("\udcff", "expected UTF-8"),
    ],
)
def test_json_is_bounded(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as error:
        files.read_json(path)
    assert message in str(error.value)
    assert len(str(error.value)) < 400
    for reader in (config.load_config, results.read_results, model_list.read_models):
        with pytest.raises(ConfigError):
            reader(path)


def test_deep_json_ends_no_reader_of_the_core(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    for text in ('{"format":"muxnet-device-1","name":' + "[" * 100_000, "[" * 100_000):
        path.write_text(text)
        for reader in (
            _core.DeviceProfile.load,
            _core.LinkProfile.load,
            _core.Policy.load,
            _core.DriftMonitor.load,
        ):
            with pytest.raises(ValueError, match=r"at most \d+ levels"):
                reader(path)


def test_error_texts_stay_short() -> None:
    text = error_text("x" * 10_000, ["y"] * 100_000, "z" * 1_000_000)
    assert len(text) < 8_000
    assert "1,000,000 characters" in text
    for kind in (ConfigError, InputError):
        assert len(str(kind("x" * 1_000_000))) < 9_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [1, 2]\nb: [*a, *a]\n", "no aliases"),
        ("a: " + "[" * 10_000, "at most 16 levels"),
        ("a: 2020-99-99\n", "expected YAML"),
        ("a: " + "9" * 10_000, "expected YAML"),
        ("x" * (300 << 10), "at most 262,144 bytes"),
    ],
)
def test_yaml_is_bounded(tmp_path: Path, text: str, message: str) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    with pytest.raises((ConfigError, InputError)) as error:
        read_sweep(path)
    assert message in str(error.value)


def header_of(descr: str, shape: str) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header_of("'<f4'", "(1000000, 1000, 1000)"), "4,000,000,000,000 bytes of float32"),
        (header_of("'<f4'", "(4294967296, 4294967296)"), "bytes of float32"),
        (header_of("'<f4'", "(4,)") + bytes(15), "16 bytes of float32"),
        (header_of("'<f4'", "(4,)") + bytes(17), "16 bytes of float32"),
        (header_of("'<U0'", "(1099511627776,)"), "plain values"),
        (header_of("'|O'", "(1,)") + b"cos\nsystem\n", "plain values"),
        (header_of("[('a', '<f4'), ('b', '|O')]", "(1,)"), "plain values"),
        (header_of("(" * 200 + "'<f4'", "(1,)"), "an npz file"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b" " * 65535, "an npz file"),
        (b"\x93NUMPY\x03\x00", "version 1 or 2"),
        (b"", "an npz file"),
    ],
)
@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_array_is_what_its_header_says_or_refused(
    tmp_path: Path, content: bytes, message: str, packing: int
) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("probabilities.npy", content)
    with pytest.raises(ConfigError, match="an npz file") as error:
        array_files.read_arrays(path)
    assert message in str(error.value)


def test_npz_that_unpacks_to_more_than_its_size_justifies(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, probabilities=np.zeros((20_000_000, 4), np.float32))
    with pytest.raises(ConfigError, match=r"\(use savez\) instead of at most"):
        array_files.read_arrays(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", b"")
    with pytest.raises(ConfigError, match="another packing"):
        array_files.read_arrays(path)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(array_files.MOST_MEMBERS + 1):
            archive.writestr(f"{i}.npy", b"")
    with pytest.raises(ConfigError, match="at most 1000 arrays"):
        array_files.read_arrays(path)


def test_damaged_npz_files_are_refused_or_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, probabilities=np.ones((3, 2, 2), np.float32), labels=np.zeros(3, np.int32))
    whole = path.read_bytes()
    draw = np.random.default_rng(1)
    refused = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(draw.integers(1, 4)):
            damaged[draw.integers(len(damaged))] = draw.integers(256)
        path.write_bytes(damaged[: len(damaged) if draw.random() < 0.7 else draw.integers(1500)])
        try:
            array_files.read_arrays(path)
        except ConfigError:
            refused += 1
    assert refused > 200


def limited(code: str, gibibytes: float) -> str:
    """Run code in a process that may have so much memory; return what it printed."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (int(gibibytes * 2**30),) * 2)

    done = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return done.stdout.strip()


READ = """
import sys
from pathlib import Path
from muxnet.outcomes import table_files
try:
    print(len(table_files.read_outcomes(Path({path!r}), {costs!r})["all"]))
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("lowest", ["0.00000001", "1e-300", "5e-324", "0", "-1e30"])
def test_a_tiny_score_asks_for_no_memory(tmp_path: Path, lowest: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + f"cat,cat,0.9,cat,0.8\ncat,dog,{lowest},cat,0.8\n" * 20)
    assert limited(READ.format(path=str(path), costs=COSTS), 4) == "40"


def test_a_class_in_each_row_takes_no_room_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "".join(f"{i},{i},0.9,{i},0.8\n" for i in range(100_000)))
    assert limited(READ.format(path=str(path), costs=COSTS), 4) == "100000"


def test_texts_take_their_own_length_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "cat,cat,0.9,cat,0.8\n" * 20_000
    path.write_text(HEADER + rows + "x" * 100_000 + ",cat,0.9,cat,0.8\n")
    assert limited(READ.format(path=str(path), costs=COSTS), 4) == "20001"


def test_csv_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + '"x' * 100_000 + ",cat,0.9,cat,0.8\n")
    with pytest.raises(ConfigError, match="expected lines of values"):
        read_outcomes(path)
    limit = csv.field_size_limit()
    path.write_text(HEADER + "x" * (limit + 1) + ",cat,0.9,cat,0.8\n")
    read_outcomes(path)  # a long text is none the worse
    assert csv.field_size_limit() == limit
    path.write_text(",".join(["label", *("a:p0",) * 200_000]) + "\n")
    with pytest.raises(ConfigError, match="columns with different names") as error:
        read_outcomes(path)
    assert len(str(error.value)) < 2_000
    path.write_text(",".join(["label", *(f"m{i}:p0" for i in range(100_000))]) + "\n")
    with pytest.raises(ConfigError) as error:
        read_outcomes(path)
    assert len(str(error.value)) < 3_000


def test_parquet_of_more_than_its_size_justifies(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    long = arrow.DictionaryArray.from_arrays(np.zeros(100_000, np.int8), ["x" * 100_000])
    columns = {"label": long, "a:prediction": long, "a:confidence": np.full(100_000, 0.5)}
    parquet.write_table(arrow.table(columns), path)
    code = READ.format(path=str(path), costs={"a": 1.0})
    assert limited(code, 4) == "100000"
    parquet.write_table(arrow.table({"label": np.zeros(100_000_000, np.int8)}), path)
    assert "expected at most" in limited(code, 4)
    nested = arrow.array([[1], [2, 3]])
    parquet.write_table(arrow.table({"label": nested}), path)
    with pytest.raises(ConfigError, match="expected columns of single values"):
        read_outcomes(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ConfigError, match="expected a Parquet file"):
            read_outcomes(path)
