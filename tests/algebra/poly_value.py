"""What a tensor polynomial means: letters as axes of arrays, one term after the other, with no rule of the algebra."""

from collections.abc import Mapping, Sequence

import numpy as np
import sympy as sp

from symbackprop.algebra.normal import REDUCED
from symbackprop.algebra.poly import Atom, Poly
from symbackprop.algebra.positions import Linear, View, tensor_of
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.bodies.body_walk import Frame, read_body
from symbackprop.evaluate.extents import evaluator
from symbackprop.evaluate.walk import matrix_function

Arrays = Mapping[str, np.ndarray]
Sizes = Mapping[str, int]


def poly_value(p: Poly, letters: Sequence[str], arrays: Arrays, sizes: Sizes) -> np.ndarray:
    """The array of a polynomial over its free letters in that order; a letter that it lacks has size 1."""
    extents = {x: int(evaluator(n)(sizes)) for x, n in p.sizes().items()}
    total = np.zeros([extents.get(x, 1) for x in letters])
    for term, c in p.terms.items():
        own = {x: n for f in term for x, n in zip(f.letters, f.atom.shape, strict=True)}
        names = [*letters, *sorted(set(own) - set(letters))]
        extent = [int(evaluator(own[x])(sizes)) if x in own else 1 for x in names]
        value = np.full(extent, float(c))
        for f in term:
            array = atom_value(f.atom, arrays, sizes) ** float(f.exponent)
            once = sorted({names.index(x) for x in f.letters})
            operands: list = [array, [names.index(x) for x in f.letters], once]
            spread = np.einsum(*operands) if f.letters else array
            value = value * spread.reshape([extent[k] if k in once else 1 for k in range(len(names))])
        total = total + value.sum(axis=tuple(range(len(letters), len(names))))
    return total


def atom_value(a: Atom, arrays: Arrays, sizes: Sizes) -> np.ndarray:
    """An atom over its axes."""
    own = [str(k) for k in range(len(a.shape))]
    shape = [int(evaluator(n)(sizes)) for n in a.shape]
    match a.kind:
        case "leaf":
            whole = np.asarray(arrays[tensor_of(a.name)], float)
            return gathered(whole, a.name, sizes) if isinstance(a.name, View) else whole
        case "tie" | "order":
            at = form_value(a.name, shape, sizes)
            return (at == 0) * 1.0 if a.kind == "tie" else (at >= 0) * 1.0
        case "number":
            return np.asarray(float(a.name) if a.name.is_number else float(evaluator(a.name)(sizes)))
        case "delta":
            return np.eye(shape[0])
        case "onehot":
            return np.eye(shape[-1])[arrays[a.name]]
        case "reduction":
            reduced = sorted(x for x in a.args[0].letters() if x[0] == REDUCED)
            value = poly_value(a.args[0], [*own, *reduced], arrays, sizes)
            axes = tuple(range(len(own), len(own) + len(reduced)))
            return np.log(np.exp(value).sum(axis=axes)) if a.name == "logsumexp" else getattr(value, a.name)(axis=axes)
        case "inverse":
            return np.linalg.inv(poly_value(a.args[0], ["0", "1"], arrays, sizes))
        case "factor":
            return matrix_function(a.name, poly_value(a.args[0], [f"{REDUCED}0", f"{REDUCED}1"], arrays, sizes), FLOATS)
    values = [np.broadcast_to(poly_value(p, own, arrays, sizes), shape) for p in a.args]
    match a.kind:
        case "group":
            return values[0]
        case "positive":
            return (values[0] > 0) * 1.0
        case "zero":
            return (values[0] == 0) * 1.0
    return function_value(a.name, values)


def form_value(form: Linear, shape: Sequence[int], sizes: Sizes) -> np.ndarray:
    """A form of positions at each of them."""
    total = np.full(shape, int(evaluator(form.offset)(sizes)))
    for k, (slope, n) in enumerate(zip(form.slopes, shape, strict=True)):
        total += (int(evaluator(slope)(sizes)) * np.arange(n)).reshape([-1 if m == k else 1 for m in range(len(shape))])
    return total


def gathered(whole: np.ndarray, view: View, sizes: Sizes) -> np.ndarray:
    """The entries of a view, one after the other."""
    out = np.zeros([int(evaluator(n)(sizes)) for n in view.shape])
    for at in np.ndindex(*out.shape):
        place = [int(evaluator(p.offset)(sizes)) + sum(at[k] * int(evaluator(s)(sizes)) for k, s in p.parts) for p in view.places]
        out[at] = whole[tuple(place)]
    return out


def function_value(name, values: Sequence[np.ndarray]) -> np.ndarray:
    """A function of entries."""
    if name == "softmax":
        return np.exp(values[0]) / np.exp(values[0]).sum(axis=-1, keepdims=True)
    if name == "clip":
        return np.clip(values[0], -values[1], values[1])
    if name == "pow":
        return values[0] ** values[1]
    symbols = sp.symbols(f"x0:{len(values)}")
    return np.asarray(read_body(name(*symbols))(Frame(dict(zip(symbols, values, strict=True)), FLOATS)), float)
