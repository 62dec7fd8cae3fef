"""``report.html``: one file that a person opens; no script, nothing loaded from elsewhere."""

import base64
import html as markup
import json
import shlex
from importlib import resources

from muxnet.base.tables import TextTable
from muxnet.base.words import (
    busy_text,
    cost_share,
    cost_text,
    cost_title,
    count_text,
    duration_text,
    interval_text,
    latency_text,
    percent_text,
    points_text,
    policy_title,
)
from muxnet.outcomes.reliability import reliability_table
from muxnet.run.figures import FIGURES
from muxnet.run.result_tables import model_table, policy_table
from muxnet.run.verdict import verdict
from muxnet.training.results import MultiplexerResult, Results

CAPTIONS = {
    "accuracy_cost": "Each dot is one way of answering the test inputs. Up is better, left is "
    "cheaper. The multiplexer's own cost is counted wherever it is used.",
    "called": "Called share of each model under each policy. Longer than 1 means that several "
    "models ran on the same input.",
    "hardness": "How many of the models fail on an input, and which model hybrid-single calls "
    "there. A good router calls the dear models where only they are right.",
    "right_wrong": "The paper's Figure 1: what a model can add to another. Where these numbers "
    "are small, no router can gain much.",
    "reliability": "On the diagonal a model is right as often as it is sure, in bins of equally "
    "many test inputs. Policies of a run go by confidences as given.",
    "learning_curves": "Both steps of Algorithm 1. The contrastive loss works when embeddings "
    "are close where both models are right and apart where only one is.",
}
ALTERNATIVES = {
    "accuracy_cost": "Accuracy against cost for all policies",
    "called": "Called share of each model under each policy",
    "hardness": "Histogram of input hardness and what is called at each level",
    "right_wrong": "Matrix of A right, B wrong",
    "reliability": "Accuracy against confidence of each model, before and after calibration",
    "learning_curves": "Learning curves of the models and of the multiplexer",
}


