"""Steps of code on the way to gradients that are right: what nobody asked for is judged by what is made of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

from symbackprop.formulas.told import told
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.identifiers import names_in


def as_used(truth: Truth, judged: Sequence[Judged], claims: Iterable[tuple[str, Any]]) -> tuple[Judged, ...]:
    """The verdicts; a step of code that is not read, or has the other sign, is a name where right gradients alone are made of it.

    claims   their names and what they say.
    """
    claims = list(claims)
    code = {(name, str(claim)): claim.whole for name, claim in claims if isinstance(claim, Code) and claim.whole}
    right, other = set[str](), set[str]()
    for one in judged:
        if _is_asked(truth, one) and (whole := code.get((one.name, one.given), "")):
            (right if one.right else other).update(names_in(ast.parse(whole)))
    given = {name for name, _ in claims}
    slips = {name for (name, _), whole in code.items() if any(_is_slip(truth, own) for own in names_in(ast.parse(whole)) - given)}
    return tuple(_used(one) if not _is_asked(truth, one) and one.name in right - other - slips else one for one in judged)


def _is_asked(truth: Truth, one: Judged) -> bool:
    """Whether a verdict is on a gradient by an input."""
    return one.asked is not None and not one.asked.second and truth.program.tensors[one.asked.wrt].kind != "value"


def _is_slip(truth: Truth, name: str) -> bool:
    """Whether a name that stands nowhere is that of a tensor but for its number, the W3 of W1 and W2."""
    stems = {re.sub(r"\d+$", "", tensor) for tensor in truth.named if re.search(r"\d$", tensor)}
    return name not in truth.program.tensors and bool(re.search(r"\d$", name)) and re.sub(r"\d+$", "", name) in stems


def _used(one: Judged) -> Judged:
    shown = written(one.name)
    if one.kind in ("not understood", "undecided"):
        note = told("{} is not read by itself: the gradients that are made of it are right", shown)
    elif one.convention is not None and one.convention.kinds == ("sign",):
        note = told("{} has the other sign, and what is made of it takes it so", shown)
    else:
        return one
    return Judged(one.name, None, "abbreviation", given=one.given, formulas=one.formulas, remarks=(note,))
