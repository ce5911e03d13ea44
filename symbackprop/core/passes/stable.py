"""A program goes in, the same program in spellings that neither overflow nor lose digits comes out: what is compiled.

The body of an equation is read together with a few operations below it, the rules of `stable_rules` rewrite it, and where one
applied the equation takes the result. A sum of exponentials is c exp(v) with v = logsumexp; an entry picked from exp(u) is exp of
the entry picked from u. What the rules leave behind unread is dropped, unless it has a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, Symbol, exp, log

from symbackprop.core.crossed import in_entries
from symbackprop.core.expressions import parts_in
from symbackprop.core.functions import TableFunction
from symbackprop.core.grammar import check
from symbackprop.core.guards import fixed_letters, integers_of, is_size, letters_of, overhang, split
from symbackprop.core.letters import fresh
from symbackprop.core.passes.limits import is_sum_of_squares, lengths, products_with_logs, quotients
from symbackprop.core.passes.simplify import nameless, renamed, shrunk, without_dead
from symbackprop.core.passes.stable_rules import applies, exponent_times_power, log1p, power_times_log, respelled, sigmoid
from symbackprop.core.program import Equation, Op, Program, Range, Reduce, Ref, Signature, Sum, letter_sizes, slot

REACH = 4  # operations that a rule spans, one inside another
SEVERAL = 4  # what a quotient with a limit is of, beside its factors, is one; an expression of more is not looked through for it


def stable(program: Program, kept: Iterable[str] = ()) -> Program:
    """The program in stable spellings, with the same outputs; the program itself where there is nothing to rewrite.

    kept   names that no rule looks through, so that what comes out is the same function of them as well: those that the program
           is going to be differentiated by.
    """
    kept, program = set(kept), in_entries(program)
    speller = _Speller(program, kept)
    for equation in program.equations:
        speller.write(speller.limited(speller.spelled(equation)), program.shape(equation.target.name))
    if not speller.changed:
        return program
    named = {name for name, tensor in program.tensors.items() if tensor.named}
    return check(without_dead(speller.program, kept | named | set(program.outputs)))


def with_defined_slopes(program: Program) -> Program:
    """The program, with the slopes of powers where they are 0: u^p log(u) where u^p is, p u^(p - 1) where p is."""

    known: dict[Op, Op] = {}

    def defined(op: Op) -> Op:
        if op not in known:
            known[op] = worked_out(op)
        return known[op]

    def worked_out(op: Op) -> Op:
        if not isinstance(op, Sum) or all(power.exp.is_number for power in op.body.atoms(sp.Pow)):
            return op
        body = op.body.replace(lambda e: e.is_Mul, lambda e: power_times_log(e) or exponent_times_power(e) or e)
        return op if body == op.body else Sum(body, op.slots, op.over)  # type: ignore[arg-type]  # SymPy promises a Basic only

    ops = [defined(e.op) for e in program.equations]
    if all(new == e.op for new, e in zip(ops, program.equations, strict=True)):
        return program
    return replace(program, equations=tuple(replace(e, op=new) for new, e in zip(ops, program.equations, strict=True)))


class _Power(NamedTuple):
    """What a tensor was found to be: factor * function(value), where `value` has the axes `axes` of the tensor."""

    factor: Expr
    function: Any
    value: str
    axes: tuple[int, ...]


class _Speller:
    """The equations written so far, and what is known of them."""

    def __init__(self, program: Program, kept: set[str]) -> None:
        self.outputs, self.conditions, self.kept = program.outputs, program.conditions, kept
        self.tensors = dict(program.tensors)
        self.written: dict[str, Equation] = {}
        self.same: dict[str, str] = {}  # a tensor -> the first one that is equal to it
        self.known: dict[tuple, str] = {}
        self.powers: dict[tuple[str, bool], _Power | None] = {}
        self.steep: set[str] = set()  # tensors that are a number times a logarithm, or quotients
        self.squares: set[str] = set()  # and sums of squares, but for those that no rule looks through
        self.far: dict[str, int] = {}  # how many operations below a tensor an exponential stands, counted anew from each sum
        self.changed = False

    @property
    def program(self) -> Program:
        return Program(self.tensors, tuple(self.written.values()), self.outputs, self.conditions)

    def write(self, equation: Equation, shape: tuple[Expr, ...]) -> None:
        name = equation.target.name
        self.tensors.setdefault(name, Signature(name, shape, named=False))
        self.written[name] = equation
        if isinstance(equation.op, Sum) and name not in self.kept:
            if not equation.op.over and _is_steep(equation.op.body):
                self.steep.add(name)
            if is_sum_of_squares(equation.op.body):
                self.squares.add(name)
        read = Equation(equation.target, equation.op, tuple(map(self.first, equation.operands)))
        far = self.far_from_exponentials(read)
        if far <= REACH:
            self.far[name] = far
        self.same[name] = name if name in self.kept else self.known.setdefault((shape, *nameless(read)), name)

    def far_from_exponentials(self, equation: Equation) -> int:
        """At least so many operations below an equation an exponential stands; more than REACH: none that a rule would see."""
        op = equation.op
        if not isinstance(op, Sum):
            return REACH + 1
        if op.body.has(exp):
            return 0
        near = min((self.far.get(r.name, REACH + 1) for r in equation.operands if r.name not in self.kept), default=REACH + 1)
        if near > REACH or op.adds:
            return near if near > REACH else 0
        return near + 1

    def first(self, ref: Ref) -> Ref:
        return Ref(self.same.get(ref.name, ref.name), ref.index)

    def spelled(self, equation: Equation) -> Equation:
        """The equation with its logarithms, reciprocals and quotients rewritten, and with slopes that do not overflow."""
        if not isinstance(equation.op, Sum):
            return equation
        op = _bounded(equation.op)
        if op != equation.op:
            self.changed = True
            equation = Equation(equation.target, op, equation.operands, equation.step)
        if not op.body.has(log, log1p, sp.Pow):
            return equation
        view = _View(self, equation)
        body = self.rewrite(op.body, view)
        if body is None:
            return equation
        self.changed = True
        return Equation(equation.target, *view.packed(body, op.over), equation.step)

    def limited(self, equation: Equation) -> Equation:
        """The equation with what has a limit where it is no number: 0 log 0, the length of nothing, (exp(u) - 1)/u at 0."""
        op = equation.op
        if not isinstance(op, Sum):
            return equation
        near = any(self.first(ref).name in self.steep for ref in equation.operands)
        if not (near or parts_in(op.body, sp.Pow) or parts_in(op.body, log)):
            return equation
        found = []
        for reach in range(REACH + 1):
            view = _View(self, equation, wide=True)
            whole: Any = view.of(op.body, reach)
            if reach and len(view.leaves) > SEVERAL:
                break
            given = {symbol for ref, symbol in view.leaves.items() if ref.name not in self.written and ref.name not in self.kept}
            squares = {symbol for ref, symbol in view.leaves.items() if ref.name in self.squares}
            new = lengths(products_with_logs(quotients(whole), given.__contains__), squares.__contains__)
            if new != whole:
                found.append((_hazards(new), reach, new, view))
        if not found:
            return equation
        self.changed = True
        _, _, new, view = min(found, key=lambda one: one[:2])
        packed, operands = view.packed(new, op.over)
        return Equation(equation.target, packed, operands, equation.step)

    def rewrite(self, e: Any, view: _View) -> Any:
        """The part of a body with rules applied, the whole before its parts; None where none applies."""
        if not e.has(log, log1p, sp.Pow):
            return None
        if any(map(_is_hazard, sp.Mul.make_args(e))):
            found = self.reached(e, view)
            if found is not None:
                return found
        parts = [self.rewrite(a, view) for a in e.args]
        if all(part is None for part in parts):
            return None
        return e.func(*[view.of(a, 0) if part is None else part for a, part in zip(e.args, parts, strict=True)])

    def reached(self, e: Any, view: _View) -> Any:
        """What the rules make of a part with the operations below it, as few or as many as give the shortest; None: nothing."""
        found = []
        hazards = _hazards(view.of(e, 0))
        for reach in range(REACH + 1):
            whole = view.of(e, reach, applies(e, log | log1p))
            new = respelled(whole)
            if new != whole or _hazards(new) < hazards:  # SymPy knows by itself that 1/exp(u) is exp(-u)
                found.append(new)
        return min(found, key=lambda new: (_hazards(new), new.count_ops()), default=None)

    def power(self, name: str, logarithm: bool) -> _Power | None:
        """What a sum of exponentials is; below a logarithm, also a sum that picks entries of an exponential or a sigmoid."""
        key = (name, logarithm)
        if key not in self.powers:
            for below in self.sums_below(name):
                self.powers[below, False] = self.exponentials(self.written[below])
            self.powers[key] = self.exponentials(self.written[name]) or (self.pick(self.written[name]) if logarithm else None)
        return self.powers[key]

    def sums_below(self, name: str) -> list[str]:
        """The sums that a tensor's power asks for, read before reading: networks are deeper than Python's stack."""
        found, seen, todo = set(), set(), [(name, 0)]
        while todo:
            reader, reach = todo.pop()
            for below in {self.first(ref).name for ref in self.written[reader].operands} - self.kept:
                equation = self.written.get(below)
                if equation is None or not isinstance(equation.op, Sum) or (below, False) in self.powers:
                    continue
                summed = equation.op.adds
                step = (below, 0 if summed else reach + 1)
                if step not in seen and step[1] < REACH:
                    seen.add(step)
                    todo.append(step)
                    found |= {below} if summed else set()
        return [below for below in self.written if below in found]

    def exponentials(self, equation: Equation) -> _Power | None:
        """sum of c exp(u) = c exp(logsumexp(u))"""
        assert isinstance(equation.op, Sum)
        if equation.target.name not in self.far:
            return None
        target, over = equation.target, equation.op.over
        view = _View(self, equation)
        for reach in range(REACH):
            factor, power = respelled(view.of(equation.op.body, reach)).as_independent(exp, as_Add=False)
            if applies(power, exp):
                break
        else:
            return None
        if not all(map(is_size, factor.free_symbols)) or not factor.is_positive:
            return None
        op, operands = view.packed(power.args[0], ())
        mentioned = {c for ref in operands for c in ref.index} | letters_of(op.body)
        if not {c for c, _ in over} <= mentioned:
            return None
        axes = tuple(k for k, c in enumerate(target.index) if c in mentioned)
        index = tuple(target.index[k] for k in axes)
        sizes = letter_sizes(self.program, equation)
        of_each = (*index, *(c for c, _ in over))
        exponent = self.named(f"exponent({target.name})", of_each, op, operands, sizes)
        value = self.named(f"lse({target.name})", index, Reduce("logsumexp", over), (exponent,), sizes)
        return _Power(factor, exp, value.name, axes)

    def pick(self, equation: Equation) -> _Power | None:
        """sum_j f(u_j) 1[j = t] = f(sum_j u_j 1[j = t]) for an exponential or a sigmoid f, where t is proven to be in range"""
        assert isinstance(equation.op, Sum)
        target, op, factors = equation.target, equation.op, split(equation.op)
        if not factors.guards or factors.coefficient != 1:
            return None
        program = self.program
        fixed, remaining = fixed_letters(program, equation, scatter=False)
        sizes, integers = letter_sizes(program, equation), integers_of(program, equation)
        if remaining or not {c for c, extent in op.over if extent != 1} <= fixed.keys():
            return None
        for letter, at in fixed.items():
            if overhang(at, sizes[letter], sizes, program.conditions, integers) != (0, 0):
                return None
        view = _View(self, equation)
        entry: Any = sp.Mul(*[op.slots[k] for k in factors.operands], factors.rest)
        guards = op.body / entry
        for reach in range(REACH):
            found = respelled(view.of(entry, reach))
            if applies(found, exp | sigmoid):
                picked, operands = view.packed(found.args[0] * view.of(guards, 0), op.over)
                value = self.named(f"picked({target.name})", target.index, picked, operands, sizes)
                return _Power(sp.S.One, found.func, value.name, tuple(range(len(target.index))))
        return None

    def named(self, name: str, index: tuple[str, ...], op: Op, operands: tuple[Ref, ...], sizes: dict[str, Expr]) -> Ref:
        """Write a new equation; the tensor that it writes."""
        if op == Sum(slot(0), (slot(0),)) and operands[0].index == index:
            return operands[0]
        ref = Ref(name, index)
        self.write(Equation(ref, op, operands), tuple(sizes[c] for c in index))
        return self.first(ref)


class _View:
    """An equation and a few operations below it, in symbols for the tensors where the view stops."""

    def __init__(self, speller: _Speller, equation: Equation, wide: bool = False) -> None:
        assert isinstance(equation.op, Sum)
        self.speller, self.wide = speller, wide  # wide: looks through every function of entries
        self.operands = dict(zip(equation.op.slots, equation.operands, strict=True))
        self.letters = (
            set(equation.target.index) | {c for c, _ in equation.op.over} | {c for r in equation.operands for c in r.index}
        )
        self.over: tuple[Range, ...] = ()  # letters of size 1 that opened operations sum over
        self.leaves: dict[Ref, Symbol] = {}

    def of(self, e: Any, reach: int, logarithm: bool = False) -> Any:
        """A part of the body, with what `reach` operations below its slots compute."""
        return self.opened(e, self.operands, reach, logarithm)

    def opened(self, e: Any, operands: dict[Symbol, Ref], reach: int, logarithm: bool) -> Any:
        return e.xreplace({s: self.part(ref, reach, logarithm) for s, ref in operands.items() if e.has(s)})

    def part(self, ref: Ref, reach: int, logarithm: bool) -> Any:
        speller = self.speller
        ref = speller.first(ref)
        equation = speller.written.get(ref.name)
        if not reach or equation is None or ref.name in speller.kept or not isinstance(equation.op, Sum):
            return self.leaf(ref)
        if all(extent == 1 for _, extent in equation.op.over):
            inner = self.inner(equation, ref)
            assert isinstance(inner.op, Sum)
            found = self.opened(inner.op.body, dict(zip(inner.op.slots, inner.operands, strict=True)), reach - 1, logarithm)
            plain = found.as_coeff_Mul()[1]
            if self.wide:
                return found
            return found if found.has(exp, sigmoid) or plain.is_Symbol or applies(plain, log) else self.leaf(ref)
        power = speller.power(ref.name, logarithm)
        if power is None:
            return self.leaf(ref)
        return power.factor * power.function(self.leaf(Ref(power.value, tuple(ref.index[k] for k in power.axes))))

    def inner(self, equation: Equation, ref: Ref) -> Equation:
        """The equation of a tensor in the letters that the tensor stands with here."""
        rename = dict(zip(equation.target.index, ref.index, strict=True))
        for (letter, extent), new in zip(equation.op.over, fresh(len(equation.op.over), self.letters), strict=True):
            rename[letter] = new
            self.letters.add(new)
            self.over += ((new, extent),)
        return renamed(equation, rename)

    def leaf(self, ref: Ref) -> Symbol:
        return self.leaves.setdefault(ref, Symbol(f"t{len(self.leaves)}"))

    def packed(self, body: Any, over: tuple[Range, ...]) -> tuple[Sum, tuple[Ref, ...]]:
        """The sum of an expression of this view over letters, and its operands."""
        used = [(ref, symbol) for ref, symbol in self.leaves.items() if body.has(symbol)]
        slots = tuple(slot(k) for k in range(len(used)))
        body = body.xreplace({symbol: s for s, (_, symbol) in zip(slots, used, strict=True)})
        return shrunk(Sum(body, slots, over + self.over), tuple(ref for ref, _ in used))


def _bounded(op: Sum) -> Sum:
    """The operation with the bounded forms of the functions whose slopes overflow."""
    forms: dict[Any, Any] = {}
    for f in parts_in(op.body, TableFunction):
        if f.row.bounded is not None:
            forms[f] = f.row.bounded.xreplace(dict(zip(f.row.args, f.args, strict=True)))
    return Sum(op.body.xreplace(forms), op.slots, op.over) if forms else op  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _is_steep(body: Any) -> bool:
    """Whether a body is a number times a logarithm, or a quotient."""
    return applies(body.as_coeff_Mul()[1], log) or any(map(_is_hazard, sp.Mul.make_args(body)))


def _is_hazard(e: Any) -> bool:
    """Whether an expression is a logarithm or a reciprocal of something that has slots."""
    if applies(e, log | log1p):
        return not all(s.is_integer for s in e.free_symbols)
    if not applies(e, sp.Pow):
        return False
    return bool(e.exp.is_Integer and e.exp < 0 and not all(s.is_integer for s in e.base.free_symbols))


def _hazards(e: Any) -> int:
    return sum(_is_hazard(part) for part in sp.preorder_traversal(e) if applies(part, log | log1p | sp.Pow))
