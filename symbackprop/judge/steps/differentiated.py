r"""What is differentiated, written out on a left-hand side, \frac{\partial}{\partial X} \mathrm{tr}(A X B), by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import Formula, Told, told
from symbackprop.judge.mistakes.edit import close
from symbackprop.judge.sides.goals import spelled, tensor_of
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.own_slopes import is_of_formula
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, Claim, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings, value
from symbackprop.notation.claims.bracketed import behind, last_side, outside
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import side_of
from symbackprop.notation.claims.tokens import ACCENTS, FONTS, Token, plain, tokens

TRIED = 3  # points
MOVED = 0.9  # how far parameters are moved
_LOSSES = frozenset(["L", "J", "C", "E", "S", "f", "F", "ell", "l", "R", "Q"])  # letters that losses have
_SCRIPTS = frozenset(["_", "^", "'"])
_BARS = frozenset(["|", r"\|"])
_ENDS = frozenset(["=", ",", ";", r"\\", "&", ")", "]", "}", r"\}", r"\rangle", r"\leq", r"\geq", "<", ">"])
_INDEX = re.compile(r"(?:_\s*\{?\s*|\^\s*\{?\s*\(\s*)([a-z])(?![a-zA-Z\d])")  # x_i, x^{(i)}
_BOUND = re.compile(r"\\(?:sum|prod|max|min)\s*_\s*\{?\s*([a-z])(?![a-zA-Z])")
_FUNCTIONS = frozenset(  # with which a formula behind a d begins
    [
        r"\log",
        r"\ln",
        r"\det",
        r"\exp",
        r"\tr",
        r"\mathrm",
        r"\operatorname",
        r"\text",
        r"\|",
        r"\sum",
        r"\frac",
        r"\left",
        "(",
        "[",
        "|",
    ]
)
_FREE = "qfghQFGHuvrs"  # letters for values that nobody named


class Written(NamedTuple):
    """A formula that is differentiated: from which character to which it stands, and where its side ends."""

    start: int
    end: int
    beyond: int


class Further(NamedTuple):
    """Steps in which what is differentiated has a name, and the values that have one now and the network does not name.

    values   the further values by name, each with what it is.
    notes    what is said of them, by the place of the step.
    unsure   the places of steps in which what is differentiated may be read in several ways.
    """

    steps: list[tuple[str, Any, str]]
    values: dict[str, Program]
    notes: dict[int, tuple[Told, ...]]
    unsure: set[int]


def with_names(
    truth: Truth, steps: Sequence[tuple[str, Any, str]], symbols: Mapping[str, str], alone: bool, given: Mapping[str, Program]
) -> Further:  # fmt: skip
    """The steps, in which a formula that is differentiated is the name of a value: of the network, or a further one.

    alone   whether the steps are claims by names, each the gradient of the loss: then there is no other value.
    given   further values that steps have already.
    """
    found = Further([], {**given}, {}, set())
    for place, (name, claim, what) in enumerate(steps):
        is_chain = isinstance(claim, str) and "\\" in claim and "=" in claim and not is_of_formula(truth, claim)
        named: list[tuple[Written, str, _Formula]] = []
        for each in (*_on_the_left(claim, truth), *_within(claim, truth)) if is_chain else ():
            said, own, stands = _known(truth, claim, each, symbols)
            if said and own is None and not (alone or has_loops(truth.program)):
                own = next((n for n, program in found.values.items() if program == said.programs[0]), None)
                own = own or next((c for c in _FREE if not _is_taken(truth, found, c) and not _mentioned(c, steps)), None)
                if own is not None:
                    found.values[own] = said.programs[0]
                    found.unsure.update([place] if said.is_unsure else [])
                    found.notes[place] = (*found.notes.get(place, ()), told("with {} = {}", written(own + said.below), said.shown))
            named += [(stands, own, said)] if said and own is not None else []
        for one in reversed(named):  # what stands before stays where it is
            claim = _with_name(truth, claim, *one)
        found.steps.append((name, claim, what))
    return found


def _known(truth: Truth, claim: str, stands: Written, symbols: Mapping[str, str]) -> tuple[_Formula | None, str | None, Written]:
    r"""What a formula says, the value of the network that it is, and where it stands: to the end of its side where that is one."""
    said = None
    for end in dict.fromkeys((stands.beyond, stands.end)):
        said = _said(truth, claim[stands.start : end].strip(" .,;"), symbols)
        own = _value_of(truth, said) if said else None
        if own is not None:
            return said, own, stands._replace(end=end)
    return said, None, stands


def _with_name(truth: Truth, claim: str, stands: Written, own: str, said: _Formula) -> str:
    """A claim with a name for a formula that it differentiates; a nabla is by the one parameter that the formula has."""
    spelled_out = latex(parse_name(own).formula()) + said.below
    before = claim[: stands.start].rstrip()
    learnt = {t.name for t in truth.program.parameters}
    by = [t.name for t in said.programs[0].inputs if t.name in learnt] if before.endswith(r"\nabla") else []
    below = f"_{{{latex(parse_name(by[0]).formula())}}}" if len(by) == 1 else ""
    return f"{before}{below} {spelled_out} {claim[stands.end :]}"


def with_notes(further: Further, place: int, judged: Judged) -> Judged:
    """The verdict with what is said of the value that a step differentiates; none that rests on one reading of several."""
    if place in further.unsure and judged.wrong:
        why = told("what is differentiated may be read in several ways; give it a name in a step before")
        judged = replace(judged, kind="undecided", because=why, mistakes=(), corrected=(), counterexample=None)
    return replace(judged, remarks=(*judged.remarks, *further.notes.get(place, ())))


def loss_step(judge: Judge, known: Known, name: str, claim: Any) -> Judged | None:
    r"""A step that says of which function the gradient is, J(w) = ...: whether the network has it; None for any other step."""
    side = side_of(claim) if isinstance(claim, str) else None
    truth = judge.truth
    if side is None or side.of is None or side.kind != "value" or not side.base or side.at is None or spelled(truth, side.base):
        return None
    try:
        said = read(f"q = {last_side(claim)}", truth, truth.of, None, judge.symbols, known.said)
    except (SymbackpropError, Fault):
        return None
    programs = [] if said.unknown else [one.program for one in said.readings]
    if not programs:
        return None
    if any(_is(truth, one, truth.of, known.written) for one in programs):
        remark = told("as the network has it")
    else:
        turned = next((one for one in programs if _is(truth, one, truth.of, known.written, -1.0)), None)
        if turned is None and tensor_of(truth, side.of) == truth.of:  # \ell of the network's l
            return another_loss(known, name, said, programs[0])
        is_loss = turned is not None or (side.base in _LOSSES and not programs[0].shape(CLAIM))
        other = told("it is another than the loss of the network") if is_loss else Told()
        remark = told("it is the loss of the network with the other sign") if turned is not None else other
        own = turned or programs[0]
        if is_loss and not has_loops(truth.program) and all(t.name in truth.program.tensors for t in own.inputs):
            judge.losses[side.base] = own  # judged again, where it is a value
    return Judged(name, None, "abbreviation", formulas=said.formulas, remarks=(remark,) if remark else ())


def another_loss(known: Known, name: str, claim: Claim, program: Program) -> Judged:
    """The verdict on a step that says another loss than the network's: one that only lacks constants has the same gradients."""
    if _differs_by_constants(known, program):
        remark = told("it differs from the loss of the network by what no parameter is in")
        return Judged(name, None, "abbreviation", formulas=claim.formulas, remarks=(remark,))
    return Judged(name, None, "wrong", told("the network says something else of {}", written(name)), formulas=claim.formulas)