def html(results: Results, pictures: dict[str, bytes]) -> str:
    """Return the report with ``pictures`` (PNG by the names of ``FIGURES``) inside."""
    style = resources.files("muxnet.run").joinpath("report.css").read_text(encoding="utf-8")
    title = f"muxnet: {results.dataset}, seed {results.seed}"
    body = "\n".join(
        (
            _opening(results),
            _warnings(results),
            _tables(results),
            _multiplexer(results),
            "<h2>Figures</h2>",
            *(_figure(name, pictures[name]) for name in FIGURES if name in pictures),
            _learning(results),
            _how_to_repeat(results),
            _glossary(),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _opening(results: Results) -> str:
    outcome = verdict(results)
    data = results.data
    trained = f"{count_text(data.train)} training, " if data.train else ""
    shape = f" of {' × '.join(map(str, data.image_shape))}" if data.image_shape else ""
    facts = (
        f"{_text(results.dataset)} · {data.classes} classes · {trained}"
        f"{count_text(data.held_out)} held-out and {count_text(data.test)} test inputs{shape} · "
        f"seed {results.seed} · {duration_text(results.seconds)}"
    )
    sentences = " ".join(_text(sentence) for sentence in outcome.sentences)
    return (
        f'<header>\n<p class="kicker">{facts}</p>\n'
        f'<h1 class="{outcome.kind}">{_text(outcome.headline)}</h1>\n'
        f'<p class="verdict">{sentences}</p>\n{_router_data(results)}</header>'
    )


def _router_data(results: Results) -> str:
    if not results.data.train:
        return (
            '<p class="fine">The models came trained: the router learnt from '
            f"{count_text(results.data.held_out)} inputs that are taken to be new to them, and the "
            "multiplexer’s scores there are cross-fitted.</p>\n"
        )
    if results.data.router_data == "held_out":
        return (
            f'<p class="fine">The router learnt from {count_text(results.data.held_out)} held-out '
            "inputs that no model was trained on; the thresholds were chosen there too.</p>\n"
        )
    return (
        '<p class="warning"><strong>The paper’s way:</strong> the router learnt from the inputs '
        "that the models were trained on, where they are nearly always right.</p>\n"
    )


def _warnings(results: Results) -> str:
    return "\n".join(f'<p class="warning">{_text(warning)}</p>' for warning in results.warnings)


def _tables(results: Results) -> str:
    notes = [
        f"<li><strong>{_text(policy_title(entry.name))}</strong>: {_text(entry.note)}</li>"
        for entry in results.policies
        if entry.note
    ]
    listed = f'<ul class="fine">{"".join(notes)}</ul>' if notes else ""
    area = results.area_above_random_mixing
    return (
        f"<h2>Models</h2>\n{_table(model_table(results))}\n{_reliability(results)}\n"
        f"<h2>Policies</h2>\n{_table(policy_table(results), ('hybrid', 'offload'))}\n{listed}"
        '<p class="fine">Along its whole curve the multiplexer is '
        f"{points_text(area.value)} points ({interval_text(area.interval)}) from random mixing "
        "of the single models at equal cost, on average. All intervals are 95 % bootstrap "
        f"intervals over the test inputs.</p>\n{_comparisons(results)}{_provenance(results)}"
    )


def _reliability(results: Results) -> str:
    return _table(reliability_table({entry.name: entry.reliability for entry in results.models}))


def _comparisons(results: Results) -> str:
    rows = tuple(
        (
            f"{policy_title(entry.policy)} against {policy_title(entry.against)}",
            cost_text(entry.cost),
            points_text(entry.difference),
            interval_text(entry.interval),
        )
        for entry in results.comparisons
    )
    columns = (
        "at equal cost",
        cost_title(results.cost_kind),
        "difference, points",
        "95 % interval",
    )
    return _table(TextTable("", columns, rows)) if rows else ""


def _provenance(results: Results) -> str:
    kinds: dict[str, list[str]] = {}
    for key, kind in results.provenance.items():
        kinds.setdefault(kind, []).append(key)
    parts = (f"<strong>{_text(k)}</strong>: {_text(', '.join(v))}" for k, v in kinds.items())
    return f'<p class="fine">Where the numbers come from. {"; ".join(parts)}.</p>'


def _multiplexer(results: Results) -> str:
    own = results.multiplexer
    cheapest = min(results.models, key=lambda model: model.cost)
    rows: list[tuple[str, str]] = [
        ("parameters", count_text(own.parameters)),
        (
            cost_title(results.cost_kind),
            f"{cost_text(own.cost)} ({percent_text(cost_share(own.cost, cheapest.cost), 1)} of the "
            f"cheapest model’s, {cheapest.name})",
        ),
        ("latency ms", latency_text(own.latency_ms)),
        ("kind", own.kind),
        *_shape(own),
        ("objective", f"{own.objective}, {own.formulation} formulation, λ = {own.lambda_cost:g}"),
    ]
    if any(value is not None for value in own.auroc):
        named = zip(results.models, own.auroc, strict=False)
        text = ", ".join(f"{m.name} {v:.3f}" for m, v in named if v is not None)
        rows.append(("AUROC of “is right”", text))
    lines = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in rows)
    return f"<h2>Multiplexer</h2>\n<dl>{lines}</dl>"


def _shape(own: MultiplexerResult) -> list[tuple[str, str]]:
    if own.kind != "image":
        return []
    text = f"{own.resolution} × {own.resolution} pixels, {own.width} channels"
    return [("input, width", text)]


def _learning(results: Results) -> str:
    own = results.contrastive
    if own.both_right_distance is None or own.one_right_distance is None:
        return ""
    return (
        f'<p class="fine">Contrastive loss ({_text(own.formulation)}, weight {own.weight:g}): mean '
        f"distance {own.both_right_distance:.3f} where both models are right, "
        f"{own.one_right_distance:.3f} where only one is.</p>"
    )


def _how_to_repeat(results: Results) -> str:
    machine = results.machine
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    command = f"muxnet run --config {shlex.quote('config.json')} --out repeated"
    phases = ", ".join(f"{k} {duration_text(v)}" for k, v in results.seconds_by_phase.items())
    took = f"Took {duration_text(results.seconds)}{': ' + phases if phases else ''}."
    return (
        "<h2>How to repeat this run</h2>\n"
        "<p>In the folder that this report lies in, on the same machine with the same number of "
        f"threads for the same bits:</p>\n<pre>{_text(command)}</pre>\n"
        f'<p class="fine">{_text(busy_text(machine.slowdown))} '
        f"{_text(machine.cpu)}, {machine.threads} threads, "
        f"{_text(machine.system)}; {_text(versions)}. {_text(took)}"
        "</p>\n<details><summary>Configuration</summary>\n"
        f"<pre>{_text(json.dumps(results.config, indent=2))}</pre>\n</details>"
    )


def _glossary() -> str:
    return (
        '<details class="fine"><summary>What the words mean</summary>\n<ul>'
        "<li><strong>MACs</strong>: multiply-accumulates, how much a model computes for one "
        "input.</li>"
        "<li><strong>best single model</strong>: the most accurate model, for every input.</li>"
        "<li><strong>hybrid-single</strong>: the multiplexer picks one model per input.</li>"
        "<li><strong>hybrid-ensemble</strong>: every model whose weight exceeds a threshold; the "
        "answers are averaged.</li>"
        "<li><strong>offload</strong>: one output decides between the small model and the large "
        "one (threshold 0.5).</li>"
        "<li><strong>random mixing</strong>: single models drawn at random, mixed to the same "
        "cost as hybrid-single.</li>"
        "<li><strong>max-softmax cascade</strong>: models from cheap to dear until one is "
        "confident; needs no multiplexer.</li>"
        "<li><strong>learned cascade</strong>: the same, but a regression on all answers so far "
        "says how surely they are right, and their product is the answer.</li>"
        "<li><strong>average ensemble</strong>: all models, averaged.</li>"
        "<li><strong>oracle</strong>: the cheapest model that is right, known afterwards; the "
        "bound.</li></ul></details>"
    )


def _table(table: TextTable, marked: tuple[str, ...] = ()) -> str:
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in table.columns)
    rows = []
    for name, *cells in table.rows:
        kind = ' class="ours"' if marked and name.startswith(marked) else ""
        values = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        rows.append(f'<tr{kind}><th scope="row">{_text(name)}</th>{values}</tr>')
    body = "\n".join(rows)
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _figure(name: str, picture: bytes) -> str:
    data = base64.b64encode(picture).decode("ascii")
    return (
        f'<figure>\n<img alt="{_text(ALTERNATIVES[name])}" src="data:image/png;base64,{data}">\n'
        f"<figcaption>{_text(CAPTIONS[name])}</figcaption>\n</figure>"
    )


def _text(value: str) -> str:
    return markup.escape(value, quote=True)
