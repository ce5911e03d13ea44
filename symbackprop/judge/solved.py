r"""Closed solutions, \hat\beta = (X^\top X)^{-1} X^\top y and \mu^* = \bar x: right where the gradient is 0 at them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program, Sum
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Formula, Told, name, told
from symbackprop.judge.asked import Asked
from symbackprop.judge.changed import may_mention
from symbackprop.judge.goals import about, spelled
from symbackprop.judge.known import Known, Used
from symbackprop.judge.points import Place, Places
from symbackprop.judge.reading import CLAIM, equal_shapes, read
from symbackprop.judge.truth import Truth
from symbackprop.judge.verdict import Judged
from symbackprop.judge.weigh import needed, value
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import tokens
from symbackprop.notation.claims.words import bases

_BASE = r"(?P<base>\\?[A-Za-z]+)"
_ENDS = r"(?:ML|MLE|MAP|OLS|LS|opt|ridge|\*|\\star|\\ast)"
_LABEL = rf"(?:\\(?:text|mathrm|textrm)\s*\{{\s*{_ENDS}\s*\}}|{_ENDS})"
_HAT = rf"(?:\{{\s*{_BASE}\s*\}}|{_BASE.replace('base', 'other')})(?P<power>\^2)?"
_NAMES = [
    re.compile(rf"\s*\\(?:wide)?hat\s*{_HAT}(?:_\{{?(?:{_LABEL}|[a-z]|(?P<number>\d+))\}}*)?\s*$"),
    re.compile(rf"\s*{_BASE}(?P<power>)\s*(?:\^|_)\s*\{{?\s*{_LABEL}\s*\}}*\s*$"),
    re.compile(r"\s*(?P<base>[A-Za-z]\w*?)(?P<power>)_(?:hat|star|opt|mle?|map|ols)\s*$"),
    re.compile(r"hat (?P<base>\w+?)(?P<power>\^2)?(?:_(?P<number>\d+)|_\w+)?$"),
]
PLACES = 3  # points of each of two sizes at which a solution is held against the gradient
LEAST = 3  # as many must have one
ZERO = 1e-8  # relative to the gradient elsewhere
LARGEST = 1e6  # of a solution; beyond it a matrix was nearly singular


def as_solutions(known: Known, found: Sequence[Judged], steps: Sequence[tuple[str, Any, str]]) -> tuple[Judged, ...]:
    """The verdicts, where each step has given its best value: the slope is best at the best intercept."""
    found = _together(known, found, steps)
    if len({wrt for own, _, _ in steps if (wrt := _parameter(known.truth, own))}) < 2:
        return tuple(found)
    open_ = {k for k, one in enumerate(found) if one.kind == "abbreviation" and _parameter(known.truth, steps[k][0])}
    return tuple(as_solution(known, one, steps, k, ended=True) if k in open_ else one for k, one in enumerate(found))


def _together(known: Known, found: Sequence[Judged], steps: Sequence[tuple[str, Any, str]]) -> Sequence[Judged]:
    """The verdicts, where parameters by their own names are best together: x = 1, y = 1."""
    truth = known.truth
    several = {
        used.goal.wrt: used
        for used in known.used
        if used.judged.wrong and _is_spelled(used.goal.wrt, steps[used.place][0]) and not _inputs(known, used.program) & _own(truth)
    }
    if len(several) < 2:
        return found
    own = {wrt: used.program for wrt, used in several.items()}
    held = {
        wrt: [one for at in tall_places(truth, wrt) if (one := _best(known, own[wrt], wrt, at, own)) is not None] for wrt in own
    }
    if any(_among_all(one) is None for one in held.values()):
        return found
    out = list(found)
    for wrt, used in several.items():
        _not_used(known, used)
        alone = Judged(used.judged.name, None, "abbreviation", given=used.judged.given, formulas=used.judged.formulas)
        out[used.place] = _answered(truth, alone, steps[used.place][0], wrt, held[wrt])
    return out


def _own(truth: Truth) -> set[str]:
    return {tensor.name for tensor in truth.program.parameters}


def as_solution(known: Known, judged: Judged, steps: Sequence[tuple[str, Any, str]], place: int, ended: bool = False) -> Judged:
    """The verdict on a step that says which value of a parameter is best, and that no other step uses; any other as it is.

    ended   whether all steps are told: before that a solution may wait for that of another parameter.
    """
    truth, own = known.truth, steps[place][0]
    if judged.kind == "not understood":
        return _as_equation(known, judged, steps[place][1])
    used = next((one for one in reversed(known.used) if one.place == place), None)
    if used is not None and not judged.right:
        return _as_condition(known, used, judged, steps) or _as_value(known, used, judged, steps)
    wrt = _parameter(truth, own)
    written = dict(known.written)
    program = written.get(own) or next((what for key, what in reversed(known.written) if key in _spellings(own)), None)
    if wrt is None and judged.kind == "abbreviation" and isinstance(steps[place][1], str):
        if not _is_product(truth, own):
            return _by_name(known, judged, steps[place][1])
        before = known.copy()
        before.shapes.pop(own, None)  # a product is no name
        return _as_equation(before, judged, steps[place][1])
    if judged.kind != "abbreviation" or wrt is None or not isinstance(program, Program):
        return judged
    is_used = any(k != place and isinstance(claim, str) and may_mention(claim, own) for k, (_, claim, _) in enumerate(steps))
    shape = program.shape(CLAIM)
    if wrt in _inputs(known, program) or not equal_shapes(shape, truth.program.shape(wrt)):
        return judged
    found = _held(known, program, wrt)
    waits = not ended and len({one for name, _, _ in steps if (one := _parameter(truth, name))}) > 1
    return judged if (is_used or waits) and _among_all(found) is None else _answered(truth, judged, own, wrt, found)


def _as_condition(known: Known, used: Used, judged: Judged, steps: Sequence[tuple[str, Any, str]]) -> Judged | None:
    r"""The verdict on \nabla L = 0 before steps that follow from it: it is set to 0, which claims nothing; None for others."""
    later = [own for own, _, _ in steps[used.place + 1 :]]
    if not _is_nothing(used.program) or not any(_follows(known.truth, own) for own in later):
        return None
    _not_used(known, used)
    return Judged(judged.name, None, "abbreviation", remarks=(told("set to 0 for the steps that follow"),))


def _follows(truth: Truth, own: str) -> bool:
    """Whether a step may follow from a gradient that is 0: it gives a parameter its best value, or is an equation."""
    is_value = _parameter(truth, own) or any(_is_spelled(tensor.name, own) for tensor in truth.program.parameters)
    is_gradient = re.match(r"\s*-?\s*(?:\\[dt]?frac|\\nabla|\\partial|d(?![a-z]))", own)
    return bool(is_value or _is_product(truth, own) or (not is_gradient and re.search(r"[-+]|\\top|\\sum", own)))


def _as_value(known: Known, used: Used, judged: Judged, steps: Sequence[tuple[str, Any, str]]) -> Judged:
    r"""The verdict on w = (X^\top X)^{-1} X^\top y, where a parameter by its own name is no gradient: its best value."""
    truth, wrt = known.truth, used.goal.wrt
    own = steps[used.place][0]
    is_asked = used.goal.of == truth.of and truth.program.tensors[wrt].kind == "parameter"
    if not (is_asked and _is_spelled(wrt, own)):
        return judged
    if wrt in _inputs(known, used.program) or not equal_shapes(used.program.shape(CLAIM), truth.program.shape(wrt)):
        return judged
    found = _held(known, used.program, wrt)
    if _among_all(found) is None:
        return judged
    _not_used(known, used)
    return _answered(truth, Judged(judged.name, None, "abbreviation", formulas=judged.formulas), own, wrt, found)


def _is_nothing(program: Program) -> bool:
    return all(not e.operands and isinstance(e.op, Sum) and e.op.body == 0 for e in program.equations)


def _by_name(known: Known, judged: Judged, claim: str) -> Judged:
    r"""The verdict on c_k = \sum_n r_{nk} x_n/\sum_n r_{nk}, a parameter by its own name at its best values; any other as it is."""
    truth, own = known.truth, judged.name
    wrt = next((t.name for t in truth.program.parameters if _is_spelled(t.name, own)), None)
    if wrt is None:
        return judged
    for program in _programs(known, sides(claim)[-1], own[own.find("_") :] if "_" in own else ""):
        if wrt not in _inputs(known, program) and equal_shapes(program.shape(CLAIM), truth.program.shape(wrt)):
            found = _held(known, program, wrt)
            return judged if _among_all(found) is None else _answered(truth, judged, own, wrt, found)
    return judged


def _is_product(truth: Truth, own: str) -> bool:
    """Whether a left side is tensors side by side, Ax: an equation, and no name."""
    letters = own.replace(" ", "")
    return len(letters) > 1 and letters.isalpha() and all(spelled(truth, c) is not None for c in letters)


def _not_used(known: Known, used: Used) -> None:
    """Forget that a step claims a gradient."""
    known.used.remove(used)
    known.wrong = any(one.judged.wrong for one in known.used)


def _is_spelled(wrt: str, left: str) -> bool:
    r"""Whether the left side of a claim is the name of a parameter and no derivative by it: \beta_0, w_j, \mathbf{w}."""
    left = re.sub(r"\\(?:mathbf|boldsymbol|bm|vec|mathrm)(?![A-Za-z])|[\s{}]", "", left)
    base = re.match(r"\\?([A-Za-z]+)", left)
    own = wrt.rstrip("0123456789").partition("_")[0]
    return base is not None and (own in bases(Word(base[1], 0)) or (own == base[1].upper() and "_" in left))  # u_i, a row of U


def _held(known: Known, program: Program, wrt: str, beside: Mapping[str, Program] | None = None) -> list[str]:
    """Among which values a solution is best, at each point that has one; `beside` as in `_best`."""
    return [best for best in (_best(known, program, wrt, at, beside) for at in tall_places(known.truth, wrt)) if best is not None]


def _among_all(found: Sequence[str]) -> str | None:
    """Among which values a solution is best at all points; None where it is not."""
    return next((one for one in ("", "sum", "length") if len(found) >= LEAST and {*found} <= {"", one}), None)


def _answered(truth: Truth, judged: Judged, own: str, wrt: str, found: Sequence[str]) -> Judged:
    """The verdict on a solution, by what it is among at each point."""
    among = _among_all(found)
    if among is None and (len(found) < LEAST or {*found} != {"none"}):
        return judged
    asked = _set_to_zero(truth, own, wrt)
    if among is not None:
        said = told("the gradient by {} is 0 there", name(wrt))
        if among == "sum":
            said = told("the gradient by {} is 0 there along all that sum to 1", name(wrt))
        elif among == "length":
            said = told("the gradient by {} is 0 there along all of length 1", name(wrt))
        return replace(judged, asked=asked, kind="right, numeric", remarks=(*judged.remarks, said), points=len(found))
    why = told("the gradient by {} is not 0 there", name(wrt))
    return replace(judged, asked=asked, kind="wrong", because=why, points=len(found))


def _among(best: ndarray, gradient: ndarray, scale: float) -> str:
    """Among which values a parameter is best: all, those that sum to 1, those of length 1 (Lagrange); "none" where it is not."""
    if _largest(gradient) <= ZERO * scale:
        return ""
    if (
        best.ndim
        and _largest(best.sum(axis=-1) - 1) <= ZERO
        and _largest(gradient - gradient.mean(axis=-1, keepdims=True)) <= ZERO * scale
    ):
        return "sum"
    along = (gradient * best).sum(axis=-1, keepdims=True) if best.ndim else gradient
    if best.ndim and _largest((best**2).sum(axis=-1) - 1) <= ZERO and _largest(gradient - along * best) <= ZERO * scale:
        return "length"
    return "none"


def _set_to_zero(truth: Truth, own: str, wrt: str) -> Asked:
    asked = about(truth, own, truth.of, wrt)
    zero = Formula(f"{asked.text} = 0", f.equation(truth.gradient(wrt).node, f.ZERO))
    return replace(asked, shown=zero)


def _as_equation(known: Known, judged: Judged, claim: Any) -> Judged:
    r"""The verdict on X^\top X \beta = X^\top y, which says that a gradient is 0: its sides differ by a multiple of that."""
    truth = known.truth
    try:
        both = sides(claim) if isinstance(claim, str) else []
    except Fault:
        return judged
    if len(both) != 2 or not all(both):
        return judged
    alone = [] if "0" in both else [_programs(known, side) for side in both]
    for program in _programs(known, f"({both[0]}) - ({both[1]})"):
        shape = program.shape(CLAIM)
        for tensor in truth.program.parameters:
            if not equal_shapes(shape, tensor.shape) or not _is_multiple(known, program, tensor.name):
                continue
            if not any(_is_multiple(known, one, tensor.name) for side in alone for one in side):  # 2 g = g says nothing of 0
                said = told("it says that the gradient by {} is 0", name(tensor.name))
                asked = _set_to_zero(truth, judged.name, tensor.name)
                return replace(judged, asked=asked, kind="right, numeric", because=Told(), remarks=(said,), points=2 * PLACES)
    return judged


def _programs(known: Known, formula: str, at: str = "") -> list[Program]:
    """The readings of a formula that is made of tensors of the network alone.

    at   the indices of its entries, _k.
    """
    truth = known.truth
    try:
        found = read(f"q{at} = {formula}", truth, truth.of, None, {}, known.said)
    except SymbackpropError:
        return []
    several = [] if found.unknown else [reading.program for reading in found.readings]
    return [one for one in several if all(t.role is None and t.name in truth.program.tensors for t in one.inputs)]


def _is_multiple(known: Known, program: Program, wrt: str) -> bool:
    """Whether a tensor is a number times the gradient, at all points; a number by itself is one that depends on sizes alone."""
    truth, name_of = known.truth, f"d{known.truth.of}/d{wrt}"
    scales: dict[str, list[float]] = {}
    several = False
    for place in truth.places.first(2 * PLACES):
        true = place.values[name_of]
        try:
            found = value(truth, program, (), place, place.values, FLOATS)
        except PointError:
            return False
        if found.shape != true.shape or not np.isfinite(found).all():
            return False
        scale = float(np.vdot(found, true)) / (float(np.vdot(true, true)) or 1.0)
        if scale == 0 or _largest(found - scale * true) > ZERO * _largest(found):
            return False
        several |= true.size > 1
        scales.setdefault(str(sorted(place.sizes.items())), []).append(scale)
    alike = all(abs(one - own[0]) <= ZERO * abs(own[0]) for own in scales.values() for one in own)
    return bool(scales) and (several or (alike and any(len(own) > 1 for own in scales.values())))


def _spellings(own: str) -> set[str]:
    hat = re.sub(r"\\(?:wide)?hat\s*\{?\s*\\?([A-Za-z]+)\s*\}?", r"hat \1", own)
    return {own, re.sub(r"[\\{}\s]", "", own), hat, hat.partition("_")[0]}


def _parameter(truth: Truth, own: str) -> str | None:
    """The parameter whose best value a name says; None for any other name."""
    own = own if own.isascii() else "".join(token.text for token in tokens(own))  # β̂ as \hat{\beta}
    match = next((found for pattern in _NAMES if (found := pattern.match(own))), None)
    if match is None:
        return None
    groups = match.groupdict()
    base = (groups["base"] or groups.get("other") or "").lstrip("\\")
    letters = bases(Word(base, 0))  # lambda as lam
    names = [f"{base}^2", f"{base}2", "var", "v", "s2"] if groups["power"] else letters
    if number := groups.get("number"):
        names = [f"{one}{mark}{number}" for one in letters for mark in ("_", "")]
    found = (spelled(truth, one) for one in names)
    return next((one for one in found if one and truth.program.tensors[one].kind == "parameter"), None)


def _inputs(known: Known, program: Program) -> set[str]:
    """All that a formula is made of: the names in it, and what the values of the network in it are made of."""
    programs = [program, *(what for _, what in needed(program, known.written) if not isinstance(what, str))]
    waiting = [tensor.name for one in programs for tensor in one.inputs]
    written, found = known.truth.program.equation_of(), set[str]()
    while waiting:
        own = waiting.pop()
        if own not in found:
            found.add(own)
            waiting += [r.name for r in written[own].operands] if own in written else []
    return found


def tall_places(truth: Truth, wrt: str) -> list[Place]:
    """Points with more rows of data than any other size, so that X^T X has an inverse."""
    rows = [str(t.shape[0]) for t in truth.program.inputs if t.kind in ("data", "labels") and t.shape]
    own = {str(n) for t in truth.program.parameters for n in t.shape}
    free = [n for n in dict.fromkeys(rows) if n.isidentifier() and n not in truth.sizes and n not in own]
    found: list[Place] = []
    for sizes in truth.places.sizes * (2 if len(truth.places.sizes) < 2 else 1):
        most = max(sizes.values(), default=0)
        given = {**sizes, **{n: most + 2 + k for k, n in enumerate(free)}}
        found += Places(truth.program, truth.everything, given).first(PLACES)
    return found


def _best(known: Known, program: Program, wrt: str, place: Place, beside: Mapping[str, Program] | None = None) -> str | None:
    """Among which values a solution is best at a point; None where there is none.

    beside   the best values of others; None: those that steps have named so.
    """
    truth = known.truth
    gradient = f"d{truth.of}/d{wrt}"
    solved = _solved(known) if beside is None else beside
    try:
        best = value(truth, program, known.written, place, place.values, FLOATS)
        if not np.isfinite(best).all() or _largest(best) > LARGEST:
            return None
        others = {w: value(truth, p, known.written, place, place.values, FLOATS) for w, p in solved.items() if w != wrt}
        found = [walk(truth.everything, {**place.point, **own, wrt: best}, place.sizes)[gradient] for own in ({}, others)]
    except (PointError, SymbackpropError, np.linalg.LinAlgError):
        return None
    scale = max(_largest(place.values[gradient]), 1.0)
    several = {_among(best, one, scale) for one in found if np.isfinite(one).all()}
    return next((one for one in ("", "sum", "length", "none") if one in several), None)


def _solved(known: Known) -> dict[str, Program]:
    """The parameters that steps have solved for: the variance is best at the best mean."""
    found = {_parameter(known.truth, own): what for own, what in known.written}
    return {wrt: what for wrt, what in found.items() if wrt and isinstance(what, Program)}


def _largest(array: ndarray) -> float:
    return float(np.abs(array).max(initial=0))
