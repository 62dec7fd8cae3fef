"""Whether a run may use the folder that it is to leave everything in."""

from pathlib import Path

from muxnet.base.errors import ConfigError, UserError
from muxnet.base.run_folder import RunFolder
from muxnet.training.config import RunConfig, differences, load_config, save_config


def prepare(config: RunConfig, *, resume: bool) -> RunFolder:
    """Return the folder of ``config.out``, made and marked with the configuration.

    Raises:
        UserError: it belongs to another run, holds an unfinished one (without ``resume``), or
            nothing to go on from (with it).
        OutputError: it cannot be written.

    """
    folder = RunFolder(Path(config.out))
    if folder.config.exists():
        found = _found(folder)
        # What only a mistyped option has left there stands in nobody's way.
        if resume or folder.begun:
            _require_same(folder, found, config)
        if folder.checkpoints() and not resume:
            raise UserError(
                f"[out] {folder.path} holds an unfinished run: go on with it by --resume, or "
                "choose another --out"
            )
    elif resume:
        raise UserError(f"[out] {folder.path} holds no run to resume: config.json is missing")
    save_config(config, folder.config)
    return folder


def _found(folder: RunFolder) -> RunConfig:
    try:
        return load_config(folder.config)
    except ConfigError as error:
        raise UserError(f"[out] {folder.path} holds something else: {error}") from error


def _require_same(folder: RunFolder, found: RunConfig, config: RunConfig) -> None:
    different = differences(found, config)
    if different:
        shown = "; ".join(different[:5]) + ("; ..." if len(different) > 5 else "")
        raise UserError(
            f"[out] {folder.path} holds another run, which differs in {shown} (there against "
            "here): choose another --out"
        )
