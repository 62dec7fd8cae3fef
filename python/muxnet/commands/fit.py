"""``muxnet fit``: a router from recorded answers, saved as a folder."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from muxnet.base import schema
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UsageError, UserError, error_text
from muxnet.base.files import write_json
from muxnet.base.locks import sole_folder
from muxnet.base.progress import reporter
from muxnet.base.schema_arguments import Names, add_options, given_options
from muxnet.base.words import inputs_text
from muxnet.commands.collect import SPLITS
from muxnet.commands.options import integer, number
from muxnet.commands.reading import TABLE, add_reading_options, tables_of
from muxnet.outcomes.cross_validation import (
    FOLDS,
    can_tell,
    cross_validate,
    figures_of,
    lines_of,
    too_few_text,
)
from muxnet.outcomes.fitting import cost_kind_of, fit_policy, unasked_kind
from muxnet.outcomes.policies import OFFLOAD
from muxnet.outcomes.study_results import DEFAULT
from muxnet.outcomes.table_files import part_to_fit
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.cross_fitting import CrossFitted, Pricing, cross_fit
from muxnet.pool.embeddings import encoder_name, open_encoder, read_embeddings
from muxnet.pool.model_list import keep_models, read_models
from muxnet.pool.recorded_models import recorded_inputs, require_recorded
from muxnet.pool.router_folder import (
    MODELS_FILE,
    OUTCOMES_FILE,
    POLICY_FILE,
    describe_point,
    forget_multiplexer,
    keep_multiplexer,
)
from muxnet.training.config import RunConfig, defaults_for
from muxnet.training.data import dataset
from muxnet.training.multiplexers import kind_of
from muxnet.training.outcome_tables import pair_of

HELP = "fit a router on recorded answers and save it"
INTERRUPTED = "nothing was left"

SCORED = "hybrid_single"  # the policy by default where there is a multiplexer
TRAINING = ("batch_size", "augmentation", "multiplexer")  # what of a run's configuration applies


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet fit``."""
    parser.add_argument("table", type=Path, help=TABLE)
    parser.add_argument("--out", type=Path, default=Path("router"), help="folder of the router")
    parser.add_argument(
        "--policy",
        metavar="NAME",
        help=f"policy of the router (default: {DEFAULT}, with --multiplexer {SCORED})",
    )
    add_reading_options(parser)
    parser.add_argument("--cost-kind", default="", metavar="KIND", help="of the costs in the table")
    parser.add_argument(
        "--budget", type=number(above=0), metavar="COST", help="greatest mean cost (default: free)"
    )
    parser.add_argument(
        "--models", type=Path, metavar="FILE", help="list as of muxnet collect, for muxnet route"
    )
    parser.add_argument("--seed", type=integer(), default=0, help="for policies that draw")
    parser.add_argument(
        "--folds",
        type=integer(),
        default=FOLDS,
        metavar="N",
        help="parts, each left out of a fit on the others, to tell what it attains (0: none); with "
        "--multiplexer each is also scored by one trained on the others",
    )
    parser.add_argument(
        "--gate",
        type=number(0),
        default=0.0,
        metavar="GAP",
        help="hybrid_single, knn: unsure where the two best net values are closer than this",
    )
    parser.add_argument(
        "--unsure",
        choices=("dearest", "cheapest"),
        default="dearest",
        help="the model to call there: fail dear or fail cheap",
    )
    _add_multiplexer(parser)


def _add_multiplexer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a multiplexer, trained on the table's answers")
    kinds = Names(lambda: (kind.name for kind in _core.multiplexer_kinds()))
    group.add_argument(
        "--multiplexer",
        dest="kind",
        choices=kinds,
        metavar="KIND",
        help="train one, which is shown: %(choices)s",
    )
    group.add_argument(
        "--data", help="the table's inputs, as of muxnet collect; features: default the table's own"
    )
    group.add_argument("--split", choices=SPLITS, default="", help="as of muxnet collect")
    given = ("multiplexer.kind", "multiplexer.features")  # by --multiplexer and --data
    add_options(parser, RunConfig, only=TRAINING, without=given)


