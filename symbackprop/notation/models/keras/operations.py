"""The functions of keras.ops between the layers of a Functional model, x + 1 among them: a row for each."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from symbackprop.language import operations as ops
from symbackprop.language.layers.attention import MASKED
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_number, as_tensor, is_truth
from symbackprop.language.tensors.indexing import is_integer
from symbackprop.notation.models.keras.calls import exchanged
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.scattering import positions

ABOUT = ("name", "dtype", "trainable", "sparse", "ragged")  # settings that change no value
EPSILON = 1e-7  # keras.config.epsilon()

Function = Callable[..., Any]


def operation(function: Function, *settings: str) -> Function:
    """A row of the function of what the operation is called with, and of its settings."""

    def row(layer: Layer, *values: Tensor) -> Any:
        said = {name: value for name, value in layer.config.items() if name not in ABOUT}
        said |= {name: value for name, value in layer.named.items() if value is not None or name not in said}
        odd = [name for name, value in said.items() if name not in settings and value not in (None, False)]
        if odd:
            raise layer.refused(f"{odd[0]}={said[odd[0]]!r} is not read.", "Leave it out, or export the model to ONNX.")
        given = {name: _axes(value) if name in ("axis", "axes") else value for name, value in said.items() if name in settings}
        found = function(layer, *exchanged(layer.args, np.ndarray, layer.constant), **given)
        return tuple(map(as_tensor, found)) if isinstance(found, tuple | list) else as_tensor(found)

    return row


def _axes(value: Any) -> Any:
    return tuple(map(_axes, value)) if isinstance(value, list) else value


def operand(layer: Layer, value: Any) -> Any:
    """A tensor, a number, or an array that stands in the description."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, bool | int | float):
        return as_number(int(value) if isinstance(value, bool) else value)
    if isinstance(value, list | np.ndarray):
        array = np.asarray(value, dtype=None)
        if array.dtype.kind in "biuf":
            return as_number(array.item()) if not array.ndim else layer.constant(array)
    raise layer.refused("it is called with more than tensors and numbers.", "Export the model to ONNX.")


def entrywise(function: Function, *settings: str) -> Function:
    """A row of a function of tensors and numbers."""
    return operation(lambda layer, *values, **given: function(*(operand(layer, value) for value in values), **given), *settings)


def of(function: Function, *settings: str) -> Function:
    """A function of tensors, with settings by the names of NumPy."""
    return operation(lambda layer, *values, **given: function(*values, **given), *settings)


def _compared(function: Function) -> Function:
    return entrywise(lambda a, b: function(as_tensor(a), b))


def _differing(layer: Layer, a: Any, b: Any) -> Tensor:
    """a != b; of a tensor and a number the one mask that others ask for as well."""
    if isinstance(a, Tensor) and isinstance(b, int | float):
        return layer.differing(a, b)
    return as_tensor(operand(layer, a)) != operand(layer, b)


def _reshaped(layer: Layer, x: Tensor, newshape: Any) -> Tensor:
    return ops.reshape(x, tuple(-1 if n is None else int(n) for n in newshape))


def _with_axes(x: Tensor, axis: Any) -> Tensor:
    """x with axes of size 1 at these places of what comes out."""
    places = (axis,) if isinstance(axis, int) else axis
    return reduce(ops.expand_dims, sorted(place % (x.ndim + len(places)) for place in places), x)


def _moved(x: Tensor, source: Any, destination: Any) -> Tensor:
    """x with some axes at other places, the others in their order."""
    sources, places = ([k % x.ndim for k in ([given] if isinstance(given, int) else given)] for given in (source, destination))
    order = [k for k in range(x.ndim) if k not in sources]
    for place, k in sorted(zip(places, sources, strict=True)):
        order.insert(place, k)
    return ops.transpose(x, tuple(order))


def _item(layer: Layer, x: Tensor, key: Any) -> Tensor:
    """x[key]; x[0, 1] and x[[0, 1]] are written alike, and differ in how many axes are left."""
    if isinstance(key, list) and len(key) > 1 and all(isinstance(one, int) for one in key):
        if layer.rank not in (x.ndim, x.ndim - len(key)):
            raise layer.refused("one index for each axis, or several of one, are written alike.", "Take one axis at a time.")
        if layer.rank == x.ndim:
            return _taken(layer, x, key, 0)
    return x[tuple(key) if isinstance(key, list) else key]


