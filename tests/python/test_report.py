import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from muxnet.base.words import compared_text
from muxnet.run import report, result_tables
from muxnet.run.verdict import accuracy_at, collapse_warnings, verdict
from muxnet.training import results

PICTURES = {"accuracy_cost": b"\x89PNG one", "called": b"\x89PNG two"}


class Page(HTMLParser):
    """Collects text, what an element would load, and tags left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_of(data: dict[str, Any]) -> Page:
    return Page(report.html(results.from_dict(data), PICTURES))


def test_the_report_is_well_formed_and_self_contained(results_dict: dict[str, Any]) -> None:
    html = report.html(results.from_dict(results_dict), PICTURES)
    page = Page(html)
    assert page.open == []
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert len(page.loaded) == 2
    assert all(source.startswith("data:image/png;base64,") for source in page.loaded)
    assert not re.search(r"https?:|url\(|@import", html)


def test_the_report_holds_every_number_of_the_tables(results_dict: dict[str, Any]) -> None:
    found = results.from_dict(results_dict)
    text = page_of(results_dict).text
    for table in (result_tables.model_table(found), result_tables.policy_table(found)):
        for row in table.rows:
            assert " ".join(row) in text
    for number in ("12.5 %", "+0.42", "0.21 to 0.64", "-0.75", "0.144", "0.474", "Invented CPU"):
        assert number in text
    assert "A warning in words." in text


def test_names_are_escaped(results_dict: dict[str, Any]) -> None:
    results_dict["models"][0]["name"] = "<script>alert(1)</script>"
    results_dict["dataset"] = 'a"<b>'
    results_dict["warnings"] = ["<img src=x>"]
    html = report.html(results.from_dict(results_dict), PICTURES)
    assert "<script>" not in html
    assert "<img src=x>" not in html
    assert "<b>" not in html


def test_the_papers_way_is_labelled(results_dict: dict[str, Any]) -> None:
    assert "paper’s way" not in page_of(results_dict).text
    results_dict["data"]["router_data"] = "train"
    assert "The paper’s way:" in page_of(results_dict).text


def comparisons(random: list[float], cascade: list[float]) -> list[dict[str, Any]]:
    return [
        {
            "policy": "hybrid_single",
            "against": name,
            "cost": 7.9e6,
            "difference": sum(interval) / 2,
            "interval": interval,
        }
        for name, interval in (("random_mixing", random), ("cascade", cascade))
    ]


@pytest.mark.parametrize(
    ("random", "cascade", "kind", "headline"),
    [
        ([0.001, 0.01], [0.001, 0.01], "gain", "Multiplexing pays here"),
        ([0.001, 0.01], [-0.002, 0.003], "gain", "Multiplexing pays here"),
        ([0.001, 0.01], [-0.01, -0.001], "unclear", "It pays, but a plain cascade pays more"),
        ([-0.001, 0.01], [-0.01, 0.01], "unclear", "No gain shown"),
        ([-0.01, 0.001], [-0.01, 0.01], "none", "No gain from multiplexing"),
        ([-0.02, -0.01], [0.001, 0.01], "none", "No gain from multiplexing"),
    ],
)
def test_the_verdict_is_honest(
    results_dict: dict[str, Any],
    random: list[float],
    cascade: list[float],
    kind: str,
    headline: str,
) -> None:
    results_dict["comparisons"] = comparisons(random, cascade)
    outcome = verdict(results.from_dict(results_dict))
    assert outcome.kind == kind
    assert outcome.headline.startswith(headline)
    assert len(outcome.sentences) == 3
    assert headline in page_of(results_dict).text


def test_the_verdict_without_paired_comparisons_uses_the_curves(
    results_dict: dict[str, Any],
) -> None:
    results_dict["comparisons"] = []
    outcome = verdict(results.from_dict(results_dict))
    assert outcome.kind in ("gain", "unclear")
    assert "drawn at random" in outcome.sentences[1]


def test_a_hybrid_that_costs_more_is_not_called_cheaper(results_dict: dict[str, Any]) -> None:
    results_dict["policies"][1]["cost"] = 30e6
    sentence = verdict(results.from_dict(results_dict)).sentences[0]
    assert "140 % as much as the best single model alone (30.0 M MACs against " in sentence


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (0.0, "less than 1 % as much as"),
        (0.4, "less than 1 % as much as"),
        (1.0, "1 % as much as"),
        (34.5, "34 % as much as"),
        (99.0, "99 % as much as"),
        (99.6, "as much as"),
        (100.0, "as much as"),
        (100.4, "as much as"),
        (101.0, "101 % as much as"),
        (199.0, "199 % as much as"),
        (200.0, "2 times as much as"),
        (1e6, "10,000 times as much as"),
    ],
)
def test_costs_are_compared_in_words_that_hold(
    results_dict: dict[str, Any], cost: float, words: str
) -> None:
    assert compared_text(cost, 100.0) == words
    results_dict["policies"][0]["cost"] = 100.0
    results_dict["policies"][1]["cost"] = cost
    sentence = verdict(results.from_dict(results_dict)).sentences[0]
    assert f"costs {words} the best single model alone" in sentence


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ([0.002, 0.006], "answers 0.40 points fewer right (95 % interval 0.20 to 0.60)."),
        ([-0.006, -0.002], "answers 0.40 points more right (95 % interval 0.20 to 0.60)."),
        ([-0.002, 0.006], "fewer right, which may be chance (95 % interval -0.60 to 0.20)."),
        ([-0.00001, 0.00001], "answers as many right, which may be chance (95 % interval 0.00 to"),
        ([0.0, 0.0], "answers as many right."),
    ],
)
def test_other_ways_are_compared_in_words_that_hold(
    results_dict: dict[str, Any], interval: list[float], words: str
) -> None:
    results_dict["comparisons"] = comparisons(interval, [0.0, 0.0])
    _, random, cascade = verdict(results.from_dict(results_dict)).sentences
    assert words in random
    assert cascade.endswith("at the same cost answers as many right.")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("macs", "7.90 M MACs against 21.4 M MACs per input"),
        ("latency_ms", "7.90 M ms against 21.4 M ms per input"),
        ("dollars", "7.90 M dollars against 21.4 M dollars per input"),
        ("cost", "7.90 M against 21.4 M per input"),
    ],
)
def test_costs_are_said_with_their_kind(
    results_dict: dict[str, Any], kind: str, words: str
) -> None:
    results_dict["cost_kind"] = kind
    assert words in verdict(results.from_dict(results_dict)).sentences[0]


def test_accuracy_between_points() -> None:
    points = (results.CurvePoint(1.0, 0.5), results.CurvePoint(3.0, 0.7))
    assert accuracy_at(points, 2.0) == pytest.approx(0.6)
    assert accuracy_at(points, 0.1) == 0.5
    assert accuracy_at(points, 9.0) == 0.7


def test_collapses_are_said_in_words() -> None:
    assert collapse_warnings(["a", "b"], [0.995, 0.005]) == [
        "The multiplexer collapsed: it calls a for 99.5 % of the inputs whatever they show, so it "
        "decides nothing."
    ]
    assert collapse_warnings(["a", "b"], [0.9, 0.1]) == []


def test_the_terminal_table_is_plain_where_there_is_no_terminal(
    results_dict: dict[str, Any],
) -> None:
    results_dict["models"][0]["name"] = "[red]odd[/red]"
    stream = io.StringIO()
    result_tables.print_results(results.from_dict(results_dict), stream)
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "[red]odd[/red]" in text
    assert "hybrid-single" in text
    assert "It pays, but a plain cascade pays more." in text
    assert "warning: A warning in words." in text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "drawn"), [("120", True), ("60", False)])
def test_a_terminal_never_cuts_numbers(
    results_dict: dict[str, Any], monkeypatch: pytest.MonkeyPatch, columns: str, drawn: bool
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    found = results.from_dict(results_dict)
    result_tables.print_results(found, stream)
    text = stream.getvalue()
    assert ("─" in text) == drawn
    assert "…" not in text
    for row in result_tables.model_table(found).rows:
        assert all(cell in text for cell in row)
