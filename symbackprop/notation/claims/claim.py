"""A claim and what was understood of it: the one way in."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbackprop.core.program import Program
from symbackprop.notation.claims import statements
from symbackprop.notation.claims.attempt import Attempt
from symbackprop.notation.claims.errors import DoesNotFit, Fault, NotUnderstood, Unknown, placed
from symbackprop.notation.claims.left import Left, left_side
from symbackprop.notation.claims.outside import tensors_of, without_zeros
from symbackprop.notation.claims.own_functions import without_functions
from symbackprop.notation.claims.partial import of_entries
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.python_claim import LOCAL, ClaimTensors, read_python, read_sympy
from symbackprop.notation.claims.state import Context, State
from symbackprop.notation.claims.step_code import at_step
from symbackprop.notation.claims.steps import At, below, claimed
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.understood import Reading, Understood
from symbackprop.notation.claims.words import Names, described
from symbackprop.notation.errors import NotationError, ShapesDiffer
from symbackprop.notation.signs import keyed

_NUMBERED = re.compile(r"_\{?\s*(?:\w\s*,\s*)?(\d+)")  # x_7, W_{i,7}
SMALLEST, LARGEST = 2, 30  # numbers of entries that are there at any probe, and beyond which none is made so large
_LEIBNIZ = re.compile(r"(?<![\\\w])d([A-Za-z]\w*)\s*/\s*d([A-Za-z]\w*)")  # dL/dz, typed
_PYTHON = re.compile(r"\bnp\.|\baxis\b|\bkeepdims\b|\.T\b|\.(?:sum|mean|dot)\(|@")


def read_claim(claim: Any, context: Context) -> Understood:
    """A claim in LaTeX (a text with a backslash), in the network language (any other text, several lines too), or of SymPy.

    context   the network, what is claimed of it, and what names mean.

    Raises NotUnderstood, with the place, the fault and the mend, where it was not fully resolved; DoesNotFit where no reading of
    it has a value.
    """
    is_code = getattr(claim, "has_matrix_products", False)  # a star in it is no product of matrices
    claim = keyed(claim) if isinstance(claim, str) else claim
    text = claim if isinstance(claim, str) else ""
    if "∂" in text and "\\" not in text and _PYTHON.search(text):
        claim = text = text.replace("∂", "d")
    try:
        if isinstance(claim, str):
            return _latex(claim, context) if _is_latex(claim) else _text(claim, context, is_code)
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


def _text(text: str, context: Context, is_code: bool = False) -> Understood:
    """Python text; what is none, such as dw = 2(a-t)x, may be a formula without macros."""
    try:
        more = {k: v for k, v in inputs(context).items() if k not in context.aliases}
        return _python(text, replace(context, aliases={**more, **context.aliases}))
    except NotationError as error:
        names = is_code or any(name in context.shapes() for name in re.findall(r"[^\W\d_]{2,}", text))
        if "\n" in text.strip() or (names and isinstance(error, ShapesDiffer)):  # yhat, which stands somewhere, is not y h a t
            raise
        with suppress(Fault):
            return _latex(_LEIBNIZ.sub(partial(_quotient, {*context.shapes()}), text), context)
        raise


def _quotient(known: Collection[str], found: re.Match[str]) -> str:
    """A typed derivative of one tensor by another in LaTeX; anything else as it stands."""
    above, below = (f"\\mathrm{{{name}}}" for name in found.groups())
    return f"\\frac{{\\partial {above}}}{{\\partial {below}}}" if {*found.groups()} <= {*known} else found[0]


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
    """A formula; where it speaks of entries beyond those of the probe by their numbers, once more with larger sizes."""
    text = without_functions([text], lambda name: name != context.of)[0]
    try:
        return _formula(text, context)
    except Fault:
        least = max((int(found[1]) for found in _NUMBERED.finditer(text)), default=0)
        if not SMALLEST < least <= LARGEST:
            raise
        try:
            return _formula(text, context, least + 1)
        except Fault:
            pass
        raise


def _formula(text: str, context: Context, least: int = 0) -> Understood:
    loops = context.loops
    text, zeros = without_zeros(text)
    several = statements.split(text, context.shapes())
    several = [below(one) for one in several] if loops else several
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
    context = replace(context, zeros=tensors_of(names, zeros)) if zeros else context
    counts = names.counts() | ({1, 2, 3} if "matrix" in text else set())
    shapes = context.shapes()
    if context.wrt is not None and context.wrt not in shapes:  # what is claimed is by a value that nobody named
        shapes[context.wrt] = context.forward.shape(context.wrt)
    probe = Probe(shapes, [*map(sp.Integer, counts), *(loops.extents if loops else ())], least)
    several = [statements.named_last(one, names) for one in several]
    state = State(context, names, probe, 1, {})
    main = _claimed(state, several)
    others = [one for one in several if one is not main]
    attempt = Attempt(context, names, probe, of_entries(main, state), others)
    with np.errstate(all="ignore"):  # what is not finite at the probe is told apart like anything else
        try:
            left, readings = attempt.readings({})
            between = tuple(attempt.between())
            return Understood(left, tuple(readings), between=between, unread=attempt.unread)
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
