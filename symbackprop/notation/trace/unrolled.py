"""What loops leave behind, put together again: entries that were written one by one, and sums of a term for every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import FUNCTIONS, Where
from symbackprop.core.program import Op, Reduce, Sum, slot
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Tensor
from symbackprop.language.tensors.tensor import Index
from symbackprop.notation.trace.alike import Alike, DifferentError, Part, behind
from symbackprop.notation.trace.nests import Nest, even, nest_of

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

FEWEST = 3  # terms of a sum that are taken for a loop's


def together(run: Run, values: Sequence[Tensor], counts: Sequence[int], extents: Sequence[Expr] | None = None) -> Tensor | None:
    """The values along new first axes, in order; None where they are not one value at several positions.

    counts    how many values an axis has, in numbers, and `extents` as sizes; None: the sizes that what they read along tells.
    """
    if not run.folds or len(values) < 2:
        return None
    try:
        part, letters, sizes = one(run, values, even(counts), extents)
    except DifferentError:
        return None
    tensor, own = part
    if own == letters:
        return tensor
    rest = tuple(str(k) for k in range(tensor.ndim - len(own)))
    shape = (*(sizes[c] for c in letters), *tensor.shape[len(own) :])
    called = _called(letters)
    index = tuple(called[c] for c in own)
    made = Tensor(shape, Sum(slot(0), (slot(0),)), ((tensor, (*index, *rest)),), (*called.values(), *rest))
    run.names.joined(made, [tensor])
    return made


def one(
    run: Run, values: Sequence[Tensor], nest: Nest, extents: Sequence[Expr] | None = None
) -> tuple[Part, Index, dict[str, Expr]]:
    """The value that several are, the letters of the loops, and their sizes. Raises DifferentError."""
    counts, letters = nest.counts, run.letters(len(nest.counts))
    trial = Alike(run, letters, tuple(map(sp.Integer, counts)) if extents is None else tuple(extents), nest)
    trial.one(values)
    found = [_extent(run, trial, c, n, steps=extents is None) for c, n in zip(letters, counts, strict=True)]
    for known, own in zip(map(run.sizes.resolved, extents or ()), found, strict=False):
        if not own.is_Integer and (known.is_Symbol or own.is_Symbol):
            run.equal(known, own)  # what is read from end to end is as long as what is written
    sizes = dict(zip(letters, map(run.sizes.resolved, extents or found), strict=True))
    return Alike(run, letters, tuple(sizes.values()), nest).one(values), letters, sizes


def _extent(run: Run, alike: Alike, letter: str, count: int, steps: bool) -> Expr:
    """How often a loop runs: as far as what it reads goes, where that is as far in the example; in `steps` over it as well."""
    reads = [read for read in alike.reads if read.letter == letter and read.step > 0]
    narrow = [read for read in reads if read.width == 1]
    found: list[Expr] = []
    for read in narrow or (reads if steps else []):
        whole, width = run.sizes.resolved(read.extent), run.sizes.resolved(read.width)
        if read.step == 1:
            left = sp.expand(whole - read.first - width + 1)
        elif steps and 0 <= read.first < read.step == read.first + width and run.sizes.number(whole) == read.step * count:
            left = run.sizes.multiple(whole, read.step)
        elif steps and read.first.is_Integer:
            left = sp.floor((whole - read.first - width) / read.step) + 1
        else:
            continue
        if run.sizes.number(left) == count:
            found.append(left)
    found.sort(key=lambda left: not left.is_Symbol)
    for other in found[1:]:
        if found[0].is_Symbol:
            run.equal(found[0], other)
    return run.sizes.resolved(found[0]) if found else sp.Integer(count)


def _called(letters: Index) -> dict[str, str]:
    """Letters of a loop as a tensor calls them: the same in every turn of the loop around it."""
    return {c: f"p{k}" for k, c in enumerate(letters)}


class Sums:
    """A computation in which sums of one term for every step of a loop are sums over letters."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._new: dict[int, Tensor] = {}
        self._forms: dict[int, int] = {}
        self._seen: dict[Any, int] = {}

    def of(self, tensor: Tensor) -> Tensor:
        """The tensor, with its sums put together."""
        tensor = behind(tensor)
        order = [t for t in ordered([tensor]) if behind(t) is t]
        if not self.run.folds or any(t.inner is not None for t in order):
            return tensor
        readers = Counter(id(behind(operand)) for t in order for operand, _ in t.operands)
        linear = {id(t): terms for t in order if (terms := _terms(t)) is not None}
        within = {
            id(x) for t in order if id(t) in linear for x in map(behind, (t.operands[k][0] for _, k in linear[id(t)].parts))
            if readers[id(x)] == 1 and id(x) in linear and linear[id(x)].kind == linear[id(t)].kind
            and all(i == t.index for o, i in t.operands if behind(o) is x)
        }  # fmt: skip
        for t in order:
            self._forms[id(t)] = self._form(t)
            made = self._folded(t, linear, within) if id(t) in linear and id(t) not in within else None
            self._new[id(t)] = self._moved(t) if made is None else made
        return self._new[id(tensor)]

    def _form(self, t: Tensor) -> int:
        """A number that tensors share which are the same but for numbers in them."""
        key: Any = id(t)
        if t.op is not None:
            over = tuple(c for c, _ in t.op.over)
            parts = tuple((self._forms[id(behind(o))], index) for o, index in t.operands)
            key = (type(t.op), getattr(t.op, "kind", None), over, t.index, parts)
        return self._seen.setdefault(key, len(self._seen))

    def _moved(self, t: Tensor) -> Tensor:
        """The same operation on what its operands have become."""
        operands = tuple((self._new[id(behind(operand))], index) for operand, index in t.operands)
        if all(new is old for (new, _), (old, _) in zip(operands, t.operands, strict=True)):
            return t
        made = Tensor(t.shape, t.op, operands, t.index, t.signature, t.conditions)
        made.stem, made.role, made.below, made.written = t.stem, t.role, t.below, t.written
        self.run.names.joined(made, [t])
        return made

    def _folded(self, top: Tensor, linear: dict[int, Terms], within: set[int]) -> Tensor | None:
        """A sum of many terms, those of a loop as a sum over its letters; None where none are."""
        kind, (terms, number) = linear[id(top)].kind, _flat(top, linear, within)
        groups: dict[Any, list[Term]] = {}
        for sign, tensor, index in terms:
            groups.setdefault((sign, self._forms[id(tensor)], index), []).append((sign, tensor, index))
        if all(len(group) < FEWEST for group in groups.values()):
            return None
        loops: dict[tuple[int, ...], tuple[Expr, ...]] = {}  # how often the loops run that some of the terms tell
        for group in groups.values():
            if len(group) >= FEWEST:
                self._total(kind, [self._new[id(t)] for _, t, _ in group], loops)
        found: list[tuple[int, Tensor, Index]] = []
        for (sign, _, index), group in groups.items():
            values = [self._new[id(t)] for _, t, _ in group]
            total = self._total(kind, values, loops) if len(group) >= FEWEST else None
            found += [(sign, total, index)] if total is not None else [(sign, v, index) for v in values]
        if len(found) == len(terms):
            return None
        if len(found) == 1 and found[0][0] == 1 and not number and found[0][2] == top.index:
            made = found[0][1]
        else:
            slots = tuple(slot(k) for k in range(len(found)))
            signed = [sign * s for (sign, _, _), s in zip(found, slots, strict=True)]
            made = Tensor(top.shape, Sum(_put(kind, signed, number), slots), tuple((t, index) for _, t, index in found), top.index)
        self.run.names.joined(made, [top])
        return made

    def _total(self, kind: str, values: list[Tensor], loops: dict[tuple[int, ...], tuple[Expr, ...]]) -> Tensor | None:
        """The sum, product or extreme of values that are one at the positions of nested loops; None where they are not."""
        try:
            trial = Alike(self.run)
            trial.one(values)
            nest = nest_of(trial.columns) if trial.columns else None
            if nest is None or (nest.bounds and kind != "sum"):
                return None
            counts = nest.counts
            (tensor, own), letters, sizes = one(self.run, values, nest, loops.get(counts))
            if not any(n.is_Integer for n in sizes.values()):
                loops |= {counts[:k]: tuple(sizes.values())[:k] for k in range(1, len(counts) + 1)}
        except DifferentError:
            return None
        rest = tuple(str(k) for k in range(tensor.ndim - len(own)))
        summed = tuple(c for c in letters if c in own or c in nest.bound_letters(letters))
        often = sp.Mul(*[sizes[c] for c in letters if c not in summed])
        called = _called(summed)
        over = tuple((called[c], sizes[c]) for c in summed)
        if kind == "sum":
            term = Where(nest.condition(letters, called), slot(0), S.Zero) if nest.bounds else slot(0)
            op: Op = Sum(often * term, (slot(0),), over)
        elif often == 1 or kind != "prod":
            op = Reduce(kind, over)
        else:
            return None
        return Tensor(tensor.shape[len(own) :], op, ((tensor, (*(called[c] for c in own), *rest)),), rest)


