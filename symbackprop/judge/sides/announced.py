r"""Formulas that a sentence says to be a derivative of the loss, "the gradient is ...", as claims of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import tensor_named, tensor_of
from symbackprop.judge.texts.announced import MARK
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.side import word_of

Step = tuple[str, Any, str]

_MARKED = re.compile(rf"\\{MARK}\{{(?P<kind>\w+)\}}\{{(?P<wrt>.*?)\}}\{{(?P<of>[^{{}}]*)\}}\{{(?P<sure>\w*)\}} = ", re.DOTALL)
_ROWS = re.compile(r"\s*(?:\\left\s*)?(?:\\begin\{[a-z]*matrix\}|\((?=[^()]*,))")


def as_announced(truth: Truth, steps: Sequence[Step]) -> tuple[list[Step], set[str]]:
    """The steps, in which what a sentence says to be a derivative of the loss says that itself; and those of no sure sentence.

    A sentence that says neither of what nor by what may be about another function: no claim of it is wrong by that.
    """
    out, unsure = list[Step](), set[str]()
    for name, claim, what in steps:
        found = _MARKED.search(claim) if isinstance(claim, str) else None
        if found is None:
            out.append((name, claim, what))
            continue
        own, value = claim[: found.start()].rstrip("= "), claim[found.end() :]
        derived = _derivative(truth, found, _ROWS.match(value) is not None)
        parts = [part for part in (own, derived, value) if part]
        if len(parts) > 1:
            out.append((own or derived, reworded(claim, " = ".join(parts)), what))
        if derived and not found["sure"]:
            unsure.add(" = ".join(parts))
    return out, unsure


def _derivative(truth: Truth, found: re.Match[str], by_all: bool) -> str:
    """A derivative that a sentence speaks of; "" where it is none of the loss, or by nobody knows what.

    by_all   whether what it is has a row for each parameter.
    """
    if found["of"] and tensor_named(truth, found["of"].partition("(")[0]) != truth.of:
        return ""
    of, by = latex(parse_name(truth.of).formula()), found["wrt"] or _one_parameter(truth)
    if not by and by_all:
        return rf"\nabla {of}" if found["kind"] == "gradient" else rf"\nabla^2 {of}"
    word = word_of(by) if by else None
    if word is None or (tensor_of(truth, word) or tensor_of(truth, replace(word, sub=(), sup=()))) is None:
        return ""
    if found["kind"] == "hessian":
        own = tensor_of(truth, word) or tensor_of(truth, replace(word, sub=(), sup=()))
        is_number = own is not None and not truth.program.shape(own)
        whole = rf"\frac{{\partial^2 {of}}}{{\partial {by}^2}}" if is_number else rf"\nabla^2_{{{by}}} {of}"
        return whole if found["wrt"] else rf"\nabla^2 {of}"
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def _one_parameter(truth: Truth) -> str:
    """The one parameter of a network, as it is set; "" where there are several."""
    several = [t.name for t in truth.program.inputs if t.kind == "parameter"]
    return latex(parse_name(several[0]).formula()) if len(several) == 1 else ""
