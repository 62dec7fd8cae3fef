"""``muxnet calibrate``: choose a saved router's operating point for limits or a promise."""

from __future__ import annotations

import argparse
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, UserError, error_text
from muxnet.base.files import write_json
from muxnet.base.locks import sole_folder
from muxnet.base.measures import measure_of
from muxnet.base.named_values import named_value
from muxnet.base.words import cost_share, inputs_text, interval_text, of_its_cost_text, percent_text
from muxnet.commands.options import integer, number
from muxnet.commands.reading import add_reading_options, tables_of
from muxnet.commands.scored import add_scored_inputs, scored_table
from muxnet.outcomes.class_order import known_to_policy
from muxnet.outcomes.model_costs import without_others
from muxnet.outcomes.table_files import parse_costs, part_to_evaluate
from muxnet.pool.router_folder import DRIFT_FILE, POLICY_FILE, describe_point, load_router

HELP = "choose a saved router's operating point: a budget, call shares, a promised accuracy"
INTERRUPTED = "the router is as it was"
# How many is said by `fit`: those that every model answered, which a policy does not count.
FITTED = "the inputs it was fitted on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet calibrate``."""
    parser.add_argument("router", type=Path, help="folder that muxnet fit left; it is rewritten")
    parser.add_argument("--outcomes", type=Path, metavar="TABLE", help="inputs it has not seen")
    add_scored_inputs(parser)
    add_reading_options(parser, costs=False)
    _add_changes(parser)
    parser.add_argument(
        "--budget", type=number(0), metavar="COST", help="greatest mean cost per input"
    )
    parser.add_argument(
        "--p99", type=number(0), metavar="COST", help="cost that 99 %% of the inputs do not exceed"
    )
    parser.add_argument("--cost-kind", default="", metavar="KIND", help="of --budget and --p99")
    parser.add_argument(
        "--share",
        action="append",
        default=[],
        metavar="MODEL=SHARE",
        help="greatest share of the inputs that a model is called for; may be repeated",
    )
    _add_promises(parser)
    parser.add_argument(
        "--false-alarms",
        type=number(above=0, below=1),
        default=0.01,
        metavar="P",
        help="probability that the drift monitor, made of --outcomes, ever raises one",
    )
    parser.add_argument("--seed", type=integer(), default=0, help="of the order of the inputs")


