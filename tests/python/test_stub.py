"""The stub of the core says what the core has."""

import subprocess
import sys
from pathlib import Path

STUB = Path(__file__).resolve().parents[2] / "python" / "muxnet" / "_core.pyi"


def test_the_stub_is_what_the_generator_writes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pybind11_stubgen", "muxnet._core", "-o", str(tmp_path)]
    for name in ("Formulation", "Objective", "OffloadTarget", "Precision"):
        command += ["--enum-class-locations", f"{name}:muxnet._core"]
    subprocess.run(command, check=True, capture_output=True)
    written = (tmp_path / "muxnet" / "_core.pyi").read_text(encoding="utf-8")
    assert written == STUB.read_text(encoding="utf-8"), f"renew it by: {' '.join(command)}"
