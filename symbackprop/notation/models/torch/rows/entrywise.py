"""Operations entry by entry: arithmetic, comparisons, functions, activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language.tensors import LanguageError, Tensor, as_tensor
from symbackprop.notation.models.torch.rows.words import WHOLE, lang

OF_ONE = (
    "relu", "relu6", "sigmoid", "tanh", "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "sinh", "cosh", "asin", "acos",
    "atan", "asinh", "atanh", "arcsin", "arccos", "arctan", "arcsinh", "arctanh", "abs", "absolute", "sqrt", "square",
    "reciprocal", "log2", "log10", "erf", "erfc", "silu", "mish", "selu", "log_sigmoid", "sign", "negative", "logical_not",
    "logit", "floor", "ceil", "round", "trunc",
)  # fmt: skip
"""Functions of one tensor that the language has by the same name."""

OF_TWO = ("maximum", "minimum", "hypot", "logaddexp", "logical_and", "logical_or", "logical_xor")
"""Functions of x and other that the language has by the same name."""

OF_FLAGS = {
    "bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor", "__and__": "logical_and",
    "__or__": "logical_or", "__xor__": "logical_xor",
}  # fmt: skip
"""Those of two truth values that it has by another name."""

OTHERWISE = {
    "neg": "negative", "hardsigmoid": "hard_sigmoid", "hardswish": "hard_swish", "sgn": "sign",
    "special_expit": "sigmoid", "special_erf": "erf", "special_log1p": "log1p", "special_expm1": "expm1",
    "bitwise_not": "logical_not",
}  # fmt: skip
"""Functions of one tensor that it has by another name."""


def _one(name: str) -> Callable[..., Tensor]:
    function = getattr(lang, name)
    return lambda x: function(x)


def _two(name: str) -> Callable[..., Tensor]:
    function = getattr(lang, name)
    return lambda x, other: function(x, other)


def _scaled(factor: Any, x: Any) -> Tensor:
    return as_tensor(x) if factor == 1 else factor * as_tensor(x)


def _div(x: Any, other: Any, rounding_mode: Any = None) -> Tensor:
    if rounding_mode is not None:
        raise LanguageError(f"a division that rounds ({rounding_mode}) is flat: no derivative goes through it")
    return as_tensor(x) / other


def _prelu(x: Tensor, weight: Tensor) -> Tensor:
    """A slope for each channel, or one for all."""
    return lang.prelu(x, weight[0] if weight.shape == (1,) else weight[(WHOLE, *[None] * (x.ndim - 2))])


def _softplus(x: Tensor, beta: Any = 1, threshold: Any = 20) -> Tensor:
    """Beyond the threshold torch takes x itself, which is softplus to 2e-9 at the usual threshold."""
    y = lang.softplus(x) if beta == 1 else lang.softplus(beta * x) / beta
    return y if threshold >= 20 else lang.where(beta * x > threshold, x, y)


ROWS: dict[str, Callable[..., Any]] = {
    **{name: _one(name) for name in OF_ONE}, **{name: _one(ours) for name, ours in OTHERWISE.items()},
    **{name: _two(name) for name in OF_TWO}, **{name: _two(ours) for name, ours in OF_FLAGS.items()},
    # arithmetic
    "add": lambda x, other, alpha=1: as_tensor(x) + _scaled(alpha, other),
    "sub": lambda x, other, alpha=1: as_tensor(x) - _scaled(alpha, other),
    "rsub": lambda x, other, alpha=1: as_tensor(other) - _scaled(alpha, x),
    "mul": lambda x, other: as_tensor(x) * other,
    "div": _div,
    "true_divide": _div,
    "pow": lambda x, exponent: as_tensor(x) ** exponent,
    "rsqrt": lambda x: as_tensor(x) ** sp.Rational(-1, 2),
    "exp2": lambda x: as_tensor(2) ** x,
    "addcmul": lambda x, tensor1, tensor2, value=1: as_tensor(x) + _scaled(value, tensor1 * tensor2),
    "addcdiv": lambda x, tensor1, tensor2, value=1: as_tensor(x) + _scaled(value, tensor1 / tensor2),
    "lerp": lambda x, end, weight: as_tensor(x) + weight * (end - x),
    "clamp": lambda x, min=None, max=None: lang.clip(x, min, max),
    "clip": lambda x, min=None, max=None: lang.clip(x, min, max),
    "clamp_min": lambda x, min: lang.maximum(x, min),
    "clamp_max": lambda x, max: lang.minimum(x, max),
    # comparisons
    "eq": lambda x, other: as_tensor(x) == other,
    "ne": lambda x, other: as_tensor(x) != other,
    "lt": lambda x, other: as_tensor(x) < other,
    "le": lambda x, other: as_tensor(x) <= other,
    "gt": lambda x, other: as_tensor(x) > other,
    "ge": lambda x, other: as_tensor(x) >= other,
    "where": lambda condition, x, other: lang.where(condition, x, other),
    "masked_fill": lambda x, mask, value: lang.where(mask, value, x),
    # activations
    "gelu": lambda x, approximate="none": lang.gelu_tanh(x) if approximate == "tanh" else lang.gelu(x),
    "leaky_relu": lambda x, negative_slope=0.01: lang.leaky_relu(x, negative_slope),
    "elu": lambda x, alpha=1: lang.elu(x, alpha),
    "celu": lambda x, alpha=1: lang.celu(x, alpha),
    "prelu": _prelu,
    "softplus": _softplus,
    "hardtanh": lambda x, min_val=-1, max_val=1: lang.hard_tanh(x, min_val, max_val),
    "softshrink": lambda x, lambd=0.5: lang.soft_shrink(x, lambd),
    "hardshrink": lambda x, lambd=0.5: lang.hard_shrink(x, lambd),
    "threshold": lambda x, threshold, value: lang.threshold(x, threshold, value),
    "glu": lambda x, dim=-1: lang.glu(x, dim),
    # the same numbers
    "contiguous": lambda x: x,
    "clone": lambda x: x,
    "alias": lambda x: x,
    "lift_fresh_copy": lambda x: x,
    "detach": lambda x: lang.stop_gradient(x),
}  # fmt: skip
