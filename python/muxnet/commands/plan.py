"""``muxnet plan``: how many replicas of each model a load wants, and what they cost, on paper."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from muxnet.base.errors import UsageError, error_text
from muxnet.base.files import write_bytes, write_json
from muxnet.base.locks import sole_folder
from muxnet.base.run_folder import RunFolder
from muxnet.base.schema import to_dict
from muxnet.base.tables import print_table
from muxnet.base.words import busy_text, inputs_text
from muxnet.commands.options import integer, number
from muxnet.commands.reading import add_reading_options, tables_of
from muxnet.commands.scored import add_scored_inputs, scored_table
from muxnet.outcomes.class_order import known_to_policy
from muxnet.outcomes.table_files import part_to_evaluate

if TYPE_CHECKING:
    from muxnet.base.compiled import _core
    from muxnet.plan.arrivals import Arrivals
    from muxnet.plan.gears import Wish
    from muxnet.plan.given import Latencies
    from muxnet.plan.planning import Plan, Wanted
    from muxnet.plan.simulation import Failures

HELP = "plan a fleet on paper: replicas of each model for a p99, and what they cost"
INTERRUPTED = "nothing was left"

RATES = (10, 1_000_000)  # that can be planned for
DECADES = "10,100,1000,10000,100000,1000000"
HOURS = 3600.0
LEAST_MTBF = 1 / HOURS  # of shorter ones a simulation would do nothing but fail


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``muxnet plan``."""
    parser.add_argument("router", type=Path, help="folder of muxnet fit, or of a finished run")
    parser.add_argument("--policy", default="", metavar="NAME", help="of a run's policies")
    parser.add_argument(
        "--outcomes",
        type=Path,
        metavar="TABLE",
        help="answers to inputs that the router has not seen (default: the run's test part)",
    )
    add_scored_inputs(parser)
    add_reading_options(parser)
    _add_load(parser)
    _add_models(parser)
    parser.add_argument(
        "--requests", type=integer(100), default=20_000, help="to simulate, at least"
    )
    parser.add_argument(
        "--seed", type=integer(), default=0, help="of the simulation and the intervals"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("plan"), help="folder for plan.json and two pictures"
    )


def _add_load(parser: argparse.ArgumentParser) -> None:
    load = parser.add_argument_group("load")
    load.add_argument(
        "--rate",
        type=number(*RATES),
        help="requests a second, 10 to a million (default: the trace's)",
    )
    load.add_argument(
        "--arrivals",
        type=Path,
        metavar="FILE",
        help="when requests came, a number of seconds a line (default: at random)",
    )
    load.add_argument("--p99", type=number(above=0), required=True, metavar="MS", help="to hold")
    load.add_argument(
        "--accuracy",
        type=number(0, 1),
        metavar="SHARE",
        help="take the cheapest operating point that was as accurate on the held-out inputs",
    )
    _add_gears(load)
    load.add_argument(
        "--rates",
        default=DECADES,
        metavar="RATE,...",
        help="of the picture of replicas against rate; none for no picture",
    )


