r"""Derivatives of one step of a loop by another: \frac{\partial s_t}{\partial s_{t-1}} = \mathrm{diag}(1 - s_t^2) U."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.formulas.told import Formula, told
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.steps.known import Known
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, Claim, context_of, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import value
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.bracketed import last_side
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.statements import split
from symbackprop.notation.claims.steps import below
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.claims.words import Names, described

POINTS = 6  # at which a claim is held against the truth
FREE = "QGHMBAFKRDN"  # letters for what a claim says at a step


class AtStep(NamedTuple):
    """A tensor at a step: its name, the letter of the step and what is added to it, and the indices of its entries."""

    name: str
    letter: str
    shift: int
    entries: str


class Sides(NamedTuple):
    """What is differentiated at which step, and by what."""

    of: AtStep
    wrt: AtStep


def step_jacobian(judge: Judge, known: Known, name: str, claim: Any) -> Judged | None:
    """The verdict on a claim about the derivative of one step by another; None for any other claim."""
    truth = judge.truth
    sides = _sides(truth, known, claim) if truth.loops and isinstance(claim, str) else None
    if sides is None:
        return None
    of, wrt = sides
    asked = about(truth, name, of.name, wrt.name)
    asked = Asked(name, of.name, wrt.name, asked.rank, Formula(f"{asked.text} at steps", written(name).node))
    right = last_side(claim)
    entries = f"_{{{of.entries}{wrt.entries}}}" if of.entries or wrt.entries else ""
    own = next(c for c in FREE if c not in truth.program.tensors and c not in claim)
    try:
        found = read(rf"{own}^{{({of.letter})}}{entries} = {right}", truth, truth.of, None, judge.symbols, known.said)
    except SymbackpropError as fault:
        return Judged(name, asked, "not understood", told("{}", str(fault)))
    if found.unknown:
        return Judged(name, asked, "undecided", told("what is {}?", ", ".join(found.unknown)))
    return _weighed(truth, known, sides, found, asked)


def _weighed(truth: Truth, known: Known, sides: Sides, found: Claim, asked: Asked) -> Judged:
    about_it = {"formulas": found.formulas, "points": POINTS}
    outcomes = {_outcome(truth, known, sides, reading.program) for reading in found.readings}
    if "right" in outcomes:
        return Judged(asked.name, asked, "right, numeric", **about_it)
    if "diagonal" in outcomes:
        said = told("{} is taken entry by entry", asked.shown)
        return Judged(asked.name, asked, "right, numeric", remarks=(said,), **about_it)
    if "turned" in outcomes:
        why = told("it is the transpose of the derivative; to make it right, transpose it")
        return Judged(asked.name, asked, "up to convention", why, **about_it)
    if outcomes == {"shape"}:
        return Judged(asked.name, asked, "wrong shape", **about_it)
    return Judged(asked.name, asked, "wrong" if "wrong" in outcomes else "undecided", **about_it)


def _outcome(truth: Truth, known: Known, sides: Sides, program: Any) -> str:
    """How a claim compares with the derivative, at all steps that have both ends."""
    derived = truth.derived(sides.wrt.name, sides.of.name)
    outcomes: set[str] = set()
    for place in truth.places.first(POINTS):
        try:
            claimed = value(truth, program, known.written, place, place.values, FLOATS)
            whole = place.of(derived.program)[derived.gradient(sides.wrt.name)]
        except SymbackpropError:
            return "none"
        if not np.isfinite(claimed).all():
            return "none"
        shape = program.shape(CLAIM)
        extent = next(iter(truth.loops.axes[sides.of.name].values())).extent
        held = len(shape) == whole.ndim - 1 or (len(shape) == whole.ndim // 2 and shape[:1] == (extent,))
        outcomes |= {_compared(*pair) for pair in _pairs(truth, sides, claimed, held, whole)}
    order = ("shape", "wrong", "turned", "diagonal", "right")
    return next((one for one in order if one in outcomes), "none")


def _pairs(truth: Truth, sides: Sides, claimed: ndarray, held: bool, whole: ndarray) -> list[tuple[ndarray, ndarray]]:
    """The claim and the derivative at each step; a claim that does not hold steps is the same at all of them."""
    of, wrt = sides
    first = next(iter(truth.loops.axes[of.name]))
    second = truth.program.tensors[of.name].rank + next(iter(truth.loops.axes[wrt.name]))
    blocks = np.moveaxis(whole, (first, second), (0, 1))
    count = blocks.shape[0]
    steps = [t for t in range(count) if 0 <= t + of.shift < count and 0 <= t + wrt.shift < count]
    return [(claimed[t] if held else claimed, blocks[t + of.shift, t + wrt.shift]) for t in steps]


def _compared(claimed: ndarray, true: ndarray) -> str:
    if claimed.shape == true.shape:
        turned = true.ndim == 2 and true.shape[0] == true.shape[1] and close(claimed, true.T)
        return "right" if close(claimed, true) else "turned" if turned else "wrong"
    if true.ndim == 2 and claimed.shape == true.shape[:1] and true.shape[0] == true.shape[1]:
        return "diagonal" if close(np.diag(claimed), true) else "wrong"
    return "turned" if true.ndim == 2 and close(claimed, true.T) else "shape"


def _sides(truth: Truth, known: Known, claim: str) -> Sides | None:
    """What a claim differentiates by what, where both are values of a loop at steps of one letter."""
    if not re.match(r"\s*\\[dt]?frac", claim) or "=" not in claim:
        return None
    try:
        left = split(claim)[0].left
    except Fault:
        return None
    match left:
        case sx.Fraction(over=sx.Partial(of=Word() as of), under=sx.Partial(of=Word() as wrt)):
            pair = _at_step(truth, known, of), _at_step(truth, known, wrt)
        case _:
            return None
    one, other = pair
    if one is None or other is None or one.letter != other.letter or bool(one.entries) != bool(other.entries):
        return None
    return Sides(one, other)


def names_of(truth: Truth, known: Known) -> Names:
    """The names that the network and the steps so far have given."""
    context = context_of(truth, known.said)
    return Names({n: len(shape) for n, shape in context.shapes().items()}, (), {}, context.aliases)


def _at_step(truth: Truth, known: Known, word: Word) -> AtStep | None:
    context = context_of(truth, known.said)
    names = names_of(truth, known)
    marked = below(word)
    found = context.loops.split(marked) if isinstance(marked, Word) else None
    if found is None:
        return None
    own, step, rest = found
    tensor = names.lookup(Word(described(own), word.at)) or names.lookup(own)
    axes = truth.loops.axes.get(tensor.name, {}) if tensor else {}
    if tensor is None or len(axes) != 1:
        return None
    number = context.loops.numbers(step, next(iter(axes.values())))
    if number.letter is None:
        return None
    return AtStep(tensor.name, number.letter, int(number.added), plain(rest).replace(",", ""))
