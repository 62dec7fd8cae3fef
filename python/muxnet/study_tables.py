"""A study as tables: for the terminal, and for notebooks."""

from html import escape

from muxnet.study_results import SHARES, TOLERANCE, Study
from muxnet.tables import TextTable
from muxnet.words import (
    cost_text,
    cost_title,
    interval_text,
    percent_text,
    points_text,
    policy_title,
)

VERDICTS = {
    "pays": f"Multiplexing pays for these models (within {100 * TOLERANCE:g} points for less).",
    "unclear": "A gain is possible, but not shown by so few inputs.",
    "does not pay": "Multiplexing does not pay for these models.",
}


def model_table(found: Study) -> TextTable:
    """Return the models alone, as text."""
    columns = (
        "model",
        cost_title(found.cost_kind),
        "of the best",
        "accuracy %",
        "only this one right %",
    )
    unit = found.best_single.cost
    rows = tuple(
        (
            model.name,
            cost_text(model.cost),
            percent_text(model.cost / unit, 1),
            percent_text(model.accuracy)[:-2],
            percent_text(model.only_right)[:-2],
        )
        for model in found.models
    )
    return TextTable("Models", columns, rows)


def policy_table(found: Study) -> TextTable:
    """Return accuracy in % at each budget and the area above random mixing, as text."""
    budgets = tuple(f"{100 * share:.0f} %" for share in SHARES)
    columns = ("accuracy % within", *budgets, "area, points", "95 % interval")
    rows = []
    for entry in found.policies:
        cells = [
            "–" if accuracy is None else percent_text(accuracy)[:-2]
            for accuracy in entry.accuracy_at.values()
        ]
        area = "–" if entry.area is None else points_text(entry.area)
        low_high = "–" if entry.area_interval is None else interval_text(entry.area_interval)
        rows.append((policy_title(entry.name), *cells, area, low_high))
    return TextTable("Policies", columns, tuple(rows))


def html(found: Study) -> str:
    """Return both tables and the sentences as HTML."""
    words = [VERDICTS[found.verdict], *found.sentences]
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in words)
    return model_table(found)._repr_html_() + policy_table(found)._repr_html_() + paragraphs
