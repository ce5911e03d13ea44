"""A gradient on the way as one formula over others, which is proved before it is shown."""

from __future__ import annotations

from collections.abc import Collection

from symbackprop.core.derivation import Derivation
from symbackprop.display.box import line_formula
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.formulas.tree import Node
from symbackprop.judge.proofs.proved import proved_line


def said(derivation: Derivation, name: str, over: Collection[str], names: Names) -> Node | None:
    """A gradient over the author's values and the gradients `over`, in some names; None where no formula is proved."""
    line = proved_line(derivation, name, over)
    return None if line is None or line.form is None else line_formula(Printer(names), line)
