"""Which copy of the compiled core this CPU runs: a wheel holds one for each level of x86-64."""

import os
from collections.abc import Mapping
from pathlib import Path

#: The folder of the package with a folder for each level but the lowest, whose copy lies beside it.
FOLDER = "levels"
_SECOND = {"cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3"}
_THIRD = _SECOND | {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}
#: What a level asks for, as the kernel calls it, the highest first. Source: the x86-64 psABI.
#: NumPy's wheels ask for the second too.
LEVELS = {"x86-64-v3": frozenset(_THIRD), "x86-64-v2": frozenset(_SECOND)}
#: A variable that names the highest level to use, for tests and for comparing.
VARIABLE = "MUXNET_CPU_LEVEL"


def cpu_flags(path: str | os.PathLike[str] = "/proc/cpuinfo") -> frozenset[str]:
    """Return what the first processor has, none where the system does not tell."""
    try:
        with Path(path).open(encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        flags = ""
    return frozenset(flags.partition(":")[2].split())


def core_folders(
    package: Path, flags: frozenset[str] | None = None, environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Return the folders of the package where its core is to be looked for before itself.

    Raises:
        ValueError: ``MUXNET_CPU_LEVEL`` is no level.

    """
    if not (package / FOLDER).is_dir():
        return []  # compiled where it is installed, for that CPU
    names = [*LEVELS]
    highest = environment.get(VARIABLE, names[0])
    if highest not in LEVELS:
        raise ValueError(f"[{VARIABLE}] expected one of {', '.join(names)}, received {highest}")
    if flags is None:
        flags = cpu_flags()
    usable = [name for name in names[names.index(highest) : -1] if LEVELS[name] <= flags]
    return [str(package / FOLDER / name) for name in usable]
