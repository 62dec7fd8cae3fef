"""What is served, written down whole: for ``muxnet-serve``, which needs no Python."""

from __future__ import annotations

from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError
from muxnet.base.run_folder import RunFolder
from muxnet.outcomes.policies import OFFLOAD
from muxnet.pool.router_folder import load_multiplexer
from muxnet.serve.served import Source, load
from muxnet.training.config import load_config
from muxnet.training.multiplexers import multiplexer_options
from muxnet.training.results import read_results


def export_deployment(source: Source, out: Path) -> Path:
    """Write a source to the folder ``out``, and return the file that tells of all others.

    Raises:
        UserError: nothing that can be served, or a model that only Python has.
        OSError: a file cannot be read or written.

    """
    served = load(source)
    try:
        _core.save_deployment(served, _network(source, served), out)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return out / _core.DEPLOYMENT_FILE


def _network(source: Source, served: _core.Served) -> _core.MultiplexerOptions | None:
    """Return what the multiplexer's network is built from, where one is looked at."""
    folder = RunFolder(source.run or source.path)
    if not served.uses_multiplexer:
        return None
    if not folder.has_networks:
        saved = load_multiplexer(source.path, served.policy)
        return None if saved is None else saved.network
    results, config = read_results(folder.results), load_config(folder.config)
    shape, models = results.data.image_shape, len(config.models)
    offload = served.policy.name == OFFLOAD
    return multiplexer_options(shape, models, config, offload=offload)
