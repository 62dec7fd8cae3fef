"""Recorded answers with the scores that a router's multiplexer gives to their inputs."""

from __future__ import annotations

import argparse
import logging

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text, told_as_config_error
from muxnet.base.words import percent_text
from muxnet.commands.collect import SPLITS
from muxnet.outcomes.class_order import ENOUGH
from muxnet.outcomes.judged import judged
from muxnet.pool.router_folder import MODELS_FILE, load_multiplexer

STRANGE = 0.9  # of scores beyond those of the fit are no accident, nor drift
LOG = logging.getLogger(__name__)


def add_scored_inputs(parser: argparse.ArgumentParser) -> None:
    """Add the inputs of a table, for a router whose multiplexer scores them."""
    parser.add_argument(
        "--data", help="the inputs of --outcomes, for the router's multiplexer to score them"
    )
    parser.add_argument("--split", choices=SPLITS, default="", help="as of muxnet collect")


def scored_table(
    table: _core.OutcomeTable, policy: _core.Policy, arguments: argparse.Namespace
) -> _core.OutcomeTable:
    """Return what a router is judged by, with its multiplexer's scores where inputs are given.

    Raises:
        UserError: they are others, or the router has no multiplexer.
        ValueError: no input that every model answered.

    """
    table = judged(policy, table)
    _tell_other_scales(policy, table)
    if arguments.data is None:
        return table
    from muxnet.pool.cross_fitting import scored
    from muxnet.pool.shown_inputs import open_recorded, read_shown

    saved = load_multiplexer(arguments.router, policy)
    if saved is None:
        expected = "a router whose policy uses a multiplexer"
        raise UsageError(error_text("--data", expected, policy.name))
    inputs = open_recorded(arguments.data, table, split=arguments.split)
    encoder = saved.multiplexer.encoder
    if encoder is not None:
        from muxnet.pool.embeddings import open_encoder, read_embeddings

        opened = open_encoder(arguments.router / MODELS_FILE, *encoder)
        return scored(table, read_embeddings(inputs, opened), saved)
    return scored(table, read_shown(inputs, saved.multiplexer.images), saved)


def _tell_other_scales(policy: _core.Policy, table: _core.OutcomeTable) -> None:
    """Say of which models the scores are none that the router has met, as of another scale.

    Raises:
        ConfigError: scores of another kind, or none.

    """
    with told_as_config_error():
        shares = policy.scores_beyond(table)
    for name, share in zip(policy.models, shares, strict=False):
        if share >= STRANGE and len(table) >= ENOUGH:
            told = "%s: %s of the scores of %s lie beyond those that the router was fitted on: "
            told += "are they of another scale?"
            LOG.warning(told, table.source, percent_text(share, 0), name)
