"""The installed package is the one of this checkout, and the source distribution is all of it."""

import subprocess
import sys
import tarfile
from pathlib import Path

import muxnet
import pytest

ROOT = Path(__file__).resolve().parents[2]
#: For those who work on it in a checkout.
LEFT_OUT = (".ci/", "notebooks/")


def test_version_is_the_checkouts():
    assert muxnet.__version__ == (ROOT / "VERSION").read_text().strip()


@pytest.fixture(scope="module")
def source_distribution(tmp_path_factory) -> Path:
    pytest.importorskip("scikit_build_core", reason="scikit-build-core makes it")
    folder = tmp_path_factory.mktemp("source")
    make = f"from scikit_build_core.build import build_sdist; build_sdist({str(folder)!r})"
    subprocess.run([sys.executable, "-c", make], cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("muxnet-*.tar.gz")
    return found


def members(archive: Path) -> dict[str, bytes]:
    """Return the contents of the files by their paths below the only folder."""
    with tarfile.open(archive) as tar:
        files = [member for member in tar if not member.isdir()]
        assert all(member.isfile() for member in files)
        assert {member.name.split("/")[0] for member in files} == {
            archive.name.removesuffix(".tar.gz")
        }
        return {member.name.split("/", 1)[1]: tar.extractfile(member).read() for member in files}


def test_the_source_distribution_holds_the_checkout(source_distribution):
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout to compare it with")
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    wanted = {name for name in listed if not name.startswith(LEFT_OUT) and (ROOT / name).is_file()}
    found = members(source_distribution)
    told = found.pop("PKG-INFO").decode()
    assert f"Version: {muxnet.__version__}" in told
    assert found.keys() == wanted
    assert [name for name in found if found[name] != (ROOT / name).read_bytes()] == []
