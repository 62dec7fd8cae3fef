"""Names of classes in a Parquet file's metadata, as Hugging Face's data sets have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from muxnet.base.errors import MOST_NAMES, ConfigError, error_text, shortened
from muxnet.base.files import parse_json
from muxnet.base.parquet_columns import FEATURES, said_of_numbers


def named_numbers(path: Path, say: Callable[[str], object]) -> Mapping[str, object]:
    """Return what one of Hugging Face's data sets calls the numbers of its columns of classes.

    What cannot be read there is said: anybody may write anything there, and the numbers are whole.

    Raises:
        MissingPackageError, OSError, ConfigError: as ``read_parquet``.

    """
    said, numbers = said_of_numbers(path)
    if not said:
        return {}
    try:
        found: object = parse_json(said.decode(), f"{path}, {FEATURES.decode()}")
    except (ConfigError, UnicodeDecodeError) as error:
        say(f"{path}: without names of classes: {error}")
        return {}
    for key in ("info", "features"):
        found = found.get(key) if isinstance(found, Mapping) else None
    features = found if isinstance(found, Mapping) else {}
    described = {column: features.get(column) for column in numbers}
    return {
        column: feature.get("names") or []
        for column, feature in described.items()
        if isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel"
    }


def checked_names(names: object, where: str) -> Sequence[str]:
    """Return names of classes.

    Raises:
        ConfigError: they are no names, or one is there twice.

    """
    whole = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    if not isinstance(names, list) or not whole or len(set(names)) < len(names):
        received = shortened(names, MOST_NAMES)
        raise ConfigError(error_text(where, "names of classes, each once", received))
    return names
