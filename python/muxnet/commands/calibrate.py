"""``muxnet calibrate``: choose a saved router's operating point for a budget or a promise."""

import argparse
from pathlib import Path
from typing import Any

from muxnet.errors import UsageError, UserError, error_text
from muxnet.files import write_json
from muxnet.outcome_files import parse_costs, read_evaluation_part
from muxnet.router_folder import POLICY_FILE, describe_point, load_router
from muxnet.words import percent_text

HELP = "choose a saved router's operating point: a budget, or a promised accuracy"
INTERRUPTED = "the router is as it was"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet calibrate``."""
    parser.add_argument("router", type=Path, help="folder that muxnet fit left; it is rewritten")
    parser.add_argument("--outcomes", type=Path, metavar="TABLE", help="inputs it has not seen")
    parser.add_argument(
        "--costs", metavar="NAME=COST,...", help="what models cost from now on, in any unit"
    )
    parser.add_argument(
        "--look-cost", type=float, metavar="COST", help="with --costs: cost of deciding itself"
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="never call this model again (repeatable)",
    )
    parser.add_argument("--budget", type=float, metavar="COST", help="greatest mean cost per input")
    parser.add_argument(
        "--drop", type=float, metavar="POINTS", help="most accuracy to lose against the best one"
    )
    parser.add_argument("--confidence", type=float, default=95.0, help="of that promise, in %%")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the inputs")


def execute(arguments: argparse.Namespace) -> int:
    """Choose the point, save the router, and return the exit status."""
    changed = bool(arguments.costs or arguments.without)
    both = arguments.budget is not None and arguments.drop is not None
    if both or (not changed and arguments.budget is None and arguments.drop is None):
        expected = "one of --budget and --drop, or --costs or --without"
        raise UsageError(error_text("calibrate", expected, "both" if both else "none"))
    policy = load_router(arguments.router)
    change_pool(policy, arguments)
    if arguments.drop is None:
        if arguments.budget is not None:
            policy.choose_for_budget(arguments.budget)
        content = describe_point(policy)
        print(f"chosen {content['text']}, figures of the inputs it was fitted on")
    else:
        content = promise(policy, arguments)
    policy.save(arguments.router / POLICY_FILE)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return 0


def change_pool(policy: Any, arguments: argparse.Namespace) -> None:
    """Price the models anew and leave out those named, without any retraining.

    Raises:
        UsageError: a model that the router does not know, or a look without costs.
        ValueError: no operating point is left.

    """
    costs = parse_costs(arguments.costs)
    known = list(policy.models)
    unknown = [name for name in (*costs, *arguments.without) if name not in known]
    if unknown:
        raise UsageError(error_text("--costs, --without", " or ".join(known), unknown[0]))
    if arguments.look_cost is not None and not (costs and 0 <= arguments.look_cost < float("inf")):
        raise UsageError(
            error_text("--look-cost", "a cost of at least 0 beside --costs", arguments.look_cost)
        )
    for name in arguments.without:
        policy.without(known.index(name))
    if costs:
        prices = zip(known, policy.prices, strict=True)
        policy.reprice([costs.get(name, price) for name, price in prices], arguments.look_cost)


def promise(policy: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Choose the cheapest point that keeps the promise.

    Raises:
        UsageError: no table, or figures out of range.
        UserError: these inputs do not support the promise.

    """
    from muxnet import _core

    if arguments.outcomes is None:
        raise UsageError(error_text("--drop", "--outcomes with inputs not seen yet", "none"))
    if not 0 < arguments.drop < 100 or not 0 < arguments.confidence < 100:
        expected = "points and a confidence between 0 and 100"
        received = f"{arguments.drop} and {arguments.confidence}"
        raise UsageError(error_text("--drop, --confidence", expected, received))
    table = read_evaluation_part(arguments.outcomes, parse_costs(arguments.costs))
    drop, delta = arguments.drop / 100, 1 - arguments.confidence / 100
    found = _core.certify(policy, table, drop=drop, delta=delta, seed=arguments.seed)
    wanted = (
        f"at most {arguments.drop:g} points below {policy.models[policy.best_single]}, "
        f"{arguments.confidence:g} % sure"
    )
    if found.point is None:
        more = (
            f"about {found.inputs_needed:,} labelled inputs"
            if found.inputs_needed
            else "a policy that loses less: no number of inputs"
        )
        text = f"{len(table):,} inputs: would take {more}"
        raise UserError(error_text("calibrate", wanted, text))
    policy.choose(found.point)
    content = describe_point(policy)
    share = found.point.cost / found.reference_cost
    print(f"promised: {wanted}, at {percent_text(share, 1)} of its cost")
    print(f"chosen {content['text']}, figures of these {len(table):,} inputs")
    return {**content, "drop": drop, "delta": delta, "cost_share": share}
