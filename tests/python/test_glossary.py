"""Holds every text to the glossary in CONTRIBUTING.md: one word for a notion, one notion a word."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (
    (ROOT / "CONTRIBUTING.md").read_text().partition("## Glossary\n")[2].partition("\n## ")[0]
)

# What is not to be found, in which files, and the glossary's word for it.
BANNED = (
    (r"uses_router", "", "multiplexer"),
    (r"\brouter_costs?\b", "", "multiplexer"),
    (r"\blook_(cost|macs)\b|\blook\(|\.look\b", r"cpp/muxnet/(?!openmp)|bindings|python", "cost"),
    (r"\b(reference|saved)_macs\b", "", "cost"),
    (r"\bmacs\b", r"cpp/muxnet/(protocol|service/(?!deployment))|python/muxnet/serve/m", "cost"),
    (r"\bthreshold_ensemble\b|[\"']argmax[\"']", "", "policy"),
    (r"\bclass_?figures\b|\bCost_?Figures\b|\bFigure\(", r"cpp/|bindings", "quantity"),
    (r"OffloadReason::answered", "", "offloaded"),
    (r"\bSHARES\b|--share\b", "python", "fraction"),
    (r"\bfit_calibration\b|\bcalibrate_multiplexer\b", "", "calibration"),
    (r"\bdeployments?\b", r"cpp/muxnet/cost|python/muxnet/paper", "placement"),
    (r"\breplay_?policy\b|\bmuxnet\.replay\b|\bmuxnet\.records\b", "", "record"),
)
SUFFIXES = {".cpp", ".hpp", ".py", ".pyi", ".md", ".ipynb", ".html", ".txt"}
UNCHECKED = {"CHANGELOG.md", Path(__file__).name}  # the first tells of what was
FOLDERS = ("cpp", "bindings", "python", "tests", "notebooks")


def texts() -> list[tuple[str, str]]:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    paths += ROOT.glob("*.md")
    return [
        (str(path.relative_to(ROOT)), path.read_text())
        for path in sorted(paths)
        if path.suffix in SUFFIXES and path.name not in UNCHECKED and path.is_file()
    ]


TEXTS = texts()


@pytest.mark.parametrize(("banned", "where", "instead"), BANNED)
def test_a_banned_word_is_nowhere(banned, where, instead):
    assert re.search(rf"^\| [^|]*\*\*{instead}", GLOSSARY, re.M), f"the glossary says {instead}"
    wrong = [
        f"{name}: {found.group()}"
        for name, text in TEXTS
        if re.search(where, name)
        for found in re.finditer(banned, text)
    ]
    assert not wrong


def test_a_banned_word_would_be_found():
    assert len(TEXTS) > 400
    assert any(re.search(r"\buses_multiplexer\b", text) for _, text in TEXTS)
