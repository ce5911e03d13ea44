"""A claim and what was understood of it: the one way in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbackprop.core.program import Gradient, Program
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Node
from symbackprop.notation.claims import statements
from symbackprop.notation.claims.errors import DoesNotFit, Fault, NotUnderstood, Unknown, placed
from symbackprop.notation.claims.fitting import Fitted, Way, fitted
from symbackprop.notation.claims.left import Left, chained, implied, is_name, left_side, lettered, under, unlettered
from symbackprop.notation.claims.lower import lowered
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.python_claim import LOCAL, ClaimTensors, read_python, read_sympy
from symbackprop.notation.claims.reader import Reader, with_ranges
from symbackprop.notation.claims.shapes import Senses
from symbackprop.notation.claims.state import Context, State
from symbackprop.notation.claims.step_code import at_step
from symbackprop.notation.claims.steps import At, below, claimed
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.typeset import Typeset
from symbackprop.notation.claims.words import Names, described
from symbackprop.notation.errors import NotationError, ShapesDiffer
from symbackprop.notation.signs import keyed

_PYTHON = re.compile(r"\bnp\.|\baxis\b|\bkeepdims\b|\.T\b|\.(?:sum|mean|dot)\(|@")
FROM_ZERO = told("indices count from 0 (they are shown counted from 1)")
KEPT = 6  # readings that are handed on
BESIDE = 3  # groups of letters side by side that are tried otherwise
APART = 10.0  # letters side by side, taken the less likely way
GUESSES = 30  # ways to take unknown letters that are tried


@dataclass(frozen=True)
class Reading:
    """One way to understand a claim.

    program   computes it: one output, of the shape of what is claimed, from tensors of the network, true gradients (whose
              signature has the role of a gradient) and earlier steps, all by name.
    shape     of the output.
    fits      whether that is the shape of what is claimed.
    cost      what was taken for granted (the table is in `shapes`).
    notes     the same in sentences.
    origin    from where its indices count, 1 or 0.
    guesses   a letter that stands nowhere -> the tensor whose true gradient it is taken to be; the reading is then conditional.
    formula   the reading, typeset so that it can be read in one way only; None where it was no formula.
    at        where along the axes of loops it claims, but for axes of which it claims all steps.
    left      the left-hand side at its steps; None where it is at none.
    """

    program: Program
    shape: tuple[Expr, ...]
    fits: bool
    cost: float = 0.0
    notes: tuple[Told, ...] = ()
    guesses: Mapping[str, str] = field(default_factory=dict)
    formula: Node | None = None
    origin: int = 1
    at: tuple[At, ...] = ()
    left: Node | None = None


@dataclass(frozen=True)
class Understood:
    """What was understood: the left-hand side, and the readings of the right-hand side, the cheapest first.

    unknown   letters that stand nowhere; the readings then say what they were taken to be.
    between   the readings of the sides between the first and the last of a chain of equalities, of those that were understood.
    """

    left: Left
    readings: tuple[Reading, ...]
    unknown: tuple[str, ...] = ()
    between: tuple[tuple[Reading, ...], ...] = ()

    @cached_property
    def latex(self) -> str:
        """The cheapest reading, typeset; "" where it was no formula."""
        formula = self.readings[0].formula
        return "" if formula is None else latex(formula)


def read_claim(claim: Any, context: Context) -> Understood:
    """A claim in LaTeX (a text with a backslash), in the network language (any other text, several lines too), or of SymPy.

    context   the network, what is claimed of it, and what names mean.

    Raises NotUnderstood, with the place, the fault and the mend, where it was not fully resolved; DoesNotFit where no reading of
    it has a value.
    """
    claim = keyed(claim) if isinstance(claim, str) else claim
    text = claim if isinstance(claim, str) else ""
    if "∂" in text and "\\" not in text and _PYTHON.search(text):
        claim = text = text.replace("∂", "d")
    try:
        if isinstance(claim, str):
            return _latex(claim, context) if _is_latex(claim) else _text(claim, context)
        if isinstance(claim, sp.Basic | sp.MatrixBase):
            program, shape = read_sympy(claim, context)
            return Understood(Left(), (_plain(program, shape, context),))
        raise Fault(f"{type(claim).__name__} is no claim.", "Give a text, LaTeX or Python, or a SymPy expression.")
    except Fault as fault:
        if _PYTHON.search(text) and "\\" in text:
            fault.mend = "Python stands in LaTeX here: write the whole claim as Python text, without backslashes, or as LaTeX."
        raise placed(text, fault) from None
    except NotUnderstood:
        raise
    except NotationError as error:
        kind = DoesNotFit if isinstance(error, ShapesDiffer) else NotUnderstood
        raise kind(error.fault, error.mend, error.place) from None
    except RecursionError:
        raise NotUnderstood("the claim is nested too deep.", "Name its parts in steps of their own.") from None


def _is_latex(text: str) -> bool:
    return "\\" in text or any(c in text for c in "^{}") or any(not c.isascii() for c in text)


def _text(text: str, context: Context) -> Understood:
    """Python text; what is none, such as dw = 2(a-t)x, may be a formula without macros."""
    try:
        more = {k: v for k, v in inputs(context).items() if k not in context.aliases}
        return _python(text, replace(context, aliases={**more, **context.aliases}))
    except NotationError as error:
        is_code = isinstance(error, ShapesDiffer) and any(name in context.shapes() for name in re.findall(r"[^\W\d_]{2,}", text))
        if "\n" in text.strip() or is_code:  # yhat, which stands somewhere, is not y h a t
            raise
        with suppress(Fault):
            return _latex(text, context)
        raise


def _python(text: str, context: Context) -> Understood:
    """Python text; what no whole Jacobian fits may be by diagonals, as code has the derivatives of functions of each entry."""
    found = fault = None
    try:
        found = _code(text, context)
    except NotationError as error:
        fault = error
    if (found is None or not found.readings[0].fits) and LOCAL.search(text):
        with suppress(NotationError, Fault):
            other = _code(text, context, diagonals=True)
            found = other if other.readings[0].fits else found
    if found is None and fault is not None:
        raise fault
    assert found is not None
    return found


def _code(text: str, context: Context, diagonals: bool = False) -> Understood:
    left, program, shape = read_python(text, context, diagonals)
    return Understood(left, (_plain(program, shape, context, left.at),))


def _plain(program: Program, shape: tuple[Expr, ...], context: Context, at: tuple[At, ...] = ()) -> Reading:
    wanted = None if context.shape is None else claimed(context.shape, at)
    return Reading(program, shape, wanted is None or shape == wanted, at=at)


# ---- LaTeX


def _latex(text: str, context: Context) -> Understood:
    loops = context.loops
    several = [below(one) for one in statements.split(text)] if loops else statements.split(text)
    names = Names(
        {name: len(shape) for name, shape in context.shapes().items()},
        map(str, context.forward.sizes()),
        context.symbols,
        context.aliases,
        context.views,
        context.lettered,
    )
    for name, given in inputs(context).items():
        names.also(name, given)
    counts = names.counts() | ({1, 2, 3} if "matrix" in text else set())
    shapes = context.shapes()
    if context.wrt is not None and context.wrt not in shapes:  # what is claimed is by a value that nobody named
        shapes[context.wrt] = context.forward.shape(context.wrt)
    probe = Probe(shapes, [*map(sp.Integer, counts), *(loops.extents if loops else ())])
    several = [statements.named_last(one, names) for one in several]
    main = _claimed(State(context, names, probe, 1, {}), several)
    attempt = _Attempt(context, names, probe, main, [one for one in several if one is not main])
    with np.errstate(all="ignore"):  # what is not finite at the probe is told apart like anything else
        try:
            left, readings = attempt.readings({})
            return Understood(left, tuple(readings), between=tuple(attempt.between()))
        except Unknown as unknown:
            return attempt.guessed(unknown)


def name_at_step(text: str, context: Context) -> str:
    r"""The name of a person's own that an equation defines at a step of a loop: delta of \delta^{(l)} = ...; "" for any other."""
    typed = at_step(text)
    if typed is not None:
        return "" if typed[1] in context.shapes() or ClaimTensors(context).role(typed[1]) else typed[1]
    try:
        several = statements.split(text)
        names = Names({name: len(shape) for name, shape in context.shapes().items()}, (), {}, context.aliases)
    except Fault:
        return ""
    left = below(several[0].left)
    found = context.loops.split(left) if isinstance(left, Word) and names.lookup(left) is None else None
    return described(replace(found[0], sup=())) if found else ""


