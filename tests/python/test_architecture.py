"""Holds the sources to the architecture: which layer may include which, how large a file may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "cpp" / "muxnet"
BINDINGS = ROOT / "bindings"
MAX_LINES = 350  # of a file
MAX_FUNCTION_LINES = 40  # of a body, its docstring not counted

# The ladder: each layer with the layers that it builds on directly.
LADDER = {
    "core": (),
    "openmp": ("core",),
    "ops": ("core",),
    "graph": ("ops",),
    "networks": ("graph",),
    "losses": ("core",),
    "optim": ("core",),
    "data": ("core",),
    "training": ("networks", "losses", "optim", "data"),
    "cost": ("core",),
    "protocol": ("core",),
    "onnx": ("core",),
    "routing": ("core",),
    "policies": ("routing",),
    "evaluation": ("routing",),
    "runtime": ("networks", "losses", "data", "onnx", "protocol", "routing"),
    "service": ("runtime", "data"),
    "front": ("service", "protocol", "data", "routing"),
    "server": ("front", "policies", "openmp"),
    "offload": ("runtime", "cost"),
}

# What a person edits; build trees and environments are not searched.
SOURCE_FOLDERS = ("cpp", "bindings", "python", "tests")
SOURCE_SUFFIXES = {".cpp", ".hpp", ".py"}

FORBIDDEN_IMPORTS = {
    "pickle": "a pickle runs code when it is read",
    "cPickle": "a pickle runs code when it is read",
    "dill": "a pickle runs code when it is read",
    "joblib": "its files are pickles",
    "shelve": "its files are pickles",
    "marshal": "it is no exchange format",
    "requests": "the library downloads nothing",
    "httpx": "the library downloads nothing",
    "aiohttp": "the library downloads nothing",
    "urllib": "the library downloads nothing",
    "ftplib": "the library downloads nothing",
}

# The inputs of measurements, which decide no result.
DRAWS_WITH_NUMPY = {
    "bench/http_load.py",
    "bench/ours.py",
    "bench/peers.py",
    "bench/replaying.py",
    "bench/serve_load.py",
    "commands/offload.py",
    "plan/draws.py",  # the bits alone, which NumPy promises
    "run/analysis.py",
}


def allowed_for(layer: str) -> set[str]:
    """Return the layer itself and all below it."""
    below = {layer}
    for direct in LADDER[layer]:
        below |= allowed_for(direct)
    return below


def sources(*suffixes: str) -> list[Path]:
    wanted = suffixes or SOURCE_SUFFIXES
    return sorted(
        path
        for folder in SOURCE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in wanted and path.is_file()
    )


def layers_present() -> list[str]:
    return sorted(folder.name for folder in CPP.iterdir() if folder.is_dir())


def listed_sources(cmake_file: Path) -> list[str]:
    text = re.sub(r"set_source_files_properties\([^)]*\)", "", cmake_file.read_text())
    return re.findall(r"[\w/]+\.cpp", text)


def test_every_layer_is_on_the_ladder():
    assert set(layers_present()) <= set(LADDER)


@pytest.mark.parametrize("layer", layers_present())
def test_includes_go_down_the_ladder(layer):
    wrong = []
    for path in sorted((CPP / layer).rglob("*.[ch]pp")):
        for included in re.findall(r'^\s*#\s*include\s*["<](.+?)[">]', path.read_text(), re.M):
            if not included.startswith("muxnet/"):
                continue
            if included.split("/")[1] not in allowed_for(layer):
                wrong.append(f"{path.relative_to(ROOT)} includes {included}")
    assert not wrong


def source_of(included: str) -> Path:
    """Return the file in the repository that an include is, or is generated from."""
    of = included.replace(".pb.h", ".proto").replace("entries.hpp", "CMakeLists.txt")
    return ROOT / "cpp" / of


@pytest.mark.parametrize("layer", layers_present())
def test_includes_name_the_whole_path(layer):
    wrong = [
        f"{path.relative_to(ROOT)} includes {included}"
        for path in sorted((CPP / layer).rglob("*.[ch]pp"))
        for included in re.findall(r'^\s*#\s*include\s*"(.+?)"', path.read_text(), re.M)
        if not included.startswith("muxnet/") or not source_of(included).is_file()
    ]
    assert not wrong


@pytest.mark.parametrize("layer", layers_present())
def test_cmake_links_only_down_the_ladder(layer):
    text = (CPP / layer / "CMakeLists.txt").read_text()
    depends = re.findall(r"DEPENDS\s+([\w\s]*?)(?=\s*(?:SOURCES|LIBRARIES|\)))", text)
    assert set(" ".join(depends).split()) <= allowed_for(layer) - {layer}


@pytest.mark.parametrize("folder", [*(CPP / layer for layer in layers_present()), BINDINGS])
def test_every_source_is_listed_once(folder):
    present = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.cpp"))
    assert sorted(listed_sources(folder / "CMakeLists.txt")) == present


def test_every_test_source_is_listed_once():
    for cmake_file in sorted((ROOT / "tests" / "cpp").glob("*/CMakeLists.txt")):
        present = sorted(path.name for path in cmake_file.parent.glob("*.cpp"))
        assert sorted(listed_sources(cmake_file)) == present, cmake_file


def test_bindings_have_a_file_per_layer_and_part_of_one():
    names = {path.stem.partition("_")[0] for path in BINDINGS.glob("*.cpp")} - {"module"}
    assert names <= set(LADDER)
    assert not [path for path in BINDINGS.rglob("*.cpp") if path.parent != BINDINGS]


def test_only_bindings_know_python():
    wrong = [
        path
        for path in (*CPP.rglob("*.[ch]pp"), *(ROOT / "tests" / "cpp").rglob("*.[ch]pp"))
        if re.search(r"#\s*include\s*[<\"](pybind11|Python\.h)", path.read_text())
    ]
    assert not wrong


def test_json_is_seen_with_its_strict_whole_numbers():
    users = [
        str(path.relative_to(ROOT))
        for path in sources(".cpp", ".hpp")
        if "#include <nlohmann/json.hpp>" in path.read_text()
    ]
    assert users == ["cpp/muxnet/core/json_values.hpp"]


def test_random_numbers_come_from_the_core_alone():
    # What is drawn elsewhere is drawn otherwise by another release of a library.
    cpp = r"mt19937|random_device|\brand\(|std::rand\b|_distribution<|std::(shuffle|sample)\("
    python = r"np\.random|default_rng|^(import|from) (random|secrets)\b"
    product = [(path, cpp) for path in (*CPP.rglob("*.[ch]pp"), *BINDINGS.rglob("*.[ch]pp"))]
    product += [(path, python) for path in (ROOT / "python").rglob("*.py")]
    drawing = {
        str(path.relative_to(ROOT / "python" / "muxnet")) if path.suffix == ".py" else str(path)
        for path, pattern in product
        if re.search(pattern, path.read_text(), re.M)
    }
    assert drawing == DRAWS_WITH_NUMPY


def test_parallel_loops_use_what_our_openmp_run_time_has():
    # Threads of our pool are none of libgomp's, for which each would be alone: it would give every
    # one of them all iterations.
    absent = r"schedule\((?!static)|\b(single|sections?|critical|ordered|task\w*|master|masked)\b"
    wrong = [
        f"{path.relative_to(ROOT)}: {pragma.strip()}"
        for path in sources(".cpp", ".hpp")
        for pragma in re.findall(r"^#pragma omp (.*)$", path.read_text(), re.M)
        if re.search(absent, pragma)
    ]
    assert not wrong


# What would read a file, JSON or an image past the readers that know their limits.
UNBOUNDED = {
    CPP: r"ifstream|fopen\(|gzopen\(|[Jj]son::parse\(|imread\(|imdecode\(",
    ROOT / "python" / "muxnet": r"np\.load\(|json\.load\(|\.read_text\(enc|\.read_bytes\(\)",
}
# The package's own files, the kernel's, and those that the command line of a server names.
OWN_FILES = (
    "report.py",
    "machine.py",
    "parallel.cpp",
    "rest.py",
    "grpc_server.py",
    "server_process.py",
    "opencv_decode.cpp",  # what OpenCV alone decodes, once the sizes are known
)


@pytest.mark.parametrize("folder", UNBOUNDED)
def test_files_are_read_by_those_who_bound_them(folder):
    wrong = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted(folder.rglob("*.*"))
        if path.suffix in SOURCE_SUFFIXES and path.name not in OWN_FILES
        for found in re.findall(UNBOUNDED[folder], path.read_text())
    ]
    assert not wrong


def test_no_file_needs_much_scrolling():
    lengths = {path: len(path.read_text().splitlines()) for path in sources()}
    assert lengths
    too_long = {path.name: lines for path, lines in lengths.items() if lines > MAX_LINES}
    assert not too_long


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the functions of a file with the length of their bodies."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[ast.get_docstring(node) is not None :] or node.body
            yield node.name, node.end_lineno - first[0].lineno + 1


def cpp_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the functions of a file, as clang-format writes them: outside or one level deep."""
    indent, opened = "", 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        start = re.match(r"( {2})?[^ ].*\{$", line)
        if not opened and start:
            kind = r"\s*(namespace|class|struct|enum|union|extern)\b"
            indent, opened = start[1] or "", 0 if re.match(kind, line) else number
        elif opened and line.startswith(indent + "}"):
            yield f"line {opened}", number - opened - 1
            opened = 0


