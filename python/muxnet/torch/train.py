"""``torchrun --nproc-per-node N -m muxnet.torch.train``: trains a pool of models by PyTorch.

Options are those of ``muxnet run`` that concern the models; ``--models`` takes networks of the zoo,
of timm, and ``package.module:function``. With one process, ``python -m muxnet.torch.train``.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, MissingPackageError, UserError, error_text, one_line

try:
    import torch
except ImportError as error:
    missing = MissingPackageError("muxnet.torch", "torch", "torch")
    if __name__ == "__main__":
        sys.exit(f"muxnet.torch.train: error: {missing}")
    raise missing from error

from muxnet.base.files import write_json
from muxnet.base.output import steady_output
from muxnet.base.run_folder import RunFolder
from muxnet.base.schema_arguments import add_options, given_options
from muxnet.torch.checkpoint import EpochTold
from muxnet.torch.pool_models import open_models
from muxnet.torch.processes import all_wait, joined, rank
from muxnet.torch.trained_pool import leave_models
from muxnet.torch.training import JointTraining
from muxnet.training.config import RunConfig, load_config, save_config
from muxnet.training.data import data_of

OPTIONS = (
    *("data", "out", "models", "image_size", "image_channels", "skip_unreadable", "seed"),
    *("epochs", "batch_size", "learning_rate", "weight_decay", "optimizer", "clip_norm"),
    *("schedule", "precision", "label_smoothing", "contrastive_weight"),
    *("contrastive_formulation", "projection_dim", "online_distillation_weight", "temperature"),
    *("augmentation", "held_out_fraction", "test_fraction", "checkpoint_seconds", "threads"),
)
CHECKPOINT = "torch-checkpoint.safetensors"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says, and return the exit status."""
    parser = argparse.ArgumentParser(
        "muxnet.torch.train", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--config", metavar="FILE", help="configuration as JSON, of a run say")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the out folder's checkpoint"
    )
    parser.add_argument("--compile", action="store_true", help="by torch.compile")
    add_options(parser, RunConfig, only=OPTIONS)
    given = parser.parse_args(arguments)
    failure = ""
    with steady_output() as output:
        try:
            config = load_config(given.config, given_options(given, RunConfig, only=OPTIONS))
            train(config, resume=given.resume, compiled=given.compile)
        except (UserError, ValueError, OSError, _core.TrainingError) as error:
            failure = one_line(error)
    failure = failure or ("" if output is None else output.failure_text())
    if failure:
        print(f"muxnet.torch.train: error: {failure}", file=sys.stderr)
    return 1 if failure else 0


def train(config: RunConfig, *, resume: bool = False, compiled: bool = False) -> Path:
    """Train a pool on ``config.data`` and return the list of its models, in ``config.out``.

    In each process of torchrun alike; the first one writes.

    Raises:
        ConfigError: no out folder, models or data that do not fit, another training's checkpoint.
        TrainingError: losses that are not finite.

    """
    if not config.out:
        raise ConfigError(error_text("out", "a folder", "none"))
    folder = RunFolder(Path(config.out))
    with joined() as device:
        if config.threads:
            torch.set_num_threads(config.threads)
            _core.set_threads(config.threads)
        data = data_of(config)
        normalization = _core.measure_normalization(data.train)
        dim = config.projection_dim if config.contrastive_weight > 0 else 0
        models = open_models(
            config.models, data.train, normalization, projection_dim=dim, seed=config.seed
        )
        training = JointTraining(models, data, normalization, config, device, compiled=compiled)
        told = training.run(folder.path / CHECKPOINT, resume=resume, say=lambda t: _say(t, config))
        if rank() == 0:
            leave_models(models, folder.path, data.train, normalization)
            write_json(folder.path / "training.json", [dataclasses.asdict(t) for t in told])
            save_config(config, folder.config)
        all_wait()
    return folder.models


def _say(told: EpochTold, config: RunConfig) -> None:
    if rank() > 0:
        return
    accuracies = ", ".join(
        f"{name} {100 * accuracy:.2f} %"
        for name, accuracy in zip(config.models, told.held_out_accuracies, strict=False)
    )
    losses = ", ".join(f"{loss:.4f}" for loss in told.losses)
    print(
        f"epoch {told.epoch + 1}/{config.epochs}: losses {losses}; held-out {accuracies}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
