"""What an entry of models.json may say: the keys that every kind takes, and what a kind is."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path
from typing import ClassVar, Literal

from muxnet.base.errors import ConfigError, error_text
from muxnet.base.schema import needed, option
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.input_files import InputKeys

LONGEST_S = 604_800.0  # a week; clocks end at 292 years


@dataclasses.dataclass(frozen=True)
class Place:
    """Where an entry stands: ``where`` for error texts, the folder of the files that it names.

    ``opened`` names the models that are to run in this process; the others are described alone.
    """

    where: str
    folder: Path
    threads: int = 0  # of one call; 0: all cores
    opened: Container[str] | None = None  # None: all

    def opens(self, name: str) -> bool:
        """Return whether a model is to run here."""
        return self.opened is None or name in self.opened

    def file(self, key: str, name: str) -> Path:
        """Return a file that an entry names under ``key``.

        Raises:
            FileNotFoundError: there is none.

        """
        path = self.folder / name
        if not path.is_file():
            expected = f"a file {name!r} in {self.folder}"
            raise FileNotFoundError(error_text(f"{self.where}, {key}", expected, "none"))
        return path

    def refused(self, key: str, expected: object, received: object) -> ConfigError:
        """Return the error of a value of ``key``."""
        return ConfigError(error_text(f"{self.where}, {key}", expected, received))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of any kind."""

    marker: ClassVar[str]  # the key that tells the kind

    path: str = option("", "another folder than the list's, for the files that the entry names")
    cost_kind: str = option(
        "",
        "what its cost is, macs, latency_ms, dollars, ...; the same of all (default: the list's)",
    )
    input: InputKeys | None = dataclasses.field(
        default=None,
        metadata={
            "help": "how inputs are prepared for the model; a text is its key config, and all but "
            "config and recorded may stand in the entry itself"
        },
    )

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the models of the entry, opened.

        Raises:
            ConfigError: a value that does not fit.
            OSError: a file that cannot be read.

        """
        raise NotImplementedError

    def files(self, folder: Path) -> list[Path]:
        """Return the files whose change means another model."""
        return []


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelEntry(Entry):
    """An entry of one model that is not of the zoo."""

    name: str = needed(str, "of the model, in tables and routers")
    cost: float = needed(float, "of one input, in any unit that all models share", above=0.0)
    output: Literal["probabilities", "logits", "log_probabilities", "scores", "labels"] = option(
        "probabilities",
        "what its answers are; scores: of each label by itself, as of a sigmoid, which are divided "
        "by their sum; labels: of a function, a class of each input, alone or with its score",
    )
    classes: tuple[str, ...] | str | None = option(
        None,
        "names of its classes in the order of its answers, or the file that lists them "
        "(default: those that input's file names, else those of the data, in their order)",
    )

    def refuse_labels(self, place: Place) -> None:
        """Refuse labels as ``output`` of what tells itself whether it gives scores or labels.

        Raises:
            ConfigError: it is.

        """
        if self.output == "labels":
            expected = "what its scores are; labels of whole numbers are known by their type"
            raise place.refused("output", expected, self.output)
