"""The site: pages in MyST beside this file, and a reference made of docstrings and headers."""

import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE / "reference"), str(ROOT / "bindings")]

import pages  # noqa: E402
import texts  # noqa: E402

project = "muxnet"
author = "the authors of muxnet"
release = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

smartquotes = False  # two dashes begin an option

html_show_copyright = False
html_theme = "furo"
html_title = f"muxnet {release}"
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"

autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
suppress_warnings = ["ref.python"]  # Routed is a name of the core's too
# Of types in signatures the public ones and the core's have to be on a page.
nitpick_ignore_regex = [("py:.*", r"(?!muxnet\.(_core|\w+$)).*")]


def math(translator: nodes.NodeVisitor, node: nodes.Element) -> None:
    """Write an equation as MathML, which browsers show without a script."""
    block = isinstance(node, nodes.math_block)
    translator.body.append(tex2mathml(node.astext(), as_block=block))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Make the reference's pages, and have docstrings of the core read as they are meant."""
    app.add_html_math_renderer("mathml", (math, None), (math, None))
    app.connect("config-inited", lambda app, config: pages.write(HERE / "reference", ROOT))
    app.connect("autodoc-process-docstring", texts.mend)
