"""What went wrong with a claim that is wrong: which mistakes give it, and the smallest example."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from numpy import ndarray

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Carry, Program
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.evaluate.walk import walk
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Formula, in_line, listed, told
from symbackprop.formulas.tree import Row, items_of, split
from symbackprop.formulas.tree import walk as walk_formula
from symbackprop.judge.mistakes.edit import ONE, Backward, Finding, rates
from symbackprop.judge.mistakes.name import VERIFIED, Made, Match, likeliest, several, single
from symbackprop.judge.weighing.counterexample import Both, Counterexample, smallest
from symbackprop.judge.weighing.points import Place, Side, noted
from symbackprop.judge.weighing.weigh import AGREES, Bindings, Goal, Sample, Weighed, needed, value
from symbackprop.notation.claims import At

INVENTED = 1.2  # how much rarer a mistake is called that can only be told in names nobody gave
VANISHED = 1e-9  # of the largest gradient of any sample
LONG = 60  # parts of a formula of a value that nobody named, beyond which it is told in others of these
LARGE = 2000  # equations of a derivation beyond which mistakes are not looked for


class Diagnosis:
    """What mistakes make of the right backward passes of one truth, kept from claim to claim."""

    def __init__(self) -> None:
        self._derived: dict[tuple[str, str], tuple[Derivation, ...]] = {}
        self._made: dict[tuple[int, int, tuple[At, ...], bool], Made] = {}

    def mistakes(self, goal: Goal, found: Weighed, in_pairs: bool = True) -> tuple[Finding, ...]:
        """At most three mistakes that give just this claim: of the derivation as it is displayed, and of its single gates.

        in_pairs   whether two mistakes at once are tried where none alone gives the claim.
        """
        if goal.of not in goal.truth.program.tensors:
            return ()
        samples = telling(found.samples)
        ways = [(d, again) for d in self.derivations(goal) for again in ((False, True) if has_loops(d.program) else (False,))]
        tried = [(d, again, False) for d, again in ways]
        matches: list[Match] = []
        for derived, again, pairs in [*tried, *((d, again, True) for d, again in ways if in_pairs and not again)]:
            if matches and (again or pairs):
                continue
            trials = [(self.made(derived, goal, s.place, again), s.claimed) for s in samples]
            matches += weighed(derived, goal.truth.named, several(trials) if pairs else single(trials))
        return likeliest(matches)

    def derivations(self, goal: Goal) -> tuple[Derivation, ...]:
        key = goal.of, goal.wrt
        if key not in self._derived:
            self._derived[key] = tuple(derivations(goal))
        return self._derived[key]

    def made(self, derived: Derivation, goal: Goal, place: Place, again: bool = False) -> Made:
        key = id(derived), place.seed, goal.steps, again
        if key not in self._made:
            own = backward(derived, goal, place, again)
            self._made[key] = Made(own, lambda value: part_of(goal, value, place))
        return self._made[key]


def part_of(goal: Goal, value: ndarray, place: Place) -> ndarray | None:
    """The steps that are claimed of what a mistake makes of a gradient; None where it has too few."""
    try:
        return goal.part(value, place.sizes)
    except PointError:
        return None


def weighed(derived: Derivation, named: Collection[str], matches: Iterable[Match]) -> Iterator[Match]:
    """Mistakes, of which those are rarer that can only be told in names nobody gave.

    named   the values that a person gave a name.
    """
    carried = {e.target.name for e in derived.forward.equations if isinstance(e.op, Carry)}
    invented = {n for n, t in derived.program.tensors.items() if t.role is None} - {*named} - carried
    for m in matches:
        strange = sorted(invented & m.mentions)
        weight = m.weight + INVENTED * (bool(strange) and m.said.pattern != ONE)  # of two mistakes none is left out
        said = told("{}, where {}", m.said, listed(definitions(derived.forward, strange, invented))) if strange else m.said
        yield replace(m, said=said if strange and not carried else m.said, weight=weight)


def definitions(forward: Program, names: Sequence[str], hidden: set[str]) -> list[Formula]:
    """What values are that nobody named, written out as far as that is short."""
    shown, by_name = Names(forward), forward.equation_of()
    out = []
    for one in (n for n in names if n in by_name):
        whole = equation_formula(shown, by_name[one], hidden - {one})
        formula = whole if sum(1 for _ in walk_formula(whole)) <= LONG else equation_formula(shown, by_name[one])
        right = Row(items_of(split(formula)[1])[1:])  # type: ignore[arg-type]  # an equation
        out.append(Formula(f"{one} = {plain(right)}", in_line(formula)))
    return out


def telling(samples: Sequence[Sample]) -> list[Sample]:
    """A few samples: first one where the claim is wrong, then of both sets of sizes, and one where it is right, if there is one."""
    largest = [max(largest_of(s.claimed), largest_of(s.true)) for s in samples]
    seen = [s for s, most in zip(samples, largest, strict=True) if most >= VANISHED * max(largest)]  # of others rounding is left
    ordered = sorted(seen or samples, key=lambda s: -min(s.error, 1e6))
    first = ordered[0]
    other = [s for s in ordered[1:] if s.place.sizes != first.place.sizes]
    right = [s for s in ordered[-1:] if s.error < AGREES]
    return [first, *other[: VERIFIED // 2], *[s for s in ordered[1:] if s not in other][: VERIFIED // 2], *right]


def derivations(goal: Goal) -> Iterator[Derivation]:
    """The derivation as it is displayed, then over elementary gates; where a rate is declared, with every parameter's gradient."""
    wrt, of, truth = goal.wrt, goal.of, goal.truth
    shown, exact = truth.shown(wrt, of), truth.derived(wrt, of)
    others = [t.name for t in truth.program.parameters if t.name != wrt] if rates(truth.program) else []
    for derived in (shown, exact) if shown is not exact else (exact,):
        if len(derived.program.equations) <= LARGE:
            yield differentiate(derived.forward, of, [wrt, *others], jacobian=True) if others else derived


