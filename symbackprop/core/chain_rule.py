"""The chain rule: a program goes in, the same program with gradients comes out, each backward equation with its step.

One sweep from the end to the start. For an equation y[t] = sum_o body(operands) and one of its operands x[i],

    dL/dx[i] = sum over the letters that i lacks of  dL/dy[t] * d body / d x[i],

which is an equation of the same kind. Broadcasting is a letter that x lacks, so its derivative is summed here, once, and in no
rule. A Jacobian is the same sweep with the letters of the output carried along.

The derivative of a Carry is a Carry the other way: with p[l] = z[l-1], first x,

    dL/dz[l] has the part dL/dp[l+1],        dL/dx = dL/dp[0].

That part is known by its name before dL/dp is written. The loops of the derivative are found as those of the program are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp
from sympy import Expr, S

from symbackprop.core.derivatives.closing import FIRST, closed, distinct, local_form, packed, seeded
from symbackprop.core.derivatives.local import Local, local_derivative
from symbackprop.core.derivatives.primary import came_back, is_primary
from symbackprop.core.functions import iverson
from symbackprop.core.grammar import Alike
from symbackprop.core.letters import fresh
from symbackprop.core.loops import carried, start_of
from symbackprop.core.loops.alone import at_one_step
from symbackprop.core.passes.simplify import without_labels
from symbackprop.core.program import (
    Carry,
    Equation,
    Gradient,
    Op,
    Program,
    Ref,
    Signature,
    Step,
    Sum,
    letter_sizes,
    position,
    slot,
)


def gradient_name(of: str, wrt: str) -> str:
    """The canonical name of a derivative: dL/dx."""
    return Gradient(of, wrt).name


def chain_rule(program: Program, of: str, wrt: Iterable[str], upstream: str = "") -> Program:
    """The program with an equation for d `of` / d v for every v on a path from `wrt` to `of`.

    of        the name of a tensor; the gradient of a scalar has the shape of v, a Jacobian has the shape of `of` followed by v's.
    wrt       names of inputs or values.
    upstream  an input of the shape of `of`, by which its entries are multiplied and added before they are differentiated, so that
              each gradient has the shape of v; "": none.
    The outputs of the result are d of / d w for each w of `wrt`; where no path leads, that gradient is an equation "= 0".
    """
    sweep = _Sweep(program, of, tuple(wrt), upstream)
    sweep.seed()
    sweep.ahead()
    written = {equation.target.name for equation in program.equations}
    first_reader = {r.name: e.target.name for e in reversed(program.equations) for r in e.operands if r.name not in written}
    for equation in reversed(program.equations):
        if equation.target.name in sweep.needed:
            sweep.total(equation.target.name)
            sweep.through(equation)
        for operand in equation.operands:  # an input's gradient is complete with its first reader, and is written there
            if first_reader.get(operand.name) == equation.target.name:
                sweep.total(operand.name)
    for name in sweep.wrt:
        sweep.settle(name)
    outputs = tuple(sweep.role(w).name for w in sweep.wrt)
    return Program(sweep.tensors, program.equations + tuple(sweep.equations), outputs, program.conditions)


@dataclass
class _Use:
    """One way that a gradient comes back to a tensor: its equation, not yet named, and the value that it comes through."""

    equation: Equation
    through: str


@dataclass
class _Sweep:
    program: Program
    of: str
    wrt: tuple[str, ...]
    upstream: str
    equations: list[Equation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = dict(self.program.tensors)
        self.lead = () if self.upstream else self.program.shape(self.of)
        self.asked = set(self.wrt)
        self.needed = on_path(self.program, self.of, self.asked)
        self.spoken_for = {*self.program.tensors, *map(str, self.program.sizes())}
        self.uses: dict[str, list[_Use]] = {}
        self.gradient: dict[str, str | None] = {}  # tensor -> the tensor that holds its gradient; None: the seed
        self.shown: dict[str, str] = {}  # an unnamed tensor -> the named one whose gradient it shares
        self.alike, self.known = Alike(self.program), dict[Hashable, tuple[Equation | None, tuple[int, ...], tuple[int, ...]]]()
        self.reserved: set[str] = set()  # the Carry equations whose gradients are read before they are written

    def role(self, wrt: str, via: str | None = None, nth: int = 0) -> Gradient:
        return Gradient(self.of, wrt, via, nth, self.upstream)

    def seed(self) -> None:
        """d of / d of = 1, or 1[k = i] axis by axis: a factor of the equations before it, no equation; or what is from above.

        What is carried to itself has paths beside this one.
        """
        if self.of in carried(self.program):
            self.uses[self.of] = [_Use(self.itself(), self.of)]
        else:
            self.gradient[self.of] = self.upstream or None

    def itself(self) -> Equation:
        """d of / d of as an equation."""
        rank = self.program.tensors[self.of].rank
        index = self.letters(len(self.lead) + rank)
        step = Step("seed", wrt=Ref(self.of, index[len(self.lead) :]))
        if self.upstream:
            return Equation(Ref("", index), Sum(slot(0), (slot(0),)), (Ref(self.upstream, index),), step)
        return Equation(Ref("", index), Sum(_identity(index[:rank], index[rank:])), (), step)

    def ahead(self) -> None:
        """Register the part of a gradient that comes back through each Carry, by the name that it will have."""
        for e in self.program.equations:
            if isinstance(e.op, Carry) and {e.target.name, e.operands[0].name} <= self.needed:
                name = self.role(e.target.name).name
                index = self.letters(len(self.lead), e.target.index) + e.target.index
                step = Step("chain", e.target, e.operands[0], Ref(name, index), pattern="carry")
                back = Equation(Ref("", index), replace(e.op, step=-e.op.step), (Ref(name, index),), step)
                self.uses.setdefault(e.operands[0].name, []).append(_Use(back, e.target.name))
                self.reserved.add(e.target.name)

    def letters(self, number: int, taken: Iterable[str] = ()) -> tuple[str, ...]:
        """Letters for axes that the chain rule adds: neither taken, nor names of tensors or sizes."""
        return fresh(number, taken, FIRST, self.spoken_for)

    def write(
        self, wrt: str, index: tuple[str, ...], op: Op, operands: Sequence[Ref], step: Step, via: str | None = None, nth: int = 0
    ) -> str:
        role, named = self.role(wrt, via, nth), via is None and self.tensors[wrt].named
        name, shape, operands = role.name, self.lead + self.program.shape(wrt), tuple(operands)
        if isinstance(op, Sum):
            op, operands = without_labels(self.tensors, op, operands)
        self.tensors[name] = Signature(name, shape, named=named, role=role)
        self.equations.append(Equation(Ref(name, index), op, operands, step))
        if via is None:
            self.gradient[wrt] = name
        return name

    def write_use(self, name: str, use: Equation, via: str | None = None, nth: int = 0) -> str:
        """Write the gradient of `name` as one of its uses gives it."""
        assert use.step is not None
        return self.write(name, use.target.index, use.op, use.operands, use.step, via, nth)

    def total(self, name: str) -> None:
        """Write the gradient of `name` as the sum of its uses: they add, because each is a path of its own."""
        uses = self.uses.pop(name, [])
        if name in self.gradient:
            return
        if not uses:
            if name in self.reserved:
                self.settle(name)
            return
        uses = self.begun(name, uses)
        if len(uses) == 1:
            use = uses[0].equation
            if not self.passed_on(name, use):
                self.write_use(name, use)
            return
        refs = []
        count: dict[str, int] = {}
        for use in uses:
            count[use.through] = count.get(use.through, 0) + 1
            alone = sum(other.through == use.through for other in uses) == 1
            refs.append(self.write_use(name, use.equation, use.through, 0 if alone else count[use.through]))
        index = uses[0].equation.target.index
        slots = tuple(slot(k) for k in range(len(refs)))
        operands = tuple(Ref(part, index) for part in refs)
        wrt = Ref(name, index[len(self.lead) :])
        self.write(name, index, Sum(sp.Add(*slots), slots), operands, Step("copy", wrt=wrt, pattern="copy"))

    def begun(self, name: str, uses: list[_Use]) -> list[_Use]:
        """The uses of a tensor, where one that stands at the last step alone is what the Carry of another begins with.

        It would be a term of every step else, and zero at each but one.
        """
        carries = [u for u in uses if isinstance(u.equation.op, Carry)]
        if len(carries) != 1 or len(carries[0].equation.operands) > 1:
            return uses
        back, through = carries[0].equation, carries[0].through
        assert isinstance(back.op, Carry)
        axis = back.target.index.index(back.op.letter)
        extent = self.program.shape(name)[axis - len(self.lead)]
        last = S.Zero if back.op.step > 0 else extent - 1
        found = [(u, end) for u in uses if (end := at_one_step(u.equation, axis, last)) is not None]
        if len(found) != 1 or sum(u.through == found[0][0].through for u in uses) > 1:
            return uses
        use, end = found[0]
        assert end.step is not None
        role = self.role(name, use.through)
        shape = self.lead + self.program.shape(name)
        self.tensors[role.name] = Signature(role.name, shape[:axis] + shape[axis + 1 :], named=False, role=role)
        self.equations.append(Equation(Ref(role.name, end.target.index), end.op, end.operands, end.step))
        rest = tuple(c for c in back.target.index if c != back.op.letter)
        back = replace(back, operands=(*back.operands, Ref(role.name, rest)))
        return [_Use(back, through) if u is carries[0] else u for u in uses if u is not use]

    def passed_on(self, name: str, use: Equation) -> bool:
        """Share the gradient that the single use of an unnamed tensor merely passes on: no equation is needed."""
        step = use.step
        assert step is not None
        if self.tensors[name].named or name in self.asked or name in self.reserved or not isinstance(use.op, Sum) or use.op.over:
            return False
        if step.through is None:  # a seed
            return False
        if step.upstream is None:
            copied = not self.lead and use.op.body == 1
        else:
            same = use.operands == (step.upstream,) and use.op.body == slot(0)
            copied = same and step.upstream.index == use.target.index
        if copied:
            self.gradient[name] = step.upstream.name if step.upstream else None
            self.shown[name] = step.through.name
        return copied

    def settle(self, name: str) -> None:
        """Make sure that a gradient that was asked for is written, even where it is the seed or zero."""
        if self.role(name).name in self.tensors:
            return
        if name == self.of:
            self.write_use(name, self.itself())
        else:
            index = self.letters(len(self.lead) + self.program.tensors[name].rank)
            self.write(name, index, Sum(S.Zero), (), Step("zero", wrt=Ref(name, index[len(self.lead) :])))

    def through(self, equation: Equation) -> None:
        """Send the gradient of an equation's target to its operands."""
        name = equation.target.name
        if name not in self.gradient or all(operand.name not in self.needed for operand in equation.operands):
            return
        lead = self.letters(len(self.lead), letter_sizes(self.program, equation)) if self.lead else ()
        held = self.gradient[name]
        upstream = Ref(held, lead + equation.target.index) if held is not None else None
        if isinstance(equation.op, Carry):
            for first in equation.operands[1:]:
                if first.name in self.needed:
                    self.uses.setdefault(first.name, []).append(_Use(self.start(equation, first, lead, upstream), name))
            return
        key = self.alike.key(equation)
        for k, operand in enumerate(equation.operands):
            if operand.name in self.needed:
                if isinstance(equation.op, Sum) and upstream is not None:
                    use = self.use_alike(key, equation, k, lead, upstream)
                else:
                    use = self.use(equation, k, lead, upstream)
                if use is not None:
                    self.uses.setdefault(operand.name, []).append(_Use(use, self.shown.get(name, name)))

    def start(self, carry: Equation, first: Ref, lead: tuple[str, ...], upstream: Ref | None) -> Equation:
        """The gradient of what a Carry starts from: that of its target at the first step."""
        assert isinstance(carry.op, Carry)
        assert upstream is not None  # the gradient of a carried value is written
        sizes = letter_sizes(self.program, carry) | dict(zip(lead, self.lead, strict=True))
        at = iverson(sp.Eq(position(carry.op.letter), start_of(self.program, carry)))
        step = Step("chain", carry.target, first, upstream, pattern="carry")
        return closed(Ref("", lead + first.index), slot(0) * at, (slot(0),), (upstream,), sizes, step)

    def use_alike(self, key: Hashable, equation: Equation, k: int, lead: tuple[str, ...], upstream: Ref) -> Equation | None:
        """What `use` gives for a Sum, worked out once for all equations that differ in names alone, of one key."""
        key = key, k, lead, upstream.index
        if key not in self.known:
            above, target, *operands = (
                Ref(*r) for r in (upstream, equation.target, *equation.operands)
            )  # each an object of its own
            made = self.use(Equation(target, equation.op, tuple(operands)), k, lead, above)
            place = {id(r): at for at, r in enumerate((above, target, *operands))}
            read = tuple(place[id(r)] for r in made.operands) if made else ()
            local = tuple(place[id(r)] for r in made.step.local_operands) if made and made.step else ()
            self.known[key] = made, read, local
        made, read, local = self.known[key]
        if made is None or made.step is None:
            return made
        refs = (upstream, equation.target, *equation.operands)
        shown = Ref(self.shown.get(equation.target.name, equation.target.name), equation.target.index)
        slope = made.step.local
        step = Step("chain", shown, equation.operands[k], upstream, slope, tuple([refs[at] for at in local]), made.step.pattern)
        return Equation(made.target, made.op, tuple([refs[at] for at in read]), step)

    def use(self, equation: Equation, k: int, lead: tuple[str, ...], upstream: Ref | None) -> Equation | None:
        """The part of the gradient of the k-th operand that comes through this equation; None where it is zero."""
        if is_primary(equation):
            return self.back(equation, k, lead, upstream or self.written_seed(equation.target, lead))
        local = local_derivative(self.program, equation, k, lambda number, taken: self.letters(number, {*taken, *lead}))
        if local.body == 0:
            return None
        self.need(local.needs)
        refs = (*local.places, equation.target)
        body, used, slots = packed(local.body, upstream is not None, len(local.places))
        operands = tuple(refs[u] for u in used)
        shown = Ref(self.shown.get(equation.target.name, equation.target.name), equation.target.index)
        slope = Sum(*local_form(local.body * _unread(equation, local, operands), len(local.places), used))
        step = Step("chain", shown, local.operand, upstream, slope, operands, local.pattern)
        sizes = {**local.sizes, **dict(zip(lead, self.lead, strict=True))}
        # The operand's letters become those of the gradient; a letter that stands twice is a diagonal: 1[i = j]
        index, guards, widths = distinct(local.operand.index, sizes, self.letters)
        sizes |= widths(sizes)
        if upstream is not None:
            operands = (upstream, *operands)
        else:
            seeds = dict(zip(equation.target.index, lead, strict=False))
            body, operands, sizes, more = seeded(body, operands, sizes, seeds, index)
            guards += more
        return closed(Ref("", lead + index), sp.Mul(body, *guards), slots, operands, sizes, step)

    def need(self, needs: Iterable[tuple[Signature, Equation]]) -> None:
        """Write the equations that must stand before, each once."""
        for signature, needed in needs:
            if signature.name not in self.tensors:
                self.tensors[signature.name] = signature
                self.equations.append(needed)

    def written_seed(self, target: Ref, lead: tuple[str, ...]) -> Ref:
        """The gradient of a tensor that is a seed, as an equation: 1[k = i], or 1 where it is handed on from a scalar."""
        index = self.letters(len(target.index), lead)
        body = _identity(lead, index) if self.lead else S.One
        self.write(target.name, lead + index, Sum(body), (), Step("seed", wrt=Ref(target.name, index)))
        return Ref(self.role(target.name).name, lead + target.index)

    def back(self, equation: Equation, k: int, lead: tuple[str, ...], upstream: Ref) -> Equation:
        """The part that comes back through a primary function to its matrix, or to a direction."""
        sizes = letter_sizes(self.program, equation) | dict(zip(lead, self.lead, strict=True))
        found, needs = came_back(self.tensors, equation, k, upstream, lambda number, taken: self.letters(number, {*taken, *lead}))
        self.need(needs)
        operand = equation.operands[k]
        sizes = {c: n for c, n in sizes.items() if c in found.index or c in operand.index}
        shown = Ref(self.shown.get(equation.target.name, equation.target.name), equation.target.index)
        step = Step("chain", shown, operand, upstream, pattern="along")
        index, guards, widths = distinct(operand.index, sizes, self.letters)
        return closed(Ref("", lead + index), sp.Mul(slot(0), *guards), (slot(0),), (found,), sizes | widths(sizes), step)


def _unread(equation: Equation, local: Local, read: Iterable[Ref]) -> Expr:
    """How often a term is added whose letters nothing in its derivative has: x[n] - v counts v as often as there are n."""
    over = equation.op.over if isinstance(equation.op, Sum) else ()
    met = {*local.operand.index, *(c for ref in read for c in ref.index)}
    return sp.Mul(*[extent for c, extent in over if c not in met and not local.body.has(position(c))])


def _identity(rows: Sequence[str], columns: Sequence[str]) -> Expr:
    """1[k = i], axis by axis."""
    return sp.Mul(*[iverson(sp.Eq(position(a), position(b))) for a, b in zip(rows, columns, strict=True)])


def on_path(program: Program, of: str, wrt: set[str]) -> set[str]:
    """The tensors that lie on a path from `wrt` to `of`."""
    depends, reaches, before = set(wrt), {of}, 0
    while before != len(depends) + len(reaches):  # a Carry reads ahead
        before = len(depends) + len(reaches)
        for equation in program.equations:
            if any(operand.name in depends for operand in equation.operands):
                depends.add(equation.target.name)
        for equation in reversed(program.equations):
            if equation.target.name in reaches:
                reaches |= {operand.name for operand in equation.operands}
    return depends & reaches
