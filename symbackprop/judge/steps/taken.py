"""Names of the network that code gives to something else: h1 = d @ W2.T, after which h1 is what that line says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.told import told
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.restated import is_restated, value_named
from symbackprop.judge.texts.arrays import NEW, Code, renamed
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import NotUnderstood, read
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]


def in_code(
    judge: Judge, known: Known, steps: Sequence[Step], place: int, what: str, judged: Callable[[str, Any, str], Judged]
) -> Judged:
    """The verdict on a step; on one of code with what its names stand for by now, and what its own name stands for from now on.

    A value of the network whose name a line gives to something else, for later lines to read, is that in these; what it is
    turns out by itself. Where no line reads it, or where gradients are called by what they are the gradients by, it claims one.

    judged   the verdict on a step: its name, what it says, what it is said to be.
    """
    name, claim, _ = steps[place]
    if not isinstance(claim, Code):
        return judged(name, claim, what)
    said = claim.as_said(renamed(claim, known.called))
    tensor = _tensor(known.truth, name)
    if tensor is None:
        return judged(name, said, what)
    if _restates(judge, known, name, said):
        known.called.pop(name, None)
        return judged(name, said, what)
    before = known.called.get(name)
    goes_on = before is not None and re.search(rf"\b{before}\b", said) is not None
    own = before if goes_on and before else _fresh(name, steps, known)
    read_later = any(other != name and _reads(text, name) for other, text, _ in _until_given(steps, place))
    claims = not what and (not read_later or by_their_own_names(known.truth, steps))
    said = said if goes_on else claim.as_said(_begun_as(own, name, said))
    found = judged(own, said, f"d{known.truth.of}/d{tensor}" if claims else what)
    known.called[name] = own
    if found.asked is None and read_later and not goes_on:
        note = told("in the lines below, {} is this, and not what the network calls so", written(name))
        found = replace(found, remarks=(*found.remarks, note))
    return found


def by_their_own_names(truth: Truth, steps: Sequence[Step]) -> bool:
    """Whether gradients by parameters are called as these are: W = ..., no update of W."""
    return any(name in truth.program.tensors and truth.program.tensors[name].kind == "parameter" for name, _, _ in steps)


def or_beside(
    judge: Judge, steps: Sequence[Step], found: tuple[Judged, ...], judged: Callable[[list[Step]], tuple[Judged, ...]]
) -> tuple[Judged, ...]:
    """The verdicts; where gradients are called by their tensors, those with z of the network beside a step z where these are right.

    judged   the verdicts on steps.
    """
    if not (any(one.wrong or one.open for one in found) and by_their_own_names(judge.truth, steps) and _takes_names(judge, steps)):
        return found
    again = judged([(name, str(claim), what) for name, claim, what in steps])
    return found if any(one.wrong or one.open for one in again) else again


def _takes_names(judge: Judge, steps: Sequence[Step]) -> bool:
    """Whether code gives names of the network that later lines read."""
    return any(
        isinstance(claim, Code) and _tensor(judge.truth, name) and any(_reads(text, name) for _, text, _ in steps[place + 1 :])
        for place, (name, claim, _) in enumerate(steps)
    )


def _tensor(truth: Truth, name: str) -> str | None:
    """The value or the input of the network that code calls so; parameters keep their names."""
    own = truth.network.aliases.get(name, name)
    return own if own in truth.named and own in truth.program.tensors and truth.program.tensors[own].kind != "parameter" else None


def _begun_as(own: str, name: str, said: str) -> Code:
    """Lines that give a name a value, by another name; what they read of it before they give it stays as it is."""
    match ast.parse(said).body:
        case [ast.Assign(targets=[ast.Name(id=given)], value=value), *rest] if given == name:
            first = f"{own} = {ast.unparse(value)}"
        case [ast.Expr()]:
            return Code(said)
        case rest:
            first = f"{own} = {name}"
    return Code("\n".join([first, *(renamed(ast.unparse(line), {name: own}) for line in rest)]))


def _restates(judge: Judge, known: Known, name: str, claim: str) -> bool:
    """Whether a line gives a name of the network what the network calls so."""
    value = value_named(judge.truth, name)
    if value is None:
        return False
    try:
        understood = read(claim, judge.truth, judge.truth.of, None, judge.symbols, known.said)
    except NotUnderstood:
        return False
    understood = replace(understood, left=replace(understood.left, kind="abbreviation"))
    return not understood.unknown and is_restated(judge.truth, value, understood, known.written)


def _fresh(name: str, steps: Sequence[Step], known: Known) -> str:
    """A name that nothing has."""
    taken = {own for own, _, _ in steps} | {*known.shapes, *known.called.values()}
    return next(own for own in (f"{name}{NEW}{k or ''}" for k in (0, *range(2, len(taken) + 3))) if own not in taken)


def _until_given(steps: Sequence[Step], place: int) -> Iterator[Step]:
    """The steps below one, up to the one that gives its name anew."""
    name = steps[place][0]
    for step in steps[place + 1 :]:
        yield step
        if step[0] == name and not _reads(step[1], name):
            return


def _reads(claim: Any, name: str) -> bool:
    """Whether a formula or lines of code read a name."""
    return isinstance(claim, str) and re.search(rf"(?<![\w.]){name}\b", claim) is not None
