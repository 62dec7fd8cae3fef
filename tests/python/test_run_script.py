"""``./run.sh`` installs a wheel of ``dist/`` where it fits and is no older than the sources."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEEL = "muxnet-0.1.0-py3-none-any.whl"
COMMAND = "import sys\n\n\ndef main():\n    print('routed', *sys.argv[1:])\n"


def write_wheel(path: Path) -> None:
    info = "muxnet-0.1.0.dist-info"
    contents = {
        "muxnet/__init__.py": "",
        "muxnet/__main__.py": COMMAND,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: muxnet\nVersion: 0.1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nmuxnet = muxnet.__main__:main\n",
    }
    record = "".join(f"{name},,\n" for name in [*contents, f"{info}/RECORD"])
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def checkout(tmp_path, environment) -> Path:
    """Return one whose environment is there already."""
    (tmp_path / ".venv").symlink_to(environment)
    (environment / ".place").write_text(f"{tmp_path}\n")
    shutil.copy(ROOT / "run.sh", tmp_path)
    (tmp_path / "VERSION").write_text("0.1.0\n")
    (tmp_path / ".gitignore").write_text("/.venv\n/dist/\n")
    for name in ("CMakeLists.txt", "pyproject.toml"):
        (tmp_path / name).write_text("")
    for name in ("cpp", "bindings", "python"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "source").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MUXNET_SKIP_PACKAGES": "1", "PIP_NO_INDEX": "1"}
    command = ["bash", "run.sh", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def dated(path: Path, *, seconds: int) -> None:
    """Make a file that many seconds younger than it is."""
    time = path.stat().st_mtime + seconds
    os.utime(path, (time, time))


def test_a_wheel_that_fits_is_installed(checkout):
    write_wheel(checkout / "dist" / WHEEL)
    (checkout / ".venv").unlink()
    dated(checkout / "cpp" / "source", seconds=100)  # as the checkout made it: git tells no change
    done = run(checkout, "--data", "digits")
    assert done.returncode == 0, done.stderr
    assert "run.sh: making the Python environment .venv" in done.stderr
    assert f"run.sh: installing dist/{WHEEL} into .venv" in done.stderr
    assert done.stdout == "routed run --data digits\n"


@pytest.mark.parametrize("how", ["changed", "new", "gone", "committed"])
def test_one_older_than_the_sources_is_not(checkout, how):
    wheel = checkout / "dist" / WHEEL
    write_wheel(wheel)
    source, more = checkout / "cpp" / "source", checkout / "bindings" / "more"
    if how == "changed":
        source.write_text("2")
        dated(source, seconds=100)
    elif how == "new":
        more.write_text("")
        dated(more, seconds=100)
    elif how == "gone":
        source.unlink()
    else:
        dated(wheel, seconds=-100)
    done = run(checkout, "--setup")
    assert done.returncode != 0  # there is nothing to build
    assert "is older than the sources" in done.stderr
    assert "installing dist" not in done.stderr


@pytest.mark.parametrize(
    "name", ["muxnet-0.1.0-cp27-cp27m-win32.whl", "muxnet-0.0.9-py3-none-any.whl"]
)
def test_one_of_another_system_or_version_is_not(checkout, name):
    write_wheel(checkout / "dist" / name)
    done = run(checkout, "--setup")
    assert done.returncode != 0
    said = "is not for this Python and system" if "0.1.0" in name else ""
    assert said in done.stderr
    assert "installing dist" not in done.stderr


def test_what_is_no_checkout_goes_by_dates(checkout):
    shutil.rmtree(checkout / ".git")
    write_wheel(checkout / "dist" / WHEEL)
    assert run(checkout, "--setup").returncode == 0
    (checkout / ".venv" / ".muxnet-installed-user").unlink()
    dated(checkout / "cpp" / "source", seconds=100)
    assert "is older than the sources (cpp/source): building" in run(checkout, "--setup").stderr
