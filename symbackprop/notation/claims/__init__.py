"""Claims: a gradient that a person derived, in LaTeX, Python text or SymPy, read into a program over the tensors of the network.

text -> tokens -> syntax (products unbracketed) -> senses (names, shapes, costs) -> programs
"""

from symbackprop.notation.claims.claim import Reading, Understood, name_at_step, read_claim
from symbackprop.notation.claims.errors import DoesNotFit, NotUnderstood
from symbackprop.notation.claims.left import Left
from symbackprop.notation.claims.legend import named_blocks
from symbackprop.notation.claims.state import Context
from symbackprop.notation.claims.steps import At
from symbackprop.notation.claims.views import View, Viewed, legend, viewed
from symbackprop.notation.claims.words import by_letters

__all__ = [
    "At",
    "Context",
    "DoesNotFit",
    "Left",
    "NotUnderstood",
    "Reading",
    "Understood",
    "View",
    "Viewed",
    "by_letters",
    "name_at_step",
    "legend",
    "named_blocks",
    "read_claim",
    "viewed",
]
