"""The paper's Table II for a run, as rows of text."""

from typing import TextIO

from muxnet.base.tables import TextTable, new_console, print_table
from muxnet.base.words import (
    cost_text,
    cost_title,
    count_text,
    interval_text,
    latency_text,
    percent_text,
    policy_title,
)
from muxnet.run.verdict import verdict
from muxnet.training.results import ModelResult, PolicyResult, Results


def model_table(results: Results) -> TextTable:
    """Return the models' half of Table II."""
    columns = (
        "model",
        "parameters",
        cost_title(results.cost_kind),
        "latency ms",
        "accuracy %",
        "95 % interval",
        "called",
    )
    return TextTable("Models", columns, tuple(_model_row(entry) for entry in results.models))


def policy_table(results: Results) -> TextTable:
    """Return the policies' half of Table II, with what each is compared against."""
    columns = (
        "policy",
        cost_title(results.cost_kind),
        "latency ms",
        "accuracy %",
        "95 % interval",
        "models per input",
    )
    return TextTable("Policies", columns, tuple(_policy_row(entry) for entry in results.policies))


def print_results(results: Results, stream: TextIO | None = None) -> None:
    """Print verdict, both tables and warnings; in colour only on a terminal."""
    console = new_console(stream)
    plain = not console.is_terminal
    for table in (model_table(results), policy_table(results)):
        print_table(table, console)
    outcome = verdict(results)
    console.print(f"{outcome.headline}.", style=None if plain else "bold", markup=False)
    for sentence in outcome.sentences:
        console.print(sentence, markup=False)
    for warning in results.warnings:
        console.print(f"warning: {warning}", style=None if plain else "yellow", markup=False)


def _model_row(entry: ModelResult) -> tuple[str, ...]:
    return (
        entry.name,
        count_text(entry.parameters),
        cost_text(entry.cost),
        latency_text(entry.latency_ms),
        percent_text(entry.accuracy)[:-2],
        interval_text(entry.accuracy_interval),
        percent_text(entry.called),
    )


def _policy_row(entry: PolicyResult) -> tuple[str, ...]:
    return (
        policy_title(entry.name),
        cost_text(entry.cost),
        latency_text(entry.latency_ms),
        percent_text(entry.accuracy)[:-2],
        interval_text(entry.accuracy_interval),
        f"{entry.models_per_input:.2f}",
    )
