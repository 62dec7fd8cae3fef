"""The folder of a sweep: a record per finished trial, and what is made of them."""

import dataclasses
import json
from pathlib import Path

from muxnet.base import fingerprint, schema
from muxnet.base.errors import UserError
from muxnet.base.files import Json, read_json, write_json
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
        """Return the folder of what a trial leaves beside its metrics."""
        return self.path / "runs" / trial.key

    def read(self, trial: Trial) -> Record | None:
        """Return the record of a trial that was finished before.

        Raises:
            ConfigError: the file holds no record, or one of other inputs.

        """
        path = self.record(trial)
        if not path.exists():
            return None
        record = schema.from_dict(Record, read_json(path), str(path))
        if not record.error:
            expected = "a trial on the same inputs (or choose another --out)"
            fingerprint.require_same(record.inputs, trial.inputs, str(path), expected)
        return record

    def write(self, trial: Trial, record: Record) -> None:
        """Keep the record of a trial.

        Raises:
            OutputError: it cannot be written.

        """
        write_json(self.record(trial), schema.to_dict(record))


def prepare(path: Path, sweep: Sweep, *, resume: bool) -> SweepFolder:
    """Return the folder of a sweep, made where there is none.

    Raises:
        UserError: it holds another sweep, one begun before (without ``resume``) or none (with it).

    """
    folder = SweepFolder(path)
    mine = _identity(sweep)
    if folder.kind.exists():
        found = read_json(folder.kind)
        expected = f"another --out, as {path} holds another sweep"
        fingerprint.require_same(found, mine, "out", expected)
        if not resume:
            raise UserError(
                f"[out] {path} holds a sweep: go on with it by --resume, or choose another --out"
            )
    elif resume:
        raise UserError(f"[out] {path} holds no sweep to resume: {folder.kind.name} is missing")
    write_json(folder.kind, mine)
    return folder


def _identity(sweep: Sweep) -> Json:
    """Return what must be the same to go on.

    Of a grid each trial tells for itself; what Optuna remembers are metrics of these settings.
    """
    config = sweep.config
    identity: dict[str, object] = {"kind": config.kind, "search": config.search}
    if config.search == "optuna":
        identity |= {
            "fixed": sweep.fixed,
            "vary": config.vary,
            "seed": config.seed,
            "maximise": list(config.maximise),
            "minimise": list(config.minimise),
        }
    found: Json = json.loads(json.dumps(identity, default=str))
    return found
