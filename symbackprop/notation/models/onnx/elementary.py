"""Operators entry by entry, matrix products, and what is written with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_tensor, is_truth
from symbackprop.notation.models.onnx.node import Node, Value, exact

Row = Callable[[Node], Any]
SELU = (1.6732632423543772, 1.0507009873554805)


def widened(node: Node, found: Tensor) -> Tensor:
    """The result with the axes of size 1 that constants of one entry have in ONNX and lack as numbers."""
    while found.ndim < max(node.rank(k) for k in range(len(node.inputs))):
        found = ops.expand_dims(found, 0)
    return found


def _each(function: Callable[..., Any]) -> Row:
    return lambda node: widened(node, as_tensor(function(*node.tensors())))


def _folded(function: Callable[[Any, Any], Any]) -> Row:
    return lambda node: widened(node, as_tensor(reduce(function, node.tensors())))


def _activation(function: Callable[[Tensor], Tensor]) -> Row:
    return lambda node: function(node.tensor(0)).called("a")


def _with(function: str, **settings: float) -> Row:
    """A function of the table with settings of the operator, by their defaults."""
    return lambda node: TABLE[function](node.tensor(0), *[node.real(n, d) for n, d in settings.items()]).called("a")


def _clip(node: Node) -> Tensor:
    bounds: list[Any] = [node.tensor(k) if node.has(k) else node.attributes.get(name) for k, name in ((1, "min"), (2, "max"))]
    given = [node.real(name, 0) if name in node.attributes else bound for name, bound in zip(("min", "max"), bounds, strict=True)]
    return ops.clip(node.tensor(0), *given)


def _gelu(node: Node) -> Tensor:
    approximate = node.get("approximate", "none")
    if approximate not in ("none", "tanh"):
        raise node.refused(f"approximate={approximate!r} is not read.")
    return TABLE["gelu_tanh" if approximate == "tanh" else "gelu"](node.tensor(0)).called("a")


def _hard_sigmoid(node: Node) -> Tensor:
    linear = node.real("alpha", 0.2) * node.tensor(0) + node.real("beta", 0.5)
    return TABLE["minimum"](TABLE["maximum"](linear, 0), 1).called("a")


def _thresholded_relu(node: Node) -> Tensor:
    x = node.tensor(0)
    return ops.where(x > node.real("alpha", 1.0), x, 0).called("a")


def _shrink(node: Node) -> Tensor:
    x, edge, bias = node.tensor(0), node.real("lambd", 0.5), node.real("bias", 0.0)
    return ops.where(x < -edge, x + bias, ops.where(x > edge, x - bias, 0)).called("a")


def _swish(node: Node) -> Tensor:
    x, alpha = node.tensor(0), node.real("alpha", 1.0)
    return (TABLE["silu"](x) if alpha == 1 else x * TABLE["sigmoid"](alpha * x)).called("a")


def _prelu(node: Node) -> Tensor:
    x, slope = node.tensor(0), node.tensor(1)
    return ops.where(x > 0, x, slope * x).called("a")


def _mean(node: Node) -> Tensor:
    return widened(node, as_tensor(reduce(lambda a, b: a + b, node.tensors()) / len(node.inputs)))


def _pow(node: Node) -> Tensor:
    base, exponent = node.tensor(0), node.value(1)
    if isinstance(exponent, Tensor) or exponent.size != 1:
        return ops.power(base, node.tensor(1))
    power = node.number(1, "the exponent")
    return widened(node, ops.sqrt(base) if power == sp.Rational(1, 2) else base**power)


def _selu(node: Node) -> Tensor:
    """Its constants are stored in float32; the exact ones are meant, unless others are given."""
    given = (node.real("alpha", SELU[0]), node.real("gamma", SELU[1]))
    if given == tuple(exact(np.float32(n)) for n in SELU):
        return TABLE["selu"](node.tensor(0)).called("a")
    return (given[1] * TABLE["elu"](node.tensor(0), given[0])).called("a")


def _cast(node: Node) -> Value:
    from onnx import TensorProto

    value = node.value(0)
    if not isinstance(value, Tensor):
        return value
    kind = int(node.get("to", 1))
    real = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
    whole = value.signature is not None and value.signature.kind == "integers"
    if kind in real or whole or is_truth(value):
        return value
    return value != 0 if kind == TensorProto.BOOL else TABLE["trunc"](value)


def _div(node: Node) -> Tensor:
    """a / b; of whole numbers, what is left of the point."""
    quotient = as_tensor(node.tensor(0) / node.tensor(1))
    return widened(node, TABLE["trunc"](quotient) if node.inputs[0] in node.whole else quotient)


def _mod(node: Node) -> Tensor:
    return widened(node, (ops.fmod if node.get("fmod", 0) else TABLE["remainder"])(node.tensor(0), node.tensor(1)))


def _gemm(node: Node) -> Tensor:
    """alpha A' B' + beta C."""
    A, B = node.tensor(0), node.tensor(1)
    y = (A.T if node.get("transA") else A) @ (B.T if node.get("transB") else B)
    alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
    y = y if alpha == 1 else alpha * y
    if node.has(2):
        C = node.tensor(2)
        y = y + (C if beta == 1 else beta * C)
    return y.called("z")


def _einsum(node: Node) -> Tensor:
    return ops.einsum(node.get("equation", "").replace(" ", ""), *node.tensors())


def _dropout(node: Node) -> Value:
    """What it does when a model is used: nothing."""
    if node.version >= 12 and node.has(2) and bool(node.array(2, "training_mode").ravel()[0]):
        raise node.refused("it draws random numbers, in training mode.", "Export the model in evaluation mode.")
    return node.value(0)


ROWS: dict[str, Row] = {
    **{op: _activation(TABLE[name]) for op, name in {
        "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign",
        "HardSwish": "hard_swish", "Mish": "mish",
    }.items()},
    **{op: _each(TABLE[name]) for op, name in {
        "Exp": "exp", "Log": "log", "Erf": "erf", "Abs": "abs", "Sin": "sin", "Cos": "cos", "Tan": "tan", "Asin": "arcsin",
        "Acos": "arccos", "Atan": "arctan", "Sinh": "sinh", "Cosh": "cosh", "Asinh": "arcsinh", "Atanh": "arctanh", "Sign": "sign",
        "Floor": "floor", "Ceil": "ceil", "Round": "round",
    }.items()},
    "Sqrt": _each(ops.sqrt), "Reciprocal": _each(ops.reciprocal), "Neg": _each(lambda a: -a),
    "LeakyRelu": _with("leaky_relu", alpha=0.01), "Elu": _with("elu", alpha=1.0), "Celu": _with("celu", alpha=1.0),
    "HardSigmoid": _hard_sigmoid, "ThresholdedRelu": _thresholded_relu, "Shrink": _shrink, "Swish": _swish, "Gelu": _gelu,
    "PRelu": _prelu, "Selu": _selu, "Clip": _clip,
    "Add": _each(lambda a, b: a + b), "Sub": _each(lambda a, b: a - b), "Mul": _each(lambda a, b: a * b),
    "Div": _div, "Pow": _pow, "Sum": _folded(lambda a, b: a + b), "Mean": _mean,
    "Max": _folded(TABLE["maximum"]), "Min": _folded(TABLE["minimum"]),
    "Greater": _each(lambda a, b: a > b), "Less": _each(lambda a, b: a < b), "GreaterOrEqual": _each(lambda a, b: a >= b),
    "LessOrEqual": _each(lambda a, b: a <= b), "Equal": _each(lambda a, b: a == b),
    "And": _each(ops.logical_and), "Or": _each(ops.logical_or), "Xor": _each(ops.logical_xor), "Not": _each(ops.logical_not),
    "Where": _each(ops.where), "MatMul": lambda node: ops.matmul(node.tensor(0), node.tensor(1)), "Gemm": _gemm, "Einsum": _einsum,
    "Identity": lambda node: node.value(0), "Dropout": _dropout, "Cast": _cast, "CastLike": lambda node: node.value(0),
    "Mod": _mod, "Det": _each(ops.det), "IsNaN": lambda node: ops.full(node.tensor(0).shape, 0) > 0,
}  # fmt: skip
"""From an operator to its value."""
