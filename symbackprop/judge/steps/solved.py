r"""Closed solutions, \hat\beta = (X^\top X)^{-1} X^\top y and \mu^* = \bar x: right where the gradient is 0 at them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symbackprop.core.letters import LETTERS
from symbackprop.core.program import Program, Ref, Sum, shape_text, slot
from symbackprop.formulas.told import Told, name, several, told
from symbackprop.judge.sides.best_names import follows, is_product, is_spelled, parameter_named, spellings
from symbackprop.judge.steps.changed import may_mention
from symbackprop.judge.steps.equations import (
    goes_up,
    holds_at_best,
    holds_somewhere,
    holds_together,
    is_best_with_others,
    with_own_names,
)
from symbackprop.judge.steps.known import Known, Used
from symbackprop.judge.steps.set_to_zero import as_equation, inputs_of, parameters_of, programs_of, read_by, set_to_zero
from symbackprop.judge.steps.stationary import LEAST, among_all, held, solved
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import CLAIM, Shape, equal_shapes
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import is_best, now, side_of, word_of

_SET = re.compile(r"=\s*0\s*[.,;]?\s*$")


def as_solutions(known: Known, found: Sequence[Judged], steps: Sequence[tuple[str, Any, str]]) -> tuple[Judged, ...]:
    """The verdicts, where each step has given its best value: the slope is best at the best intercept."""
    if len({wrt for own, _, _ in steps if (wrt := parameter_named(known.truth, own))}) < 2:
        return tuple(found)
    open_ = {k for k, one in enumerate(found) if one.kind == "abbreviation" and parameter_named(known.truth, steps[k][0])}
    return tuple(as_solution(known, one, steps, k, ended=True) if k in open_ else one for k, one in enumerate(found))


def as_solution(known: Known, judged: Judged, steps: Sequence[tuple[str, Any, str]], place: int, ended: bool = False) -> Judged:
    """The verdict on a step that says which value of a parameter is best, and that no other step uses; any other as it is.

    ended   whether all steps are told: before that a solution may wait for that of another parameter.
    """
    truth, own = known.truth, steps[place][0]
    if judged.kind == "not understood":
        return as_equation(known, judged, steps[place][1])
    used = next((one for one in reversed(known.used) if one.place == place), None)
    if used is not None and not judged.right:
        found = _as_condition(known, used, judged, steps) or _as_value(known, used, judged, steps)
        return _as_following(known, used, found, steps) if found.wrong else found
    wrt = parameter_named(truth, own)
    written = dict(known.written)
    program = written.get(own) or next((what for key, what in reversed(known.written) if key in spellings(own)), None)
    if wrt is None and judged.kind == "abbreviation" and isinstance(steps[place][1], str):
        if not is_product(truth, with_own_names(truth, own)[0]):
            return _by_name(known, judged, steps[place][1])
        before = known.copy()
        for spelling in (own, own.replace(" ", "")):
            before.shapes.pop(spelling, None)  # a product is no name
        return as_equation(before, judged, steps[place][1])
    if judged.kind != "abbreviation" or wrt is None or not isinstance(program, Program):
        return judged
    is_used = any(may_mention(claim, own) for _, claim, _ in steps[place + 1 :])
    program = _filled(program, truth.program.shape(wrt))
    shape = program.shape(CLAIM)
    if wrt in inputs_of(known, program):
        return judged
    if not equal_shapes(shape, truth.program.shape(wrt)):
        shapes = map(shape_text, (shape, truth.program.shape(wrt)))
        return replace(judged, kind="undecided", because=told("it has the shape {}, the parameter {}", *shapes))
    found = held(known, program, wrt)
    waits = not ended and len({one for name, _, _ in steps if (one := parameter_named(truth, name))}) > 1
    if among_all(found) is None and ((is_used and not ended) or waits):
        return judged
    return _with_others(known, judged, own, wrt, program, found)


def _with_others(known: Known, judged: Judged, own: str, wrt: str, program: Program, found: Sequence[str]) -> Judged:
    """The verdict on a solution; where the gradient is not 0 at it alone, by that with the other parameters at their best."""
    others = among_all(found) is None and not parameters_of(known.truth) <= {wrt, *solved(known)}
    is_best = is_best_with_others(known, program, wrt) if others else None
    if is_best is None:
        return judged if others else answered(known.truth, judged, own, wrt, found)
    said = told("the gradient by {} is 0 there, with the other parameters at their best", name(wrt))
    if not is_best:  # a multiplier has no best value by itself
        holds = holds_together(known, program, wrt)
        if holds is None and holds_somewhere(known, program, wrt):
            if inputs_of(known, program):
                why = told("a value that follows from what is set to 0, which is not judged")
                return replace(judged, kind="undecided", because=why)
            said = told("a place where the gradients by all parameters are 0 has it")
        elif not holds:
            return answered(known.truth, judged, own, wrt, ["none"] * LEAST)
    return _right(known.truth, judged, own, wrt, said)


def _right(truth: Truth, judged: Judged, own: str, wrt: str, said: Told) -> Judged:
    """A step that gives a parameter its best value, of which is said why."""
    asked = set_to_zero(truth, own, wrt)
    return replace(judged, asked=asked, kind="right, numeric", because=Told(), remarks=(*judged.remarks, said), points=LEAST)


def _as_condition(known: Known, used: Used, judged: Judged, steps: Sequence[tuple[str, Any, str]]) -> Judged | None:
    r"""The verdict on \nabla L = 0 before steps that follow from it: it is set to 0, which claims nothing; None for others."""
    later = [own for own, _, _ in steps[used.place + 1 :]]
    claim = steps[used.place][1]
    side = side_of(claim) if isinstance(claim, str) else None
    at_best = side is not None and any(map(is_best, side.points))  # \nabla f(x^*)
    if not _is_nothing(used.program) or not (at_best or any(follows(known.truth, own) for own in later)):
        return None
    _not_used(known, used)
    return Judged(judged.name, None, "abbreviation", remarks=(told("set to 0 for the steps that follow"),))


def _as_value(known: Known, used: Used, judged: Judged, steps: Sequence[tuple[str, Any, str]]) -> Judged:
    r"""The verdict on w = (X^\top X)^{-1} X^\top y, where a parameter by its own name is no gradient: its best value."""
    truth, wrt = known.truth, used.goal.wrt
    own = steps[used.place][0]
    is_asked = used.goal.of == truth.of and truth.program.tensors[wrt].kind == "parameter"
    if not (is_asked and is_spelled(wrt, own)):
        return judged
    program = _filled(used.program, truth.program.shape(wrt))
    if not equal_shapes(program.shape(CLAIM), truth.program.shape(wrt)):
        return judged
    if wrt in inputs_of(known, program):
        alone = Judged(judged.name, None, "abbreviation", formulas=judged.formulas)
        is_value = _gives(wrt, steps[used.place][1]) and not truth.pinned
        itself = _of_itself(known, alone, own, wrt, program) if is_value else None
        if itself is None:
            return judged
        _not_used(known, used)
        return itself
    found, alone = held(known, program, wrt), Judged(judged.name, None, "abbreviation", formulas=judged.formulas)
    if among_all(found) is not None:
        judged = answered(truth, alone, own, wrt, found)
    elif said := _best_together(known, program, wrt):
        judged = replace(alone, asked=set_to_zero(truth, own, wrt), kind="right, numeric", remarks=(said,), points=LEAST)
    elif because := _of_signs(known, program, wrt):
        judged = replace(alone, asked=set_to_zero(truth, own, wrt), kind="undecided", because=because)
    else:
        return judged
    _not_used(known, used)
    return judged


def _best_together(known: Known, program: Program, wrt: str) -> Told:
    """Where a value of a parameter is best beside the others at their best; nothing where it is not, or inputs are numbers."""
    if known.truth.pinned:
        return Told()
    if not inputs_of(known, program) & parameters_of(known.truth) and is_best_with_others(known, program, wrt):
        return told("the gradient by {} is 0 there, with the other parameters at their best", name(wrt))
    if holds_together(known, program, wrt):
        return told("it holds where the gradients by all parameters are 0")
    return Told()


def _as_following(known: Known, used: Used, judged: Judged, steps: Sequence[tuple[str, Any, str]]) -> Judged:
    """The verdict on a parameter by its own name behind its gradient, or what is set to 0: a value that follows."""
    truth, wrt, own = known.truth, used.goal.wrt, steps[used.place][0]
    is_asked = used.goal.of == truth.of and truth.program.tensors[wrt].kind == "parameter"
    before = [claim for _, claim, _ in steps[: used.place] if isinstance(claim, str)]
    gradients = [one for one in known.used if (one.goal.of, one.goal.wrt) == (truth.of, wrt)]
    derived = any(not is_spelled(wrt, steps[one.place][0]) for one in gradients)
    if not (is_asked and is_spelled(wrt, own) and (derived or any(_SET.search(claim) for claim in before))):
        return judged
    _not_used(known, used)
    program = _filled(used.program, truth.program.shape(wrt))
    alone = Judged(judged.name, None, "abbreviation", formulas=judged.formulas)
    fits, read = (
        equal_shapes(program.shape(CLAIM), truth.program.shape(wrt)),
        inputs_of(known, program) & parameters_of(truth),
    )
    found = held(known, program, wrt) if fits and wrt not in read else []
    why = told("a value that follows from what is set to 0, which is not judged")
    undecided = replace(alone, kind="undecided", because=why)
    if fits and (not read or among_all(found) is not None):
        answered = _with_others(known, alone, own, wrt, program, found)
        if answered != alone:
            return answered
    holds = holds_together(known, program, wrt) if fits else None
    if holds is None and fits and not inputs_of(known, program) and holds_somewhere(known, program, wrt):
        return _right(truth, alone, own, wrt, told("a place where the gradients by all parameters are 0 has it"))
    if holds is None:
        known.used.append(used._replace(judged=undecided))  # it may be best together with those of later steps
        return undecided
    if not holds:
        why = told("it does not hold where the gradients by all parameters are 0")
        return replace(alone, asked=set_to_zero(truth, own, wrt), kind="wrong", because=why, points=LEAST)
    return _right(truth, alone, own, wrt, told("it holds where the gradients by all parameters are 0"))


def _of_signs(known: Known, program: Program, wrt: str) -> Told:
    """Which data would have to be -1 or 1 for a solution to be one, and how that is declared; nothing where it would be none."""
    given = {t.name: t for t in known.truth.program.inputs if t.kind == "data" and t.domain is None and t.shape}
    names = list(given)
    if not names or among_all(held(known, program, wrt, signs=names)) is None:
        return Told()
    for one in tuple(names):  # as few as are needed
        fewer = [other for other in names if other != one]
        if fewer and among_all(held(known, program, wrt, signs=fewer)) is not None:
            names = fewer
    declared = ", ".join(f"{one}: data[{', '.join(map(str, given[one].shape))}] & sign" for one in names)
    every = told("every {}", several([name(one) for one in names]))
    return told("right where {} {}; declare {}", every, told("is -1 or 1"), declared)


def _is_nothing(program: Program) -> bool:
    return all(not e.operands and isinstance(e.op, Sum) and e.op.body == 0 for e in program.equations)


def _by_name(known: Known, judged: Judged, claim: str) -> Judged:
    r"""The verdict on c_k = \sum_n r_{nk} x_n/\sum_n r_{nk}, a parameter by its own name at its best values; any other as it is."""
    truth, own = known.truth, judged.name
    wrt = next((t.name for t in truth.program.parameters if is_spelled(t.name, own)), None)
    if wrt is None:
        return judged
    right = sides(claim)[-1]
    definitions = claim.rpartition(right)[2] if right in claim else ""
    for program in programs_of(known, right + definitions, own[own.find("_") :] if "_" in own else ""):
        if not equal_shapes(program.shape(CLAIM), truth.program.shape(wrt)) or _is_itself(program, wrt):
            continue
        if wrt not in inputs_of(known, program):
            found = held(known, program, wrt)
            if among_all(found) is None and holds_together(known, program, wrt):
                said = told("it holds where the gradients by all parameters are 0")
                return replace(judged, asked=set_to_zero(truth, own, wrt), kind="right, numeric", remarks=(said,), points=LEAST)
            if among_all(found) is None and len(found) >= LEAST:
                return replace(judged, kind="undecided", because=told("the gradient by {} is not 0 there", name(wrt)))
            return answered(truth, judged, own, wrt, found)
        itself = None if judged.remarks else _of_itself(known, judged, own, wrt, program)  # of no update
        if itself is not None:
            return itself
    return judged


def _filled(program: Program, shape: Shape) -> Program:
    """A number as an array of a shape, the 0 of w = 0; anything else as it is."""
    *before, last = program.equations
    if program.shape(CLAIM) or not isinstance(last.op, Sum) or read_by(program):
        return program
    filled = replace(last, target=Ref(CLAIM, tuple(LETTERS[: len(shape)])))
    own = {e.target.name: program.tensors[e.target.name] for e in before}
    return replace(program, tensors={**own, CLAIM: replace(program.tensors[CLAIM], shape=shape)}, equations=(*before, filled))


def _is_itself(program: Program, wrt: str) -> bool:
    """Whether a value is the parameter as it is, w_k = W_{:,k}: a name for its parts, and no best value."""
    (*_, last) = program.equations
    return len(program.equations) == 1 and isinstance(last.op, Sum) and last.op.body == slot(0) and last.operands[0].name == wrt


def _gives(wrt: str, claim: Any) -> bool:
    """Whether a claim gives a parameter a value by its own name, w = ..., and is no formula for w."""
    try:
        several = sides(claim) if isinstance(claim, str) else []
    except Fault:
        return False
    return len(several) > 1 and is_spelled(wrt, several[0])


def _of_itself(known: Known, judged: Judged, own: str, wrt: str, program: Program) -> Judged | None:
    """The verdict on a parameter that is made of itself, w = g(w): it holds where the gradient is 0; None where it does not."""
    if not holds_at_best(known, program, wrt):
        return None
    said = told("it holds where the gradient by {} is 0", name(wrt))
    word = word_of(own)
    if word is None or now(word) is None or not goes_up(known, program, wrt):  # an equation goes nowhere
        return _right(known.truth, judged, own, wrt, said)
    why = told("it goes along the gradient, by which {} grows: descent goes against it", name(known.truth.of))
    return replace(judged, asked=set_to_zero(known.truth, own, wrt), kind="undecided", because=why, remarks=(*judged.remarks, said))


def _not_used(known: Known, used: Used) -> None:
    """Forget that a step claims a gradient."""
    known.used.remove(used)
    known.wrong = any(one.judged.wrong for one in known.used)


def answered(truth: Truth, judged: Judged, own: str, wrt: str, found: Sequence[str]) -> Judged:
    """The verdict on a solution, by what it is among at each point."""
    among = among_all(found)
    if among is None and (len(found) < LEAST or {*found} != {"none"}):
        return judged
    asked = set_to_zero(truth, own, wrt)
    if among is not None:
        said = told("the gradient by {} is 0 there", name(wrt))
        if among == "sum":
            said = told("the gradient by {} is 0 there along all that sum to 1", name(wrt))
        elif among == "length":
            said = told("the gradient by {} is 0 there along all of length 1", name(wrt))
        return replace(judged, asked=asked, kind="right, numeric", remarks=(*judged.remarks, said), points=len(found))
    why = told("the gradient by {} is not 0 there", name(wrt))
    return replace(judged, asked=asked, kind="wrong", because=why, points=len(found))
