"""What is known of a derivation before any line is written shorter: the network, and every gradient as the chain rule writes it."""

from __future__ import annotations

from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.united import united
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.documents import modes
from symbackprop.documents.document import Content, Document, Formula, FormulaRows, Paragraph, Section
from symbackprop.documents.folded import folded
from symbackprop.documents.steps import is_shown, report
from symbackprop.formulas.told import told


def at_once(derived: Derivation, title: Content = "", lang: str = "en") -> Document:
    """The equations of the network and those of the chain rule, a row each; the box, the steps and the check are still to come."""
    known = report(derived, title, detail="brief", lang=lang)
    names = Names(derived.program)
    backward, _ = united(derived, softmaxes(names).named)
    rows = tuple(folded([Formula(equation_formula(names, equation)) for equation in backward if is_shown(equation)]))
    passed = (
        Section(modes.pass_heading(derived)),
        Paragraph(told("As the chain rule writes it, equation by equation; shorter lines and the steps are on their way.")),
        FormulaRows(rows),
    )
    return Document(known.title, (*known.blocks, *passed), lang)
