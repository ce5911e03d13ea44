r"""Functions that count: \Gamma(x), n!, \binom{n}{k}; of large numbers each is the exponential of its logarithm."""

from __future__ import annotations

import sympy as sp

from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.nodes import Node

LARGEST = 100  # number whose factorial is written out
FUNCTIONS = {"Gamma": 1, "factorial": 1, "binomial": 2}  # words, with their numbers of arguments; \Gamma may be a letter


def value(name: str, *arguments: Node) -> Node:
    """What one of these builds of its arguments."""
    numbers = [x.op.value for x in arguments if isinstance(x.op, nd.Const) and x.op.value.is_Integer]
    if len(numbers) == len(arguments) and all(int(name == "Gamma") <= n <= LARGEST for n in numbers):  # 0! is 1
        number = {"Gamma": sp.gamma, "factorial": sp.factorial, "binomial": sp.binomial}[name](*numbers)
        return nd.const(number, complex(number))
    one = nd.const(1)
    if name == "Gamma":
        return nd.applied("exp", nd.applied("gammaln", *arguments))
    n, *rest = [nd.applied("gammaln", nd.arithmetic("+", x, one)) for x in arguments]
    if name == "binomial":
        left = nd.applied("gammaln", nd.arithmetic("+", nd.arithmetic("-", *arguments), one))
        n = nd.arithmetic("-", nd.arithmetic("-", n, *rest), left)
    return nd.applied("exp", n)


def logarithm(x: Node) -> Node:
    """The logarithm of a value, of products and quotients of these the sum of theirs, so that none is too large for a float."""
    parts = _logarithms(x)
    return nd.applied("log", x) if parts is None else parts


def _logarithms(x: Node) -> Node | None:
    """The logarithm of products and quotients that hold one of these; None for anything else."""
    match x.op:
        case nd.Applied(name="exp", slope=False) if _has_logarithm(x.args[0]):
            return x.args[0]
        case nd.Arithmetic(sign="*" | "/" as sign):
            parts = [_logarithms(arg) for arg in x.args]
            if any(part is not None for part in parts):
                own = [nd.applied("log", arg) if part is None else part for arg, part in zip(x.args, parts, strict=True)]
                return nd.arithmetic("+" if sign == "*" else "-", *own)
    return None


def _has_logarithm(x: Node) -> bool:
    """Whether a sum holds a logarithm, as that of what counts and of a density does."""
    match x.op:
        case nd.Applied(name="gammaln" | "log") | nd.MatrixOf(kind="logdet"):
            return True
        case nd.Arithmetic():
            return any(map(_has_logarithm, x.args))
    return False
