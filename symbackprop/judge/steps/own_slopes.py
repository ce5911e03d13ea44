r"""Slopes of a person's own functions: \phi'(r) behind \phi(t) = \sqrt{t^2 + 1}, and steps that say them, \phi'(t) = ..."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import sympy as sp

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Sum, slot, substituted
from symbackprop.display.body import BodyPrinter
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.own_functions import OwnFunction, functions
from symbackprop.notation.latex.network import read_latex

HIGHEST = 2  # order of a slope
_PRIME = re.compile(r"\^\s*(?:\\prime|\{\s*((?:\\prime\s*)+)\})")
_VALUE = "q"


class Slope(NamedTuple):
    r"""A slope of a function of a person's own, \phi'(t) = ..., as LaTeX.

    head    what stands on its left.
    place   the text that says it; None: it follows from the function.
    said    what it is as a person has it, or as it follows.
    below   the function, or the slope, whose derivative it is, as a person has it.
    letter  by what.
    """

    head: str
    place: int | None
    said: str
    below: str
    letter: str


def primes_as_signs(text: str) -> str:
    r"""A text with \phi'(t) for \phi^\prime(t)."""
    return _PRIME.sub(lambda found: "'" * max(1, (found[1] or "").count(r"\prime")), text)


def slopes_of(texts: Sequence[str], may: Callable[[str], bool]) -> dict[str, list[Slope]]:
    """The slopes of functions that a text defines, of those that any text applies or says; each from what is said before it.

    may   whether a name may be that of such a function.
    """
    own = [one for one in functions(texts, lone=True) if len(one.letters) == 1]
    said = {one.name: one for one in own}
    found: dict[str, list[Slope]] = {}
    for one in own:
        if one.name.endswith("'") or not may(one.name):
            continue
        below, (letter,) = _definition(one, texts), one.letters
        most = max((k for k in range(1, HIGHEST + 1) if any(_applies(text, one.name, k) for text in texts)), default=0)
        for order in range(1, most + 1):
            given = said.get(one.name + "'" * order)
            own_letter = given is not None and given.letters == one.letters
            says = _definition(given, texts) if given is not None and own_letter else _derived(below, letter)
            if says is None:
                break
            head = texts[one.number][one.start :].partition("(")[0].strip() + "'" * order + f"({letter})"
            place = given.number if given and own_letter else None
            found.setdefault(one.name, []).append(Slope(head, place, says, below, letter))
            below = says
    return found


def without_faults(slopes: Sequence[Slope]) -> list[str]:
    """The slopes of one function as they follow from it, whatever a person says of them."""
    found, below = list[str](), slopes[0].below
    for slope in slopes:
        derived = _derived(below, slope.letter)
        below = slope.said if derived is None else derived
        found.append(f"{slope.head} = {below}")
    return found


def judged_slope(judge: Judge, step: str, slope: Slope) -> Judged:
    """The verdict on a step that says a slope, held against the function below it."""
    name, _, right = step.partition("=")
    truth = _truth(slope.below)
    if truth is None or slope.letter not in truth.program.tensors:
        return Judged(name.strip(), None, "abbreviation", given=step)
    one = judge.beside(truth).alone(about(truth, name.strip(), truth.of, slope.letter), right)
    said = Asked(name.strip(), judge.truth.of, judge.truth.of, 0, written(name.strip()))
    return replace(one, name=name.strip(), asked=said, truth=None, given=step)


def _definition(one: OwnFunction, texts: Sequence[str]) -> str:
    """What a function is, as it was written."""
    return texts[one.number][one.right[0].at : one.end].strip(" .,;")


def _applies(text: str, name: str, order: int) -> bool:
    """Whether a text may apply a slope of a function."""
    return re.search(rf"(?:\\|(?<![A-Za-z\\])){re.escape(name)}\s*'{{{order}}}(?!')", text) is not None


def _truth(formula: str) -> Truth | None:
    """A formula as a network; None where it is none."""
    try:
        network = read_latex(f"{_VALUE} = {formula}")
        return Truth(network, network.loss)
    except SymbackpropError:
        return None


def _derived(formula: str, letter: str) -> str | None:
    """The derivative of a formula by a letter, as LaTeX in the letters of the formula; None where it has none."""
    truth = _truth(formula)
    if truth is None or letter not in truth.program.tensors:
        return None
    entries: dict[str, sp.Expr] = {t.name: slot(k) for k, t in enumerate(truth.program.inputs)}
    for e in truth.everything.equations:
        if not isinstance(e.op, Sum) or e.op.over or any(ref.name not in entries for ref in e.operands):
            return None
        entries[e.target.name] = substituted(
            e.op.body, {s: entries[ref.name] for s, ref in zip(e.op.slots, e.operands, strict=True)}
        )
    names = {slot(k): parse_name(t.name).formula() for k, t in enumerate(truth.program.inputs)}
    return latex(BodyPrinter(names).formula(entries[f"d{truth.of}/d{letter}"]))
