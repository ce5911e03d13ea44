"""`verify`: a person's gradients against the truth, each with a verdict and, where it is wrong, why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

from symbackprop.core.derivation import DerivationError
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.core.progress import counted
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.told import name as named
from symbackprop.judge.followed.judged import in_order
from symbackprop.judge.followed.sources import by_source
from symbackprop.judge.followed.whole import followed_whole
from symbackprop.judge.sides.at_values import Numbers, Step, numbers_before, point_of
from symbackprop.judge.sides.by_entries import by_entries, side_by_side
from symbackprop.judge.sides.goals import asked, spelled, steps_of
from symbackprop.judge.sides.probabilities import with_probabilities
from symbackprop.judge.sides.respelled import respelled
from symbackprop.judge.steps.derivations import judge_steps
from symbackprop.judge.steps.differentiated import with_names, with_notes
from symbackprop.judge.steps.own_values import with_own_values
from symbackprop.judge.steps.restated import value_named
from symbackprop.judge.steps.sample_losses import with_sample_losses
from symbackprop.judge.steps.used import as_used
from symbackprop.judge.steps.written_out import without_own_functions
from symbackprop.judge.texts.arrays import Code, Whole
from symbackprop.judge.texts.displays import left_side
from symbackprop.judge.texts.numbers import is_of_numbers, is_rounded
from symbackprop.judge.verdicts.case import behind, case_of, title_of
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.places import in_places
from symbackprop.judge.verdicts.report import report
from symbackprop.judge.verdicts.verdict import Judged, Verification
from symbackprop.judge.weighing.conventions import ALLOWED
from symbackprop.judge.weighing.truth import Truth

Steps = Sequence[tuple[str, Any] | tuple[str, Any, str]]

BEHIND = told("the number behind it is right or wrong where the inputs have numbers")
NUMBER = re.compile(r"(?:^|=)\s*[-+]?\s*(?:\d+\.?\d*|\.\d+)\s*[.,;]?\s*$")  # a number, as the last side
ROUNDED = re.compile(r"(?:^|=)\s*[-+]?\s*\d*\.\d{2,}\s*[.,;]?\s*$")  # and one whose digits were rounded


def verify(
    network: Network,
    claims: Mapping[str, Any] | Steps,
    of: str | None = None,
    symbols: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    sizes: Mapping[str, int] | None = None,
) -> Verification:
    """Whether gradients that a person derived are right; where one is wrong, where, with the smallest example, and why.

    claims   {"W_1": claim}: the gradient of the loss by each name; or the steps of a derivation, (name, claim) or
             (name, claim, what) with `what` one of "dL/da", "da/dz", "abbreviation", of which later ones may use earlier ones.
    of       what is differentiated; None: the loss. A tensor with axes has a Jacobian, of shape of.shape + w.shape.
    symbols  what the claims call otherwise: {"m": "n", "delta": "z_2"}.
    allow    conventions by which a claim still counts as right: "transpose", "layout", "sign", "N", "2", "left".
    sizes    sizes by name that are settled.

    Raises SymbackpropError where the network cannot be read, or a claim is about what is not there.
    """
    permitted = tuple(allow)
    if strange := [kind for kind in permitted if kind not in ALLOWED]:
        raise DerivationError(f'allow="{strange[0]}": there is no such convention; the conventions are {", ".join(ALLOWED)}')
    target = network.aliases.get(of, of) if of is not None else network.loss
    question = Question(network, target, dict(symbols or {}), permitted, dict(sizes or {}))
    judge = question.judge()
    if isinstance(claims, Mapping):
        if not claims:
            raise DerivationError('there is no claim; write {"W_1": "..."}')
        found = _answered(question, [(name, claim, "") for name, claim in claims.items()], alone=True)
        given = []
    else:
        given = steps_of(claims)
        followed = tuple(one for _, claim, _ in given if isinstance(claim, Whole) for one in followed_whole(judge, claim))
        given = [step for step in given if not isinstance(step[1], Whole)]
        found = (*(with_numbers(question, given) if given else ()), *followed)
    inputs = frozenset(one.name for one in judge.truth.program.inputs)
    return Verification(found, bool(given), title_of(network), behind(judge.truth, found), inputs, report)


def said(claim: Any) -> str:
    """The text of a claim; "" of one that is none."""
    return claim if isinstance(claim, str) else ""


class Question(NamedTuple):
    """What claims are held against: of which network and which of its values, as `verify` has them.

    pinned   inputs that are given numbers.
    """

    network: Network
    of: str
    symbols: dict[str, str]
    allow: tuple[str, ...]
    sizes: dict[str, int]
    pinned: Mapping[str, Program] = {}

    def judge(self, further: Mapping[str, Program] | None = None) -> Judge:
        case = case_of(self.network, self.of, self.sizes, further, self.pinned)
        return Judge(case, self.symbols, self.allow)

    def at(self, numbers: Numbers) -> Question:
        """The same where inputs have numbers."""
        return self._replace(pinned={**self.pinned, **numbers.values}, sizes={**self.sizes, **numbers.sizes})


def with_numbers(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    """The verdicts on steps; behind numbers for inputs, what is not right for all numbers is held against the truth at these."""
    truth = question.judge().truth
    numbers, given, rest = numbers_before(truth, steps, question.symbols)
    first = [step for step, _ in given]
    rest = [without_lines(step, first) for step in rest]
    found = at_points(question, rest or first)
    if not (first and rest):
        return found
    there = found if any(fault for _, fault in given) else at_points(question.at(numbers), rest)
    if len(found) == len(there):
        there = tuple(better(one, other) for one, other in zip(found, there, strict=True))
        there = tuple(moved(truth, one, step[1], numbers) for one, step in zip(there, rest, strict=False)) + there[len(rest) :]
    begun = [
        Judged(name, None, "not understood" if fault else "abbreviation", fault, given=str(claim))
        for (name, claim, _), fault in given
    ]
    if numbers.values:
        said = told("numbers, at which the steps below are tried where they are not right for all")
        begun[-1] = replace(begun[-1], remarks=(said,))
    return (*in_places(begun, [step[:2] for step in first]), *there)


def better(one: Judged, there: Judged) -> Judged:
    """Of the verdicts for all numbers and at those that are given the one that says more."""
    is_name = one.kind == "abbreviation" and there.wrong
    return one if (one.right or is_name) and BEHIND not in one.remarks else there


def moved(truth: Truth, judged: Judged, claim: Any, numbers: Numbers) -> Judged:
    """The verdict on a step that gives an input with a number another, w = 0.5 - 0.1 * 0.3 = 0.47: it claims no gradient."""
    left, _, right = said(claim).partition("=")
    own = spelled(truth, left.strip().lstrip("\\"))
    sides = re.sub(rf"(?<![A-Za-z\\]){own}(?![A-Za-z])", "0", right).split("=")
    if not judged.wrong or own not in numbers.values or not all(map(is_of_numbers, sides)):
        return judged
    remark = told("a new number for {}, which is not judged", named(own))
    return Judged(judged.name, None, "abbreviation", formulas=judged.formulas, remarks=(remark,), given=judged.given)


def without_lines(step: Step, others: Sequence[Step]) -> Step:
    """A step of code whose source lacks the lines of others."""
    name, claim, what = step
    lines = {line for _, other, _ in others if isinstance(other, Code) for line in other.lines}
    if isinstance(claim, Code) and lines:
        claim = copy(claim)
        claim.source = "\n".join("" if k in lines else text for k, text in enumerate(claim.source.split("\n"), start=1))
    return name, claim, what


def tail_of(claim: Any) -> str:
    """The number that a claim says its formula comes to, = -4 behind z; "" where it is 0, or is made of numbers itself."""
    found = NUMBER.search(said(claim))
    _, equals, side = said(claim)[: found.start() if found else 0].rpartition("=")
    return found[0] if found and equals and not is_of_numbers(side) and re.search(r"[1-9]", found[0]) else ""


def without_places(truth: Truth, found: Sequence[Judged], steps: Sequence[tuple[str, Any]]) -> tuple[Judged, ...]:
    """The verdicts on steps where no input has a number: what is one itself is wrong nowhere else than where it was taken.

    One is such a number by its digits, 0.1385; and any where a step gives one to a value of the network, q = 3.
    """
    numbers = [said(claim).strip() for name, claim in steps if value_named(truth, name) is not None]
    number = NUMBER if any(map(NUMBER.search, numbers)) else ROUNDED
    why = told("a number is right or wrong where the inputs have numbers; give them in steps before: {}", "x = 1, w = 0.5")
    out: list[Judged] = []
    for one, (name, claim) in zip(found, steps, strict=False):
        is_number = number.search(said(claim)) is not None or is_rounded(said(claim).rpartition("=")[2])
        if not is_number or not (one.wrong or one.asked is None):
            out.append(one)
            continue
        about, right = (None, None) if value_named(truth, name) is not None else (one.asked, one.truth)
        out.append(Judged(one.name, about, "undecided", why, one.formulas, right, given=one.given))
    return (*out, *found[len(out) :])


def at_points(question: Question, steps: Sequence[Step]) -> tuple[Judged, ...]:
    r"""The verdicts on steps; on one about a derivative at a point, \nabla f(1, 2) = (2, 4), by the truth there."""
    truth = question.judge().truth
    steps = [one for step in steps for one in side_by_side(truth, step)]
    points = [point_of(truth, claim, question.symbols) for _, claim, _ in steps]
    said = [step if at is None else (left_side(at[0]), at[0], step[2]) for step, at in zip(steps, points, strict=True)]
    entries = [by_entries(truth, [step]) for step in said]
    if not any(points):
        return _answered(question, [one for several in entries for one in several])
    usual = [one for several, point in zip(entries, points, strict=True) if point is None for one in several]
    others = iter(_answered(question, usual) if usual else ())
    found: list[Judged] = []
    for (name, claim, _), several, point in zip(steps, entries, points, strict=True):
        if point is None:
            found += [one for one, _ in zip(others, several, strict=False)]
        elif isinstance(point[1], Told):
            found.append(Judged(name, None, "not understood", point[1], given=str(claim)))
        else:
            found += [replace(one, given=str(claim)) for one in _answered(question.at(point[1]), several)]
    return (*found, *others)


def _answered(question: Question, given: list[Step], alone: bool = False) -> tuple[Judged, ...]:
    """The verdicts on steps, or on claims alone, each the gradient of the loss by its name."""
    judge = question.judge()
    truth = judge.truth
    tails = ["" if alone or question.pinned else tail_of(claim) for _, claim, _ in given]
    cut = [claim.removesuffix(tail) if tail else claim for (_, claim, _), tail in zip(given, tails, strict=True)]
    given = [(name, claim, what) for (name, _, what), claim in zip(given, cut, strict=True)]
    sampled = with_sample_losses(truth, given)
    further = with_names(truth, with_probabilities(truth, respelled(truth, sampled.steps)), judge.symbols, alone)
    written = [step[:2] for step in further.steps]
    if further.values or sampled.values:
        judge = question.judge({**sampled.values, **further.values})
    if alone:
        found = tuple(judge.alone(asked(truth, name), claim) for name, claim in counted(written))
    else:
        found = without_own_functions(judge.truth, further.steps, lambda own: judge_steps(judge, own))
        if (own := with_own_values(truth, judge.by_own)) is not None:
            return _answered(question._replace(network=own), given)
    if len(found) == len(given):
        found = tuple(replace(one, given=str(claim)) if one.given else one for one, (_, claim, _) in zip(found, given, strict=True))
    found = tuple(with_notes(further, k, one) for k, one in enumerate(found))
    found = tuple(replace(one, remarks=(*one.remarks, *sampled.notes.get(k, ()))) for k, one in enumerate(found))
    found = as_used(judge.truth, by_source(judge, in_order(judge, found, written), written), written)
    if len(found) == len(given):
        found = tuple(replace(one, remarks=(*one.remarks, BEHIND)) if tail else one for one, tail in zip(found, tails, strict=True))
    return in_places(found if question.pinned else without_places(truth, found, written), written)
