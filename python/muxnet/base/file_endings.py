"""What endings of file names say of recorded answers, and the errors of those that do not fit."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from muxnet.base.errors import ConfigError, error_text

COLUMN_FILES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
PICKLED = (".pkl", ".pickle", ".p")
CONVERT = """python -c "import pandas; pandas.read_pickle('{old}').to_parquet('{new}')\""""


def other_ending(path: Path, known: Collection[str]) -> ConfigError:
    """Return the error of a file that is none of those known, with the way to one that is."""
    ending = path.suffix.lower()
    expected = " or ".join(known)
    if path.exists() and not path.is_file() and not path.is_dir():  # <(...), /dev/stdin
        received = "a stream, whose format no ending says: save it as a file first"
        return ConfigError(error_text(str(path), f"a file that ends in {expected}", received))
    if ending in PACKED:
        return ConfigError(error_text(str(path), f"{expected}, unpacked", f"{ending}, compressed"))
    if ending in PICKLED:
        convert = CONVERT.format(old=path, new=path.with_suffix(".parquet"))
        received = f"{ending}, which may run any program when it is read; of your own: {convert}"
        return ConfigError(error_text(str(path), expected, received))
    return ConfigError(error_text(str(path), expected, ending or "no ending"))


def require_own_ending(path: Path) -> None:
    """Refuse to write an outcome table under an ending that says another format.

    Raises:
        ConfigError: it does.

    """
    ending = path.suffix.lower()
    if ending in (*COLUMN_FILES, ".npz", *PACKED, *PICKLED):
        expected = "a name that ends in .safetensors, which is what is written"
        raise ConfigError(error_text(str(path), expected, ending))
