"""Values that a loop wrote one by one, as one value with letters: what is the same in all of them stays, numbers become positions.

x[0] w[1], x[1] w[2], x[2] w[3] are x[p] w[p + 1]. A number that is no such sum of positions for every one of them makes them
different, and nothing is put together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy import Expr, S
from sympy.core.relational import Relational

from symbackprop.core.functions import Where, defined_everywhere
from symbackprop.core.program import Carry, Range, Sum, position, rewritten, same_size, slot, substituted
from symbackprop.language.tensors import Tensor
from symbackprop.language.tensors.tensor import Index
from symbackprop.notation.trace.nests import Column, Nest

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

DEEPEST = 150  # operations below a value that are looked at
Part = tuple[Tensor, Index]  # a value and those of the loop's letters that it has, which are its first axes


class DifferentError(Exception):
    """The values are not one value at several positions."""


def behind(tensor: Tensor) -> Tensor:
    """The tensor that another stands for while sizes are learnt."""
    while tensor.op is None and tensor.operands:
        tensor = tensor.operands[0][0]
    return tensor


@dataclass
class Reading:
    """An axis of `extent` that is read at first + step * letter, and at `width` entries from there on."""

    extent: Expr
    first: Expr
    step: int
    letter: str
    width: Expr = S.One


@dataclass
class Alike:
    """One value for several.

    letters  of the loops, the outermost first, with their sizes `extents`.
    nest     the loops, and where each of the values stands in them. None: the numbers are gathered in `columns`.
    reads    the axes that are read along one of the letters.
    """

    run: Run
    letters: Index = ()
    extents: tuple[Expr, ...] = ()
    nest: Nest | None = None
    columns: list[Column] = field(default_factory=list)
    reads: list[Reading] = field(default_factory=list)
    _known: dict[tuple[int, ...], Part] = field(default_factory=dict)
    _kept: list[Tensor] = field(default_factory=list)

    def one(self, tensors: Sequence[Tensor], depth: int = 0) -> Part:
        """The value that they are, each at its place. Raises DifferentError."""
        several = [behind(t) for t in tensors]
        first = several[0]
        if all(t is first for t in several):
            return first, ()
        key = tuple(map(id, several))
        if key not in self._known:
            self._kept += several
            self._known[key] = self._joined(several, depth + 1)
        return self._known[key]

    def _joined(self, several: list[Tensor], depth: int) -> Part:
        first, op = several[0], several[0].op
        if op is None or isinstance(op, Carry) or first.inner is not None or depth > DEEPEST:
            raise DifferentError
        form = self._form(first)
        if any(t.op is None or self._form(t) != form for t in several[1:]):
            raise DifferentError
        parts = [self.one([t.operands[k][0] for t in several], depth) for k in range(len(first.operands))]
        body = self._body([t.op.body for t in several if isinstance(t.op, Sum)]) if isinstance(op, Sum) else None
        used = {c for _, own in parts for c in own} | (set(map(str, body.free_symbols)) if body is not None else set())
        own = tuple(c for c in self.letters if c in used)
        same = not isinstance(op, Sum) or body == self._settled(op.body)
        if not own and same and all(part is behind(operand) for (part, _), (operand, _) in zip(parts, first.operands, strict=True)):
            return first, ()
        sizes = dict(zip(self.letters, self.extents, strict=True))
        shape = (*(sizes[c] for c in own), *map(self.run.sizes.resolved, first.shape))
        conditions = [c for c in first.conditions if all(c in t.conditions for t in several)]
        if body is not None and self.nest is not None:
            conditions += self._rooms(body, first)
        new = _fresh(own, first)  # letters are a tensor's own, so that equal values have equal ones
        if body is not None:
            body = substituted(body, {position(c): position(n) for c, n in new.items()})
            body = self._bounded(body, own, new)
        operands = tuple(
            (part, (*(new[c] for c in mine), *index)) for (part, mine), (_, index) in zip(parts, first.operands, strict=True)
        )
        index, over = (*new.values(), *first.index), op.over
        if body is not None:
            body, over, operands = _along(body, over, operands, dict(zip(index, shape, strict=True)))
            if body == slot(0) and len(operands) == 1 and not over and operands[0][1] == index:
                return operands[0][0], own  # x[0], x[1], ... are x
        changed = rewritten(op, over, lambda old: old if body is None else body)
        made = Tensor(shape, changed, operands, index, conditions=tuple(dict.fromkeys(conditions)))
        made.stem, made.role, made.written, made.below = first.stem, first.role, first.written, first.below
        self.run.names.joined(made, several)
        return made, own

    def _form(self, t: Tensor) -> tuple[object, ...]:
        """What must be the same of all, but for numbers."""
        op = t.op
        resolved = self.run.sizes.resolved
        assert op is not None
        over = tuple((c, resolved(n)) for c, n in op.over)
        kind = op.slots if isinstance(op, Sum) else getattr(op, "kind", None)
        below = None if t.below is None else resolved(t.below)
        letters = tuple(index for _, index in t.operands)
        return type(op), kind, over, t.index, letters, tuple(map(resolved, t.shape)), below, t.inner is None

    def _bounded(self, body: Expr, own: Index, new: dict[str, str]) -> Expr:
        """The body, at the turns alone that there are where it may have no value at others."""
        if self.nest is None or not self.nest.bounds or not self.nest.bound_letters(self.letters) <= set(own):
            return body
        return body if defined_everywhere(body) else Where(self.nest.condition(self.letters, new), body, S.Zero)

    # -- bodies ---------------------------------------------------------------------------------------------------------

    def _settled(self, body: Expr) -> Expr:
        """A body in the sizes that are known now."""
        known = self.run.sizes.equal_in(body)
        return body.xreplace(known) if known else body  # type: ignore[return-value]

    def _body(self, bodies: list[Expr]) -> Expr:
        return self._common([self._settled(b) for b in dict.fromkeys(bodies)], bodies)

    def _common(self, distinct: list[Expr], bodies: list[Expr]) -> Expr:
        if len(distinct) == 1:
            return distinct[0]
        settled = dict(zip(dict.fromkeys(bodies), distinct, strict=True))
        return self._part([settled[b] for b in bodies])

    def _part(self, parts: list[Expr]) -> Expr:
        """Expressions as one, numbers that differ as a sum of positions."""
        first = parts[0]
        if all(p == first for p in parts):
            return first
        if not any(p.has(Where, Relational) for p in (first, parts[-1])):
            rest = {p: sp.expand(p - first) for p in dict.fromkeys(parts)}
            if all(r.is_Rational for r in rest.values()):
                several = [Fraction(*map(int, rest[p].as_numer_denom())) for p in parts]
                origin = Fraction(*map(int, first.as_numer_denom())) if first.is_Rational else None
                return first + self._fitted(several, origin)
        if any(p.func != first.func or len(p.args) != len(first.args) or not p.args for p in parts):
            raise DifferentError
        inner = [self._part([p.args[k] for p in parts]) for k in range(len(first.args))]  # type: ignore[misc]
        return first.func(*inner, evaluate=False) if isinstance(first, Relational) else first.func(*inner)  # type: ignore[return-value]

    def _fitted(self, numbers: list[Fraction], origin: Fraction | None) -> Expr:
        """What is added to the first number, as a sum of multiples of positions. Raises DifferentError where there is none.

        numbers  what is added, for each step.
        origin   the first number, where it is one.
        """
        if self.nest is None:
            self.columns.append(Column(numbers, origin))
            return S.Zero
        scale = math.lcm(*[n.denominator for n in numbers])
        wanted = np.array([int(n * scale) for n in numbers])
        moved = self.nest.places - self.nest.places[0]
        slopes = np.rint(np.linalg.lstsq(moved.astype(float), wanted.astype(float), rcond=None)[0]).astype(int)
        if not np.array_equal(moved @ slopes, wanted):
            raise DifferentError
        steps = [sp.Rational(int(s), scale) for s in slopes]
        start = sp.Add(*[s * int(p) for s, p in zip(steps, self.nest.places[0], strict=True)])
        return sp.Add(*[s * position(c) for s, c in zip(steps, self.letters, strict=True)]) - start

    def _rooms(self, body: Expr, first: Tensor) -> list[Expr]:
        """What sizes must leave room for, so that no axis is read beyond its ends."""
        assert isinstance(first.op, Sum)
        sizes: dict[str, Expr] = dict(zip(self.letters, self.extents, strict=True))
        for index, shape in ((first.index, first.shape), *((index, behind(t).shape) for t, index in first.operands)):
            sizes |= {c: n for c, n in zip(index, shape, strict=True) if c not in sizes}
        sizes = {c: self.run.sizes.resolved(n) for c, n in {**sizes, **dict(first.op.over)}.items()}
        places: dict[Any, str] = {position(c): c for c in sizes}
        loop = {position(c) for c in self.letters}
        found: list[Expr] = []
        for guard in sorted(body.atoms(sp.Eq), key=str):
            axis, where = guard.args
            if not where.free_symbols & loop or axis not in places or where.free_symbols & set(first.op.slots):
                continue
            low = high = sp.expand(where)
            several = [s for s in low.free_symbols if s in places]
            extent = sizes[places[axis]]
            for s in several:
                rises, last = low.coeff(s) > 0, sizes[places[s]] - 1
                low, high = low.subs(s, 0 if rises else last), high.subs(s, last if rises else 0)
            mine = [s for s in several if s in loop]
            if len(mine) == 1:
                step = sp.expand(where).coeff(mine[0])
                width = sp.expand(high - low - step * (sizes[places[mine[0]]] - 1)) + 1
                self.reads.append(Reading(extent, low, int(step), places[mine[0]], width))
            found += [room for room in (sp.expand(low), sp.expand(extent - 1 - high)) if not _least(room).is_nonnegative]
        return found


def _along(body: Expr, over: tuple[Range, ...], operands: Any, sizes: dict[str, Expr]) -> tuple[Expr, tuple[Range, ...], Any]:
    """An axis that is read along the whole of a letter has that letter: sum_k x[k] 1[k = p] is x[p]."""
    for axis, extent in over:
        for case in [case for case in body.atoms(Where) if case.args[1:] == (S.One, S.Zero)]:
            guard = case.args[0]
            letter = str(guard.args[1]) if isinstance(guard, sp.Eq) and guard.args[0] == position(axis) else ""
            if position(letter) != guard.args[-1] or letter not in sizes or not same_size(sizes[letter], extent):
                continue
            rest: Any = body.xreplace({case: S.One})
            if rest * case == body and not rest.has(position(axis)):
                body, over = rest, tuple(pair for pair in over if pair[0] != axis)
                operands = tuple((t, tuple(letter if c == axis else c for c in index)) for t, index in operands)
                break
    return body, over, operands


def _fresh(letters: Index, tensor: Tensor) -> dict[str, str]:
    """Letters that a tensor lacks, for those of a loop."""
    assert tensor.op is not None
    taken = {*tensor.index, *(c for c, _ in tensor.op.over), *(c for _, index in tensor.operands for c in index)}
    free = (name for name in (f"p{k}" for k in range(len(letters) + len(taken))) if name not in taken)
    return dict(zip(letters, free, strict=False))


def _least(room: Expr) -> Expr:
    """Not more than the expression: floor(e) is at most e."""
    part: Any = room.coeff
    swap = {f: f.args[0] for f in room.atoms(sp.floor) if part(f).is_negative}
    return sp.expand(room.xreplace(swap))
