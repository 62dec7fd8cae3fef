"""Names of classes in a Parquet file's metadata, as Hugging Face's data sets have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from muxnet.base.errors import MOST_NAMES, ConfigError, error_text, shortened
from muxnet.base.files import parse_json
from muxnet.base.parquet_columns import FEATURES, said_of_numbers


def class_names_in(path: Path, column: str, say: Callable[[str], object]) -> Sequence[str]:
    """Return the names that one of Hugging Face's data sets gives to a column's numbers.

    What cannot be read there is said: anybody may write anything there, and the labels are whole.

    Raises:
        ConfigError: they are no names, or one is there twice.
        MissingPackageError, OSError: as ``read_parquet``.

    """
    said = said_of_numbers(path, column)
    if not said:
        return ()
    try:
        found: object = parse_json(said.decode(), f"{path}, {FEATURES.decode()}")
    except (ConfigError, UnicodeDecodeError) as error:
        say(f"{path}: without names of classes: {error}")
        return ()
    for key in ("info", "features", column):
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or found.get("_type") != "ClassLabel":
        return ()
    names = found.get("names") or []
    texts = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not texts or len(set(names)) < len(names):
        where, received = f"{path}, {column}", shortened(names, MOST_NAMES)
        raise ConfigError(error_text(where, "names of classes, each once", received))
    return list(names)
