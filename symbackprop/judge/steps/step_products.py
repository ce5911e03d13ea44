r"""Derivatives over several steps of a loop, \frac{\partial h_t}{\partial h_k} = \prod_{j=k+1}^t \mathrm{diag}(1 - h_j^2) W."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Carry, Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.formulas.told import Formula, Told, listed, told
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.step_jacobians import FREE, names_of
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import context_of, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import value
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.bracketed import last_side
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.statements import split
from symbackprop.notation.claims.steps import below
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.claims.words import described

POINTS = 8  # at which a claim is held against the truth
_SIGN = r"\s*\\prod\s*(?:\\limits)?\s*"
_UP = re.compile(rf"{_SIGN}_\s*\{{\s*([a-z])\s*=\s*([^{{}}]+)\}}\s*\^\s*(?:\{{([^{{}}]+)\}}|(\w))(.*)", re.DOTALL)
_BETWEEN = re.compile(
    rf"{_SIGN}_\s*\{{([^{{}}<>]+?)(<|>|\\leq?\b|\\geq?\b)([^{{}}<>]+?)(<|>|\\leq?\b|\\geq?\b)([^{{}}<>]+?)\}}(.*)", re.DOTALL
)
_PLACE = re.compile(r"([A-Za-z])?\s*([-+]?\s*\d+)?$")


class Step(NamedTuple):
    """A step as it is written: a letter, the last one (T) or none, and the number that is added."""

    letter: str
    added: int

    def place(self, at: dict[str, int]) -> int:
        """Its place among the steps, of which the first is 0 and number 1."""
        return at[self.letter] + self.added if self.letter else self.added - 1


End = tuple[str, Step]  # a tensor, and the step at which it is
_BEGIN = Step("", 0)


class Product(NamedTuple):
    """A product over steps: its letter, its least and its largest step, and the factor at one."""

    letter: str
    first: Step
    last: Step
    factor: str


def step_product(judge: Judge, known: Known, name: str, claim: Any) -> Judged | None:
    """The verdict on a claim of the derivative over several steps as a product; None for any other claim."""
    truth = judge.truth
    if not (truth.loops and isinstance(claim, str) and r"\prod" in claim):
        return None
    try:
        left, product = split(claim)[0].left, _product(last_side(claim))
    except Fault:
        return None
    ends = _ends(truth, known, left)
    if product is None or ends is None:
        return None
    top, bottom = ends
    of_name, wrt_name = top[0], bottom[0]
    asked = about(truth, name, of_name, wrt_name)
    asked = Asked(name, of_name, wrt_name, asked.rank, Formula(f"{asked.text} at steps", written(name).node))
    own = next(c for c in FREE if c not in truth.program.tensors and c not in claim)
    try:
        found = read(rf"{own}^{{({product.letter})}} = {product.factor}", truth, truth.of, None, judge.symbols, known.said)
    except SymbackpropError as fault:
        return Judged(name, asked, "not understood", told("{}", str(fault)))
    if found.unknown:
        return Judged(name, asked, "undecided", told("what is {}?", ", ".join(found.unknown)))
    ways = {_outcome(known, top, bottom, product, reading.program) for reading in found.readings}
    about_it = {"formulas": found.formulas, "points": POINTS}
    if "right" in ways:
        said = told("the factor of the last step stands first")
        return Judged(name, asked, "right, numeric", remarks=(said,), **about_it)
    if "turned" in ways:
        why = told("it is the transpose of the derivative; to make it right, transpose it")
        return Judged(name, asked, "up to convention", why, **about_it)
    notes = found.readings[0].notes if all(reading.notes for reading in found.readings) else ()
    if "wrong" in ways and not notes:
        return Judged(name, asked, "wrong", **about_it)
    return Judged(name, asked, "undecided", listed(notes, "; ") if notes else Told(), **about_it)  # \phi_j W, of anybody's \phi


def _product(right: str) -> Product | None:
    up = _UP.match(right)
    if up is not None:
        one, other = _step(up[2]), _step(up[3] or up[4])
        if one is None or other is None:
            return None
        falls = one.letter and other.letter and up[2].strip() < (up[3] or up[4]).strip() and one.added <= 0 < other.added
        return Product(up[1], *((other, one) if falls else (one, other)), up[5].strip())
    found = _BETWEEN.match(right)
    if found is None:
        return None
    low, below_it, letter, above_it, high, factor = found.groups()
    if ">" in below_it or "ge" in below_it:
        low, high, below_it, above_it = high, low, above_it, below_it
    first, last = _step(low), _step(high)
    if first is None or last is None or not letter.strip().isalpha():
        return None
    first = first._replace(added=first.added + (below_it in "<>"))
    return Product(letter.strip(), first, last._replace(added=last.added - (above_it in "<>")), factor.strip())


def _step(text: str) -> Step | None:
    found = _PLACE.match(text.strip())
    return Step(found[1] or "", int((found[2] or "0").replace(" ", ""))) if found and (found[1] or found[2]) else None


def _ends(truth: Truth, known: Known, left: Any) -> tuple[End, End] | None:
    """What is differentiated by what, each with its step; h_0 is where the loop starts."""
    match left:
        case sx.Fraction(over=sx.Partial(of=Word() as of), under=sx.Partial(of=Word() as wrt)):
            top, bottom = _end(truth, known, of), _end(truth, known, wrt)
        case _:
            return None
    if top is None:
        return None
    start, named = _start(truth, top[0]), names_of(truth, known).lookup(wrt)
    if start and (bottom == (top[0], _BEGIN) or (named is not None and (named.name, named.index) == (start, ()))):
        return top, (start, _BEGIN)
    return None if bottom is None else (top, bottom)


def _end(truth: Truth, known: Known, word: Word) -> End | None:
    """The tensor of a loop and the step that a word names, h_t, h_{t-1}, h_T, h_0; None where it names none."""
    context = context_of(truth, known.said)
    marked = below(word)
    found = context.loops.split(marked) if isinstance(marked, Word) else None
    if found is None or found[2]:
        return None
    names = names_of(truth, known)
    tensor = names.lookup(Word(described(found[0]), word.at)) or names.lookup(found[0])
    step = _step(plain(found[1]).strip("()"))
    axes = truth.loops.axes.get(tensor.name, {}) if tensor else {}
    return (tensor.name, step) if tensor is not None and step is not None and len(axes) == 1 else None


def _start(truth: Truth, name: str) -> str:
    """The tensor at which a value of a loop starts; "" where none is."""
    carries = (e for e in truth.program.equations if isinstance(e.op, Carry) and e.operands[0].name == name)
    return next((e.operands[1].name for e in carries if len(e.operands) > 1), "")


def _outcome(known: Known, of: End, wrt: End, product: Product, program: Program) -> str:
    """How the product compares with the derivative, for all steps that are so far apart."""
    truth, outcomes = known.truth, set[str]()
    derived = truth.derived(wrt[0], of[0])
    axes = truth.loops.axes
    for place in truth.places.first(POINTS):
        try:
            factors = value(truth, program, known.written, place, place.values, FLOATS)
            whole = place.of(derived.program)[derived.gradient(wrt[0])]
        except SymbackpropError:
            return "none"
        first = next(iter(axes[of[0]]))
        blocks = np.moveaxis(whole, first, 0)
        by_steps = wrt[0] in axes
        if by_steps:
            blocks = np.moveaxis(blocks, truth.program.tensors[of[0]].rank + next(iter(axes[wrt[0]])), 1)
        count = blocks.shape[0]
        held = factors.ndim == blocks.ndim - by_steps
        matrices = factors if held else np.broadcast_to(factors, (count, *factors.shape))
        if matrices.ndim != 3 or not np.isfinite(matrices).all():
            return "none"
        outcomes |= {_compared(*pair) for pair in _pairs(blocks, by_steps, of[1], wrt[1], product, matrices)}
    order = ("wrong", "turned", "right")
    return next((one for one in order if one in outcomes), "none")


def _pairs(
    blocks: ndarray, by_steps: bool, of: Step, wrt: Step, product: Product, matrices: ndarray
) -> list[tuple[list[ndarray], ndarray]]:  # fmt: skip
    """The factors, the first step's first, and the derivative, for each pair of steps."""
    count, found = len(matrices), []
    last = {c: count - 1 for c in (of.letter, product.last.letter) if c.isupper()}
    for t in range(count) if of.letter not in last else [count - 1]:
        for k in range(count) if by_steps and wrt.letter else [0]:
            at = {of.letter: t, wrt.letter: k} | last
            if not {product.first.letter, product.last.letter} <= {*at, ""}:
                return []
            top, bottom = of.place(at), wrt.place(at) if by_steps else -1
            low, high = product.first.place(at), product.last.place(at)
            if 0 <= low <= high < count and 0 <= top < count and (bottom < top if by_steps else True):
                true = blocks[top, bottom] if by_steps else blocks[top]
                found.append(([matrices[j] for j in range(low, high + 1)], true))
    return found


def _compared(factors: list[ndarray], true: ndarray) -> str:
    """Right in the order of the chain rule, or turned: the product of transposes is the transpose."""
    falling = reduce(np.matmul, factors[::-1])
    if falling.shape != true.shape:
        return "wrong"
    return "right" if close(falling, true) else "turned" if close(reduce(np.matmul, factors), true.T) else "wrong"