def test_no_function_needs_much_scrolling():
    functions = [
        (f"{path.relative_to(ROOT)}: {name}", lines)
        for folder, suffix, found in (
            (CPP, ".cpp", cpp_functions),
            (CPP, ".hpp", cpp_functions),
            (BINDINGS, ".cpp", cpp_functions),
            (ROOT / "python" / "muxnet", ".py", python_functions),
        )
        for path in sorted(folder.rglob(f"*{suffix}"))
        for name, lines in found(path)
    ]
    assert len(functions) > 1000
    assert not [entry for entry in functions if entry[1] > MAX_FUNCTION_LINES]


def test_headers_are_guarded():
    headers = sources(".hpp")
    assert headers
    assert not [path for path in headers if "#pragma once" not in path.read_text()]


def test_python_package_has_no_pickle_and_no_network():
    wrong = []
    for path in sorted((ROOT / "python" / "muxnet").rglob("*.py")):
        pattern = r"^\s*(?:import|from)\s+([\w.]+)(?:\s+import\s+([\w, ]+))?"
        for module, names in re.findall(pattern, path.read_text(), re.M):
            top = module.split(".")[0]
            # urllib.parse only splits text.
            harmless = module == "urllib.parse" or (top, names.strip()) == ("urllib", "parse")
            if top in FORBIDDEN_IMPORTS and not harmless:
                wrong.append(f"{path.relative_to(ROOT)}: {module} ({FORBIDDEN_IMPORTS[top]})")
    assert not wrong


def test_version_stands_in_one_place():
    version = (ROOT / "VERSION").read_text().strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text()


def test_changelog_has_unreleased_on_top():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == "Unreleased"
