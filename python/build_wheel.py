"""Builds ``dist/muxnet-*.whl``, which needs no library but glibc of this system's version or newer.

``./run.sh --wheel`` calls it. Each level of x86-64 gets a compiled core of its own (*The wheel* in
CONTRIBUTING.md); auditwheel adds the libraries that they need and holds all to its policy.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "python"))

from muxnet.base.levels import FOLDER, LEVELS  # noqa: E402

BUILD = ROOT / "build" / "levels"
PLATFORM = f"manylinux_{platform.libc_ver()[1].replace('.', '_')}_{platform.machine()}"
#: Linked into the core, which uses little of them: whole, they bring ICU, LAPACK and X11.
STATIC = {
    "LibArchive_LIBRARY": "libarchive.a",
    "MUXNET_OPENCV_core": "libopencv_core.a",
    "MUXNET_OPENCV_imgproc": "libopencv_imgproc.a",
}
#: One of each library that is headers alone.
HEADERS = [
    "/usr/include/eigen3/Eigen/Core",
    "/usr/include/nlohmann/json.hpp",
    "/usr/include/boost/version.hpp",
]


def python(*arguments: object) -> None:
    """Run a module of this environment, which finds the environment's programs."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", *(str(part) for part in arguments)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "PATH": programs})


def library(name: str) -> str:
    """Return where the compiler finds a library."""
    found = subprocess.run(
        ["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_absolute():
        raise SystemExit(
            f"build_wheel: expected {name} of the Debian packages of run.sh, found none"
        )
    return str(Path(found).resolve())


def without_opengl() -> Path:
    """Return the object file that stands in for OpenGL."""
    made = BUILD / "no_opengl.o"
    source = ROOT / "cpp" / "cmake" / "no_opengl.cpp"
    subprocess.run(["g++", "-c", "-fPIC", "-fvisibility=hidden", source, "-o", made], check=True)
    return made


def settings(level: str) -> dict[str, str]:
    """Return what scikit-build-core is told for the core of a level."""
    defines = {name: library(file) for name, file in STATIC.items()}
    defines |= {"MUXNET_NATIVE": "OFF", "MUXNET_MARCH": level}
    defines["CMAKE_MODULE_LINKER_FLAGS"] = (
        f"{without_opengl()} -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,--as-needed"
    )
    values = {f"cmake.define.{name}": value for name, value in defines.items()}
    return values | {"build-dir": str(BUILD / level)}


def build(level: str, folder: Path) -> Path:
    """Return the wheel of this level's core, without the libraries that it needs."""
    told = [f"-C{name}={value}" for name, value in settings(level).items()]
    python("pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", folder, *told, ROOT)
    return next(folder.glob("*.whl"))


def extract(wheel: Path, folder: Path) -> None:
    """Unpack a wheel's files."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def packages_in(core: Path) -> set[str]:
    """Return the Debian packages of what a core links or was compiled from."""
    linked = subprocess.run(["ldd", core], capture_output=True, text=True, check=True).stdout
    files = [word for word in linked.split() if word.startswith("/")]
    files += [library(name) for name in STATIC.values()] + HEADERS
    found = set()
    for file in files:
        # Where the package says it is: /lib is a link to /usr/lib.
        names = {file, os.path.realpath(file), os.path.realpath(file).removeprefix("/usr")}
        told = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True).stdout
        # Ubuntu tells besides which files of a package stand elsewhere.
        lines = [line for line in told.splitlines() if not line.startswith("diversion by ")]
        found |= {line.split(":")[0] for line in lines}
    return found


def add_licences(tree: Path) -> None:
    """Put the licences of all that is bundled beside the wheel's own."""
    (core,) = (tree / "muxnet").glob("_core.*.so")
    (information,) = tree.glob("*.dist-info")
    folder = information / "licenses"
    folder.mkdir(exist_ok=True)
    for package in sorted(packages_in(core)):
        shutil.copy(f"/usr/share/doc/{package}/copyright", folder / f"{package}.txt")


def join(wheels: dict[str, Path], folder: Path) -> Path:
    """Return one wheel of the lowest level's, with the cores of the others below its ``levels``."""
    *higher, lowest = wheels
    tree = folder / "tree"
    extract(wheels[lowest], tree)
    for level in higher:
        extract(wheels[level], folder / level)
        place = tree / "muxnet" / FOLDER / level
        place.mkdir(parents=True)
        for core in (folder / level / "muxnet").glob("_core.*.so"):
            shutil.move(core, place)
    add_licences(tree)
    python("wheel", "pack", tree, "-d", folder)
    return next(folder.glob("*.whl"))


def tell_size(wheel: Path) -> None:
    """Print how large it is, and its largest files."""
    with zipfile.ZipFile(wheel) as archive:
        files = sorted(archive.infolist(), key=lambda file: -file.compress_size)
    installed = sum(file.file_size for file in files) / 1e6
    packed = wheel.stat().st_size / 1e6
    print(f"{wheel.relative_to(ROOT)}: {packed:.1f} MB, installed {installed:.1f} MB")
    for file in files[:10]:
        print(f"{file.compress_size / 1e6:8.1f} {file.file_size / 1e6:8.1f}  {file.filename}")


def main() -> None:
    """Build, join, add the libraries, and say how large the result is."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as name:
        folder = Path(name)
        joined = join({level: build(level, folder / f"{level}-wheel") for level in LEVELS}, folder)
        options = ("--plat", PLATFORM, "--only-plat", "--strip", "-z", "9", "-w", folder / "whole")
        python("auditwheel", "repair", *options, joined)
        (ROOT / "dist").mkdir(exist_ok=True)
        for wheel in (folder / "whole").glob("*.whl"):
            tell_size(wheel.replace(ROOT / "dist" / wheel.name))


if __name__ == "__main__":
    main()