def _cast(layer: Layer, x: Tensor) -> Tensor:
    """The same numbers: what would be cut to whole ones is refused."""
    if not layer.gives.startswith(("float", "bool")) and not (is_integer(x) or is_truth(x)):
        raise layer.refused("it may make whole numbers of others.", "Leave it out, or export the model to ONNX.")
    return x != 0 if layer.gives == "bool" else x


def _normalized(layer: Layer, x: Tensor, axis: Any = -1, order: Any = 2, epsilon: Any = None) -> Tensor:
    """x / max(|x|, eps)."""
    length = ops.norm(x, order, axis, keepdims=True)
    return x / TABLE["maximum"](length, as_number(EPSILON if epsilon is None else epsilon))


def _moments(layer: Layer, x: Tensor, axes: Any, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    return ops.mean(x, axes, keepdims), ops.var(x, axes, keepdims)


def _padded(layer: Layer, x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    pairs = [pad_width] * x.ndim if isinstance(pad_width, int) else pad_width
    pairs = pairs * x.ndim if len(pairs) == 1 else pairs
    return ops.pad(x, tuple((n, n) if isinstance(n, int) else tuple(n) for n in pairs), mode, constant_values or 0)


def _weighed(layer: Layer, x: Tensor, weights: Any = None, axis: Any = None) -> Tensor:
    """sum w x / sum w, the mean without weights."""
    return ops.average(x, axis, None if weights is None else operand(layer, weights))


def _taken(layer: Layer, x: Tensor, indices: Any, axis: int | None = None) -> Tensor:
    if isinstance(indices, Tensor):
        return ops.take(x, indices, axis)
    x, axis = (ops.ravel(x), 0) if axis is None else (x, axis)
    return ops.take(x, layer.constant(_from_zero(layer, np.asarray(indices, dtype=int), x.shape[axis])), axis)


def _from_zero(layer: Layer, places: np.ndarray, extent: Any) -> np.ndarray:
    """Positions on an axis, those that are counted from its end counted from its beginning."""
    if (places >= 0).all() and not extent.is_Integer:
        return places
    if not extent.is_Integer or not ((-int(extent) <= places) & (places < int(extent))).all():
        raise layer.refused("its positions are not on the axis.", "Give positions from 0 to below the size of the axis.")
    return places % int(extent)


def _normed(layer: Layer, x: Tensor, gamma: Any, beta: Any, axis: Any, epsilon: Any, centred: bool) -> Tensor:
    mean = ops.mean(x, axis, keepdims=True) if centred else 0
    y = (x - mean) / ops.sqrt(ops.mean(ops.square(x - mean), axis, keepdims=True) + as_number(epsilon))
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def _layer_norm(layer: Layer, x: Tensor, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: Any = None) -> Tensor:
    return _normed(layer, x, gamma, beta, axis, EPSILON if epsilon is None else epsilon, centred=True)


def _rms_norm(layer: Layer, x: Tensor, scale: Any = None, axis: Any = -1, epsilon: Any = None) -> Tensor:
    return _normed(layer, x, scale, None, axis, EPSILON if epsilon is None else epsilon, centred=False)


def _attention(
    layer: Layer, query: Tensor, key: Tensor, value: Tensor, bias: Any = None, mask: Any = None, scale: Any = None,
    is_causal: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(Q K^T / sqrt(d) + bias) V of each head, (N, T, heads, d), over the keys that the mask keeps."""
    wide = ops.sqrt(query.shape[-1]) if scale is None else 1 / as_number(scale)
    S = ops.einsum("nthd,nuhd->nhtu", query, key) / wide
    S = S if bias is None else S + operand(layer, bias)
    S = S if mask is None else ops.where(operand(layer, mask), S, MASKED)
    if is_causal:
        S = ops.where(ops.arange(S.shape[-1])[None, :] <= ops.arange(S.shape[-2])[:, None], S, MASKED)
    return ops.einsum("nhtu,nuhd->nthd", ops.softmax(S), value)


def _unstacked(layer: Layer, x: Tensor, axis: int = 0, num: int | None = None) -> tuple[Tensor, ...]:
    return tuple(ops.squeeze(one, axis) for one in ops.split(x, num or int(x.shape[axis]), axis))


def _hot(layer: Layer, t: Tensor, num_classes: int, axis: int = -1) -> Tensor:
    if axis not in (-1, t.ndim):
        raise layer.refused(f"axis={axis} is not read.", "axis=-1 is.")
    return ops.one_hot(positions(t, as_number(num_classes)), num_classes)


def _glu(layer: Layer, x: Tensor, axis: int = -1) -> Tensor:
    a, b = ops.split(x, 2, axis)
    return a * TABLE["sigmoid"](b)


def _divided(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0."""
    return ops.where(as_tensor(b) != 0, ops.divide(a, ops.where(as_tensor(b) != 0, b, 1)), 0)


REDUCED = ("axis", "keepdims")
NAMES = {  # of functions of one tensor, by those of the language
    "Exp": "exp", "Log": "log", "Log1p": "log1p", "Expm1": "expm1", "Tanh": "tanh", "Sinh": "sinh", "Cosh": "cosh", "Sin": "sin",
    "Cos": "cos", "Tan": "tan", "Arctan": "arctan", "Arcsin": "arcsin", "Arccos": "arccos", "Arctanh": "arctanh",
    "Arcsinh": "arcsinh", "Arccosh": "arccosh", "Sigmoid": "sigmoid", "Relu": "relu", "Relu6": "relu6", "Softplus": "softplus",
    "Softsign": "softsign", "Silu": "silu", "Selu": "selu", "HardTanh": "hard_tanh", "LogSigmoid": "log_sigmoid",
    "TanhShrink": "tanhshrink", "Absolute": "abs", "Abs": "abs", "Sign": "sign", "Floor": "floor", "Ceil": "ceil", "Trunc": "trunc",
    "Erf": "erf", "Erfc": "erfc", "Erfinv": "erfinv", "StopGradient": "stop_gradient",
}  # fmt: skip

FUNCTIONS: Mapping[str, Function] = {
    **{name: entrywise(TABLE[own]) for name, own in NAMES.items()},
    **{name: entrywise(function) for name, function in {
        "Add": ops.add, "Subtract": ops.subtract, "Multiply": ops.multiply, "Divide": ops.divide, "TrueDivide": ops.divide,
        "Power": ops.power, "Negative": ops.negative, "Maximum": TABLE["maximum"], "Minimum": TABLE["minimum"], "Sqrt": ops.sqrt,
        "Square": ops.square, "Reciprocal": ops.reciprocal, "Rsqrt": lambda x: 1 / ops.sqrt(x), "Log2": ops.log2,
        "Log10": ops.log10, "Arctan2": TABLE["arctan2"], "Logaddexp": TABLE["logaddexp"], "Hypot": ops.hypot,
        "DivideNoNan": _divided, "LogicalAnd": ops.logical_and, "LogicalOr": ops.logical_or, "LogicalXor": ops.logical_xor,
        "LogicalNot": ops.logical_not, "Where": ops.where, "Copy": lambda x: x, "ConvertToTensor": lambda x: x,
        "Mod": TABLE["mod"], "FloorDivide": lambda a, b: TABLE["floor"](ops.divide(a, b)),
        "HardSigmoid": lambda x: TABLE["relu6"](x + 3) / 6, "HardSilu": lambda x: x * TABLE["relu6"](x + 3) / 6,
    }.items()},
    **{name: _compared(function) for name, function in {
        "Equal": operator.eq, "Greater": operator.gt, "GreaterEqual": operator.ge, "Less": operator.lt, "LessEqual": operator.le,
    }.items()},
    "NotEqual": operation(_differing),
    "LeakyRelu": entrywise(lambda x, negative_slope=0.2: TABLE["leaky_relu"](x, as_number(negative_slope)), "negative_slope"),
    "Elu": entrywise(lambda x, alpha=1.0: TABLE["elu"](x, as_number(alpha)), "alpha"),
    "Celu": entrywise(lambda x, alpha=1.0: TABLE["celu"](x, as_number(alpha)), "alpha"),
    "Gelu": entrywise(lambda x, approximate=True: TABLE["gelu_tanh" if approximate else "gelu"](x), "approximate"),
    "Clip": entrywise(lambda x, x_min, x_max: ops.clip(x, as_number(x_min), as_number(x_max)), "x_min", "x_max"),
    "Squareplus": entrywise(lambda x, b=4: (x + ops.sqrt(ops.square(x) + as_number(b))) / 2, "b"),
    "Cast": operation(_cast), "Glu": operation(_glu, "axis"),
    **{name: of(function, *REDUCED) for name, function in {
        "Sum": ops.sum, "Mean": ops.mean, "Max": ops.max, "Min": ops.min, "Amax": ops.max, "Amin": ops.min, "Prod": ops.prod,
        "Var": ops.var, "Std": ops.std, "Logsumexp": ops.logsumexp,
        "Any": lambda x, **about: ops.max(x != 0, **about), "All": lambda x, **about: ops.min(x != 0, **about),
        "Argmax": ops.argmax,
        "Argmin": ops.argmin,
    }.items()},
    **{name: of(function, "axis") for name, function in {
        "Softmax": ops.softmax, "LogSoftmax": ops.log_softmax, "Cumsum": ops.cumsum, "Cumprod": ops.cumprod, "Flip": ops.flip,
        "ExpandDims": _with_axes, "Squeeze": ops.squeeze, "Concatenate": ops.concatenate, "Stack": ops.stack,
        "Sort": ops.sort, "Argsort": ops.argsort, "TakeAlongAxis": ops.take_along_axis,
    }.items()},
    "Take": operation(_taken, "axis"), "LayerNorm": operation(_layer_norm, "gamma", "beta", "axis", "epsilon"),
    "RMSNorm": operation(_rms_norm, "scale", "axis", "epsilon"), "Median": of(ops.median, *REDUCED),
    "Average": operation(_weighed, "axis", "weights"),
    "DotProductAttention": operation(_attention, "bias", "mask", "scale", "is_causal"),
    "FullLike": of(lambda x, value: ops.full(x.shape, value)),
    "Hstack": of(ops.hstack), "Vstack": of(ops.vstack), "Ravel": of(ops.ravel), "OnesLike": of(ops.ones_like),
    "ZerosLike": of(ops.zeros_like), "Inv": of(ops.inverse), "Det": of(ops.det), "Cholesky": of(ops.cholesky),
    "Solve": of(ops.solve), "Logdet": of(ops.logdet),
    "Norm": of(ops.norm, "ord", *REDUCED), "Normalize": operation(_normalized, "axis", "order", "epsilon"),
    "Moments": operation(_moments, "axes", "keepdims"), "Reshape": operation(_reshaped, "newshape"),
    "Transpose": of(ops.transpose, "axes"),
    "Swapaxes": of(lambda x, axis1, axis2: ops.swapaxes(x, axis1, axis2), "axis1", "axis2"),
    "Moveaxis": of(_moved, "source", "destination"), "BroadcastTo": of(ops.broadcast_to, "shape"),
    "Repeat": of(ops.repeat, "repeats", "axis"), "Roll": of(ops.roll, "shift", "axis"), "Diff": of(ops.diff, "n", "axis"),
    "Tile": of(lambda x, repeats: ops.tile(x, repeats), "repeats"),
    "Pad": operation(_padded, "pad_width", "mode", "constant_values"),
    "Split": of(lambda x, indices_or_sections, axis=0: ops.split(x, indices_or_sections, axis), "indices_or_sections", "axis"),
    "Unstack": operation(_unstacked, "axis", "num"),
    "GetItem": operation(_item), "OneHot": operation(_hot, "num_classes", "axis"),
    "Einsum": of(lambda *values, subscripts: ops.einsum(subscripts, *values), "subscripts"),
    "Tensordot": of(ops.tensordot, "axes"), "Tril": of(ops.tril, "k"), "Triu": of(ops.triu, "k"),
    "Trace": of(ops.trace, "offset", "axis1", "axis2"), "Diagonal": of(ops.diagonal, "offset", "axis1", "axis2"),
    **{name: entrywise(function) for name, function in {
        "Matmul": ops.matmul, "Dot": ops.dot, "Outer": ops.outer, "Inner": ops.inner, "Vdot": ops.vdot,
    }.items()},
}  # fmt: skip

LAYERS: Mapping[str, Function] = {f"ops.{name}": function for name, function in FUNCTIONS.items()}
"""From an operation to its value, by the names of keras.ops."""
