r"""Densities by their names: \mathcal{N}(x \mid \mu, \sigma^2) and \mathcal{N}(x; \mu, \Sigma)."""

from __future__ import annotations

import sympy as sp

from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.nodes import DOWN, MATRIX, Misfit, Node
from symbackprop.notation.claims.probe import Probe


def gaussian(probe: Probe, x: Node, mean: Node, spread: Node) -> Node:
    """exp(-(x - m)^2/(2 v)) / sqrt(2 pi v) of numbers with the variance v; of vectors with a covariance in its place.

    Raises Misfit for a vector with one variance.
    """
    half, turn = nd.const(sp.Rational(1, 2), 0.5), nd.const(2 * sp.pi, complex(2 * sp.pi))
    off = nd.arithmetic("-", x, mean)
    if spread.matrix == MATRIX:
        square = nd.matmul(nd.transposed(off), nd.matmul(nd.matrix_of("inverse", spread), off))
        extent = off.extent(DOWN)
        count = nd.const(probe.expression[extent], complex(extent))
        size = nd.arithmetic("+", nd.arithmetic("*", count, nd.applied("log", turn)), nd.matrix_of("logdet", spread))
    elif off.matrix or spread.matrix:
        raise Misfit("the density of a vector by one variance")
    else:
        square = nd.arithmetic("/", nd.arithmetic("*", off, off), spread)
        size = nd.applied("log", nd.arithmetic("*", turn, spread))
    return nd.applied("exp", nd.arithmetic("neg", nd.arithmetic("*", half, nd.arithmetic("+", square, size))))
