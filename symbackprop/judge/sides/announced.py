r"""Formulas that a sentence says to be a derivative of the loss, "the gradient is ...", as claims of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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

_MARKED = re.compile(rf"\\{MARK}\{{(?P<kind>\w+)\}}\{{(?P<wrt>.*?)\}}\{{(?P<of>[^{{}}]*)\}} = ", re.DOTALL)
_ROWS = re.compile(r"\s*(?:\\left\s*)?(?:\\begin\{[a-z]*matrix\}|\((?=[^()]*,))")


def as_announced(truth: Truth, steps: Sequence[Step]) -> Iterator[Step]:
    """The steps, in which what a sentence says to be a derivative of the loss says that itself."""
    for name, claim, what in steps:
        found = _MARKED.search(claim) if isinstance(claim, str) else None
        if found is None:
            yield name, claim, what
            continue
        own, value = claim[: found.start()].rstrip("= "), claim[found.end() :]
        derived = _derivative(truth, found, _ROWS.match(value) is not None)
        parts = [part for part in (own, derived, value) if part]
        if len(parts) > 1:
            yield own or derived, reworded(claim, " = ".join(parts)), what


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
        return rf"\nabla^2 {of}" if not found["wrt"] else ""
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def _one_parameter(truth: Truth) -> str:
    """The one parameter of a network, as it is set; "" where there are several."""
    several = [t.name for t in truth.program.inputs if t.kind == "parameter"]
    return latex(parse_name(several[0]).formula()) if len(several) == 1 else ""
