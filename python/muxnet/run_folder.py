"""The folder that a run leaves everything in, and whether a run may use it."""

import dataclasses
from pathlib import Path

from muxnet.config import RunConfig, differences, load_config, save_config
from muxnet.errors import ConfigError, UserError


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Names of all that ``muxnet run`` writes."""

    path: Path

    @property
    def config(self) -> Path:
        """The configuration that repeats the run."""
        return self.path / "config.json"

    @property
    def results(self) -> Path:
        """Every number of the report."""
        return self.path / "results.json"

    @property
    def report(self) -> Path:
        """The report for a person."""
        return self.path / "report.html"

    @property
    def figures(self) -> Path:
        """The folder of the report's figures."""
        return self.path / "figures"

    @property
    def weights(self) -> Path:
        """The folder of every network's weights."""
        return self.path / "weights"

    @property
    def policies(self) -> Path:
        """The folder of every fitted policy, by its name in the results."""
        return self.path / "policies"

    def outcomes(self, split: str) -> Path:
        """Return the outcome table of ``split``."""
        return self.path / f"outcomes-{split}.safetensors"

    def checkpoint(self, step: str) -> Path:
        """Return the checkpoint of ``step``: models, pretraining, multiplexer or offload."""
        return self.path / f"checkpoint-{step}.safetensors"

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints that are there."""
        return sorted(self.path.glob("checkpoint-*.safetensors"))


def prepare(config: RunConfig, *, resume: bool) -> RunFolder:
    """Return the folder of ``config.out``, made and marked with the configuration.

    Raises:
        UserError: it belongs to another run, holds an unfinished one (without ``resume``), or
            nothing to go on from (with it).
        OutputError: it cannot be written.

    """
    folder = RunFolder(Path(config.out))
    if folder.config.exists():
        _require_same(folder, config)
        if folder.checkpoints() and not resume:
            raise UserError(
                f"[out] {folder.path} holds an unfinished run: go on with it by --resume, or "
                "choose another --out"
            )
    elif resume:
        raise UserError(f"[out] {folder.path} holds no run to resume: config.json is missing")
    save_config(config, folder.config)
    return folder


def _require_same(folder: RunFolder, config: RunConfig) -> None:
    try:
        found = load_config(folder.config)
    except ConfigError as error:
        raise UserError(f"[out] {folder.path} holds something else: {error}") from error
    different = differences(found, config)
    if different:
        shown = "; ".join(different[:5]) + ("; ..." if len(different) > 5 else "")
        raise UserError(
            f"[out] {folder.path} holds another run, which differs in {shown} (there against "
            "here): choose another --out"
        )
