"""The chain rule: a program goes in, the same program with gradients comes out, each backward equation with its step.

One sweep from the end to the start. For an equation y[t] = sum_o body(operands) and one of its operands x[i],

    dL/dx[i] = sum over the letters that i lacks of  dL/dy[t] * d body / d x[i],

which is an equation of the same kind. Broadcasting is a letter that x lacks, so its derivative is summed here, once, and in no
rule. A Jacobian is the same sweep with the letters of the output carried along.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.core.functions import REDUCTIONS, TableFunction, Where, X, Y, derivative, iverson
from symbackprop.core.letters import LETTERS, fresh
from symbackprop.core.program import (
    Equation,
    Gradient,
    Matrix,
    Op,
    Program,
    Reduce,
    Ref,
    Signature,
    Step,
    Sum,
    letter_sizes,
    position,
    slot,
    substituted,
)  # fmt: skip
from symbackprop.core.simplify import shrunk, without_labels

_RESULT = Symbol("_y")
_FIRST = LETTERS[2:] + LETTERS[:2]  # i and j are left to the equations that a person wrote


def gradient_name(of: str, wrt: str, via: str | None = None) -> str:
    """The canonical name of a derivative: dL/dx, and dL/dx|q for the part through q."""
    wrap = [f"({n})" if "/" in n else n for n in (of, wrt)]
    return f"d{wrap[0]}/d{wrap[1]}" + (f"|{via}" if via else "")


def chain_rule(program: Program, of: str, wrt: Iterable[str]) -> Program:
    """The program with an equation for d `of` / d v for every v on a path from `wrt` to `of`.

    of    the name of a tensor; the gradient of a scalar has the shape of v, a Jacobian has the shape of `of` followed by v's.
    wrt   names of inputs or values.
    The outputs of the result are d of / d w for each w of `wrt`; where no path leads, that gradient is an equation "= 0".
    """
    sweep = _Sweep(program, of, tuple(wrt))
    sweep.seed()
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
    outputs = tuple(gradient_name(of, w) for w in sweep.wrt)
    return Program(sweep.tensors, program.equations + tuple(sweep.equations), outputs, program.conditions)


@dataclass
class _Use:
    """One way that a gradient comes back to a tensor: a Ref to it, as an equation's right-hand side not yet written."""

    equation: Equation
    through: str


