"""Holds the Python sources to their wings: which may import which; no import goes round."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parents[2] / "python"

# Each wing imports itself and those before it.
WINGS = (
    "base",
    "outcomes",
    "training",
    "pool",
    "run",
    "paper",
    "serve",
    "plan",
    "sweep",
    "torch",
    "bench",
    "commands",
)
# Those whose every type is said.
TYPED = ("base", "pool", "paper", "plan", "sweep", "torch", "bench", "commands")
NEEDS_MORE = "torch"  # than is always installed
ROOT_FILES = {"__init__.py", "__main__.py", "cli.py", "_core.pyi", "py.typed"}
CORE = "muxnet._core"
DOOR = "muxnet.base.compiled"  # through which all but the root come to the core


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PYTHON).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted((PYTHON / "muxnet").rglob("*.py"))}


def imported(module: str) -> Iterator[str]:
    """Yield the modules of ours that one imports, wherever in it."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "muxnet":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES or whole == CORE else str(node.module)


def wing_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def test_the_package_itself_holds_nothing_that_could_live_in_a_wing():
    entries = {path.name for path in (PYTHON / "muxnet").iterdir() if path.name != "__pycache__"}
    assert entries == ROOT_FILES | set(WINGS)


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_says_in_one_docstring_what_it_is_for(wing):
    tree = ast.parse((PYTHON / "muxnet" / wing / "__init__.py").read_text())
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("wing", WINGS)
def test_imports_go_down_the_wings(wing):
    allowed = set(WINGS[: WINGS.index(wing) + 1])
    wrong = [
        f"{module} imports {other}"
        for module in MODULES
        if wing_of(module) == wing
        for other in imported(module)
        if wing_of(other) not in allowed and (module, other) != (DOOR, CORE)
    ]
    assert not wrong


def test_no_library_imports_a_command():
    wrong = [
        f"{module} imports {other}"
        for module in MODULES
        if wing_of(module) not in ("", "commands")
        for other in imported(module)
        if wing_of(other) == "commands"
    ]
    assert not wrong


@pytest.mark.parametrize("wing", TYPED)
def test_types_are_said(wing):
    wrong = [
        f"{module}, line {node.lineno}"
        for module, path in MODULES.items()
        if wing_of(module) == wing
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    assert not wrong


def test_an_import_loads_no_core():
    wanted = (name for name in MODULES if wing_of(name) in ("", *TYPED))
    names = [name for name in wanted if wing_of(name) != NEEDS_MORE or find_spec("torch")]
    check = f"import sys, {', '.join(names)}; assert '{CORE}' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_no_other_wing_loads_pytorch():
    names = [name for name in MODULES if wing_of(name) != NEEDS_MORE and name != "muxnet.__main__"]
    check = f"import sys, {', '.join(names)}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_no_import_goes_round():
    left = {module: {*imported(module)} - {module} for module in MODULES}
    while leaves := [module for module, needed in left.items() if not needed & left.keys()]:
        for module in leaves:
            del left[module]
    assert not left


def test_simpy_is_imported_by_the_simulation_alone():
    users = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None) or "", *(alias.name for alias in node.names))
        if name.split(".")[0] == "simpy"
    }
    assert users == {"muxnet.plan.simulation"}
