"""The first line of a loop: `for l in 1..n:`, range(...), or the entries of arrays."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.declarations import Reading
from symbackprop.notation.grown import Grown, mapped
from symbackprop.notation.identifiers import names_in
from symbackprop.notation.rounds import numbered
from symbackprop.notation.vocabulary import plain

if TYPE_CHECKING:
    from symbackprop.language.loop import Loop
    from symbackprop.notation.reader import Reader

READ_TWICE = (ast.Name, ast.Attribute, ast.Subscript)  # expressions that write nothing when they are read
BOUNDS = "Bounds are whole numbers and sizes: for l in 1..n."


@dataclass(frozen=True)
class Header:
    """The steps of a loop.

    letter   what a step's number is called.
    low      the least number, and `high` the largest.
    step     1: the numbers rise; -1: they fall; another where the steps of a loop over numbers are written out.
    base     the number of an array's first entry, as the header counts: 1 of `1..n`; None: as Python counts.
    gives    what the names between `for` and `in` stand for at a step.
    """

    node: ast.For
    letter: str
    low: Expr
    high: Expr
    step: int
    base: int | None
    gives: Callable[[Loop], Any]

    @property
    def extent(self) -> Expr:
        return sp.expand(self.high - self.low + 1)

    @property
    def first(self) -> Expr:
        """The number of the step that comes first."""
        return self.low if self.step > 0 else self.high

    @property
    def way(self) -> str:
        """Where the step before is, in names: prev, or next where the numbers fall."""
        return "prev" if self.step > 0 else "next"

    @property
    def is_dotted(self) -> bool:
        return self.base is not None


def is_dotted(node: ast.For) -> bool:
    """Whether the bounds are written A..B, which is parsed as A << B."""
    return isinstance(node.iter, ast.BinOp) and isinstance(node.iter.op, ast.LShift)


def header(reader: Reader, node: ast.For, fixed: bool = False) -> Header | None:
    """The steps that a loop has; None where it goes over several values one by one.

    fixed   whether the entries of arrays of a fixed size are steps as well.

    Raises NotationError where the bounds are no numbers or sizes.
    """
    several, step = node.iter, 1
    match several:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[]) if not reader.known("reversed"):
            several, step = inner, -1
    letter = node.target.id if isinstance(node.target, ast.Name) else None
    match several:
        case ast.BinOp(op=ast.LShift(), left=left, right=right) if ".." in reader.source.segment(several):
            if letter is None:
                raise reader.fault(node.target, "the steps of A..B are numbers.", "Write for l in 1..n:")
            return _dotted(reader, node, letter, left, right, step)
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if 1 <= len(args) <= 3 and not reader.known("range"):
            return _range(reader, node, letter or _unused(reader, node), args, step)
    return _entries(reader, node, several, step, fixed)


def _dotted(reader: Reader, node: ast.For, letter: str, left: ast.expr, right: ast.expr, turned: int) -> Header:
    a, b = bound(reader, left), bound(reader, right)
    rises = _rises(a, b)
    if rises is None:
        fault = f"whether the loop from {a} to {b} rises or falls depends on the sizes."
        raise reader.fault(node.iter, fault, f"Write range({a}, {b} + 1), or reversed(range({b}, {a} + 1)).")
    low, high = (a, b) if rises else (b, a)
    step = turned if rises else -turned
    return Header(node, letter, low, high, step, 0 if low == 0 else 1, lambda loop: loop.number(low, letter))


def _rises(a: Expr, b: Expr) -> bool | None:
    """Whether A..B rises: as far as the bounds tell it, else from a number to a size."""
    room = sp.expand(b - a)
    if room.is_nonnegative or room.is_nonpositive:
        return bool(room.is_nonnegative)
    if bool(a.is_Integer) == bool(b.is_Integer):
        return None
    return bool(a.is_Integer)


def _range(reader: Reader, node: ast.For, letter: str, args: list[ast.expr], turned: int) -> Header:
    given = [bound(reader, one) for one in args]
    start, stop = (sp.S.Zero, given[0]) if len(given) == 1 else given[:2]
    step = given[2] if len(given) > 2 else sp.S.One
    if step in (1, -1):
        low, high = (start, sp.expand(stop - 1)) if step == 1 else (sp.expand(stop + 1), start)
        return Header(node, letter, low, high, int(step) * turned, None, lambda loop: loop.number(low, letter))
    if step == 0 or any(g.free_symbols for g in given):
        raise reader.fault(node.iter, f"the loop goes in steps of {step}.", "Write steps of 1, or of -1.")
    last = start + step * (sp.ceiling((stop - start) / step) - 1)
    low, high = (start, last) if step > 0 else (last, start)
    return Header(node, letter, low, high, int(step) * turned, None, lambda loop: loop.number(low, letter))


def _entries(reader: Reader, node: ast.For, several: ast.expr, step: int, fixed: bool) -> Header | None:
    """A loop over the entries of arrays, together with the number of each where it is asked for."""
    found = _course(reader, several, fixed)
    if found is None:
        return None
    extent, gives = found
    letter = None if isinstance(node.target, ast.Name) else counter(node)
    own, beside = numbered(several), _ranged(node)
    first = own[1] if own is not None else beside[1] if beside is not None else None
    low = sp.S.Zero if first is None else bound(reader, first)
    return Header(node, letter or _unused(reader, node), low, sp.expand(low + extent - 1), step, None, gives)


def counter(node: ast.For) -> str | None:
    """The name that counts the steps of a loop: l of `for l in 1..n`, k of `for k, h in enumerate(hs)`; None where none does."""
    match node.iter, node.target:
        case _, ast.Name(id=letter):
            return letter
        case ast.Call(func=ast.Name(id="enumerate")), ast.Tuple(elts=[ast.Name(id=letter), *_]):
            return letter
        case _:
            beside = _ranged(node)
            return beside[0] if beside else None


def _ranged(node: ast.For) -> tuple[str, ast.expr | None] | None:
    """The name that counts, and what it begins with, of `for t, xt in zip(range(1, T), x)`; None where nothing counts so."""
    match node.iter, node.target:
        case ast.Call(func=ast.Name(id="zip"), args=args), ast.Tuple(elts=targets):
            for one, target in zip(args, targets, strict=False):
                match one, target:
                    case ast.Call(func=ast.Name(id="range"), args=[_] | [_, _] as bounds), ast.Name(id=letter):
                        return letter, bounds[0] if len(bounds) > 1 else None
                    case _:
                        pass
    return None


def _unused(reader: Reader, node: ast.For) -> str:
    """A letter for steps that a person gives none: k, or another one where a loop around or a name within has that."""
    used = {*reader.steps.letters, *names_in(node)}
    return next(letter for letter in (*"kpqrs", *(f"k_{j}" for j in range(len(used) + 1))) if letter not in used)


def _course(reader: Reader, several: ast.expr, fixed: bool) -> tuple[Expr, Callable[[Loop], Any]] | None:
    """How many entries there are, and what stands for those of a step; None where it is a number of them, unless `fixed`."""
    match several:
        case ast.Call(func=ast.Name(id="enumerate")) if (own := numbered(several)) is not None and not reader.known("enumerate"):
            found, first = _course(reader, own[0], fixed), bound(reader, own[1])
            return found and (found[0], lambda loop: (loop.number(first, "the number"), found[1](loop)))
        case ast.Call(func=ast.Name(id="zip"), args=args, keywords=[] | [ast.keyword(arg="strict")]) if args and not reader.known(
            "zip"
        ):
            parts = [part for one in args if (part := _course(reader, one, fixed)) is not None]
            if len(parts) < len(args):
                return None
            extent = next((n for n, _ in parts if all(sp.expand(other - n).is_nonnegative for other, _ in parts)), None)
            if extent is None:
                sizes = " and ".join(str(part[0]) for part in parts)
                raise reader.fault(several, f"the loop goes over {sizes} entries side by side.", "Give all arrays one size.")
            return extent, lambda loop: tuple(part[1](loop) for part in parts)  # as Python does, to the end of the shortest
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]) if 1 <= len(args) <= 2 and not reader.known("range"):
            start, stop = [sp.S.Zero] * (2 - len(args)) + [bound(reader, one) for one in args]
            extent = sp.expand(stop - start)
            return None if extent.is_Integer and not fixed else (extent, lambda loop: loop.number(start, "the number"))
        case ast.Call(func=ast.Name(id="reversed" | "list" | "tuple" as word), args=[inner]) if isinstance(inner, READ_TWICE):
            return None if reader.known(word) else _entries_of(reader, several, fixed)
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return _entries_of(reader, several, fixed)
    return None


def _entries_of(reader: Reader, several: ast.expr, fixed: bool) -> tuple[Expr, Callable[[Loop], Any]] | None:
    """The entries of an array or of a list; None where it is a number of them."""
    value = reader.evaluator.value(several)
    value = Grown(value) if isinstance(value, Tensor) and value.shape else value
    if not isinstance(value, Grown) or (value.length.is_Integer and not fixed):
        return None
    text = f"an entry of {reader.source.segment(several)}"
    return value.length, lambda loop: mapped(lambda t: loop.at(_first(t, loop.extent), (0,), text), value.values)


def _first(values: Tensor, count: Expr) -> Tensor:
    """The first entries, as many as a loop has steps."""
    return values if sp.expand(values.shape[0] - count) == 0 else values[:count]


def is_plain(node: ast.expr) -> bool:
    """Whether an expression is made of names, whole numbers, lengths of arrays and arithmetic alone."""
    match node:
        case ast.BinOp(left=left, right=right):
            return is_plain(left) and is_plain(right)
        case ast.UnaryOp(operand=operand):
            return is_plain(operand)
        case ast.Constant(value=value):
            return type(value) is int
        case _:
            return isinstance(node, ast.Name) or is_measure(node)


def is_measure(node: ast.expr) -> bool:
    """Whether an expression is the length of an array: len(x), x.shape[0]."""
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name() | ast.Attribute()], keywords=[]):
            return True
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=index):
            return isinstance(index, ast.Constant | ast.UnaryOp)
        case _:
            return False


def bound(reader: Reader, node: ast.expr) -> Expr:
    """A bound of a loop: a whole number or an expression of sizes; a name that stands nowhere yet is a size."""
    match node:
        case ast.Call(func=ast.Name(id="max" | "min" as word), args=[_, _] as args, keywords=[]) if not reader.known(word):
            ends = [bound(reader, arg) for arg in args]
            if all(end.is_Integer for end in ends):
                return sp.Max(*ends) if word == "max" else sp.Min(*ends)
        case ast.BinOp(left=ast.Call(), op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=int(k))):
            return bound(reader, node.left) + (k if isinstance(op, ast.Add) else -k)
        case _:
            pass
    measures = any(isinstance(n, ast.expr) and is_measure(n) for n in ast.walk(node))
    if is_plain(node) and not measures and any(isinstance(n, ast.Name) and not reader.known(n.id) for n in ast.walk(node)):
        return sp.expand(Reading(reader.source, lambda name: _size(reader, name)).size(node))
    value = plain(reader.evaluator.plain(reader.evaluator.operand(node)))
    return sp.expand(_whole(reader, node, value))


def _size(reader: Reader, node: ast.Name) -> Expr:
    if node.id in reader.names:
        return _whole(reader, node, plain(reader.evaluator.plain(reader.names[node.id])))
    return reader.size_named(node)


def _whole(reader: Reader, node: ast.expr, value: Any) -> Expr:
    """A bound's value. Raises NotationError where it depends on data, or is no whole number."""
    if isinstance(value, int | Expr) and as_number(value).is_integer:
        return as_number(value)
    text = reader.source.segment(node)
    if isinstance(value, Tensor):
        raise reader.evaluator.unread(node, f"how often the loop goes round depends on the value of {text}.", BOUNDS)
    raise reader.fault(node, f"{text} is no number of steps.", BOUNDS)
