"""The folder of a sweep: a record per finished trial, and what is made of them."""

import dataclasses
from pathlib import Path

from muxnet import records
from muxnet.errors import UserError
from muxnet.files import read_json, write_json
from muxnet.sweep.config import Sweep
from muxnet.sweep.trials import Record, Trial


@dataclasses.dataclass(frozen=True)
class SweepFolder:
    """Names of all that ``muxnet sweep`` writes."""

    path: Path

    @property
    def search(self) -> Path:
        """What Optuna remembers."""
        return self.path / "optuna.sqlite"

    @property
    def kind(self) -> Path:
        """What the sweep is, to tell whether another may go on with it."""
        return self.path / "sweep.json"

    def record(self, trial: Trial) -> Path:
        """Return the file of a finished trial."""
        return self.path / "trials" / f"{trial.key}.json"

    def log(self, trial: Trial) -> Path:
        """Return the file of what a trial said."""
        return self.path / "logs" / f"{trial.key}.log"

    def own(self, trial: Trial) -> Path:
        """Return the folder of what a trial leaves beside its figures."""
        return self.path / "runs" / trial.key

    def read(self, trial: Trial) -> Record | None:
        """Return the record of a trial that was finished before.

        Raises:
            ConfigError: the file holds no record.

        """
        path = self.record(trial)
        if not path.exists():
            return None
        return records.from_dict(Record, read_json(path), str(path))

    def write(self, trial: Trial, record: Record) -> None:
        """Keep the record of a trial.

        Raises:
            OutputError: it cannot be written.

        """
        write_json(self.record(trial), records.to_dict(record))


def prepare(path: Path, sweep: Sweep, *, resume: bool) -> SweepFolder:
    """Return the folder of a sweep, made where there is none.

    Raises:
        UserError: it holds another sweep, one begun before (without ``resume``) or none (with it).

    """
    folder = SweepFolder(path)
    mine = {"kind": sweep.config.kind, "search": sweep.config.search}
    if folder.kind.exists():
        found = read_json(folder.kind)
        if found != mine:
            raise UserError(f"[out] {path} holds another sweep, {found}: choose another --out")
        if not resume:
            raise UserError(
                f"[out] {path} holds a sweep: go on with it by --resume, or choose another --out"
            )
    elif resume:
        raise UserError(f"[out] {path} holds no sweep to resume: {folder.kind.name} is missing")
    write_json(folder.kind, mine)
    return folder
