"""The gradients of a derivation as the table of definitions that a report begins with, each line proved."""

from __future__ import annotations

from functools import partial

from symbackprop.core.derivation import Derivation
from symbackprop.display.box import ShownBox, shown_box
from symbackprop.display.recursion import steps_box
from symbackprop.judge.proofs.held import holds
from symbackprop.judge.proofs.multiplied import proved_products
from symbackprop.judge.proofs.proved import proved_box
from symbackprop.judge.proofs.recursed import proved_steps


def boxed(derivation: Derivation) -> ShownBox:
    """The lines of a derivation: through loops step by step, with products over all steps where they were asked for."""
    if not derivation.is_recursion:
        return shown_box(derivation, proved_box(derivation), partial(holds, derivation))
    steps = proved_steps(derivation)
    return steps_box(derivation, steps, proved_products(derivation, steps) if derivation.product else None)
