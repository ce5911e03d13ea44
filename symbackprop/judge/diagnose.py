"""What went wrong with a claim that is wrong: which mistakes give it, in which region it holds, and the smallest example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy import ndarray

from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.judge.counterexample import Both, Counterexample, smallest
from symbackprop.judge.mistakes.edit import Backward, Finding
from symbackprop.judge.mistakes.name import VERIFIED, Match, all_matches, likeliest
from symbackprop.judge.points import Place, Side, noted
from symbackprop.judge.weigh import AGREES, Bindings, Goal, Sample, Weighed, value

INVENTED = 0.6  # how much rarer a mistake is called that can only be told in names nobody gave
LARGE = 2000  # equations of a derivation beyond which mistakes are not looked for


def mistakes(goal: Goal, found: Weighed, in_pairs: bool = True) -> tuple[Finding, ...]:
    """At most three mistakes that give just this claim: of the derivation as it is displayed, and of its single gates.

    in_pairs   whether two mistakes at once are tried where none alone gives the claim.
    """
    if goal.of not in goal.truth.program.tensors:
        return ()
    samples = telling(found.samples)
    matches: list[Match] = []
    for derived in derivations(goal):
        invented = [n for n, t in derived.program.tensors.items() if t.role is None and n not in goal.truth.named]
        for m in all_matches([(backward(derived, goal, s.place), s.claimed) for s in samples], in_pairs and not matches):
            strange = any(re.search(rf"\b{re.escape(n)}\b", m.sentence) for n in invented)
            matches.append(replace(m, weight=m.weight + INVENTED * strange))
    return likeliest(matches)


def telling(samples: Sequence[Sample]) -> list[Sample]:
    """A few samples, first one where the claim is wrong, with both sets of sizes among them."""
    ordered = sorted(samples, key=lambda s: -min(s.error, 1e6))
    first = ordered[0]
    other = [s for s in ordered[1:] if s.place.sizes != first.place.sizes]
    return [first, *other[: VERIFIED // 2], *[s for s in ordered[1:] if s not in other][: VERIFIED // 2]]


def derivations(goal: Goal) -> Iterator[Derivation]:
    """The derivation as it is displayed, then over elementary gates."""
    wrt, of = goal.wrt, goal.of
    shown = goal.truth.shown(wrt, of)
    exact = goal.truth.derived(wrt, of)
    for derived in (shown, exact) if shown is not exact else (exact,):
        if len(derived.program.equations) <= LARGE:
            yield derived


def backward(derived: Derivation, goal: Goal, place: Place) -> Backward:
    return Backward(
        derived.program,
        len(derived.forward.equations),
        derived.of,
        derived.gradient(goal.wrt),
        place.of(derived.program),
        place.sizes,
    )


def region(found: Weighed) -> str:
    """Where the claim holds and where it does not, when one comparison tells them apart; else ""."""
    relations = {str(s.relation): s.relation for sample in found.samples for s in [*sample.place.sides, *sample.sides]}
    for text in relations:
        right, wrong = _split(found.samples, text)
        for outcome in (True, False):
            # one side always right and seen, the other mostly wrong
            if right[outcome] >= 3 and not wrong[outcome] and wrong[not outcome] >= 2 and wrong[not outcome] >= right[not outcome]:
                shown = _plain(text)
                holds, fails = (shown, f"not {shown}") if outcome else (f"not {shown}", shown)
                return f"right where {holds}, wrong where {fails}"
    return ""


def _split(samples: Sequence[Sample], text: str) -> tuple[dict[bool, int], dict[bool, int]]:
    right, wrong = {True: 0, False: 0}, {True: 0, False: 0}
    for sample in samples:
        for side in [*sample.place.sides, *sample.sides]:
            if str(side.relation) != text:
                continue
            mask = _mask(side, sample.true.shape)
            if mask is None:
                break
            off = np.abs(sample.claimed - sample.true) > AGREES * max(float(np.abs(sample.true).max(initial=0)), 1e-3)
            for outcome in (True, False):
                right[outcome] += int((~off & (mask == outcome)).sum())
                wrong[outcome] += int((off & (mask == outcome)).sum())
            break
    return right, wrong


def _mask(side: Side, shape: tuple[int, ...]) -> ndarray | None:
    """The outcome of a comparison for each entry of the gradient, where it has the gradient's shape or is one number."""
    if side.outcome.size == 1:
        return np.broadcast_to(side.outcome.reshape(()), shape)
    return side.outcome if side.outcome.shape == shape else None


def _plain(text: str) -> str:
    """A comparison without the letters of its tensors: z[i] > 0 is z > 0."""
    out, depth = [], 0
    for c in text:
        depth += (c == "[") - (c == "]")
        if not depth and c != "]":
            out.append(c)
    return "".join(out)


def counterexample(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> Counterexample | None:
    """The smallest point found at which the claim fails."""
    structural = {str(s.relation) for x in found.samples for s in [*x.place.sides, *x.sides] if (s.gap == 0).any()}

    def evaluate(point: Mapping[str, ndarray], at: Mapping[str, int]) -> Both:
        sides: list[Side] = []
        values = walk(goal.program, point, at, FLOATS, noted(sides))
        place = Place(goal.truth.program, goal.program, 0, dict(at), dict(point), values)
        base = {**walk(goal.truth.everything, point, at), **values} if goal.program is not goal.truth.everything else values
        claimed = value(goal.truth, program, bindings, place, base, FLOATS, noted(sides))
        return claimed, values[goal.name], [s for s in sides if str(s.relation) not in structural]

    try:
        return smallest(goal.truth.program, evaluate, _reads(goal), goal.truth.sizes)
    except PointError:
        return None


def _reads(goal: Goal) -> set[str]:
    """The inputs of the differentiated value."""
    by_name = goal.truth.program.equation_of()
    seen: set[str] = set()
    todo = [goal.of] if goal.of in goal.truth.program.tensors else [goal.truth.of]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [r.name for r in by_name[name].operands] if name in by_name else []
    return {t.name for t in goal.truth.program.inputs if t.name in seen and t.kind != "constant"}


__all__ = ["Weighed", "counterexample", "mistakes", "region"]