def _put(kind: str, parts: list[Expr], number: Expr) -> Expr:
    """Parts put together entry by entry."""
    if kind == "sum":
        return sp.Add(number, *parts)
    extreme: Any = FUNCTIONS["maximum" if kind == "max" else "minimum"]
    return sp.Mul(*parts) if kind == "prod" else reduce(extreme, parts)


Term = tuple[int, Tensor, Index]  # its sign, the value, its letters in the sum


@dataclass(frozen=True)
class Terms:
    """What an operation puts together entry by entry.

    kind    "sum", "prod", "max" or "min".
    parts   for each operand its sign and its number.
    number  what is put to them.
    """

    kind: str
    parts: tuple[tuple[int, int], ...]
    number: Expr | None = None


TWO = (slot(0), slot(1))
EXTREME = {FUNCTIONS[word](*pair): kind for word, kind in (("maximum", "max"), ("minimum", "min")) for pair in (TWO, TWO[::-1])}
BODIES = {slot(0) * slot(1): "prod", **EXTREME}


def _terms(t: Tensor) -> Terms | None:
    """What an operation puts together, entry by entry; None where it does something else."""
    if not isinstance(t.op, Sum) or t.op.over or not t.operands:
        return None
    if t.op.body in BODIES:
        return Terms(BODIES[t.op.body], ((1, 0), (1, 1)))
    found, number = list[tuple[int, int]](), S.Zero
    for part in sp.Add.make_args(t.op.body):
        sign, rest = (-1, -part) if part.could_extract_minus_sign() else (1, part)
        if rest in t.op.slots:
            found.append((sign, t.op.slots.index(rest)))
        elif part.is_number:
            number += part
        else:
            return None
    found.sort(key=lambda pair: pair[1])
    return Terms("sum", tuple(found), number) if len(found) == len(t.operands) else None


def _flat(top: Tensor, linear: dict[int, Terms], within: set[int]) -> tuple[list[Term], Expr]:
    """The terms of a sum and of the sums that it begins with, in the order in which they were added."""
    terms, number = list[Term](), S.Zero
    stack: list[tuple[int, Tensor, Index, bool]] = [(1, top, top.index, True)]
    while stack:
        sign, t, index, inside = stack.pop()
        if not inside:
            terms.append((sign, t, index))
            continue
        number += sign * (linear[id(t)].number or 0)
        called = dict(zip(t.index, index, strict=True))  # its letters in the sum
        for own, k in reversed(linear[id(t)].parts):
            operand, letters = behind(t.operands[k][0]), t.operands[k][1]
            stack.append((sign * own, operand, tuple(called[c] for c in letters), id(operand) in within))
    return terms, number
