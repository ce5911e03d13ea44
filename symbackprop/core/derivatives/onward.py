"""Steps of forward mode put together: what reads x through a value v that nobody named is told as one step from x on.

With v = g(x), y = f(v) the changes are v' = g'(x) x' and y' = f'(v) v'. Put together they are y' = f'(v) g'(x) x'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from symbackprop.core.derivatives.through import moved_step, product_of, sizes_of
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Program, Ref, Sum, slot

_PASSED = Sum(slot(0), (slot(0),))


def told_onward(changes: Iterable[Equation], wanted: Collection[str]) -> frozenset[str]:
    """Those of some values whose changes come along one step with a known local derivative: what reads them is told without."""
    into: dict[str, list[Equation]] = {}
    out: dict[str, list[Equation]] = {}
    for equation in {e.target.name: e for e in changes}.values():
        step = equation.step
        if step is not None and step.through is not None:
            into.setdefault(step.through.name, []).append(equation)
        if step is not None and step.wrt is not None:
            out.setdefault(step.wrt.name, []).append(equation)
    return frozenset(n for n in wanted if len(into.get(n, ())) == 1 and all(map(_is_one, [*into[n], *out.get(n, ())])))


def together_onward(program: Program, changes: Iterable[Equation], gone: Collection[str]) -> tuple[Equation, ...]:
    """The changes of some values in which none is that of a value that is gone."""
    found: dict[str, Equation] = {}
    for equation in changes:
        step = equation.step
        if step is not None and step.wrt is not None and step.wrt.name in gone and step.upstream is not None:
            before = found.get(step.upstream.name)
            equation = equation if before is None else _joined(program, before, equation)
        found[equation.target.name] = equation
    read = {r.name for e in found.values() for r in e.operands}
    return tuple(
        e
        for e in found.values()
        if e.step is None or e.step.through is None or e.step.through.name not in gone or e.target.name in read
    )


def _is_one(equation: Equation) -> bool:
    """Whether an equation is one local derivative times one change, and its letters are all different."""
    step = equation.step
    if step is None or step.rule != "onward" or not isinstance(step.local, Sum) or step.through is None or step.wrt is None:
        return False
    refs = (equation.target, step.through, step.wrt, *([step.upstream] if step.upstream is not None else []))
    return step.upstream is not None and all(len(set(r.index)) == len(r.index) for r in refs)


def _joined(program: Program, first: Equation, second: Equation) -> Equation:
    """The step from x on to v and that from v on to y as one."""
    one, two = first.step, second.step
    assert one is not None
    assert two is not None
    assert one.through is not None
    assert two.wrt is not None
    inner, outer = sizes_of(program, first), sizes_of(program, second)
    swap = dict(zip(two.wrt.index, one.through.index, strict=True))
    others = [c for c in outer if c not in swap]
    taken = {*inner, *outer, *swap.values(), *map(str, program.sizes())}
    swap |= zip(others, fresh(len(others), taken, names=program.tensors), strict=True)
    moved = moved_step(two, swap)
    body, operands = product_of(moved, one)
    slots = tuple(slot(k) for k in range(len(operands)))
    pattern = two.pattern if first.op == _PASSED else one.pattern if second.op == _PASSED else ""
    step = replace(
        moved, wrt=one.wrt, upstream=one.upstream, local=Sum(body, slots), local_operands=tuple(operands), pattern=pattern
    )
    assert one.upstream is not None
    target = Ref(second.target.name, tuple(swap.get(c, c) for c in second.target.index))
    sizes = inner | {swap[c]: extent for c, extent in outer.items()}
    over = tuple((c, extent) for c, extent in sizes.items() if c not in target.index)
    read = (*operands, one.upstream)
    op = Sum(body * slot(len(operands)), tuple(slot(k) for k in range(len(read))), over)
    return Equation(target, op, read, step)
