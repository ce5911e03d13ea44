"""Primitives entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp

from symbackprop.core.choices import INFINITE
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_tensor, is_integer
from symbackprop.notation.composed.further import isfinite
from symbackprop.notation.models.jax.softmaxes import summed_up
from symbackprop.notation.models.jax.values import Spread, Value, shape_of, spread
from symbackprop.notation.scipy.special import SPECIAL

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk

Row = Callable[..., Any]


def each(function: Callable[..., Any]) -> Row:
    """A function of the language as a row: what repeats is computed once, and repeats."""

    def row(walk: Walk, eqn: Any, *values: Value) -> Value:
        found = as_tensor(function(*map(walk.narrow, values)))
        return spread(found, walk.shape(eqn.outvars[0].aval.shape))

    return row


def _neutral(function: Callable[..., Any], element: int, right_only: bool = False) -> Row:
    """A sum or a product, in which a number that changes nothing is left out."""

    def row(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
        meant = summed_up(walk, eqn.primitive.name, a, b)
        if meant is not None:
            return meant
        shape = walk.shape(eqn.outvars[0].aval.shape)
        if walk.number(b) == element and shape_of(a) == shape:
            return a
        if not right_only and walk.number(a) == element and shape_of(b) == shape:
            return b
        return each(function)(walk, eqn, a, b)

    return row


def _extreme(name: str, lost: int) -> Row:
    """A maximum or minimum, in which an infinity that always loses is left out."""

    def row(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
        for one, other in ((a, b), (b, a)):
            if walk.number(one) == lost * INFINITE and not isinstance(other, Spread):
                return other
        return each(TABLE[name])(walk, eqn, a, b)

    return row


def _comparison(function: Callable[..., Any], of_positions: bool | None = None) -> Row:
    """A comparison. Positions are counted from 0: whether they are below 0 is known."""

    def row(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
        if of_positions is not None and isinstance(a, Tensor) and is_integer(a) and walk.number(b) == 0:
            return Spread(as_tensor(int(of_positions)), walk.shape(eqn.outvars[0].aval.shape))
        first, second = walk.number(a), walk.number(b)
        if first is not None and second is not None:
            known = function(first, second)
            if known in (sp.true, sp.false, True, False):
                return Spread(as_tensor(int(bool(known))), walk.shape(eqn.outvars[0].aval.shape))
        return each(function)(walk, eqn, a, b)

    return row


def _differs(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
    """a != b; of a value and itself, by which JAX asks for not-a-number, it is 0."""
    if a is b:
        return Spread(as_tensor(0), walk.shape(eqn.outvars[0].aval.shape))
    return each(lambda a, b: as_tensor(a) != b)(walk, eqn, a, b)


def _exp(walk: Walk, eqn: Any, x: Value) -> Value:
    return walk.softmaxes.exponential(x, each(TABLE["exp"])(walk, eqn, x))


def _log(walk: Walk, eqn: Any, x: Value) -> Value:
    return walk.softmaxes.logarithm(x, each(TABLE["log"])(walk, eqn, x))


def _stop(walk: Walk, eqn: Any, x: Value) -> Value:
    return walk.softmaxes.stopped(x, each(TABLE["stop_gradient"])(walk, eqn, x))


def _divided(walk: Walk, eqn: Any, a: Value, b: Value) -> Value:
    """a / b; of whole numbers, what is left of the point."""
    if eqn.outvars[0].aval.dtype.kind in "iu":
        return each(lambda a, b: TABLE["trunc"](as_tensor(a) / b))(walk, eqn, a, b)
    return _neutral(lambda a, b: a / b, 1, right_only=True)(walk, eqn, a, b)


def _power(walk: Walk, eqn: Any, x: Value) -> Value:
    return each(lambda a: a ** eqn.params["y"])(walk, eqn, x)


def _select(walk: Walk, eqn: Any, which: Value, *cases: Value) -> Value:
    """The case that a truth or a number picks, entry by entry."""
    number = walk.number(which)
    if number is not None:
        return cases[int(number)]
    if len(cases) == 2:
        return each(lambda c, a, b: ops.where(c, a, b))(walk, eqn, which, cases[1], cases[0])

    def picked(c: Any, *several: Any) -> Any:
        found = several[-1]
        for k in range(len(several) - 2, -1, -1):
            found = ops.where(c == k, several[k], found)
        return found

    return each(picked)(walk, eqn, which, *cases)


def _clamp(walk: Walk, eqn: Any, low: Value, x: Value, high: Value) -> Value:
    if isinstance(x, Tensor) and is_integer(x):
        return x  # positions stay where they are
    return each(lambda a, b, c: TABLE["minimum"](TABLE["maximum"](b, a), c))(walk, eqn, low, x, high)


def _converted(walk: Walk, eqn: Any, x: Value) -> Value:
    """Another type of number: as real numbers all types are one."""
    before, after = (v.aval.dtype.kind for v in (eqn.invars[0], eqn.outvars[0]))
    if before in "fV" and after in "iu" and walk.number(x) is None:
        raise walk.refused(eqn, "real numbers become whole ones, which have no slope.", "Leave .astype(int) out.")
    if after == "b" and before != "b":
        return each(lambda a: a != 0)(walk, eqn, x)
    return x


def _same(walk: Walk, eqn: Any, x: Value, *_: Value) -> Value:
    return x


def _truths(function: Callable[..., Any]) -> Row:
    def row(walk: Walk, eqn: Any, *values: Value) -> Value:
        if any(v.aval.dtype.kind != "b" for v in eqn.invars):
            raise walk.refused(eqn, "it works on the bits of whole numbers.", "Leave it out of what is differentiated.")
        return each(function)(walk, eqn, *values)

    return row


UNARY = {
    "exp2": lambda a: TABLE["exp"](a * sp.log(2)), "log1p": TABLE["log1p"], "expm1": TABLE["expm1"], "sin": TABLE["sin"],
    "cos": TABLE["cos"], "tan": TABLE["tan"], "asin": TABLE["arcsin"], "acos": TABLE["arccos"], "atan": TABLE["arctan"],
    "sinh": TABLE["sinh"], "cosh": TABLE["cosh"], "tanh": TABLE["tanh"], "asinh": TABLE["arcsinh"], "atanh": TABLE["arctanh"],
    "logistic": TABLE["sigmoid"], "erf": TABLE["erf"], "erfc": TABLE["erfc"], "abs": TABLE["abs"], "sign": TABLE["sign"],
    "neg": lambda a: -a, "sqrt": ops.sqrt, "rsqrt": lambda a: 1 / ops.sqrt(a), "square": ops.square,
    "one_minus_square": lambda a: 1 - ops.square(a),
    "cbrt": lambda a: TABLE["sign"](a) * TABLE["abs"](a) ** sp.Rational(1, 3),
}  # fmt: skip

LATER = {
    "atan2": "arctan2", "acosh": "arccosh", "erf_inv": "erfinv", "lgamma": "gammaln", "digamma": "digamma", "floor": "floor",
    "ceil": "ceil", "round": "round", "bessel_i0e": "bessel_i0e", "bessel_i1e": "bessel_i1e",
}  # fmt: skip
"""Primitives that are rows where the language has the function."""

ROWS: dict[str, Row] = {
    **{name: each(function) for name, function in UNARY.items()},
    **{name: each(TABLE[own]) for name, own in LATER.items() if own in TABLE},
    "add": _neutral(lambda a, b: a + b, 0), "add_any": _neutral(lambda a, b: a + b, 0), "mul": _neutral(lambda a, b: a * b, 1),
    "sub": _neutral(lambda a, b: a - b, 0, right_only=True), "div": _divided, "rem": each(ops.fmod),
    "pow": each(ops.power), "integer_pow": _power, "max": _extreme("maximum", -1), "min": _extreme("minimum", 1),
    "gt": _comparison(lambda a, b: a > b), "lt": _comparison(lambda a, b: a < b, False),
    "ge": _comparison(lambda a, b: a >= b, True), "le": _comparison(lambda a, b: a <= b),
    "eq": each(lambda a, b: as_tensor(a) == b), "ne": _differs,
    "and": _truths(ops.logical_and), "or": _truths(ops.logical_or), "xor": _truths(ops.logical_xor),
    "not": _truths(ops.logical_not),
    "is_finite": each(isfinite),
    "exp": _exp, "log": _log, "stop_gradient": _stop, "select_n": _select, "clamp": _clamp, "convert_element_type": _converted,
    **dict.fromkeys(("copy", "copy_p", "reduce_precision", "device_put", "sharding_constraint", "name"), _same),
}  # fmt: skip
"""From the values that a primitive reads to what it makes of them."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: TABLE[name] for name in ("relu", "relu6", "silu", "softplus", "log_sigmoid", "mish", "logaddexp", "selu") if name in TABLE
} | {
    "swish": TABLE["silu"],
    "soft_sign": TABLE["softsign"],
    "hard_tanh": TABLE["hard_tanh"],
    "expi": TABLE["expi"],
    "expn": SPECIAL["expn"],
}
"""JAX's own functions that are one word of the language."""

OF_TWO = ("logaddexp", "expn")  # of these, those of two arguments
