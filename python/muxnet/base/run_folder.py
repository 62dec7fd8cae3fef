"""The folder that a run leaves everything in."""

import dataclasses
from pathlib import Path

from muxnet.base.locks import LOCK


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
    def finished(self) -> bool:
        """Whether it holds a finished run."""
        return self.results.is_file() and self.config.is_file()

    @property
    def has_networks(self) -> bool:
        """Whether it holds a finished run of networks of the zoo."""
        return self.finished and not self.models.is_file()

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
    def models(self) -> Path:
        """The list of its models, where they are not networks of the zoo."""
        return self.path / "models.json"

    @property
    def policies(self) -> Path:
        """The folder of every fitted policy, by its name in the results."""
        return self.path / "policies"

    @property
    def offload(self) -> Path:
        """The folder of the mobile/cloud pair's multiplexer, beside that of all listed models."""
        return self.path / "offload"

    def outcomes(self, split: str) -> Path:
        """Return the outcome table of ``split``."""
        return self.path / f"outcomes-{split}.safetensors"

    @property
    def begun(self) -> bool:
        """Whether anything was made in it, beyond a configuration that could not be carried out."""
        return any(entry != self.config and entry.name != LOCK for entry in self.path.iterdir())

    def checkpoint(self, step: str) -> Path:
        """Return the checkpoint of ``step``: models, pretraining, multiplexer or offload."""
        return self.path / f"checkpoint-{step}.safetensors"

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints that are there."""
        begun = self.path.glob("outcomes-*.safetensors.partial")
        return sorted([*self.path.glob("checkpoint-*.safetensors"), *begun])
