"""Steps put together: y that reads v, which reads x, told as one step from y to x where nobody named v.

With y = f(v), v = g(x), the chain rule writes dv = dy f'(v) and dx = dv g'(x). Put together they are one step whose local
derivative is f'(v) g'(x), summed over the letters of v that neither y nor x has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Program, Ref, Step, Sum, letter_sizes, position, slot, substituted


def telling(backward: Iterable[Equation], wanted: Collection[str]) -> frozenset[str]:
    """Those of some values of the network that steps can be told without.

    A value is left out where the sweep comes to it once, along one equation, by steps whose local derivatives are all known; or
    where it does not come to it at all.
    """
    into: dict[str, list[Step]] = {}
    out: dict[str, list[Step]] = {}
    for equation in {e.target.name: e for e in backward}.values():
        step = equation.step
        if step is None or step.wrt is None:
            continue
        if step.rule == "copy":
            into.setdefault(step.wrt.name, []).append(step)
        elif step.through is not None:
            into.setdefault(step.wrt.name, []).append(step)
            out.setdefault(step.through.name, []).append(step)
    return frozenset(n for n in wanted if not (n in into or n in out) or _is_passed(into.get(n, ()), out.get(n, ())))


def _is_passed(into: Sequence[Step], out: Sequence[Step]) -> bool:
    """Whether a value is come to by one step, and each of the steps from there on can be told together with that one."""
    return len(into) == 1 and all(step.rule == "chain" and step.local and step.wrt and step.through for step in (*into, *out))


def _tied(index: Sequence[str]) -> list[tuple[int, int]]:
    """The places of letters that come again, each with that of the first."""
    return [(index.index(c), k) for k, c in enumerate(index) if c in index[:k]]


def put_together(program: Program, backward: Iterable[Equation], gone: Collection[str]) -> tuple[Equation, ...]:
    """The equations of some steps, in which none goes through or back to a value that is gone.

    Those that then lead from one value to one other are one equation with the sum of their local derivatives, where a body says it.
    """
    backward = tuple(backward)
    above = {e.step.wrt.name: e for e in backward if e.step and e.step.wrt and e.step.wrt.name in gone}
    found: dict[tuple[str, str], list[Equation]] = {}
    added: set[str] = set()  # the parts of gradients that are in the sum of another
    order: list[Equation | tuple[str, str]] = []
    for equation in backward:
        step = equation.step
        if step is None or step.rule != "chain" or step.through is None or step.wrt is None:
            order.append(equation)
            continue
        if step.wrt.name in gone:
            continue
        joined = whole(program, equation)
        while (through := ends(joined)[0]) in above and through in gone:
            joined = _joined(program, whole(program, above[through]), joined)
        if joined is equation or ends(joined) == ends(equation):
            order.append(equation)
            continue
        own = ends(joined)
        if own not in found:
            order.append(own)
        _take(program, found.setdefault(own, []), joined, added)
    for equation in [e for e in order if isinstance(e, Equation) and e.step and e.step.rule == "chain" and ends(e) in found]:
        _take(program, found[ends(equation)], whole(program, equation), added)  # one use that the author wrote, beside those
        order.remove(equation)
    return tuple(told for e in order for told in (found[e] if isinstance(e, tuple) else [_without(e, added)]))


def _take(program: Program, several: list[Equation], equation: Equation, added: set[str]) -> None:
    """Add a step to those between the same values: to the local derivative of one of them, else beside them."""
    for k, other in enumerate(several):
        if (sums := _added(program, other, equation)) is not None:
            several[k] = sums
            added.add(equation.target.name)
            return
    several.append(equation)


def _without(equation: Equation, added: Collection[str]) -> Equation:
    """The sum of the parts of a gradient without those that are in the others."""
    left = tuple(ref for ref in equation.operands if ref.name not in added)
    if len(left) == len(equation.operands):
        return equation
    slots = tuple(slot(k) for k in range(len(left)))
    return replace(equation, op=Sum(sp.Add(*slots), slots), operands=left)


def without_ways(backward: Iterable[Equation], values: Collection[str]) -> tuple[Equation, ...]:
    """The equations of some steps without those back to and through values; what is left alone of a sum is the sum."""
    found = {e.target.name: e for e in backward if e.step is None or not _is_of(e.step, values)}
    for e in [e for e in found.values() if e.step is not None and e.step.rule == "copy"]:
        left = tuple(ref for ref in e.operands if ref.name in found)
        if len(left) == 1 < len(e.operands) and left[0].index == e.target.index:
            part = found[left[0].name]
            found[part.target.name] = replace(part, target=part.target._replace(name=e.target.name))
            del found[e.target.name]
        elif left != e.operands:
            slots = tuple(slot(k) for k in range(len(left)))
            found[e.target.name] = replace(e, op=Sum(sp.Add(*slots), slots), operands=left)
    return tuple(found.values())


def _is_of(step: Step, values: Collection[str]) -> bool:
    """Whether a step goes back to or through one of some values."""
    return any(ref is not None and ref.name in values for ref in (step.through, step.wrt))


def onward(backward: Iterable[Equation], gone: Collection[str]) -> dict[str, str]:
    """What each value that is gone is read by, or what that is read by, where it is gone as well."""
    by = {
        e.step.wrt.name: ends(e)[0]
        for e in backward
        if e.step and e.step.rule == "chain" and e.step.wrt and e.step.wrt.name in gone
    }
    found = {}
    for name in by:
        reader = by[name]
        while reader in by:
            reader = by[reader]
        found[name] = reader
    return found


def ends(equation: Equation) -> tuple[str, str]:
    """What a step goes through, and what it goes back to."""
    _, through, by = _places(equation)
    return through.name, by.name


def _places(equation: Equation) -> tuple[Step, Ref, Ref]:
    """The step of an equation, what it goes through and what it is by."""
    step = equation.step
    assert step is not None
    assert step.through is not None
    assert step.wrt is not None
    return step, step.through, step.wrt


def whole(program: Program, equation: Equation) -> Equation:
    """An equation whose step goes through a loss without letters, though its sum is told by them: the step is by all of the sum."""
    step, through, by = _places(equation)
    if len(through.index) < program.tensors[through.name].rank or program.tensors[through.name].rank:
        return equation
    step = replace(step, through=Ref(through.name))
    if step.upstream is None and equation.target.index == by.index and isinstance(equation.op, Sum):  # what counts is in it
        op = equation.op
        step = replace(step, local=Sum(op.body, op.slots), local_operands=equation.operands)
    return replace(equation, step=step)


def _joined(program: Program, first: Equation, second: Equation) -> Equation:
    """The step of the first, by what the second goes through, and that of the second as one."""
    one, _, between = _places(first)
    two, inside, by = _places(second)
    inner = sizes_of(program, second)
    one_letter = {inside.index[k]: inside.index[j] for j, k in _tied(between.index)}
    if one_letter:  # it goes on from tied entries alone
        index = second.target.index
        tied = tuple(c if one_letter.get(c) in index else one_letter.get(c, c) for c in index)
        second = replace(second, target=Ref(second.target.name, tied), step=moved_step(two, one_letter))
        two, inside, by = _places(second)
        inner = {c: extent for c, extent in inner.items() if c not in one_letter}
    outer = sizes_of(program, first)
    swap = dict(zip(between.index, inside.index, strict=True))
    swap |= _beside(program, [c for c in outer if c not in swap], {*inner, *swap.values()})
    moved = moved_step(one, swap)
    body, operands = product_of(moved, two)
    sizes = inner | {swap[c]: extent for c, extent in outer.items()}
    assert moved.through is not None
    kept = {*moved.through.index, *by.index}
    read = {c for ref in operands for c in ref.index}
    for c in inside.index:  # what is summed and read nowhere counts
        if c not in kept | read and not body.has(position(c)):
            body *= sizes[c]
    return _equation(second, replace(two, through=moved.through, upstream=moved.upstream), body, operands, sizes)


def _added(program: Program, first: Equation, second: Equation) -> Equation | None:
    """Two steps between the same values as one: their local derivatives add; None where no body says the sum."""
    one, through, by = _places(first)
    two, other_through, other_by = _places(second)
    own, other = sizes_of(program, first), sizes_of(program, second)
    if set(own) - {*through.index, *by.index} or set(other) - {*other_through.index, *other_by.index}:
        return None
    pairs = {*zip(other_by.index, by.index, strict=True), *zip(other_through.index, through.index, strict=True)}
    swap = dict(pairs)
    if len(swap) < len(pairs) or len(set(swap.values())) < len(pairs):  # one is of entries that are tied, the other of all
        return None
    swap |= _beside(program, [c for c in other if c not in swap], {*own, *swap.values()})
    moved = moved_step(two, swap)
    assert one.local is not None
    assert moved.local is not None
    operands = list(dict.fromkeys((*one.local_operands, *moved.local_operands)))
    bodies = [_placed(step, operands) for step in (one, moved)]
    sizes = own | {swap[c]: extent for c, extent in other.items()}
    return _equation(first, one, _factored(bodies), operands, sizes)


def _factored(terms: list[Expr]) -> Expr:
    """The sum of terms, with what is a factor of each of them before it: N (D/s^3 - d/s)."""
    whole = sp.Add(*terms)
    factors = [sp.Mul.make_args(term) for term in sp.Add.make_args(whole)]
    common = [x for x in factors[0] if not x.is_number and all(x in other for other in factors[1:])]
    return sp.Mul(*common, sp.Add(*[term / sp.Mul(*common) for term in sp.Add.make_args(whole)])) if whole.is_Add else whole


def _equation(equation: Equation, step: Step, body: Expr, operands: list[Ref], sizes: Mapping[str, Expr]) -> Equation:
    slots = tuple(slot(k) for k in range(len(operands)))
    above = () if step.upstream is None else (step.upstream,)
    assert step.wrt is not None
    target = equation.target
    by, tied = target.index[len(target.index) - len(step.wrt.index) :], _tied(step.wrt.index)
    step = replace(step, local=Sum(body, slots), local_operands=tuple(operands), pattern="")
    at, same = ({}, []) if above else _at_identity(target, step)
    body = substituted(body, {position(c): position(own) for c, own in at.items()})
    operands = [Ref(ref.name, tuple(at.get(c, c) for c in ref.index)) for ref in operands]
    over = tuple((c, extent) for c, extent in sizes.items() if c not in target.index and c not in at)
    product = body if not above else slot(0) * substituted(body, {s: slot(k + 1) for k, s in enumerate(slots)})
    product *= sp.Mul(*[iverson(sp.Eq(position(by[j]), position(by[k]))) for j, k in tied], *same)
    read = (*above, *operands)
    return Equation(target, Sum(product, tuple(slot(k) for k in range(len(read))), over), read, step)


def _at_identity(target: Ref, step: Step) -> tuple[dict[str, str], list[Expr]]:
    """What the identity that a Jacobian begins with makes of a first step: letters of what it goes through by those of the entry.

    Those that the target has as well stay, and are held to be equal.
    """
    assert step.through is not None
    assert step.wrt is not None
    lead = target.index[: len(step.through.index)]
    at: dict[str, str] = {}
    same: list[Expr] = []
    for own, c in zip(lead, step.through.index, strict=True):
        if c in target.index or c in at:
            same.append(iverson(sp.Eq(position(own), position(at.get(c, c)))))
        else:
            at[c] = own
    return at, same


def product_of(one: Step, two: Step) -> tuple[Expr, list[Ref]]:
    """The product of the local derivatives of two steps, and what it reads."""
    operands = list(dict.fromkeys((*one.local_operands, *two.local_operands)))
    return _placed(one, operands) * _placed(two, operands), operands


def _placed(step: Step, operands: list[Ref]) -> Expr:
    """The body of a local derivative over other slots."""
    assert step.local is not None
    at = {s: slot(operands.index(ref)) for s, ref in zip(step.local.slots, step.local_operands, strict=True)}
    return substituted(step.local.body, at)


def moved_step(step: Step, swap: Mapping[str, str]) -> Step:
    """A step in other letters."""

    def ref(own: Ref | None) -> Ref | None:
        return None if own is None else Ref(own.name, tuple(swap.get(c, c) for c in own.index))

    assert step.local is not None
    body = substituted(step.local.body, {position(a): position(b) for a, b in swap.items()})
    operands = tuple(Ref(r.name, tuple(swap.get(c, c) for c in r.index)) for r in step.local_operands)
    local = replace(step.local, body=body)
    return replace(
        step, through=ref(step.through), wrt=ref(step.wrt), upstream=ref(step.upstream), local=local, local_operands=operands
    )


def _beside(program: Program, letters: Sequence[str], taken: Collection[str]) -> dict[str, str]:
    """Letters as they are where nothing else is called so, else ones that are neither those of a tensor nor of a size."""
    clashing = [c for c in letters if c in taken]
    others = fresh(len(clashing), {*letters, *taken, *map(str, program.sizes())}, names=program.tensors)
    return {c: c for c in letters} | dict(zip(clashing, others, strict=True))


def sizes_of(program: Program, equation: Equation) -> dict[str, Expr]:
    """The sizes of the letters of a step."""
    step, sizes = equation.step, letter_sizes(program, equation)
    assert step is not None
    refs = [ref for ref in (step.through, step.wrt, *step.local_operands) if ref is not None]
    found = {c: extent for ref in refs for c, extent in zip(ref.index, program.shape(ref.name), strict=True)}
    assert step.local is not None
    return found | {c: extent for c, extent in sizes.items() if c not in found and step.local.body.has(position(c))}