def _add_promises(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--drop",
        type=number(above=0, below=100),
        metavar="POINTS",
        help="most accuracy to lose against the best one",
    )
    parser.add_argument(
        "--confidence",
        type=number(above=0, below=100),
        default=95.0,
        help="of that promise, in %%",
    )
    parser.add_argument(
        "--abstain",
        type=number(above=0, below=1),
        metavar="SHARE",
        help="leave so many answers to a person that at least this share of the others is right",
    )
    parser.add_argument(
        "--delta",
        type=number(above=0, below=1),
        default=0.1,
        metavar="P",
        help="probability that fewer of the others are",
    )


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--costs",
        metavar="NAME=COST,...",
        help="what models cost from now on, in any unit; or a JSON file or a finished run, as of "
        "muxnet fit",
    )
    parser.add_argument(
        "--multiplexer-cost", type=number(0), metavar="COST", help="of deciding, with --costs"
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="never call this model again (repeatable)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Choose the point, save the router, and return the exit status."""
    changed = bool(arguments.costs or arguments.without)
    limited = arguments.budget is not None or arguments.p99 is not None or bool(arguments.share)
    chosen = [limited, arguments.drop is not None, arguments.abstain is not None]
    if sum(chosen) > 1 or not (any(chosen) or changed or arguments.outcomes):
        expected = (
            "limits (--budget, --p99, --share), or --drop, or --abstain for the point chosen "
            "before, or changes (--costs, --without), or --outcomes for the monitor"
        )
        raise UsageError(error_text("calibrate", expected, "both" if any(chosen) else "none"))
    with sole_folder(arguments.router, make=False):
        content = calibrate(arguments, limited=limited, changed=changed)
    target = getattr(arguments, "json_file", None)
    if target is not None:
        write_json(target, content)
    return 0


def calibrate(arguments: argparse.Namespace, *, limited: bool, changed: bool) -> dict[str, object]:
    """Return the point chosen, for the router that it was saved with."""
    policy = load_router(arguments.router)
    before = policy.abstention
    change_pool(policy, arguments)
    table = None
    if arguments.outcomes is not None:
        parts = tables_of(arguments.outcomes, arguments, known_to_policy(policy))
        table = scored_table(part_to_evaluate(parts), policy, arguments)
    if arguments.drop is not None:
        content = promise(policy, table, arguments)
    elif arguments.abstain is not None:
        content = abstain(policy, table, arguments)
    elif limited:
        content = keep_limits(policy, table, arguments)
    else:
        content = describe_point(policy)
        if changed:
            print(f"chosen {content['text']}, figures of {FITTED}")
    monitor = None if table is None else drift_monitor(policy, table, arguments)
    policy.save(arguments.router / POLICY_FILE)
    if before is not None and policy.abstention is None:
        print("abstains no more: that was of the point before; --abstain, with other inputs, again")
    if monitor is not None:
        monitor.save(arguments.router / DRIFT_FILE)
        print(
            f"drift: {monitor.calibrated_on:,} inputs kept to compare with; a false alarm ever has "
            f"probability {monitor.alpha:g} at most"
        )
    elif (arguments.router / DRIFT_FILE).is_file():
        (arguments.router / DRIFT_FILE).unlink()
        print(f"drift: {DRIFT_FILE} is gone, it was of the point before; --outcomes makes another")
    return content


def change_pool(policy: _core.Policy, arguments: argparse.Namespace) -> None:
    """Price the models anew and leave out those named, without any retraining.

    Raises:
        UsageError: a model that the router does not know, or a multiplexer cost without costs.
        ValueError: no operating point is left.

    """
    known = list(policy.models)
    costs = without_others("--costs", known, parse_costs(arguments.costs))
    unknown = [name for name in (*costs, *arguments.without) if name not in known]
    if unknown:
        raise UsageError(error_text("--costs, --without", " or ".join(known), unknown[0]))
    if arguments.multiplexer_cost is not None and not costs:
        expected = "a cost beside --costs"
        raise UsageError(error_text("--multiplexer-cost", expected, arguments.multiplexer_cost))
    for name in arguments.without:
        policy.without(known.index(name))
    before = list(policy.prices)
    prices = [costs.get(name, price) for name, price in zip(known, before, strict=True)]
    # The same prices again, for a file without its own, leave the chosen point.
    if prices != before or arguments.multiplexer_cost is not None:
        policy.reprice(prices, arguments.multiplexer_cost)


def keep_limits(
    policy: _core.Policy, table: _core.OutcomeTable | None, arguments: argparse.Namespace
) -> dict[str, object]:
    """Choose the most accurate point within all limits.

    Raises:
        UsageError: limits that need a table, without one; shares out of range.
        ValueError: no point keeps them; a kind of cost or a model that is not there.

    """
    kind = arguments.cost_kind or policy.cost_kind
    figures = _core.Limit.Statistic
    limits = [_core.Limit(figures.call_share, *parse_share(text)) for text in arguments.share]
    for figure, cost in ((figures.mean_cost, arguments.budget), (figures.p99_cost, arguments.p99)):
        if cost is not None:
            limits.append(_core.Limit(figure, kind, cost))
    if table is not None:
        policy.choose(_core.choose_within(policy, table, limits))
        where = figures_of(policy, table, arguments)
    elif len(limits) == 1 and arguments.budget is not None and kind == policy.cost_kind:
        policy.choose_for_budget(arguments.budget)
        where = FITTED
    else:
        expected = f"--outcomes, for limits other than --budget in {policy.cost_kind}"
        raise UsageError(error_text("calibrate", expected, "none"))
    content = describe_point(policy)
    print(f"chosen {content['text']}, figures of {where}")
    return content


def figures_of(
    policy: _core.Policy, table: _core.OutcomeTable, arguments: argparse.Namespace
) -> str:
    """Return on what inputs the chosen point's accuracy stands, and how certain it is."""
    found = _core.evaluate(policy, table, arguments.seed)
    interval = found.accuracy.interval
    return (
        f"these {inputs_text(found.inputs, found.groups)}, of {measure_of(table).mean} the 95 % "
        f"interval {interval_text((interval.low, interval.high))}"
    )


def parse_share(text: str) -> tuple[str, float]:
    """Return ``MODEL=SHARE`` as a pair.

    Raises:
        UsageError: another form, or a share outside [0, 1].

    """
    name, value = named_value(text)
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not name or not 0 <= share <= 1:
        raise UsageError(error_text("--share", "MODEL=SHARE with a share of 0 to 1", text))
    return name, share


def drift_monitor(
    policy: _core.Policy, table: _core.OutcomeTable, arguments: argparse.Namespace
) -> _core.DriftMonitor:
    """Return a monitor that compares inputs with those of ``table``.

    Raises:
        ValueError: other models.

    """
    values = _core.monitored_values(policy, table)
    return _core.DriftMonitor(
        values, policy.version, alpha=arguments.false_alarms, seed=arguments.seed
    )


def promise(
    policy: _core.Policy, table: _core.OutcomeTable | None, arguments: argparse.Namespace
) -> dict[str, object]:
    """Choose the cheapest point that keeps the promise.

    Raises:
        UsageError: no table.
        UserError: these inputs do not support the promise.

    """
    if table is None:
        raise UsageError(error_text("--drop", "--outcomes with inputs not seen yet", "none"))
    drop, delta = arguments.drop / 100, 1 - arguments.confidence / 100
    found = _core.certify(policy, table, drop=drop, delta=delta, seed=arguments.seed)
    wanted = (
        f"at most {arguments.drop:g} points below {policy.models[policy.best_single]}, "
        f"{arguments.confidence:g} % sure"
    )
    if found.point is None:
        raise _too_few(wanted, found, "a policy that loses less")
    policy.choose(found.point)
    content = describe_point(policy)
    share = cost_share(found.point.cost, found.reference_cost)
    print(f"promised: {wanted}, at {of_its_cost_text(share)}")
    print(f"chosen {content['text']}, figures of {figures_of(policy, table, arguments)}")
    counts = {"inputs": found.inputs, "groups": found.groups}
    return {**content, **counts, "drop": drop, "delta": delta, "cost_share": share}


def abstain(
    policy: _core.Policy, table: _core.OutcomeTable | None, arguments: argparse.Namespace
) -> dict[str, object]:
    """Choose which answers of the chosen point are left to a person.

    Raises:
        UsageError: no table.
        UserError: these inputs do not support the promise.

    """
    if table is None:
        raise UsageError(error_text("--abstain", "--outcomes with inputs not seen yet", "none"))
    wanted, delta = arguments.abstain, arguments.delta
    found = _core.find_abstention(policy, table, wanted, delta, arguments.seed)
    figure = measure_of(table).figure
    of_answered = figure.format(f"{100 * wanted:g} %")
    text = f"{of_answered} of those answered, with probability {1 - delta:g}"
    stands_on = inputs_text(found.inputs, found.groups)
    if found.abstention is None:
        raise _too_few(text, found, "surer answers")
    policy.abstain(found.abstention)
    content = describe_point(policy)
    answered = _core.evaluate_answered(policy, table, arguments.seed)
    assert answered is not None  # of a policy that abstains
    interval = answered.accuracy.interval
    left = "none"
    if found.abstention.coverage < 1:
        left = f"those of confidence below {found.abstention.threshold:.4g}"
    print(f"promised: at least {text}, by {stands_on}")
    print(
        f"answers {percent_text(found.abstention.coverage, 1)} of them, "
        f"{figure.format(percent_text(found.abstention.accuracy))} (95 % interval "
        f"{interval_text((interval.low, interval.high))}; {percent_text(found.accuracy)} of all), "
        f"and leaves {left} to a person"
    )
    return content


def _too_few(wanted: str, found: _core.Guarantee | _core.Abstaining, otherwise: str) -> UserError:
    """Return what it would take to promise what these inputs do not support."""
    more = (
        f"about {found.inputs_needed:,} labelled inputs"
        if found.inputs_needed
        else f"{otherwise}: no number of inputs"
    )
    text = f"{inputs_text(found.inputs, found.groups)}: would take {more}"
    return UserError(error_text("calibrate", wanted, text))
