r"""Losses of one sample, \frac{\partial J_i}{\partial w_j} and \nabla E_n(w): J is their sum or their mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, slot
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.told import Told, told
from symbackprop.judge.sides.goals import spelled
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.displays import left_side
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.composed import CLAIM
from symbackprop.judge.weighing.conventions import convention
from symbackprop.judge.weighing.reading import Claim, equal_shapes, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings, Goal, value, weigh

Step = tuple[str, Any, str]

_TRIED = 3  # points
_FREE = "qfghQFGHuvrs"  # letters for values that nobody named
_LOSSES = frozenset(["L", "J", "C", "E", "S", "ell", "l", "R"])  # letters that losses have
_INDEX = (
    r"(?:_\s*(?:(?P<low>[a-z])(?![a-z])|\{\s*(?P<held>[a-z])\s*\})"
    r"|\^\s*(?:\(\s*(?P<high>[a-z])\s*\)|\{\s*\(\s*(?P<raised>[a-z])\s*\)\s*\}))"
)
_OF = r"(?P<of>\\?[A-Za-z]+|\\mathcal\s*(?:\{\s*[A-Z]\s*\}|[A-Z]))\s*"
_INDEXED = re.compile(
    r"(?P<before>\\(?:partial|nabla)(?![a-z])\s*(?P<by>_\s*(?:\w|\\[A-Za-z]+|\{(?:[^{}]|\{[^{}]*\})*\}))?\s*)"
    rf"{_OF}{_INDEX}(?:\s*\((?P<at>[^()]*)\))?"
)
_GIVEN = re.compile(rf"\s*{_OF}{_INDEX}\s*(?:\([^()]*\))?\s*")  # L_i = ..., \ell^{(i)}(w, b) = ...
_BELOW = r"(?:_\s*(?:([a-z])(?![a-z])|\{\s*([a-z])\s*\})|\^\s*(?:\(\s*([a-z])\s*\)|\{\s*\(\s*([a-z])\s*\)\s*\}))"
_OF_DATA = re.compile(rf"(\\?[A-Za-z])\s*(?:_\s*\w\s*(?=\^))?{_BELOW}")  # x_i, x_j^{(i)}
_SUMMED = re.compile(r"\\sum(?![a-z])\s*_\s*\{?\s*([a-z])")
_UPDATE = re.compile(r"\s*(?P<own>\\?[A-Za-z]+(?:_\w|_\{\w\})?)\s*:?=\s*(?P=own)\s*[-+]")


class Sampled(NamedTuple):
    """Steps in which the loss of a sample has a name, that as a further value, and what is said of each such step, by its place."""

    steps: list[Step]
    values: dict[str, Program]
    notes: dict[int, tuple[Told, ...]]


def with_sample_losses(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> Sampled:
    """The steps, in which a loss with an index is a further value: the loss of each sample, whose sum or mean the loss is.

    symbols   what the steps call otherwise.
    """
    found = Sampled(list(steps), {}, {})
    text = " ".join(str(claim) for _, claim, _ in steps)
    own = next((c for c in _FREE if c not in truth.program.tensors and not re.search(rf"(?<![A-Za-z\\]){c}(?![A-Za-z])", text)), "")
    for place, (_, claim, what) in enumerate(steps):
        sample = sample_of(truth, claim)
        if own and sample and (each := each_of(truth)) is not None:
            found.values.setdefault(own, each)
            found.notes[place] = (told("an update by the loss of one sample, {}", written(f"{own}_{{{sample}}}")),)
            continue
        left = left_side(claim) if isinstance(claim, str) and "\\" in claim else ""
        given = _GIVEN.fullmatch(left)
        loss = given or _INDEXED.search(left)
        if loss is None or not own or not _is_loss(truth, loss["of"]):
            continue
        index = next(one for one in loss.group("low", "held", "high", "raised") if one)
        among = given is None and _by_value(truth, left[loss.end() :])
        program = each_of(truth, among) if spelled(truth, f"{loss['of']}_{index}") is None else None
        if program is None:
            continue
        found.values.setdefault(own, (_by_factor(truth, claim, index, symbols) if given else None) or program)
        shown = written(f"{own}_{{{index}}}"), written(loss[0] if given else loss[0].removeprefix(loss["before"]))
        found.notes[place] = (told("{} is {}, the loss of a sample alone", *shown),)
        if given:
            rest = claim[len(left) :] if claim.startswith(left) else f" ={claim.partition('=')[2]}"
            found.steps[place] = (f"{own}_{{{index}}}", reworded(claim, f"{own}_{{{index}}}{rest}"), what)
            continue

        def named(one: re.Match[str], of: str = loss["of"]) -> str:
            whole = "nabla" not in one["before"] or one["by"] or not one["at"]
            letter = next(part for part in one.group("low", "held", "high", "raised") if part)
            by = one["before"] if whole else rf"\nabla_{{{one['at']}}}"
            return f"{by} {own}_{{{letter}}}" if one["of"] == of else one[0]

        claim = _INDEXED.sub(named, claim)
        found.steps[place] = (left_side(claim), claim, what)
    return found


def _by_factor(truth: Truth, claim: Any, index: str, symbols: Mapping[str, str]) -> Program | None:
    """What a step says that the loss of a sample is, where that is another multiple of it than the network has; or None."""
    try:
        said = read(f"q_{{{index}}} = {claim.partition('=')[2]}", truth, truth.of, None, symbols)
    except SymbackpropError:
        return None
    places, each = truth.places.first(_TRIED), each_of(truth)
    for program in (one.program for one in said.readings):
        if said.unknown or each is None or not equal_shapes(program.shape(CLAIM), each.shape(CLAIM)):
            continue
        try:
            said_at = [value(truth, program, (), place, place.values, FLOATS) for place in places]
            pairs = [(one, value(truth, each, (), place, place.values, FLOATS)) for one, place in zip(said_at, places, strict=True)]
        except (PointError, SymbackpropError):
            continue
        by = convention(pairs, [place.sizes for place in places])
        if by is not None and {*by.kinds} <= {"2", "N"}:
            return program
    return None


def sample_of(truth: Truth, claim: Any) -> str:
    r"""The index of the one sample that an update goes by, i of w = w - \eta (w^\top x_i - y_i) x_i; "" of any other step."""
    moved = _UPDATE.match(claim) if isinstance(claim, str) else None
    if moved is None:
        return ""
    bound, found = {*_SUMMED.findall(claim)}, set[str]()
    for one in _OF_DATA.finditer(claim, moved.end()):
        own = spelled(truth, one[1].lstrip("\\")) or spelled(truth, one[1].upper())
        if own is not None and truth.program.tensors[own].kind in ("data", "labels", "integers"):
            found |= {letter for letter in one.groups()[1:] if letter} - bound
    return found.pop() if len(found) == 1 else ""


def sample_loss(truth: Truth) -> str | None:
    """The further value that is the loss of each sample alone; None where no step speaks of it."""
    each = [each_of(truth, among) for among in (False, True)] if truth.further else []
    return next((name for name, program in truth.further.items() if program in each), None)


def _is_loss(truth: Truth, text: str) -> bool:
    """Whether a letter is the network's loss, or one that losses have and nothing else does."""
    plain = re.sub(r"\\mathcal|[\\{}\s]", "", text)
    own = spelled(truth, plain)
    return own == truth.of or (own is None and plain in _LOSSES and not truth.program.shape(truth.of))


