r"""The chain rule of a network with loops entry by entry, at one step: \partial h_{t,i}/\partial h_{t-1,j}, and its products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sympy import S

from symbackprop.algebra.recursion import StepLine
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.through import put_together, telling
from symbackprop.core.guards import split as split_factors
from symbackprop.core.letters import fresh
from symbackprop.core.loops.recursion import AtStep, NoRecursionError, Recursion, StepProgram
from symbackprop.core.program import Carry, Equation, Ref, Sum, slot, substituted
from symbackprop.display.box import StepChain
from symbackprop.display.index_form import equation_letters, index_form, target_entry
from symbackprop.display.local_form import local_formula
from symbackprop.display.softmax import softmaxes
from symbackprop.display.softmax_cases import slope_cases
from symbackprop.display.softmax_rule import meeting
from symbackprop.display.step_forms import Called, StepNames, summed_over, value_at_step
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, Name, index, letter
from symbackprop.formulas.tree import Binds, Node, Script, items_of, split, width

WIDEST = 76
"""The longest row, in letters across the paper."""

SHORT = 20
"""The longest formula that stands for a value that nobody named."""


def step_chain(derivation: Derivation, names: StepNames, line: StepLine) -> StepChain:
    """The local derivatives and the chain rule of a line at its step."""
    parts = [_Part(derivation, names, part.at) for part in line.parts]
    found = {key: x for part in parts for key, x in part.locals()}
    met = _meeting(names, line.at) if len(parts) == 1 else None
    there = {own.name: _There(names, own) for own in names.standing.values() if names.whole.signature(own.name).role is None}
    return StepChain(found, tuple(_rows(names, line)) if met is None else (met,), names.whole.labelled(there))


@dataclass(frozen=True)
class _There:
    """How a tensor is called at its step."""

    names: StepNames
    own: AtStep

    def formula(self, letters: Sequence[Letter] = ()) -> Node:
        return self.names.at(self.own, letters)


def _meeting(names: StepNames, at: StepProgram) -> Node | None:
    """The chain rule of what a softmax is of, where that meets a cross-entropy at the same step."""
    role, marks = at.program.tensors[at.target].role, at.standing[at.target].marks
    wrt = None if role is None else (role.wrt, marks)
    own = {(role.wrt, at.standing[e.target.name].marks): e for e in at.program.equations
           if e.step is not None and e.step.rule == "chain" and (role := at.program.tensors[e.target.name].role) is not None
           and role.via is None and isinstance(e.op, Sum) and not e.op.over}  # fmt: skip
    found = softmaxes(names)
    for (o, total), p in found.named.items():
        above = own.get((at.standing[p].name, at.standing[p].marks)) if p and len(found.axes(total)) == 1 else None
        if above is not None and wrt == (at.standing[o].name, at.standing[o].marks):
            met = meeting(names, above, at.target, p, found.axes(total)[0], unnamed(at))
            return None if met is None else met[0]
    return None


def _rows(names: StepNames, line: StepLine) -> Iterator[Node]:
    if not line.at.program.shape(line.at.target):
        return
    terms = []
    recursion = Recursion(names.whole.program)
    for part in line.parts:
        at = replace(part.at, program=replace(part.at.program, equations=told_together(recursion, part.at)))
        to = StepNames(names.whole, at, names.called)
        equation = to.written[part.at.target]
        terms.append(summed_over(part.at.summed, index_form(to, equation, unnamed(part.at))))
    row = f.equation(target_entry(names, names.written[line.at.target]), f.add(terms))
    if width(row) <= WIDEST:
        yield row


def unnamed(at: StepProgram) -> list[str]:
    """What is written out: the gradients on the way, and the values that nobody named."""
    inner = [at.program.tensors[e.target.name] for e in at.program.equations if e.target.name != at.target]
    return [tensor.name for tensor in inner if tensor.role is not None or not tensor.has_name]


class _Part:
    """The terms of a line that sum over the same steps."""

    def __init__(self, derivation: Derivation, names: StepNames, at: StepProgram) -> None:
        self.derivation, self.at = derivation, at
        self.names = StepNames(names.whole, at, Called())
        self.recursion = Recursion(derivation.program)
        found, rank = softmaxes(names.whole), names.whole.signature
        known = {pair: p for pair, p in found.named.items() if p and found.axes(pair[1]) == [rank(pair[0]).rank - 1]}
        self.named = set(known.values())
        self.softmaxes = {(p, o): True for (o, _), p in known.items()}  # to what it is of; False: a part of that
        self.softmaxes |= {ends: False for (o, total), p in known.items() for ends in ((p, total), (total, o))}
        self.ways: dict[tuple[str, str], int] = {}

    def _ends(self, own: Equation) -> tuple[str, str]:
        """What a step goes through, and what it goes back to."""
        ends = (self.names.whole.signature(self.at.standing[ref.name].name).role for ref in (own.operands[0], own.target))
        above, below = (role.wrt if role is not None else "" for role in ends)
        return above, below

    def _ways(self, above: str, below: str) -> int:
        """How often a value reads another one at its own step, through values that nobody named as well."""
        if (known := self.ways.get((above, below))) is not None:
            return known
        written, tensors = self.names.whole.written, self.names.whole.program.tensors
        ways = 0
        for ref in written[above].operands if above in written else ():
            inner = written.get(ref.name)
            if ref.name == below:
                ways += 1
            elif inner is not None and not isinstance(inner.op, Carry) and not tensors[ref.name].has_name:
                ways += self._ways(ref.name, below)
        self.ways[above, below] = ways
        return ways

    def _softmax(self, own: Equation, ends: tuple[str, str]) -> Iterator[tuple[tuple[str, str], Node]]:
        """The slope of a softmax by what it is of; the step to its sum is a part of it."""
        p, o = own.operands[0], own.target
        if not self.softmaxes[ends] or p.index != o.index:
            return
        letters = equation_letters(self.names, own)
        first, other = letters[p.index[-1]], letter(fresh(1, letters, names=self.names.whole.words)[0])
        there = {**letters, p.index[-1]: other}
        here, beside, by = self._value(p, letters), self._value(p, there), self._value(o, there)
        whole = self._value(p, dict.fromkeys(letters))
        if here is None or beside is None or by is None or whole is None or first is None:
            return
        if self.names.whole.signature(ends[0]).has_name:
            yield ends, slope_cases(here, beside, by, first, other)
            return
        name = Name(self.names.whole.free(("p", "q", "r", "s")))  # five times softmax(o_t) is wider than a page
        cases = slope_cases(name.formula([first]), name.formula([other]), by, first, other)
        yield ends, f.side_by_side([f.equation(name.formula(), whole), cases])

    def locals(self) -> Iterator[tuple[tuple[str, str], Node]]:
        """The local derivatives that are no number; those of the loss first."""
        for own in self.at.program.equations:
            step = own.step
            if step is None or step.rule != "chain" or step.upstream is not None or not own.target.index:
                continue
            role, letters = self.at.program.tensors[own.target.name].role, equation_letters(self.names, own)
            by = self._value(own.target, letters)
            if role is not None and by is not None:
                loss = self.names.whole.in_line(role.of)
                shown = f.equation(f.over(f.partial(loss), f.partial(by)), index_form(self.names, own, unnamed(self.at)))
                yield (role.of, self.at.standing[own.target.name].name), shown
        for own in told_together(self.recursion, self.at):
            if own.step is None or own.step.local is None or own.step.upstream is None:
                continue
            if (ends := self._ends(own)) in self.softmaxes:
                yield from self._softmax(own, ends)
                continue
            if not own.op.body.has(*own.op.slots[1:]):  # type: ignore[union-attr]
                continue
            if self._ways(*self._ends(own)) > 1:  # what it says of one way would be read as the derivative
                continue
            letters = equation_letters(self.names, own)
            above, below = self._value(own.operands[0], letters), self._value(own.target, letters)
            if above is None or below is None:
                continue
            shown = f.equation(
                f.over(f.partial(above), f.partial(below)), local_formula(self.names, own, letters, unnamed(self.at))
            )
            if width(shown) <= WIDEST:
                yield (self.at.standing[own.operands[0].name].name, self.at.standing[own.target.name].name), shown

    def _value(self, gradient: Ref, letters: dict[str, Letter]) -> Node | None:
        """What a gradient is by, with its letters; None where nobody named it and its formula is long."""
        own = self.at.standing[gradient.name]
        role = self.names.whole.signature(own.name).role
        assert role is not None
        at = self.recursion.handed_on(AtStep(role.wrt, own.marks, role.wrt, own.marks))
        shown = [letters[c] for c in gradient.index]
        if self.names.whole.signature(at.name).has_name:
            return self.names.at(at, shown)
        try:
            by = split(value_at_step(self.names.whole, self.derivation, at.name, at.marks).formula)[1]
        except NoRecursionError:
            return None
        formula = None if by is None else f.beside(*items_of(by)[1:])
        if formula is None or width(formula) > SHORT:
            return None
        given = [c for c in shown if c is not None]
        if isinstance(formula, Script) or len(items_of(formula)) == 1:  # an entry: x_{1,y}
            return None if given else formula
        is_call = at.name in self.named  # softmax(o_t)_l
        whole = f.beside(*items_of(formula), binds=Binds.ATOM) if is_call else f.bracket(formula)
        return f.scripted(whole, sub=index(given)) if given else whole


def told_together(recursion: Recursion, at: StepProgram) -> tuple[Equation, ...]:
    """The equations of a line, each with its step there; what nobody named and moves entries is told with its reader."""
    equations = [_at_step(at, e) for e in at.program.equations]
    inner = [e.target.name for e in equations if e.step is not None and e.target.name != at.target]
    gone = telling(equations, [n for n in inner if _is_moved(recursion, at.standing[n])])
    return put_together(at.program, equations, gone)


def _is_moved(recursion: Recursion, at: AtStep) -> bool:
    """Whether a gradient is by a value without a name whose entries are those of another, or 0: diag(v)."""
    role = recursion.program.tensors[at.name].role
    written = None if role is None else recursion.written.get(role.wrt)
    if written is None or not isinstance(written.op, Sum) or recursion.program.tensors[written.target.name].has_name:
        return False
    if recursion.end(written) is not None:  # v(n) is called by its step
        return False
    factors = split_factors(written.op)
    return bool(factors.guards) and len(written.operands) == 1 and factors.rest == 1


def _at_step(at: StepProgram, equation: Equation) -> Equation:
    """A backward equation whose step leads between gradients at their steps; any other as it is."""
    step = equation.step
    if step is not None and step.rule == "copy":
        return replace(equation, step=replace(step, wrt=equation.target))
    return local_at(at, equation) or replace(equation, step=None)


def local_at(at: StepProgram, equation: Equation) -> Equation | None:
    """A backward equation at its step, with its step there; None where it multiplies by nothing."""
    step, op = equation.step, equation.op
    if step is None or step.rule != "chain" or step.upstream is None or step.local is None or not isinstance(op, Sum):
        return None
    if not equation.operands or at.standing[equation.operands[0].name].name != step.upstream.name:
        return None
    upstream, *operands = equation.operands
    body = substituted(op.body, {op.slots[0]: S.One})
    slots = tuple(slot(k) for k in range(len(operands)))
    local = Sum(substituted(body, dict(zip(op.slots[1:], slots, strict=True))), slots)
    own = replace(step, through=upstream, wrt=equation.target, upstream=upstream, local=local, local_operands=tuple(operands))
    return replace(equation, step=own)
