"""How Sphinx writes the site; `website.py` gathers its pages. Formulas are MathML of our own, so that no script sets them."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util import logging

from symbackprop import __version__
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.read_latex import FormulaError, parse

project = author = "symbackprop"
copyright = f"2026, {author} developers"
release = version = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]
smartquotes_action = "qe"  # two dashes are an option
html_theme = "furo"
html_title = f"symbackprop {release}"
html_css_files = ["own.css"]
html_math_renderer = "own"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2d4f7c", "color-brand-content": "#2d4f7c"},
    "dark_css_variables": {"color-brand-primary": "#93b7e8", "color-brand-content": "#93b7e8"},
}
suppress_warnings = ["misc.highlighting_failure"]  # a network is Python in form, but for the loops


def formula(latex: str, where: nodes.Node, display: bool) -> str:
    """A formula as MathML; one that cannot be read is a warning with its place, which ends the build."""
    try:
        return mathml(parse(latex.strip()), display)
    except FormulaError as fault:
        logging.getLogger(__name__).warning("%s", fault, location=where)
        return ""


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    writer.body.append(formula(node.astext(), node, False))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself."""
    writer.body.append(f'<div class="formula">{formula(node.astext(), node, True)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx how formulas are written."""
    app.add_html_math_renderer("own", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
