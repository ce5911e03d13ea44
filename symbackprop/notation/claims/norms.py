r"""Norms: \|x\|_2, \|A\|_F, and those of matrices by their singular values, \|A\|_{op}, \|A\|_*, \sigma_{\max}(A)."""

from __future__ import annotations

import re

import sympy as sp

from symbackprop.formulas.told import told
from symbackprop.notation.claims import calls
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.indices import powered
from symbackprop.notation.claims.naming import ASSUMED
from symbackprop.notation.claims.nodes import DOWN, MATRIX, RIGHT, Node
from symbackprop.notation.claims.shapes import Senses, best, made
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.tokens import plain

SINGULAR = {"op": "sigma_max", "spec": "sigma_max", "spectral": "sigma_max", "*": "nuclear", "ast": "nuclear", "nuc": "nuclear"}
_POWERS = re.compile(r"[3-9]\d*(\.\d+)?|1\.\d+|2\.\d+")
_OF_MATRICES = {
    "1": (r"\sum_{i,j} |A_{ij}|", r"\max_j \sum_i |A_{ij}|"),
    "2": (r"\|A\|_F", r"\sigma_{\max}(A)"),
    "infty": (r"\max_{i,j} |A_{ij}|", r"\max_i \sum_j |A_{ij}|"),
}  # what papers mean by a number below the norm of a matrix: over all entries, or of the operator


def norm(state: State, node: sx.Scripted, body: sx.Group) -> Senses:
    r"""\|x\|_2^2 is a sum of squares, without a root that is squared again; \|x\|_1 is a sum of magnitudes."""
    inner = state.read(body.items[0])
    order, squared = plain(node.sub), plain(node.sup) == "2"
    if order in ("", "F") and squared:
        return best(made(calls.norm_squared, inner))
    found = best(_of_order(state, order, inner, node.at, squared))
    if order == "2" and squared:
        return found
    return powered(state, found, node.sup, node.at) if node.sup else found


def _of_order(state: State, order: str, inner: Senses, at: int, squared: bool) -> Senses:
    """The norm of an order; of the order 2, its square where that is asked for."""
    if order in ("", "F"):
        return made(calls.norm, inner)
    if order in SINGULAR:
        found = made(lambda x: nd.matrix_of(SINGULAR[order], x), inner)
        if not found:
            raise Fault(f"the norm with {order} below it is one of matrices.", r"Of a vector, write \|x\|_2.", at)
        return found
    if order not in _OF_MATRICES and not _POWERS.fullmatch(order):
        raise Fault(f"the norm with {order} below it is not read.", r"Norms are 1, 2, F, \infty, op and *.", at)
    vectors = [r for r in inner if not _is_matrix(r.node)]
    found = made(lambda x: _of_vector(order, x, squared), vectors)
    matrices = [r for r in inner if _is_matrix(r.node)]
    if order not in _OF_MATRICES and not vectors:
        raise Fault(f"the norm of a matrix with {order} below it is not read.", "Write it out.", at)
    if order in _OF_MATRICES and matrices and not (vectors and state.context.is_network):
        if state.context.is_network:
            raise of_two_meanings(order, at)
        note = told("the norm of a matrix with {} below it is taken over all entries", order)
        found += made(lambda x: _of_vector(order, x, squared), matrices, cost=ASSUMED, note=note)
        note = told("the norm of a matrix with {} below it is that of an operator", order)
        found += made(lambda x: _of_operator(order, x, squared), matrices, cost=2 * ASSUMED, note=note)
    return found


def of_two_meanings(order: str, at: int | None) -> Fault:
    """What is said of the norm of a matrix that is taken over its entries, or is that of an operator."""
    one, other = _OF_MATRICES[order]
    mend = f"Write {one} for the norm of all entries, {other} for that of the operator."
    return Fault(f"the norm of a matrix with {order} below it has two meanings.", mend, at)


def _is_matrix(x: Node) -> bool:
    """Whether it has rows and columns; one column is a vector."""
    return x.matrix == MATRIX and x.extent(RIGHT) != 1


def _of_vector(order: str, x: Node, squared: bool) -> Node:
    """A norm over all entries."""
    if order == "2":
        return (calls.norm_squared if squared else calls.norm)(x)
    magnitude = nd.applied("abs", x)
    if order == "infty":
        return calls.largest(magnitude)
    p = sp.Rational(order)
    if p == 1:
        return calls.total(magnitude)
    total = calls.total(nd.arithmetic("**", magnitude, nd.const(p, complex(p))))
    return nd.arithmetic("**", total, nd.const(1 / p, complex(1 / p)))


def _of_operator(order: str, x: Node, squared: bool) -> Node:
    """By how much a matrix stretches: the largest singular value, the largest sum of a column or of a row."""
    if order == "2":
        largest = nd.matrix_of("sigma_max", x)
        return nd.arithmetic("*", largest, largest) if squared else largest
    one, other = (DOWN, RIGHT) if order == "1" else (RIGHT, DOWN)
    return nd.reduced("max", nd.summed(nd.applied("abs", x), one), (other,))
