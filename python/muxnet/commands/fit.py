"""``muxnet fit``: a router from recorded answers, saved as a folder."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UsageError, error_text
from muxnet.base.files import parse_json, write_json
from muxnet.base.locks import sole_folder
from muxnet.base.words import cost_text, cost_title, percent_text
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.study_results import DEFAULT
from muxnet.outcomes.table_files import parse_costs, read_fitting_part
from muxnet.pool.model_list import Fields, keep_models, read_models
from muxnet.pool.router_folder import MODELS_FILE, POLICY_FILE, describe_point

HELP = "fit a router on recorded answers and save it"
INTERRUPTED = "nothing was left"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet fit``."""
    parser.add_argument("table", type=Path, help="safetensors, npz, csv or parquet")
    parser.add_argument("--out", type=Path, default=Path("router"), help="folder of the router")
    parser.add_argument("--policy", default=DEFAULT, metavar="NAME", help="policy of the router")
    parser.add_argument("--costs", metavar="NAME=COST,...", help="cost of each model, in any unit")
    parser.add_argument("--cost-kind", default="", metavar="KIND", help="of the costs in the table")
    parser.add_argument(
        "--budget", type=float, metavar="COST", help="greatest mean cost per input (default: free)"
    )
    parser.add_argument(
        "--models", type=Path, metavar="FILE", help="list as of muxnet collect, for muxnet route"
    )
    parser.add_argument("--seed", type=int, default=0, help="for policies that draw")
    parser.add_argument(
        "--gate",
        type=float,
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


def execute(arguments: argparse.Namespace) -> int:
    """Fit, save, print the operating point, and return the exit status."""
    if arguments.budget is not None and not arguments.budget > 0:
        raise UsageError(error_text("--budget", "a cost above 0", arguments.budget))
    if not 0 <= arguments.gate < float("inf"):
        raise UsageError(error_text("--gate", "a gap of at least 0", arguments.gate))
    table = read_fitting_part(arguments.table, parse_costs(arguments.costs))
    if arguments.models is not None:
        check_models(arguments.models, table.models)
    path = arguments.out / POLICY_FILE
    with sole_folder(arguments.out):
        policy = fit_policy(
            arguments.policy,
            table,
            cost_kind=arguments.cost_kind,
            seed=arguments.seed,
            budget=arguments.budget,
            options={"gate": arguments.gate, "unsure": arguments.unsure},
        )
        policy.save(path)
        if arguments.models is not None:
            keep_models(arguments.models, arguments.out / MODELS_FILE, recorded_inputs(table))
    content = describe_point(policy)
    print(
        f"fitted {policy.name} on {len(table):,} inputs: {len(policy.operating_points)} operating "
        f"points, the chosen one {content['text']}"
    )
    for line in _cheaper(policy, table):
        print(line)
    print(f"done: {path}")
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return 0


def _cheaper(policy: _core.Policy, table: _core.OutcomeTable) -> list[str]:
    """Tell the budget that buys the best single model's accuracy, where that is the cheaper way."""
    best = policy.best_single
    wanted = table.accuracies()[best]
    place = policy.cheapest_as_good(wanted)
    if place is None:
        return []
    point = policy.operating_points[place]
    if not point.cost < min(policy.point.cost, policy.prices[best]):
        return []
    cost = f"{cost_text(point.cost)} {cost_title(policy.cost_kind)} per input"
    return [
        f"as right on them as {policy.models[best]} alone, {percent_text(wanted)}: from {cost} on "
        f"(--budget {point.cost * (1 + 1e-5):.6g})"  # not rounded below it
    ]


def recorded_inputs(table: _core.OutcomeTable) -> dict[str, Fields]:
    """Return what each model of a table was shown, where that was recorded."""
    found = {}
    for name, text in table.inputs.items():
        fields = parse_json(text, f"{name}, recorded input")
        if isinstance(fields, Mapping):
            found[name] = fields
    return found


def check_models(path: Path, names: Sequence[str]) -> None:
    """Refuse a list of other models than the table's.

    Raises:
        ConfigError: it is one.

    """
    listed = [model.name for model in read_models(path)]
    if set(listed) != set(names):
        expected = f"the models of the table, {', '.join(names)}"
        raise ConfigError(error_text(str(path), expected, ", ".join(listed)))
