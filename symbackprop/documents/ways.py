"""The local derivative of one value by another that it reads in several ways: what each of them adds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from symbackprop.core.derivatives.through import ends, moved_step
from symbackprop.core.derivatives.united import PATTERN
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Gradient, Ref, Step, Sum
from symbackprop.display.local_form import local_formula
from symbackprop.display.names import Names
from symbackprop.documents.step_block import step_letters, tied
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.tree import Binds, Node


def by_ways(equations: Iterable[Equation]) -> Iterator[list[Equation]]:
    """The equations that lead from one value to one other together, in the order of the first ones."""
    found: dict[Hashable, list[Equation]] = {}
    for e in {e.target.name: e for e in equations}.values():
        step = e.step
        known = step is not None and step.rule == "chain" and step.local is not None and step.through and step.wrt
        is_part = known and step is not None and step.pattern != PATTERN
        found.setdefault(ends(e) if is_part else id(e), []).append(e)
    yield from found.values()


class Summed:
    """What several ways from one value to one other add to its local derivative, for all pairs of entries where one needs that.

    through, wrt   the two, in the letters of the formula.
    """

    def __init__(self, names: Names, ways: Sequence[Equation], inline: Collection[str] = ()) -> None:
        self.names, self.inline = names, inline
        first = ways[0].step
        assert first is not None
        assert first.through is not None
        assert first.wrt is not None
        self.through, self.wrt = first.through, first.wrt
        self.taken = {*self.through.index, *self.wrt.index}
        ties = [_ties(e.step) for e in ways if e.step is not None]
        apart = {k for _, k in set().union(*ties) - set.intersection(*ties)}
        own = dict(zip(sorted(apart), self._fresh(len(apart)), strict=True))
        self.wrt = Ref(self.wrt.name, tuple(own.get(k, c) for k, c in enumerate(self.wrt.index)))
        self.taken |= {*self.wrt.index}
        self.terms = Counter(map(self._term, ways))

    def formula(self) -> Node:
        shown = [self._letter(ref, k) for ref in (self.through, self.wrt) for k in range(len(ref.index))]
        left = self.names.derivative(Gradient(self.through.name, self.wrt.name), shown, local=True)
        return f.equation(left, self.right())

    def right(self) -> Node:
        """What is subtracted stands last."""
        terms = sorted(self.terms, key=f.is_negative)
        return f.add([x if (n := self.terms[x]) == 1 else f.juxtapose([f.number(n), f.within(x, Binds.PRODUCT)]) for x in terms])

    def _letter(self, ref: Ref, k: int) -> Node | None:
        return None if self.names.program.shape(ref.name)[k] == 1 else letter(ref.index[k])

    def _fresh(self, number: int) -> tuple[str, ...]:
        return fresh(number, {*self.taken, *map(str, self.names.program.sizes())}, names=self.names.words)

    def _term(self, equation: Equation) -> Node:
        """One way in the letters of all, with 1[i = j] where it is of tied entries."""
        step = equation.step
        assert step is not None
        assert step.through is not None
        assert step.wrt is not None
        swap: dict[str, str] = {}
        same: list[Node] = []
        for ref, own in ((step.wrt, self.wrt), (step.through, self.through)):
            for k, (old, new) in enumerate(zip(ref.index, own.index, strict=True)):
                if swap.setdefault(old, new) != new and (shown := self._letter(own, k)) is not None:
                    same.append(f.indicator(f.equation(shown, letter(swap[old]))))
        refs, over = (*equation.operands, *step.local_operands), equation.op.over
        others = list(dict.fromkeys(c for c in (*(c for ref in refs for c in ref.index), *(c for c, _ in over)) if c not in swap))
        swap |= zip(others, self._fresh(len(others)), strict=True)
        moved = Equation(
            _swapped(equation.target, swap),
            replace(equation.op, over=tuple((swap[c], extent) for c, extent in over)),
            tuple(_swapped(ref, swap) for ref in equation.operands),
            moved_step(step, swap),
        )
        kept = {c: self._letter(own, k) for own in (self.through, self.wrt) for k, c in enumerate(own.index)}
        slope = local_formula(self.names, moved, kept | step_letters(self.names, moved, moved_step(step, swap)), self.inline)
        return tied(same, slope)


def _swapped(ref: Ref, swap: dict[str, str]) -> Ref:
    return Ref(ref.name, tuple(swap.get(c, c) for c in ref.index))


def _ties(step: Step) -> set[tuple[int, int]]:
    """The places of letters of what a value is by that stand before, in the value (from -1 down) or there."""
    assert step.through is not None
    assert step.wrt is not None
    by = step.wrt.index
    within = {(-1 - j, by.index(c)) for j, c in enumerate(step.through.index) if c in by}
    return within | {(by.index(c), k) for k, c in enumerate(by) if c in by[:k]}


def at_once(equations: Sequence[Equation]) -> Iterator[Equation]:
    """The equations; where a value reads another one several times alike, as b @ b does, the derivative by all of them."""
    alike: dict[Hashable, list[Equation]] = {}
    for e in equations:
        step = e.step
        key = (step.through, step.wrt, step.local, step.local_operands) if step and step.rule == "chain" and step.local else id(e)
        alike.setdefault(key, []).append(e)
    for first, *others in alike.values():
        names, step = {e.target.name for e in (first, *others)}, first.step
        if len(names) == 1 or step is None or step.local is None:
            yield from (first, *others)
        else:
            op = replace(first.op, body=len(names) * first.op.body) if isinstance(first.op, Sum) else first.op
            yield replace(first, op=op, step=replace(step, local=replace(step.local, body=len(names) * step.local.body)))
