"""Recorded answers with the scores that a router's multiplexer gives to their inputs."""

from __future__ import annotations

import argparse

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.commands.collect import SPLITS
from muxnet.outcomes.fitting import of_its_models
from muxnet.pool.router_folder import MODELS_FILE, load_multiplexer


def add_scored_inputs(parser: argparse.ArgumentParser) -> None:
    """Add the inputs of a table, for a router whose multiplexer scores them."""
    parser.add_argument(
        "--data", help="the inputs of --outcomes, for the router's multiplexer to score them"
    )
    parser.add_argument("--split", choices=SPLITS, default="", help="as of muxnet collect")


def scored_table(
    table: _core.OutcomeTable, policy: _core.Policy, arguments: argparse.Namespace
) -> _core.OutcomeTable:
    """Return what a router's models answered, by its multiplexer's scores where inputs are given.

    Raises:
        UserError: they are others, or the router has no multiplexer.

    """
    table = of_its_models(policy, table)
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