def backward(derived: Derivation, goal: Goal, place: Place, again: bool = False) -> Backward:
    """A right backward pass at one place."""
    name = derived.gradient(goal.wrt)
    return Backward(
        derived.program, len(derived.forward.equations), derived.of, name, place.of(derived.program), place.sizes, again
    )


def counterexample(goal: Goal, program: Program, bindings: Bindings, found: Weighed) -> Counterexample | None:
    """The smallest point found at which the claim fails."""
    truth, run, name = goal.truth, goal.program, goal.name
    bindings = needed(program, bindings)
    named = any(isinstance(what, str) for _, what in bindings)  # true gradients by the names of earlier steps
    if run is truth.everything and not named:
        derived = truth.derived(goal.wrt, goal.of)
        run, name = derived.program, derived.gradient(goal.wrt)
    structural = even_by_construction(found)

    def evaluate(point: Mapping[str, ndarray], at: Mapping[str, int]) -> Both:
        sides: list[Side] = []
        values = walk(run, point, at, FLOATS, noted(sides))
        place = Place(truth.program, run, 0, dict(at), dict(point), values)
        base = {**walk(truth.everything, point, at), **values} if named and run is not truth.everything else values
        claimed = value(truth, program, bindings, place, base, FLOATS, noted(sides))
        return claimed, goal.part(values[name], at), [s for s in sides if str(s.relation) not in structural]

    try:
        return smallest(truth.program, evaluate, reads(goal), truth.open_sizes, truth.pinned)
    except PointError:
        return None


def even_by_construction(found: Weighed) -> set[str]:
    """The comparisons that come out even at generic points, such as that of a class with a label: they are no kinks."""
    return {str(s.relation) for x in found.samples for s in [*x.place.sides, *x.sides] if (s.gap == 0).any()}


def reads(goal: Goal) -> set[str]:
    """The inputs of the differentiated value; none where a person gave numbers for all."""
    if goal.truth.pinned and goal.truth.places.is_settled:
        return set()
    by_name = goal.truth.program.equation_of()
    seen: set[str] = set()
    todo = [goal.of] if goal.of in goal.truth.program.tensors else [goal.truth.of]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [r.name for r in by_name[name].operands] if name in by_name else []
    return {t.name for t in goal.truth.program.inputs if t.name in seen and t.kind != "constant"}