def _claimed(state: State, several: list[statements.Equality]) -> statements.Equality:
    """Of several equalities the claim: the first whose left-hand side says what is claimed, else the first."""
    wanted = (state.context.of, state.context.wrt)
    for one in several:
        try:
            left = left_side(state, one.left)
        except Fault:
            continue
        if (left.of, left.wrt) == wanted:
            return one
    return several[0]


def inputs(context: Context) -> dict[str, str]:
    """A^{[0]} beside A^{[1]}: what the first layer reads, where the network has one x or X."""
    given = [t.name for t in context.forward.inputs if t.name in ("x", "X")]
    shapes = context.shapes()
    layers = [f"{letter}{mark}" for letter in "aAhH" for mark in ("_", "") if f"{letter}{mark}1" in shapes]
    return {f"{layer}0": given[0] for layer in layers if f"{layer}0" not in shapes} if len(given) == 1 else {}


class _Attempt:
    """The readings of one claim, with letters guessed or not."""

    def __init__(
        self, context: Context, names: Names, probe: Probe, main: statements.Equality, definitions: Iterable[statements.Equality]
    ) -> None:
        self.context, self.names, self.probe, self.main, self.definitions = context, names, probe, main, list(definitions)
        self.tried = 0

    def guessed(self, unknown: Unknown) -> Understood:
        """Letters that stand nowhere as the true gradients of the values of the network, each in turn."""
        found: list[Reading] = []
        left = self.guess(unknown, {}, found)
        if not found or left is None:
            raise unknown
        found.sort(key=lambda r: r.cost)
        letters = tuple(dict.fromkeys(key for r in found for key in r.guesses))
        return Understood(left, tuple(found), letters)

    def guess(self, unknown: Unknown, guesses: Mapping[str, str], found: list[Reading]) -> Left | None:
        result = None
        for tensor in self.context.forward.tensors.values():
            if (
                tensor.kind != "value"
                or not tensor.named
                or tensor.name in (self.context.of, self.context.wrt)
                or unknown.key in guesses
                or len(guesses) > 1
            ):
                continue
            self.tried += 1
            if self.tried > GUESSES:
                return result
            now = {**guesses, unknown.key: tensor.name}
            try:
                left, readings = self.readings(now)
                found += [r for r in readings if r.fits]
                result = left
            except Unknown as other:
                result = self.guess(other, now, found) or result
            except Fault:
                continue
        return result

    def readings(self, guesses: Mapping[str, str]) -> tuple[Left, list[Reading]]:
        """The readings with indices from 1, and from 0 where that matters; then those that take letters side by side apart."""
        left: Left | None = None
        several: list[Fitted] = []
        states: dict[Way, tuple[State, Left]] = {}
        fault: Fault | None = None
        counted, ways = True, [(1, ""), (0, "")]
        for origin, apart in ways:
            if not (origin or counted):
                continue
            try:
                for own, state, senses in self.limited(origin, guesses, apart):
                    counted = state.counted
                    ways += [(1, name) for name in sorted(state.beside)[:BESIDE] if (1, name) not in ways]
                    notes, way = () if origin else (FROM_ZERO,), Way(origin, own.at, apart)
                    found = fitted(state, senses, own)
                    several += [f._replace(way=way, cost=f.cost + APART * bool(apart), notes=(*f.notes, *notes)) for f in found]
                    left, states[way] = left or own, (state, own)
            except Unknown:
                if not apart:
                    raise
            except Fault as error:  # an entry 0 is there only where indices count from 0
                fault = fault or error
        if left is None:
            assert fault is not None
            raise fault
        several.sort(key=lambda f: (not f.fits, f.cost, -f.way.origin))
        if several[0].fits:
            several = [f for f in several if f.fits]
        kept = [f for f in several if not f.way.apart][:KEPT] + [f for f in several if f.way.apart][:KEPT]
        return left, [self.reading(one, *states[one.way], guesses) for one in kept]

    def limited(self, origin: int, guesses: Mapping[str, str], apart: str) -> Iterator[tuple[Left, State, Senses]]:
        """The claim at all steps; then, where it reads beyond the first or the last, at the others alone."""
        left, state, senses = self.senses(origin, guesses, apart)
        yield left, state, senses
        if (left.wrt or self.context.wrt) is None:  # an abbreviation stands at all steps
            return
        reached = {c: state.reached[c] for c in left.letters if state.reached.get(c, (0, 0)) != (0, 0)}
        if reached:
            trims = {
                c: (state.trims.get(c, (0, 0))[0] - low, state.trims.get(c, (0, 0))[1] + high - low)
                for c, (low, high) in reached.items()
            }
            yield self.senses(origin, guesses, apart, {**state.trims, **trims})

    def between(self) -> Iterator[tuple[Reading, ...]]:
        """The readings of the sides in between, but for names, derivatives, and products of derivatives, which only say a rule."""
        for side in self.main.between:
            if is_name(side):
                continue
            main = statements.Equality(self.main.left, side, self.main.between)
            try:
                _, readings = _Attempt(self.context, self.names, self.probe, main, self.definitions).readings({})
            except Fault:
                continue
            if not any(t.role for t in readings[0].program.inputs):
                yield tuple(readings)

    def reading(self, one: Fitted, state: State, left: Left, guesses: Mapping[str, str]) -> Reading:
        program = lowered(one.node, one.axes, one.extents, self.probe, self.context.forward, state.roles)
        typeset = Typeset(state.roles, self.probe, self.context.loops, state.trims)
        formula, of, wrt = typeset.formula(one.node), left.of or self.context.of, left.wrt or self.context.wrt
        said = typeset.claimed(Gradient(of, wrt), left.letters, one.way.at, one.way.origin) if wrt is not None else None
        if wrt is not None and left.pattern and not left.second:
            said = typeset.derivative(Gradient(of, wrt), [letter(c) for c in left.indices])
        cost = round(one.cost, 6)
        return Reading(program, one.shape, one.fits, cost, one.notes, dict(guesses), formula, one.way.origin, one.way.at, said)

    def senses(
        self, origin: int, guesses: Mapping[str, str], apart: str, trims: Mapping[str, tuple[int, int]] | None = None
    ) -> tuple[Left, State, Senses]:
        """One reading of the whole claim."""

        def read(reader: Reader, state: State) -> tuple[Left, State, Senses]:
            left = chained(state, (self.main.left, *self.main.between))
            below_name = under(self.main.left, left)
            if self.context.left:
                left, below_name = Left("abbreviation", letters=tuple(c for c, _ in self.context.left)), {}
                for letter, extent in self.context.left:
                    state.ranged(letter, self.probe.number[extent])
            state.outer = {*left.letters, *below_name}
            reader.foresee(self.main.right)
            for definition in self.definitions:
                reader.foresee(definition.right)
            self.define(reader, state)
            senses = reader.read(self.main.right)
            statements.require_used(state)
            left = lettered(left, below_name, senses) if below_name else unlettered(left, self.main.left, senses)
            return implied(state, left), state, senses

        return with_ranges(lambda: State(self.context, self.names, self.probe, origin, guesses, trims, apart), read)

    def define(self, reader: Reader, state: State) -> None:
        """The claim's own definitions, in an order in which each stands."""
        waiting = list(self.definitions)
        state.promised = statements.derivatives_defined(state, waiting)
        while waiting:
            late: list[statements.Equality] = []
            fault: Fault | None = None
            for definition in waiting:
                try:
                    statements.define(state, reader.read, definition)
                except Fault as error:
                    late.append(definition)
                    fault = fault or error
            if len(late) == len(waiting):
                assert fault is not None
                raise fault
            waiting = late