def _add_gears(load: argparse._ArgumentGroup) -> None:
    load.add_argument(
        "--target-ms",
        type=number(above=0),
        metavar="MS",
        help="cheaper operating points under load, as muxnet serve --target-ms; with --together",
    )
    load.add_argument(
        "--mean-accuracy",
        type=number(0, 1),
        metavar="SHARE",
        help="that all answers must have on average then, by the points' held-out accuracies",
    )
    load.add_argument(
        "--least-accuracy",
        type=number(0, 1),
        default=0.0,
        metavar="SHARE",
        help="of a point, for load to choose it",
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    models = parser.add_argument_group("models")
    models.add_argument(
        "--latency",
        metavar="NAME=MS,...",
        help="of one input; NAME=FIXED+PER_INPUT of batches; or a JSON file, which may hold "
        "measured pairs {NAME: [[INPUTS, MS], ...]} (default: as the run or the table measured)",
    )
    models.add_argument(
        "--run", type=Path, metavar="RUN", help="whose latencies those are (default: the router's)"
    )
    models.add_argument(
        "--measure", action="store_true", help="measure batches of the run's networks here, now"
    )
    models.add_argument("--batch", type=integer(1), default=32, help="most inputs of a batch")
    models.add_argument(
        "--overhead", type=number(0), default=0.0, metavar="MS", help="of each request"
    )
    models.add_argument(
        "--together",
        action="store_true",
        help="each replica hosts all models, as a muxnet serve with one worker does",
    )
    models.add_argument(
        "--price-per-hour",
        default="1",
        metavar="NAME=PRICE,...",
        help="of a replica, in any unit; one number for all alike",
    )
    models.add_argument(
        "--mtbf",
        type=number(above=0),
        metavar="HOURS",
        help="between failures of a replica, from a second on",
    )
    models.add_argument(
        "--mttr", type=number(above=0), metavar="HOURS", help="until a replica is repaired"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Plan, print and draw, and return the exit status."""
    from muxnet.plan.planning import choose_accuracy, plan
    from muxnet.plan.report import replica_table, sentences, side_table
    from muxnet.pool.router_policy import load_policy

    policy = load_policy(arguments.router, arguments.policy)
    if arguments.accuracy is not None:
        choose_accuracy(policy, arguments.accuracy)
    table = _table(policy, arguments)
    with sole_folder(arguments.out):
        found = plan(policy, table, _wanted(table, arguments))
        print(f"{policy.name}: routes of {inputs_text(found.inputs, found.groups)}")
        for entry in (replica_table(found), side_table(found)):
            print_table(entry)
        for sentence in sentences(found):
            print(sentence)
        _leave(found, arguments)
    return 0


def _leave(found: Plan, arguments: argparse.Namespace) -> None:
    from muxnet.plan.figures import pictures

    content = {**to_dict(found), "ratio": found.ratio}
    targets = [arguments.out / "plan.json", getattr(arguments, "json_file", None)]
    for target in filter(None, targets):
        write_json(target, content)
    for name, picture in pictures(found).items():
        write_bytes(arguments.out / f"{name}.png", picture)
    print(f"done: {arguments.out}")


def _table(policy: _core.Policy, arguments: argparse.Namespace) -> _core.OutcomeTable:
    source = arguments.outcomes
    if source is None and RunFolder(arguments.router).finished:
        source = arguments.router
    if source is None:
        expected = "a table of answers to inputs that the router has not seen"
        raise UsageError(error_text("--outcomes", expected, "none"))
    parts = tables_of(source, arguments, known_to_policy(policy))
    return scored_table(part_to_evaluate(parts), policy, arguments)


def _wanted(table: _core.OutcomeTable, arguments: argparse.Namespace) -> Wanted:
    from muxnet.plan.given import parse_prices
    from muxnet.plan.planning import ALL, Wanted
    from muxnet.plan.sizing import Options

    options = Options(
        p99_ms=arguments.p99,
        requests=arguments.requests,
        seed=arguments.seed,
        overhead_ms=arguments.overhead,
        failures=_failures(arguments),
    )
    latencies = _latencies(table, arguments)
    priced = (ALL,) if arguments.together else tuple(latencies)
    return Wanted(
        _arrivals(arguments),
        options,
        latencies,
        parse_prices(arguments.price_per_hour, priced),
        arguments.batch,
        arguments.together,
        _load(arguments),
        _rates(arguments.rates),
    )


def _load(arguments: argparse.Namespace) -> Wish | None:
    from muxnet.plan.gears import Wish

    target, mean, least = arguments.target_ms, arguments.mean_accuracy, arguments.least_accuracy
    if target is None:
        if mean is not None or least:
            raise UsageError(error_text("--mean-accuracy", "--target-ms beside it", "none"))
        return None
    if not arguments.together or mean is None:
        expected = "--together and --mean-accuracy beside it"
        raise UsageError(error_text("--target-ms", expected, "not both"))
    return Wish(target, mean, least)


def _latencies(table: _core.OutcomeTable, arguments: argparse.Namespace) -> Latencies:
    from muxnet.plan.given import parse_latencies
    from muxnet.plan.measuring import measure, recorded

    if arguments.measure:
        latencies, slowdown = measure(arguments.run or arguments.router, arguments.batch)
        if text := busy_text(slowdown):
            print(text)
        return latencies
    if arguments.latency:
        return parse_latencies(arguments.latency)
    return recorded(arguments.run or arguments.router, table)


def _arrivals(arguments: argparse.Namespace) -> Arrivals:
    from muxnet.plan.arrivals import Arrivals, read_trace

    rate = arguments.rate
    if arguments.arrivals is None:
        if rate is None:
            raise UsageError(error_text("--rate", "requests a second, or --arrivals", "neither"))
        return Arrivals(rate)
    trace = read_trace(arguments.arrivals)
    return trace if rate is None else trace.at(rate)


def _rates(text: str) -> tuple[float, ...]:
    items = [] if text == "none" else text.split(",")
    return tuple(sorted({_rate(item) for item in items}))


def _rate(said: str) -> float:
    try:
        rate = float(said)
    except ValueError:
        rate = 0.0
    if not RATES[0] <= rate <= RATES[1]:
        expected = f"{RATES[0]} to {RATES[1]:,} requests a second"
        raise UsageError(error_text("--rates", expected, said))
    return rate


def _failures(arguments: argparse.Namespace) -> Failures | None:
    from muxnet.plan.simulation import Failures

    mtbf, mttr = arguments.mtbf, arguments.mttr
    if mtbf is None and mttr is None:
        return None
    if mtbf is None or mttr is None or not mttr < mtbf or mtbf < LEAST_MTBF:
        expected = "--mtbf and --mttr, in hours, the first of them the larger and a second or more"
        raise UsageError(error_text("--mtbf, --mttr", expected, f"{mtbf}, {mttr}"))
    return Failures(mtbf * HOURS, mttr * HOURS)
