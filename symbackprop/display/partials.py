r"""What a derivative inside a network stands for: \nabla_{x} E, \frac{\partial^{2} u}{\partial x^{2}}, a Jacobian at a vector."""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.core.apart import apart
from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.program import Gradient
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Binds, Node


def stands_for(names: Names, name: str) -> Node | None:
    """The derivative that a tensor holds, as a textbook writes it; None for a tensor that is none."""
    inner = names.signature(name).inner
    if inner is None or not {inner.of, inner.wrt} <= names.program.tensors.keys():
        return None
    wrt = names.tensor(inner.wrt)
    if inner.vector:
        return f.juxtapose([_fraction(names, inner.of, [inner.wrt]), names.tensor(inner.vector)])
    if inner.upstream not in ("", ONES):
        return f.juxtapose([f.power(_fraction(names, inner.of, [inner.wrt]), f.symbol("top")), names.tensor(inner.upstream)])
    if _is_own(names, inner):
        return _of_order(names, inner)
    nabla = f.scripted(f.symbol("nabla"), sub=wrt)
    if inner.upstream == ONES:
        return f.juxtapose([nabla, f.call(f.function("sum"), [names.tensor(inner.of)])])
    if names.signature(inner.of).shape or not names.signature(inner.wrt).shape:
        return _of_order(names, inner)
    return f.juxtapose([nabla, f.within(names.tensor(inner.of), Binds.PRODUCT)])


def _is_own(names: Names, inner: Gradient) -> bool:
    """Whether a derivative of a sum is that of every sample's own value."""
    rank = names.signature(inner.of).rank
    fits = inner.upstream == ONES and names.signature(inner.wrt).shape[:rank] == names.signature(inner.of).shape
    return fits and apart(names.program, inner.of, inner.wrt, rank)


def _of_order(names: Names, inner: Gradient) -> Node:
    """A fraction; of a derivative by the inputs that is one itself, a fraction of second order."""
    below, of = [inner.wrt], inner.of
    while (before := names.signature(of).inner) is not None and not before.vector and _is_own(names, before):
        if any(names.signature(name).kind == "value" for name in (*below, before.wrt)):
            break
        below.append(before.wrt)
        of = before.of
    return _fraction(names, of, below)


def _fraction(names: Names, of: str, below: Sequence[str]) -> Node:
    """d^n of / (d x d x ...), equal ones as a power."""
    order, first = len(below), names.tensor(below[0])
    if order > 1 and len(set(below)) == 1:
        under = f.partial(f.scripted(first, sup=f.number(order)))
    else:
        under = f.joined(f.THIN, [f.partial(names.tensor(name)) for name in below])
    return f.over(f.partial(names.tensor(of), order), under)
