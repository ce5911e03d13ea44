"""What the rows of a step are made of: the chain rule in letters, the local derivative, the numbers of scalars."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.derivatives.through import whole
from symbackprop.core.derivatives.united import PATTERN
from symbackprop.core.functions import Where
from symbackprop.core.guards import affine, split, without_guards
from symbackprop.core.letters import fresh
from symbackprop.core.program import Carry, Equation, Gradient, Ref, Step, Sum, position
from symbackprop.display.body import BodyPrinter
from symbackprop.display.decimals import number_formula
from symbackprop.display.index_form import entry, equation_letters
from symbackprop.display.local_form import local_formula, local_list
from symbackprop.display.names import Names
from symbackprop.display.softmax_cases import softmax_cases
from symbackprop.display.views import ViewNames
from symbackprop.documents.document import Formulas
from symbackprop.documents.parts import places_read
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, index, letter
from symbackprop.formulas.tree import Atom, Binds, Fraction, Node, binds, items_of, kind_of, walk


def letters_of(names: Names, *refs: Ref) -> dict[str, Letter]:
    """How the letters of some operands are written."""
    pairs = [pair for r in refs for pair in zip(r.index, names.signature(r.name).shape, strict=True)]
    return {c: None if extent == 1 else letter(c) for c, extent in pairs}


def chain_sum(names: Names, equation: Equation, step: Step, apart: Untied | None = None) -> Formulas:
    """dL/dz = dL/da da/dz, summed over the letters of a that z lacks.

    apart   the local derivative for all pairs of entries: the sum is then over all entries of a.
    """
    through, wrt = step.through, step.wrt
    if step.rule == "onward" and through is not None and wrt is not None:
        return (_onward(names, equation, step.upstream, through, wrt),)
    if step.rule != "chain" or through is None or wrt is None or step.upstream is None:
        return ()
    of = _of(names, equation)
    letters = letters_of(names, through, wrt, step.upstream, equation.target)
    if apart is not None:
        through, letters = apart.through, {**letters, **apart.letters}
    lead = [letters[c] for c in equation.target.index[: names.signature(of).rank]]
    lead = lead if not role_of(names, equation).upstream else []
    later = _carried(equation, letters)
    above = names.derivative(
        replace(role_of(names, equation), wrt=through.name, via=None, nth=0), [*lead, *[later[c] for c in through.index]]
    )
    product = f.juxtapose([above, _local_left(names, through, wrt, letters, later)])
    over = [shown for c in through.index if c not in wrt.index and (shown := letters[c]) is not None]
    right = f.over_letters(f.SUM, over, product) if over else product
    return (f.equation(entry(names, equation.target, letters), right),)


def _onward(names: Names, equation: Equation, moved: Ref | None, through: Ref, wrt: Ref) -> Node:
    """The change of z is dz/dx times that of x, summed over the letters of x that z lacks; None: x changes by 1."""
    letters = letters_of(names, through, wrt, *([moved] if moved else []), equation.target)
    change = [entry(names, moved, letters)] if moved else []
    product = f.juxtapose([_local_left(names, through, wrt, letters), *change])
    over = [shown for c in wrt.index if c not in through.index and (shown := letters[c]) is not None]
    right = f.over_letters(f.SUM, over, product) if over else product
    return f.equation(entry(names, equation.target, letters), right)


def role_of(names: Names, equation: Equation) -> Gradient:
    """What a backward equation is the gradient of, and by what."""
    role = names.signature(equation.target.name).role
    assert role is not None
    return role


def _of(names: Names, equation: Equation) -> str:
    return role_of(names, equation).of


def _local_left(
    names: Names, through: Ref, wrt: Ref, letters: Mapping[str, Letter], above: Mapping[str, Letter] | None = None
) -> Node:
    """dz/dx by letters; `above` are those of z, where they are others."""
    own = [(above or letters)[c] for c in through.index]
    return names.derivative(Gradient(through.name, wrt.name), [*own, *(letters[c] for c in wrt.index)], local=True)


def _carried(equation: Equation, letters: Mapping[str, Letter]) -> Mapping[str, Letter]:
    """The letters of what is read one step away, of t + 1, where an equation carries; else those of its own."""
    op = equation.op
    if not isinstance(op, Carry) or letters.get(op.letter) is None:
        return letters
    own = {position(c): shown for c, shown in letters.items() if shown is not None}
    return {**letters, op.letter: BodyPrinter(own).formula(position(op.letter) - op.step)}


def told_whole(names: Names, equation: Equation) -> Equation:
    """An equation whose step goes through a loss is told by all of the loss."""
    step = equation.step
    is_through = step is not None and step.rule == "chain" and step.through is not None and step.wrt is not None
    return whole(names.program, equation) if is_through else equation


def as_differentiated(names: Names, equation: Equation) -> Equation:
    """The equation with the letters of what is differentiated, a vector, as the derivative has them: dg_k/dp_n of d2L/dw_i dw_k."""
    step, role = equation.step, names.signature(equation.target.name).role
    if step is None or step.through is None or step.wrt is None or not isinstance(step.local, Sum) or step.upstream is not None:
        return equation
    if role is None or role.of != step.through.name or role.upstream or role.vector:
        return equation
    lead = equation.target.index[: len(step.through.index)]
    new = {c: at for c, at in zip(step.through.index, lead, strict=True) if c not in step.wrt.index}
    own = {c for ref in (step.through, step.wrt, *step.local_operands) for c in ref.index}
    if {*lead} & (own - new.keys()):
        return equation

    def moved(ref: Ref) -> Ref:
        return ref._replace(index=tuple(new.get(c, c) for c in ref.index))

    body = step.local.body.xreplace({position(c): position(at) for c, at in new.items()})
    local, operands = replace(step.local, body=body), tuple(map(moved, step.local_operands))
    return replace(equation, step=replace(step, through=moved(step.through), local=local, local_operands=operands))


def local_lines(names: Names, equation: Equation, inline: Collection[str] = ()) -> Formulas:
    """The local derivative; for a product with tied letters also for all pairs of entries: dz[k]/dW[i j] = 1[k = i] x[j]."""
    equation = told_whole(names, equation)
    step = equation.step
    assert step is not None
    through, wrt = step.through, step.wrt
    if through is None or wrt is None:
        return ()
    if step.local is None and isinstance(equation.op, Carry) and step.rule == "chain":
        letters = letters_of(names, through, wrt, equation.target)
        return (f.equation(_local_left(names, through, wrt, letters, _carried(equation, letters)), f.ONE),)
    if step.local is None:
        return ()
    if step.pattern == PATTERN:
        (here,) = set(wrt.index) - set(through.index)
        return (softmax_cases(names, wrt, through.name, here),)
    letters, listed = step_letters(names, equation, step), local_list(names, equation, inline)
    if listed is not None:
        return (f.equation(names.derivative(Gradient(through.name, wrt.name), (), local=True), listed),)
    shown = f.equation(_local_left(names, through, wrt, letters), local_formula(names, equation, letters, inline))
    apart = untied(names, equation, step, inline)
    return (shown,) if apart is None else (shown, apart.formula)


def part_local(names: Names, equation: Equation, inline: Collection[str] = ()) -> Node | None:
    """do[n m]/dp[n, m + 3 h] = o[n m] (1 - o[n m]), by the entry that a reader of a part reads; None of what reads no part.

    By all other entries the derivative is 0.
    """
    step = equation.step
    found = None if step is None or step.rule != "chain" else places_read(step)
    if found is None or step is None or step.wrt is None or step.through is None or not isinstance(step.local, Sum):
        return None
    body = without_guards(step.local, split(step.local))
    if any(body.has(position(own)) or any(own in r.index for r in step.local_operands) for own in found):
        return None
    letters = step_letters(names, equation, step)
    places = part_entry(names, step, found, letters)
    role = Gradient(step.through.name, step.wrt.name)
    left = names.derivative(role, [*[letters[c] for c in step.through.index], *places], local=True)
    here = replace(equation, step=replace(step, local=replace(step.local, body=body)))
    return f.equation(left, local_formula(names, here, letters, inline))


def part_entry(names: Names, step: Step, read: Mapping[str, Expr], letters: Mapping[str, Letter]) -> list[Letter]:
    """Where the entry of a value stands that a reader of a part reads: o, n m where the part has a name, else n, m + 3 h.

    read   the positions that letters of the value stand for.
    """
    assert step.wrt is not None
    name, index_ = step.wrt
    form = affine(read[index_[-1]]) if [*read] == [index_[-1]] else None
    own = [r.name for r in step.local_operands] + [o.name for r in step.local_operands for o in _written_out(names, r.name)]
    if name not in own and form is not None and [*form.slopes.values()] == [1]:
        label = ViewNames(names).label(name, form.offset)
        within = [letters[c] for c in (*index_[:-1], *form.slopes)]
        if label is not None:
            return [label, index([c for c in within if c is not None])]
    positions = BodyPrinter({position(c): shown or f.ZERO for c, shown in letters.items()})
    return [positions.formula(read[c]) if c in read else letters[c] for c in index_]


def _written_out(names: Names, name: str) -> tuple[Ref, ...]:
    """What stands for a value that has no name."""
    written = names.written.get(name)
    return () if written is None or names.signature(name).has_name else written.operands


def parts_local(names: Names, equation: Equation, inline: Collection[str] = ()) -> Formulas:
    """The same of a value that reads several entries: dd[i]/du[i] = -1, dd[i]/du[i + 1] = 1 of a difference; none of others."""
    step = equation.step
    if step is None or not isinstance(step.local, Sum):
        return ()
    alike: dict[tuple[sp.Eq, ...], sp.Expr] = {}
    for term in sp.Add.make_args(sp.expand(step.local.body)):
        factors = split(replace(step.local, body=term))
        at = tuple(sorted(factors.guards, key=sp.default_sort_key))
        alike[at] = alike.get(at, sp.S.Zero) + without_guards(step.local, factors)
    bodies = [sp.Mul(rest, *(Where(guard, sp.S.One, sp.S.Zero) for guard in at)) for at, rest in alike.items()]
    ways = [replace(step, local=replace(step.local, body=body)) for body in (bodies if len(alike) > 1 else [step.local.body])]
    ways.sort(key=lambda way: [sp.default_sort_key(at.as_coeff_Add()[0]) for at in (places_read(way) or {}).values()])
    read = [places_read(way) for way in ways]
    if not all(_are_apart(own, other) for own, other in combinations(read, 2)):
        return ()
    rows = [part_local(names, replace(equation, step=way), inline) for way in ways]
    return tuple(row for row in rows if row is not None) if None not in rows else ()


def _are_apart(one: Mapping[str, sp.Expr] | None, other: Mapping[str, sp.Expr] | None) -> bool:
    """Whether two places in a tensor are never the same."""
    if one is None or other is None or one.keys() != other.keys():
        return False
    return any(sp.expand(one[c] - other[c]).is_nonzero for c in one)


@dataclass(frozen=True)
class Untied:
    """A product's local derivative for all pairs of entries: by 1[k = i] it is zero but where their common letters agree.

    through   what is differentiated, with letters of its own.
    new       its new letters by the letters that they are equal to.
    letters   how they are written.
    right     the local derivative.
    formula   the whole equation.
    """

    through: Ref
    new: Mapping[str, str]
    letters: Mapping[str, Letter]
    right: Node
    formula: Node


def untied(names: Names, equation: Equation, step: Step, inline: Collection[str] = ()) -> Untied | None:
    """That of a step; None where it says nothing new: the letters that samples share, what is no product."""
    through, wrt = step.through, step.wrt
    if step.rule != "chain" or step.pattern != "product" or through is None or wrt is None or step.upstream is None:
        return None
    letters = step_letters(names, equation, step)
    same_letters = [c for c in through.index if c in wrt.index and letters[c]]
    if not same_letters or names.signature(wrt.name).kind == "value":
        return None
    slope = local_formula(names, equation, letters, inline)
    summed = {part.text for part in walk(slope) if isinstance(part, Atom)}  # letters of sums that are written out in it
    new = dict(zip(same_letters, fresh(len(same_letters), {*letters, *summed}, names=names.words), strict=True))
    moved = Ref(through.name, tuple(new.get(c, c) for c in through.index))
    letters |= {c: letter(c) for c in new.values()}
    same = [f.indicator(f.equation(letter(new[c]), letter(c))) for c in same_letters]
    right = tied(same, slope)
    return Untied(moved, new, letters, right, f.equation(_local_left(names, moved, wrt, letters), right))


def tied(same: Sequence[Node], slope: Node) -> Node:
    """A slope where some letters are equal: -2 1[i = l] x_j, its sign and its number in front."""
    if not same:
        return slope
    minus, *rest = items_of(slope)
    is_minus = minus == f.MINUS and not {f.PLUS, f.MINUS} & {*rest}
    size = f.beside(*rest, binds=Binds.PRODUCT) if is_minus else slope
    factor, *rest = items_of(size) if binds(size) > Binds.SUM else [size]
    if factor != f.ONE and (isinstance(factor, Fraction) or kind_of(factor) == "number"):
        same, size = [factor, *same], f.beside(*rest, binds=Binds.PRODUCT) if rest else f.ONE
    product = f.juxtapose(same if size == f.ONE else [*same, f.within(size, Binds.PRODUCT)])
    return f.negative(product) if is_minus else product


def step_letters(names: Names, equation: Equation, step: Step) -> dict[str, Letter]:
    """How the letters of a step are written."""
    refs = [ref for ref in (step.through, step.wrt, *step.local_operands) if ref is not None]
    return equation_letters(names, equation) | letters_of(names, *refs)


def with_value(names: Names, name: str, equation: Node, values: Mapping[str, Any]) -> Node:
    """The equation of a scalar with its number at the end, such as = -12, where it is given."""
    if name not in values or names.signature(name).shape:
        return equation
    return f.equation(equation, number_formula(float(values[name])))