def _differs_by_constants(known: Known, program: Program) -> bool:
    """Whether a formula differs from the loss by as much wherever the parameters are."""
    truth = known.truth
    learnt = [one.name for one in truth.program.parameters]
    try:
        for place in truth.places.first(TRIED):
            moved = {name: place.point[name] * MOVED for name in learnt}
            there = walk(truth.everything, {**place.point, **moved}, place.sizes)
            gaps = [value(truth, program, known.written, place, at, FLOATS) - at[truth.of] for at in (place.values, there)]
            if gaps[0].shape or not close(gaps[0], gaps[1]):
                return False
    except (PointError, SymbackpropError):
        return False
    return True


class _Formula(NamedTuple):
    """A formula that is differentiated: its readings, the indices of its entries, and how it is shown."""

    programs: tuple[Program, ...]
    plainest: Program
    below: str
    shown: Formula

    @property
    def is_unsure(self) -> bool:
        """Whether its plainest reading is no number and another is, as x y of vectors; |C| of a matrix is its determinant."""
        return bool(self.plainest.shape(CLAIM)) > bool(self.programs[0].shape(CLAIM)) and "|" not in self.shown.typed


def _said(truth: Truth, formula: str, symbols: Mapping[str, str]) -> _Formula | None:
    """What a formula says; None where it has no reading over the network alone."""
    bound = {*_BOUND.findall(formula)}
    letters = "".join(dict.fromkeys(c for c in _INDEX.findall(formula) if c not in bound and spelled(truth, c) is None))
    for below in dict.fromkeys((f"_{{{letters}}}" if letters else "", "")):
        try:
            found = read(f"q{below} = {formula}", truth, truth.of, None, symbols)
        except SymbackpropError:
            continue
        programs = sorted((one.program for one in found.readings), key=lambda one: len(one.shape(CLAIM)))  # |C|: a number
        if not found.unknown and all(t.name in truth.program.tensors for one in programs for t in one.inputs):
            return _Formula(tuple(programs), found.readings[0].program, below, written(formula))
    return None


def _value_of(truth: Truth, said: _Formula) -> str | None:
    """The value of the network that a formula says, the loss first; None where it says none."""
    tensors = truth.program.tensors
    values = [truth.of, *(n for n in truth.named if n != truth.of and tensors[n].kind == "value")]
    for program in said.programs:
        for name in values:
            if tensors[name].shape == program.shape(CLAIM) and _is(truth, program, name):
                return name
    return None


