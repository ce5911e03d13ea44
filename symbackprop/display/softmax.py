"""exp(o - logsumexp(o)) is a softmax: it is printed as one, under its own name where a person gave it one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from symbackprop.core.program import Equation, Reduce, Ref, Sum, slot
from symbackprop.display.names import Names


class Softmaxes:
    """The softmaxes of a program.

    named       (o, logsumexp of o) -> the tensor that a person or a layer named and that is this softmax, or "".
    logarithms  a tensor that is o - logsumexp(o) -> its equation.
    """

    def __init__(self, names: Names) -> None:
        program, written = names.program, names.written
        self.written = written
        self.named: dict[tuple[str, str], str] = {}
        self.logarithms: dict[str, Equation] = {}
        for name, equation in written.items():
            if isinstance(equation.op, Reduce) and equation.op.kind == "logsumexp" and any(n != 1 for _, n in equation.op.over):
                self.named[equation.operands[0].name, name] = ""
        self._totals = {total for _, total in self.named}
        for name, equation in written.items() if self.named else ():
            if not isinstance(equation.op, Sum) or equation.op.adds:
                continue
            pair = self.difference(equation, equation.op.body)
            if pair is not None:
                self.logarithms[name] = equation
            elif isinstance(equation.op.body, sp.exp) and program.tensors[name].role is None:
                pair = self.difference(equation, equation.op.body.args[0])
                if pair is not None and names.stands_by_name(name):
                    self.named[pair[0].name, pair[1]] = name

    def difference(self, equation: Equation, e: sp.Basic) -> tuple[Ref, str] | None:
        """o as it stands, and the tensor that is its logsumexp, where an expression in the slots is o - logsumexp(o)."""
        assert isinstance(equation.op, Sum)
        refs = dict(zip(equation.op.slots, equation.operands, strict=True))
        if e in refs:  # a value that is such a difference itself
            ref = refs[e]  # type: ignore[index]
            inner = self.logarithms.get(ref.name)
            if inner is None:
                return None
            assert isinstance(inner.op, Sum)
            found = self.difference(inner, inner.op.body)
            own = dict(zip(inner.target.index, ref.index, strict=True))
            return None if found is None else (Ref(found[0].name, tuple(own.get(c, c) for c in found[0].index)), found[1])
        if not any(ref.name in self._totals for ref in equation.operands):
            return None
        first, second = [s for s in refs if e.coeff(s) == 1], [s for s in refs if e.coeff(s) == -1]  # type: ignore[attr-defined]
        if len(first) != 1 or len(second) != 1 or e != first[0] - second[0]:
            return None
        o, total = refs[first[0]], refs[second[0]]
        return (o, total.name) if (o.name, total.name) in self.named and self._fits(o, total) else None

    def _fits(self, o: Ref, total: Ref) -> bool:
        """Whether `total`, as it stands, is the logsumexp of `o` along the axes that were reduced."""
        written = self.written[total.name]
        own = dict(zip(written.operands[0].index, o.index, strict=True))
        held = dict(zip(written.target.index, total.index, strict=True))
        return len(set(o.index)) == len(o.index) and all(held[c] == own[c] for c in written.target.index if c in own)

    def axes(self, total: str) -> list[int]:
        """Which axes of o were reduced."""
        written = self.written[total]
        over = {c for c, _ in written.op.over}
        return [k for k, c in enumerate(written.operands[0].index) if c in over]

    def is_down(self, total: str) -> bool:
        """Whether the columns of a matrix were reduced."""
        return self.axes(total) == [0] and len(self.written[total].operands[0].index) == 2


@lru_cache(maxsize=8)
def softmaxes(names: Names) -> Softmaxes:
    """The softmaxes of the program that is named."""
    return Softmaxes(names)


def is_within_softmaxes(names: Names, total: str) -> bool:
    """Whether a logsumexp stands in softmaxes alone, as they are printed."""
    readers = [e for e in names.written.values() if any(r.name == total for r in e.operands)]
    for equation in readers:
        if not isinstance(equation.op, Sum):
            return False
        body, _ = with_softmax(names, equation, equation.op.body)
        held = {s for s, r in zip(equation.op.slots, equation.operands, strict=True) if r.name == total}
        if held & body.free_symbols:
            return False
    return bool(readers) and total not in names.program.outputs


def with_softmax(names: Names, equation: Equation, body: Expr) -> tuple[Expr, dict[Symbol, tuple[Ref, str, str]]]:
    """The body with every softmax as one symbol, and what each such symbol is.

    That is: o as it stands, the tensor that is its logsumexp, and the name of the softmax or "".
    """
    found: dict[Symbol, tuple[Ref, str, str]] = {}
    known = softmaxes(names)
    if not known.named or not body.has(sp.exp):
        return body, found
    assert isinstance(equation.op, Sum)
    slots = equation.op.slots
    for power in sorted(body.atoms(sp.exp), key=str):
        exponent: Any = power.args[0]
        pair, under = known.difference(equation, exponent), False
        if pair is None:
            pair, under = known.difference(equation, -exponent), True  # one below a line
        if pair is None:
            continue
        o, total = pair
        named = known.named[o.name, total]
        named = "" if named == equation.target.name else named
        if not named and known.axes(total) != [len(o.index) - 1] and not known.is_down(total):
            continue  # softmax(o) means along the last axis, softmax(o^T)^T down the columns
        mark = Symbol("_softmax")
        body = body.xreplace({power: 1 / mark if under else mark})  # type: ignore[assignment]
        free = [s for s in slots if s in power.free_symbols and s not in body.free_symbols]
        place = free[0] if free else slot(len(slots) + len(found))
        body = body.xreplace({mark: place})  # type: ignore[assignment]
        found[place] = (o, total, named)
    return body, found
