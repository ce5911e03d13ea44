"""Units of a network, taken apart into their elementary operations, or put together from them: sigmoid, tanh, softmax and the like.

A unit is one equation with a slope of its own. Its parts are the operations of its definition, each an equation with an elementary
slope. Either way the value is the same, and so is every gradient: the slopes of the parts multiply to that of the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp
from sympy import Dummy, Expr, Symbol

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Declared, Where
from symbackprop.core.functions.row import X
from symbackprop.core.program import Carry, Reduce, Sum, slot
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.lower.standardised import called
from symbackprop.language.tensors import Index, Tensor, elementwise

SOFTMAX = "softmax"
LONGEST = 12  # operations that are put together to one unit
NEAR = 2  # operations by which two expressions may differ that are simplified to see whether they are equal
STEMS = {"exp": "e", "Add": "s", "log": "l"}  # what the parts are called; others are u


@dataclass(frozen=True)
class Changed:
    """The named values of a network with other operations.

    outputs   by name, in the order of writing; what only the parts of a unit read is gone.
    found     the units that were met, as often as they were.
    """

    outputs: dict[str, Tensor]
    found: tuple[str, ...]


@cache
def definitions() -> Mapping[str, Expr]:
    """The units that have one argument, by their definitions in X."""
    rows = {
        n: row for n, row in ELEMENTWISE.items() if row.activation and len(row.args) == 1 and not issubclass(FUNCTIONS[n], Declared)
    }
    tanh: Any = (sp.exp(X) - sp.exp(-X)) / (sp.exp(X) + sp.exp(-X))
    return {"tanh": tanh} | {
        n: row.formula for n, row in rows.items() if not issubclass(FUNCTIONS[n], Declared) and row.formula != X
    }


def units() -> tuple[str, ...]:
    """The names of all units."""
    return (SOFTMAX, *definitions())


def expanded(outputs: Mapping[str, Tensor], names: Collection[str]) -> Changed:
    """Every unit of these names as the operations of its definition."""
    return _changed(outputs, lambda tensor: _apart(tensor, names))


def merged(outputs: Mapping[str, Tensor], names: Collection[str]) -> Changed:
    """The operations that are the definition of a unit of these names as one."""
    return _changed(outputs, lambda tensor: _together(tensor, names))


Change = Callable[[Tensor], tuple[str, Tensor] | None]


def _changed(outputs: Mapping[str, Tensor], change: Change) -> Changed:
    """The network with other tensors in the place of some; what nothing but these needed is left out."""
    order = ordered(outputs.values())
    new: dict[int, Tensor] = {}
    found: list[str] = []
    for tensor in order:
        moved = _with_operands(tensor, new)
        other = change(moved)
        if other is not None:
            found.append(other[0])
            moved = _like(other[1], moved)
        new[id(tensor)] = moved
    for tensor in order:
        if isinstance(tensor.op, Carry):  # what it reads ahead is known only now
            (ahead, index), *first = tensor.operands
            new[id(tensor)].operands = ((new[id(ahead)], index), *((new[id(t)], own) for t, own in first))
    kept = {name: new[id(tensor)] for name, tensor in outputs.items()}
    last = [tensor for tensor in kept.values() if tensor is list(kept.values())[-1]]
    needed = {id(t) for t in ordered(last)}
    before = {id(t) for t in ordered([list(outputs.values())[-1]])}
    stay = {n: t for n, t in kept.items() if id(t) in needed or id(outputs[n]) not in before}
    return Changed(stay, tuple(found))


def _with_operands(tensor: Tensor, new: Mapping[int, Tensor]) -> Tensor:
    """The tensor with its operands as they are by now; itself, where they are what they were."""
    read = (*[t for t, _ in tensor.operands], *(tensor.inner.tensors() if tensor.inner else ()))
    if not isinstance(tensor.op, Carry) and all(new[id(t)] is t for t in read):
        return tensor
    operands = tuple((new.get(id(t), t), index) for t, index in tensor.operands)  # a Carry reads ahead
    moved = _like(Tensor(tensor.shape, tensor.op, operands, tensor.index, tensor.signature, tensor.conditions), tensor)
    if tensor.inner is not None:
        moved.inner = tensor.inner.moved(lambda t: new[id(t)])
    return moved


def _like(tensor: Tensor, old: Tensor) -> Tensor:
    tensor.name, tensor.stem, tensor.role = old.name, old.stem, old.role
    tensor.written, tensor.inner = old.written, old.inner
    return tensor


# Apart


def _apart(tensor: Tensor, names: Collection[str]) -> tuple[str, Tensor] | None:
    found = _softmax(tensor) if SOFTMAX in names else None
    if found is not None:
        x, own, total, letters = found
        return SOFTMAX, _normalised(tensor, _named(x), own, total, letters)
    body = tensor.op.body if isinstance(tensor.op, Sum) and not tensor.op.over else None
    if body is None or len(tensor.operands) != 1 or len(tensor.operands[0][1]) != len(tensor.index):
        return None
    for name in names:
        if name in definitions() and body == FUNCTIONS[name](slot(0)):
            return name, _built(definitions()[name], _named(tensor.operands[0][0]), {})
    return None


def _named(x: Tensor) -> Tensor:
    """What a unit is of, as a value of its own where nobody named it: its parts read it."""
    return called(x, "z" if len(x.shape) < 2 else "Z")


def _built(e: Any, x: Tensor, known: dict[Expr, Tensor]) -> Any:
    """An expression of X as operations on a tensor, one for each node; what stands twice is computed once.

    A minus and a divisor are of what reads them: exp(-x), a - b, a/b.
    """
    if e == X:
        return x
    if not e.has(X):
        return e
    if e not in known:
        if isinstance(e, Where):
            test, a, b = e.args
            parts = [x, _built(a, x, known), _built(b, x, known)]
            made = elementwise("where", lambda s, p, q: Where(test.xreplace({X: s}), p, q), *parts)
        else:
            parts = [_plain(part) if isinstance(part, sp.Mul) or e.is_Mul else part for part in e.args]
            own = [Dummy() for _ in parts]
            body = e.func(*[part.xreplace({whole: s}) for part, whole, s in zip(e.args, parts, own, strict=True)])
            made = elementwise(
                e.func.__name__,
                lambda *slots: body.xreplace(dict(zip(own, slots, strict=True))),
                *[_built(part, x, known) for part in parts],
            )
        known[e] = made.called(STEMS.get(e.func.__name__, "u"))
    return known[e]


def _plain(part: Any) -> Any:
    """A term or a factor without its minus, or what it divides by."""
    if part.is_Pow and part.exp == -1:
        return part.base
    return -part if part.could_extract_minus_sign() and part.is_Mul and part.args[0] == -1 else part


def _softmax(tensor: Tensor) -> tuple[Tensor, Index, Tensor, Index] | None:
    """The argument and the logsumexp of exp(x - logsumexp(x)), each with its letters; None where a tensor is none."""
    if not _is(tensor, sp.exp(slot(0))):
        return None
    inner = tensor.operands[0][0]
    if not _is(inner, slot(0) - slot(1)):
        return None
    (x, own), (total, letters) = inner.operands
    is_total = isinstance(total.op, Reduce) and total.op.kind == "logsumexp" and total.operands[0][0] is x
    return (x, own, total, letters) if is_total else None


def _normalised(tensor: Tensor, x: Tensor, own: Index, total: Tensor, letters: Index) -> Tensor:
    """e / sum(e), e = exp(x)."""
    assert isinstance(total.op, Reduce)
    e = elementwise("exp", sp.exp, x).called("e")
    s = Tensor(total.shape, Sum(slot(0), (slot(0),), total.op.over), ((e, total.operands[0][1]),), total.index).called("s")
    inner = tensor.operands[0][0]
    return _of_two(inner, slot(0) / slot(1), (e, own), (s, letters))


# Together


def _together(tensor: Tensor, names: Collection[str]) -> tuple[str, Tensor] | None:
    if SOFTMAX in names and (whole := _of_normalised(tensor)) is not None:
        return SOFTMAX, whole
    wanted = {n: definitions()[n] for n in names if n in definitions()}
    if not wanted or not _is_entrywise(tensor):
        return None
    place = {id(t): k for k, t in enumerate(ordered([tensor]))}
    symbols: dict[Symbol, Tensor] = {Dummy(): tensor}
    e: Any = next(iter(symbols))
    for _ in range(LONGEST):
        open_ = [s for s, t in symbols.items() if _is_entrywise(t) and s in e.free_symbols]
        if not open_:
            return None
        e = _opened(e, max(open_, key=lambda s: place[id(symbols[s])]), symbols)
        free = e.free_symbols & symbols.keys()
        if len(free) == 1:
            (s,) = free
            for name, formula in wanted.items():
                if _is_equal(e, formula.xreplace({X: s})):
                    return name, elementwise(name, FUNCTIONS[name], symbols[s])
    return None


def _is_equal(e: Any, other: Any) -> bool:
    """Whether two expressions are equal; those of other functions or another length are not looked at further."""
    alike = {f.func for f in e.atoms(sp.Function)} == {f.func for f in other.atoms(sp.Function)}
    near = abs(e.count_ops() - other.count_ops()) <= NEAR
    return e == other or (alike and near and sp.simplify(e - other) == 0)


def _is_entrywise(tensor: Tensor) -> bool:
    """Whether each entry of a tensor is an expression of those at the same place."""
    same = all(index == tensor.index and t.shape == tensor.shape for t, index in tensor.operands)
    return isinstance(tensor.op, Sum) and not tensor.op.over and bool(tensor.operands) and same


def _opened(e: Any, s: Symbol, symbols: dict[Symbol, Tensor]) -> Any:
    """An expression with the body of a tensor in the place of its symbol."""
    tensor = symbols.pop(s)
    assert isinstance(tensor.op, Sum)
    swap: dict[Expr, Expr] = {}
    for k, (operand, _) in zip(tensor.op.slots, tensor.operands, strict=True):
        own = next((name for name, t in symbols.items() if t is operand), None) or Dummy()
        symbols[own] = operand
        swap[k] = own
    return e.xreplace({s: tensor.op.body.xreplace(swap)})


def _of_normalised(tensor: Tensor) -> Tensor | None:
    """exp(x - logsumexp(x)) of e / sum(e), e = exp(x); None where a tensor is none."""
    if not _is(tensor, slot(0) / slot(1)):
        return None
    (e, own), (s, letters) = tensor.operands
    if not (_is(e, sp.exp(slot(0))) and e.operands[0][1] == e.index and isinstance(s.op, Sum)):
        return None
    if s.op.body != slot(0) or not s.op.adds or s.operands[0][0] is not e:
        return None
    x = e.operands[0][0]
    total = Tensor(s.shape, Reduce("logsumexp", s.op.over), ((x, s.operands[0][1]),), s.index)
    return elementwise(SOFTMAX, sp.exp, _of_two(tensor, slot(0) - slot(1), (x, own), (total, letters)))


def _is(tensor: Tensor, body: Expr) -> bool:
    """Whether a tensor is this body of its operands, entry by entry."""
    return isinstance(tensor.op, Sum) and tensor.op.body == body and not tensor.op.adds


def _of_two(like: Tensor, body: Expr, first: tuple[Tensor, Index], second: tuple[Tensor, Index]) -> Tensor:
    """A body of two operands in the letters of another tensor."""
    assert isinstance(like.op, Sum)
    return Tensor(like.shape, Sum(body, (slot(0), slot(1)), like.op.over), (first, second), like.index)