def _is(truth: Truth, program: Any, name: str, bindings: Bindings = (), sign: float = 1.0) -> bool:
    try:
        for place in truth.places.first(TRIED):
            found = sign * value(truth, program, bindings, place, place.values, FLOATS)
            if not (np.isfinite(found).all() and close(found, place.values[name])):
                return False
    except PointError:
        return False
    return True


def _on_the_left(text: str, truth: Truth) -> Iterator[Written]:
    """Where a left-hand side differentiates more than a name."""
    with suppress(Fault):
        several = tokens(text)
        sign = next((k for k in outside(several) if several[k].text == "="), 0)
        if [t.text for t in several[:1]] == ["d"] and sign > 1 and several[1].text in _FUNCTIONS:  # d\log\det X
            yield Written(several[1].at, several[sign].at, several[sign].at)
        elif sign and (found := _operated(several[: sign + 1], 0, sign, truth)) is not None:
            yield found


def _within(text: str, truth: Truth) -> Iterator[Written]:
    """Where the sides behind the first differentiate more than a name, each up to the end of its term."""
    with suppress(Fault):
        several = [*tokens(text), Token(";", len(text))]
        signs = [k for k in outside(several) if several[k].text in ("=", ";")]
        k = signs[0] if signs else len(several)  # a bracket that is not shut
        while k < len(several) - 1:
            end = _end_of_term(several, k)
            found = _operated(several, k, end, truth)
            first = next((t.text for t in several if found and t.at == found.start), "")
            if found is not None and spelled(truth, first.lstrip("\\")) != truth.of:  # \nabla^2 f x is that of f times x
                beyond = next((several[j].at for j in signs if j >= end), found.end) if k - 1 in signs else found.end
                yield found._replace(beyond=max(beyond, found.end) if found.end == several[end].at else found.end)
            k = k + 1 if found is None else end


def _operated(several: Sequence[Token], k: int, end: int, truth: Truth) -> Written | None:
    """What an operator at a place is applied to, at most up to an end; None where there is none, or that is a name."""
    match several[k].text:
        case r"\frac":
            over = behind(several, k + 1)
            under = behind(several, over)
            top = several[k + 2 : over - 1]
            signs = [t.text for t in (*top[:1], *several[over + 1 : over + 2])]
            if len(signs) < 2 or not {*signs} <= {r"\partial", "d"}:
                return None
            start = _past_twice(top, 1)
            formula, stop = (top[start:], several[over - 1].at) if len(top) > start else (several[under:end], several[end].at)
        case r"\nabla":
            start = _past_twice(several, _past_below(several, k + 1))
            start = _past_below(several, start)
            formula, stop = several[start:end], several[min(end, len(several) - 1)].at
        case _:
            return None
    return None if not formula or _is_name(formula, truth) else Written(formula[0].at, stop, stop)


def _end_of_term(several: Sequence[Token], k: int) -> int:
    """The place of the sign that ends the term in which an operator stands, or of the bracket that shuts on it."""
    first = j = behind(several, behind(several, k + 1)) if several[k].text == r"\frac" else k + 1
    bars = 0
    last = len(several) - 1
    while j < last and several[j].text not in _ENDS and not (several[j].text in "+-" and j > first and bars % 2 == 0):
        bars += several[j].text in _BARS
        j = behind(several, j)
    return min(j, last)


def _past_below(several: Sequence[Token], start: int) -> int:
    """The place behind a subscript, where one stands at a place."""
    return behind(several, start + 1) if [t.text for t in several[start : start + 1]] == ["_"] else start


def _past_twice(several: Sequence[Token], start: int) -> int:
    """The place behind the 2 of a second derivative, where one stands at a place."""
    is_twice = (
        len(several) > start + 1 and several[start].text == "^" and plain(several[start : behind(several, start + 1)]) == "^2"
    )
    return behind(several, start + 1) if is_twice else start


def _is_taken(truth: Truth, found: Further, letter: str) -> bool:
    return letter in truth.program.tensors or letter in found.values


def _mentioned(letter: str, steps: Sequence[tuple[str, Any, str]]) -> bool:
    return any(re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", claim) for _, claim, _ in steps if isinstance(claim, str))


def _is_name(formula: Sequence[Token], truth: Truth) -> bool:
    """Whether a letter stands alone, with its scripts and, of a tensor, with what it is a function of: p_i, L(w, b)."""
    if spelled(truth, "".join(token.text for token in formula)) is not None:  # out_{o1}, without a font
        return True
    if formula[0].text == "e" and spelled(truth, "e") is None:  # e^{w^\top x}
        return False
    k = behind(formula, 1) if formula[0].text[1:] in {*FONTS, *ACCENTS} else 1
    while k < len(formula) and formula[k].text in _SCRIPTS:
        if re.match(r"\^(?:-|\d)", plain(formula[k:])) and spelled(truth, plain(formula)) is None:  # C^{-1}, x^2
            return False
        k = k + 1 if formula[k].text == "'" else behind(formula, k + 1)
    is_applied = k < len(formula) and formula[k].text == "(" and behind(formula, k) == len(formula)
    return k >= len(formula) or (is_applied and spelled(truth, formula[0].text.lstrip("\\")) is not None)