def _by_value(truth: Truth, behind: str) -> bool:
    r"""Whether a loss is differentiated by a computed value of samples, \partial z_{ik}; Z may be written so."""
    by = re.search(r"\\partial\s*(\\?[A-Za-z]+)", behind)
    own = (spelled(truth, by[1]) or spelled(truth, by[1].upper())) if by else None
    return own is not None and truth.program.tensors[own].kind == "value" and _of_samples(truth, own)


def each_of(truth: Truth, among: bool = False) -> Program | None:
    """The losses of the samples as one value; None where the loss is no multiple of one sum over samples.

    among   whether terms that no sample has, such as a penalty of the parameters, may stand beside that: where the loss is
            differentiated by a value of the samples they do not count, by a parameter nothing says whether each sample has them.
    """
    made, name, factor = truth.program.equation_of(), truth.of, sp.Integer(1)
    while name in made:
        op, operands = made[name].op, made[name].operands
        several = [k for k, one in enumerate(operands) if not among or _of_samples(truth, one.name)]
        if not isinstance(op, Sum) or len(operands) != len(op.slots) or len(several) != 1:
            return None
        body, read = op.body, op.slots[several[0]]
        rate = body.diff(read)
        is_multiple = body.subs(read, 0) == 0 or (among and len(operands) > 1 and not op.over)
        if not is_multiple or rate.has(*op.slots):
            return None
        factor = factor * rate
        if op.over:
            return _summed(truth, operands[several[0]], dict(op.over), factor)
        name = operands[several[0]].name
    return None


def _of_samples(truth: Truth, name: str) -> bool:
    """Whether a tensor is made of data of samples."""
    made, waiting, seen = truth.program.equation_of(), [name], set[str]()
    while waiting:
        own = waiting.pop()
        if own in seen:
            continue
        seen.add(own)
        if own not in made and truth.program.shape(own) and truth.program.tensors[own].kind != "parameter":
            return True
        waiting += [one.name for one in made[own].operands] if own in made else []
    return False


def _summed(truth: Truth, terms: Ref, over: dict[str, Expr], factor: Expr) -> Program | None:
    """A sum over samples and other letters, but for that over the samples."""
    held = {n for t in truth.program.inputs if t.kind == "parameter" for n in t.shape}
    given = {t.shape[0] for t in truth.program.inputs if t.kind in ("data", "labels", "integers") and t.shape}
    counts = [(letter, n) for letter, n in over.items() if isinstance(n, Symbol) and n in given - held]
    if len(counts) != 1:
        return None
    (letter, count) = counts[0]
    factor = factor * count if factor.has(count) else factor
    others = tuple((other, n) for other, n in over.items() if other != letter)
    shape = truth.program.shape(terms.name)
    whole = Equation(Ref(CLAIM, (letter,)), Sum(factor * slot(0), (slot(0),), others), (terms,))
    tensors = {terms.name: Signature(terms.name, shape, kind="data"), CLAIM: Signature(CLAIM, (count,))}
    return Program(tensors, (whole,), (CLAIM,))


def of_sample(truth: Truth, name: str, value: str, claim: Claim, bindings: Bindings) -> Judged:
    """The verdict on what a step says of the loss of a sample and the network does not: a multiple is a loss of its own."""
    goal = Goal(truth, truth.of, value, truth.everything, value)
    found = weigh(goal, claim.readings[0].program, bindings)
    by = convention([(s.claimed, s.true) for s in found.samples], [s.place.sizes for s in found.samples]) if found.samples else None
    if by is not None and "sign" not in by.kinds:
        return Judged(name, None, "abbreviation", formulas=claim.formulas, remarks=(by.says,))
    return Judged(name, None, "wrong", told("the network says something else of {}", written(name)), formulas=claim.formulas)