def execute(arguments: argparse.Namespace) -> int:
    """Fit, save, print the operating point, and return the exit status."""
    if arguments.folds < 2 and (arguments.folds or arguments.kind):
        expected = "2 parts or more" if arguments.kind else "2 parts or more, or 0 for none"
        raise UsageError(error_text("--folds", expected, arguments.folds))
    name = arguments.policy or (SCORED if arguments.kind else DEFAULT)
    _core.make_policy(name)  # refused before anything is trained
    table = part_to_fit(tables_of(arguments.table, arguments))
    listed = None if arguments.models is None else check_models(arguments.models, table)
    if kind := unasked_kind(table, arguments.cost_kind):
        print(kind)
    path = arguments.out / POLICY_FILE
    with sole_folder(arguments.out):
        found = fit_multiplexer(table, arguments) if arguments.kind else None
        table = table if found is None else found.table
        tell_of_fit(name, table)
        policy = fit_policy(
            name,
            table,
            cost_kind=arguments.cost_kind,
            seed=arguments.seed,
            budget=arguments.budget,
            options={"gate": arguments.gate, "unsure": arguments.unsure},
        )
        content = tell(policy, table, arguments)
        leave_multiplexer(found, policy, arguments.out)
        policy.save(path)
        if listed is not None:
            kept = arguments.out / MODELS_FILE
            keep_models(arguments.models, kept, recorded_inputs(table), listed)
    print(f"done: {path}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return 0


def tell_of_fit(name: str, table: _core.OutcomeTable) -> None:
    """Say what is being done, which of many inputs takes minutes."""
    inputs = inputs_text(len(table), table.group_count)
    reporter().say(f"fitting {name} for {len(table.models)} models on {inputs}")


def tell(
    policy: _core.Policy, table: _core.OutcomeTable, arguments: argparse.Namespace
) -> dict[str, object]:
    """Print what a router attains on the inputs of the fit and on those left out of it."""
    content, complete = describe_point(policy), table.complete()
    print(
        f"fitted {policy.name} on {inputs_text(len(complete), complete.group_count)}: "
        f"{len(policy.operating_points)} operating points, the chosen one "
        f"{content['text']} on them",
        flush=True,
    )
    found, folds = None, arguments.folds
    if folds and can_tell(complete, folds):
        told = f"{policy.name}: {folds} further fits, each without one of {folds} parts of them"
        reporter().say(f"cross-validating {told}")
        found = cross_validate(
            policy, table, budget=arguments.budget, folds=folds, seed=arguments.seed
        )
    if found is not None:
        print(*lines_of(found, policy), sep="\n")
    elif folds:
        print(too_few_text(complete, folds))
    content["cross_validated"] = None if found is None else figures_of(found)
    return content


def fit_multiplexer(table: _core.OutcomeTable, arguments: argparse.Namespace) -> CrossFitted:
    """Return a multiplexer for the table's models, trained on what they answered.

    Raises:
        UsageError: its cost is not known; no inputs to show it.
        UserError: the answers are to other inputs.

    """
    from muxnet.pool.shown_inputs import format_shown, open_recorded, read_shown

    if table.split == "test":  # which no policy is fitted on
        expected = "inputs to fit on (of muxnet collect --split held_out)"
        raise UserError(error_text(str(arguments.table), expected, "those to test on"))
    config, offload = training_config(arguments), arguments.policy == OFFLOAD
    source = kind_of(config).source
    if offload and source == _core.MultiplexerSource.embeddings:
        # The device decides before its model has run.
        expected = "a multiplexer that looks at the input, for the policy offload"
        raise UsageError(error_text("--multiplexer", expected, arguments.kind))
    pricing = Pricing.of(cost_kind_of(table, arguments.cost_kind), config.multiplexer.cost)
    features, images, encoder = np.asarray(table.features), None, None
    if arguments.data is not None:
        inputs = open_recorded(arguments.data, table, split=arguments.split)
        if source == _core.MultiplexerSource.embeddings:
            encoder = (encoder_name(table, pricing.cost_kind), config.multiplexer.output)
            data = read_embeddings(inputs, open_listed(arguments, table, encoder))
        else:
            images = format_shown(inputs, config)
            data = read_shown(inputs, images)
    elif source == _core.MultiplexerSource.vectors and features.size:
        data = dataset(features, np.asarray(table.labels), name=arguments.table.name)
    else:
        raise UsageError(error_text("--data", "the table's inputs", "none"))
    with reporter() as progress:
        return cross_fit(
            pair_of(table, pricing.cost_kind) if offload else table,
            data,
            pricing,
            config,
            images=images,
            encoder=encoder,
            folds=arguments.folds,
            offload=offload,
            progress=progress,
            say=print,
        )


def open_listed(
    arguments: argparse.Namespace, table: _core.OutcomeTable, encoder: tuple[str, str]
) -> ForeignModel:
    """Return the model of ``--models`` that a multiplexer is to look at an output of.

    Raises:
        UserError: no list, or no such model or output in it.

    """
    if arguments.models is None:
        expected = f"the list with {encoder[0]}, whose output the multiplexer is shown"
        raise UsageError(error_text("--models", expected, "none"))
    return open_encoder(arguments.models, *encoder, recorded_inputs(table))


def training_config(arguments: argparse.Namespace) -> RunConfig:
    """Return how the multiplexer is trained: defaults of the kind of data, options over them."""
    defaults = defaults_for(arguments.data or "")
    chosen = {key: value for key, value in defaults.items() if key in TRAINING}
    given = given_options(arguments, RunConfig, only=TRAINING)
    config = schema.replace(RunConfig(seed=arguments.seed), chosen, "defaults")
    config = schema.replace(config, given, "options")
    own = dataclasses.replace(config.multiplexer, kind=arguments.kind)
    return dataclasses.replace(config, multiplexer=own)


def leave_multiplexer(found: CrossFitted | None, policy: _core.Policy, out: Path) -> None:
    """Keep a router's multiplexer and its scores in its folder, and none that was there before."""
    if found is None:
        forget_multiplexer(out)
        return
    found.table.save(out / OUTCOMES_FILE)
    left_out = keep_multiplexer(found.saved, out)
    if left_out:
        print(left_out)
    if not policy.uses_multiplexer:
        print(f"{policy.name} does not look at the multiplexer: it is kept, and not run")


def check_models(path: Path, table: _core.OutcomeTable) -> list[ForeignModel]:
    """Return the models of a list, and refuse others than the table's.

    Raises:
        ConfigError: it is one.

    """
    models = read_models(path)
    listed = [model.name for model in models]
    if set(listed) != set(table.models):
        expected = f"the models of the table, {', '.join(table.models)}"
        raise ConfigError(error_text(str(path), expected, ", ".join(listed)))
    return require_recorded(path, models, table)