@dataclass
class _Sweep:
    program: Program
    of: str
    wrt: tuple[str, ...]
    equations: list[Equation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = dict(self.program.tensors)
        self.lead = self.program.shape(self.of)
        self.needed = _on_path(self.program, self.of, set(self.wrt))
        self.spoken_for = {*self.program.tensors, *map(str, self.program.sizes())}
        self.uses: dict[str, list[_Use]] = {}
        self.gradient: dict[str, str | None] = {}  # tensor -> the tensor that holds its gradient; None: the seed
        self.shown: dict[str, str] = {}  # an unnamed tensor -> the named one whose gradient it shares

    def seed(self) -> None:
        """d of / d of = 1, or 1[k = i] axis by axis: a factor of the equations before it, not an equation."""
        self.gradient[self.of] = None

    def letters(self, number: int, taken: Iterable[str] = ()) -> tuple[str, ...]:
        """Letters for axes that the chain rule adds: neither taken, nor names of tensors or sizes."""
        return fresh(number, {*taken, *self.spoken_for}, _FIRST)

    def write(self, wrt: str, index: tuple[str, ...], op: Sum, operands: Sequence[Ref], step: Step, via: str | None = None) -> str:
        name = gradient_name(self.of, wrt, via)
        op, operands = without_labels(self.tensors, op, tuple(operands))
        shape = self.lead + self.program.shape(wrt)
        self.tensors[name] = Signature(name, shape, named=via is None and self.tensors[wrt].named, role=Gradient(self.of, wrt, via))
        self.equations.append(Equation(Ref(name, index), op, operands, step))
        if via is None:
            self.gradient[wrt] = name
        return name

    def write_use(self, name: str, use: Equation, via: str | None = None) -> str:
        """Write the gradient of `name` as one of its uses gives it."""
        assert isinstance(use.op, Sum)
        assert use.step is not None
        return self.write(name, use.target.index, use.op, use.operands, use.step, via)

    def total(self, name: str) -> None:
        """Write the gradient of `name` as the sum of its uses: they add, because each is a path of its own."""
        uses = self.uses.pop(name, [])
        if name in self.gradient or not uses:
            return
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
            via = use.through if alone else f"{use.through} ({count[use.through]})"
            refs.append(self.write_use(name, use.equation, via))
        index = uses[0].equation.target.index
        slots = tuple(slot(k) for k in range(len(refs)))
        operands = tuple(Ref(part, index) for part in refs)
        wrt = Ref(name, index[len(self.lead) :])
        self.write(name, index, Sum(sp.Add(*slots), slots), operands, Step("copy", wrt=wrt, pattern="copy"))

    def passed_on(self, name: str, use: Equation) -> bool:
        """Share the gradient that the single use of an unnamed tensor merely passes on: no equation is needed."""
        step = use.step
        assert isinstance(use.op, Sum)
        assert step is not None
        assert step.through is not None
        if self.tensors[name].named or name in self.wrt or use.op.over:
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
        if gradient_name(self.of, name) in self.tensors:
            return
        rank = self.program.tensors[name].rank
        index = self.letters(len(self.lead) + rank)
        wrt = Ref(name, index[len(self.lead) :])
        if name == self.of:
            self.write(name, index, Sum(_identity(index[:rank], index[rank:])), (), Step("seed", wrt=wrt))
        else:
            self.write(name, index, Sum(S.Zero), (), Step("zero", wrt=wrt))

    def through(self, equation: Equation) -> None:
        """Send the gradient of an equation's target to its operands."""
        name = equation.target.name
        if name not in self.gradient or all(operand.name not in self.needed for operand in equation.operands):
            return
        lead = self.letters(len(self.lead), letter_sizes(self.program, equation))
        held = self.gradient[name]
        upstream = Ref(held, lead + equation.target.index) if held is not None else None
        for k, operand in enumerate(equation.operands):
            if operand.name in self.needed:
                use = self.use(equation, k, lead, upstream)
                if use is not None:
                    self.uses.setdefault(operand.name, []).append(_Use(use, self.shown.get(name, name)))

    def use(self, equation: Equation, k: int, lead: tuple[str, ...], upstream: Ref | None) -> Equation | None:
        """The part of the gradient of the k-th operand that comes through this equation; None where it is zero."""
        op, operand = equation.op, equation.operands[k]
        sizes = letter_sizes(self.program, equation)
        if isinstance(op, Matrix):
            local, places, operand, sizes = self.matrix(equation, op, sizes)
        elif isinstance(op, Reduce):
            local, places = substituted(REDUCTIONS[op.kind].local, {X: slot(0), Y: _RESULT}), equation.operands
            if REDUCTIONS[op.kind].shared:
                places += (self.winners(equation, op, local),)
                local = local / slot(1)
        else:
            local, places = _local(op, k, not _sums(op)), equation.operands
        if local == 0:
            return None
        sizes = {**sizes, **dict(zip(lead, self.lead, strict=True))}
        # The operand's letters become those of the gradient; a letter that stands twice is a diagonal: 1[i = j]
        index, guards, widths = _distinct(operand.index, {*sizes, *self.spoken_for})
        refs = [*places, equation.target]
        body, used, slots = _packed(local, upstream is not None, len(places))
        operands = ([upstream] if upstream is not None else []) + [refs[u] for u in used]
        shown = Ref(self.shown.get(equation.target.name, equation.target.name), equation.target.index)
        local_body, local_slots = _local_form(local, len(places), used)
        step = Step(
            "chain", shown, operand, upstream, Sum(local_body, local_slots), tuple(refs[u] for u in used),
            pattern_of(op, local, places),
        )  # fmt: skip
        sizes |= widths(sizes)
        if upstream is None and lead:  # the seed 1[k = i]: it names a summed letter, and ties one that stays
            seeds = list(zip(lead, equation.target.index, strict=True))
            guards += [iverson(sp.Eq(position(a), position(b))) for a, b in seeds if b in index]
            named = {b: a for a, b in seeds if b not in index}
            operands = [Ref(r.name, tuple(named.get(c, c) for c in r.index)) for r in operands]
            body = substituted(body, {position(b): position(a) for b, a in named.items()})
            sizes = {c: extent for c, extent in sizes.items() if c not in named}
        return closed(Ref("", lead + index), sp.Mul(body, *guards), slots, operands, sizes, step)

    def winners(self, equation: Equation, op: Reduce, local: Expr) -> Ref:
        """How many entries tie for the extremum, written once."""
        ties = Ref(f"ties({equation.target.name})", equation.target.index)
        if ties.name not in self.tensors:
            self.tensors[ties.name] = Signature(ties.name, self.program.shape(equation.target.name), named=False)
            count = Sum(substituted(local, {_RESULT: slot(1)}), (slot(0), slot(1)), op.over)
            step = Step("count", through=equation.target)
            self.equations.append(Equation(ties, count, (*equation.operands, equation.target), step))
        return ties

    def matrix(self, equation: Equation, op: Matrix, sizes: dict[str, Expr]) -> tuple[Expr, tuple[Ref, ...], Ref, dict[str, Expr]]:
        """The local derivative of inverse, det and logdet, as a product with the inverse of the operand.

        d inverse(X)[p q] / d X[i j] = -V[p i] V[j q],   d det X / d X[i j] = det X V[j i],   d logdet X / d X[i j] = V[j i],
        with V the inverse of X (Petersen and Pedersen, The Matrix Cookbook, equations 41, 49 and 60).
        """
        operand, target = equation.operands[0], equation.target
        batch = operand.index[:-2]
        if op.kind == "inverse":
            extent = self.program.shape(operand.name)[-1]
            p, q = target.index[-2:]
            sizes = {c: n for c, n in sizes.items() if c in target.index}  # the letters of a row and a column of X are new
            i, j = self.letters(2, sizes)
            sizes = {**sizes, i: extent, j: extent}
            wrt = Ref(operand.name, (*batch, i, j))
            return -slot(0) * slot(1), (Ref(target.name, (*batch, p, i)), Ref(target.name, (*batch, j, q))), wrt, sizes
        i, j = operand.index[-2:]
        inverse = Ref(f"inverse({operand.name})", (*batch, j, i))
        if inverse.name not in self.tensors:
            self.tensors[inverse.name] = Signature(inverse.name, self.program.shape(operand.name), named=False)
            written = Ref(inverse.name, (*batch, i, j))
            self.equations.append(Equation(written, Matrix("inverse"), (operand,), Step("inverse", through=target)))
        return slot(0) * (_RESULT if op.kind == "det" else 1), (inverse,), operand, sizes


def _identity(rows: Sequence[str], columns: Sequence[str]) -> Expr:
    """1[k = i], axis by axis."""
    return sp.Mul(*[iverson(sp.Eq(position(a), position(b))) for a, b in zip(rows, columns, strict=True)])


def _sums(op: Sum) -> bool:
    return any(extent != 1 for _, extent in op.over)


def _on_path(program: Program, of: str, wrt: set[str]) -> set[str]:
    """The tensors that lie on a path from `wrt` to `of`."""
    depends = set(wrt)
    for equation in program.equations:
        if any(operand.name in depends for operand in equation.operands):
            depends.add(equation.target.name)
    reaches = {of}
    for equation in reversed(program.equations):
        if equation.target.name in reaches:
            reaches |= {operand.name for operand in equation.operands}
    return depends & reaches


@cache
def _cached_local(body: Expr, s: Symbol, with_result: bool) -> Expr:
    return derivative(body, s, _RESULT if with_result else None)


def _local(op: Sum, k: int, with_result: bool) -> Expr:
    """d body / d s_k with the equation's result put back; the same body costs one differentiation, however often it stands."""
    return _cached_local(op.body, op.slots[k], with_result)


@cache
def _packed(local: Expr, with_upstream: bool, count: int) -> tuple[Expr, tuple[int, ...], tuple[Symbol, ...]]:
    """upstream * local in slots without gaps: the body, which operands it uses (`count` is the result), and its slots."""
    free = local.free_symbols
    used = tuple(u for u in range(count + 1) if (slot(u) if u < count else _RESULT) in free)
    shift = 1 if with_upstream else 0
    swap = {slot(u) if u < count else _RESULT: slot(j + shift) for j, u in enumerate(used)}
    content, rest = local.primitive() if local.is_Add else (S.One, local)
    body = sp.Mul(content, substituted(rest, swap), *([slot(0)] if with_upstream else []))
    return body, used, tuple(slot(j) for j in range(len(used) + shift))


@cache
def _local_form(local: Expr, count: int, used: tuple[int, ...]) -> tuple[Expr, tuple[Symbol, ...]]:
    swap = {slot(u) if u < count else _RESULT: slot(j) for j, u in enumerate(used)}
    return substituted(local, swap), tuple(slot(j) for j in range(len(used)))


def _distinct(index: tuple[str, ...], taken: set[str]):
    """The letters of an operand made distinct, the guards that tie a repeated letter, and the sizes of the new letters."""
    new: list[str] = []
    guards: list[Expr] = []
    origin: dict[str, str] = {}
    for letter in index:
        if letter in new:
            (other,) = fresh(1, taken | set(new), _FIRST)
            guards.append(iverson(sp.Eq(position(letter), position(other))))
            origin[other] = letter
            letter = other
        new.append(letter)
    return tuple(new), guards, lambda sizes: {new: sizes[old] for new, old in origin.items()}


def closed(
    target: Ref,
    body: Expr,
    slots: tuple[Symbol, ...],
    operands: Sequence[Ref],
    sizes: dict[str, Expr],
    step: Step | None,
) -> Equation:
    """target = the sum of body(operands) over every letter of `sizes` that the target lacks.

    A letter that neither the body nor an operand mentions any more multiplies by its size.
    """
    over = tuple((letter, extent) for letter, extent in sizes.items() if letter not in target.index)
    op, refs = shrunk(Sum(body, slots, over), tuple(operands))
    return Equation(target, op, refs, step)


def pattern_of(op: Op, local: Expr, places: Sequence[Ref]) -> str:
    """The gate's pattern, as lecturers name it."""
    if isinstance(op, Matrix):
        return "map"
    if isinstance(op, Reduce):
        return "max" if REDUCTIONS[op.kind].shared else "map"
    body = op.body
    factors = [f for f in sp.Mul.make_args(body) if f in op.slots]
    selects = body.has(Where) and all(f in op.slots or f.is_number or isinstance(f, Where) for f in sp.Mul.make_args(body))
    if selects and len(factors) == 1:
        return "select"
    if body.is_Add and local.is_number:
        return "add"
    if len(factors) > 1 and body.is_Mul:
        return "product" if _sums(op) else "multiply"
    if len(factors) == 1 and local.is_number:
        return "sum" if _sums(op) else "scale"
    if isinstance(body, TableFunction) and body.row.name in ("maximum", "minimum"):
        return "max"
    return "map"
