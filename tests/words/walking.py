"""An expression, as a person writes it, held against NumPy: its value, and its gradients by differences, at both doors.

Every expression is weighted by cosines and summed, so that no two of its entries may be exchanged.
"""

import linecache
import re
from collections.abc import Callable, Mapping
from itertools import count
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

import symbackprop as sb
from symbackprop.evaluate import tape

STEP = 1e-4  # of differences of fourth order
VALUE, SLOPE = 1e-9, 1e-6  # relative errors
FILES = count()


def _point() -> dict[str, ndarray]:
    rng = np.random.default_rng(5)
    S = rng.normal(size=(3, 3))
    return {
        "x": rng.uniform(0.2, 0.9, 5), "y": rng.uniform(0.2, 0.9, 5), "w": rng.normal(size=3), "A": rng.normal(size=(3, 4)),
        "B": rng.normal(size=(4, 2)), "M": rng.normal(size=(3, 3)) + 3 * np.eye(3), "P": S @ S.T + np.eye(3),
        "T": rng.normal(size=(2, 3, 4)), "u": rng.normal(size=3), "v": rng.normal(size=3), "b": rng.normal(size=3),
        "K": rng.normal(size=(2, 2)), "k": rng.normal(size=3), "X": rng.normal(size=(5, 2)),
    }  # fmt: skip


POINT = _point()
POSITIONS = {"i": np.array([2, 0, 1]), "J": np.array([[1], [0], [2]]), "t": np.array([1, 0, 3])}
BOUNDS = {"i": 3, "J": 3, "t": 4}
SYMMETRIC = ("P",)  # NumPy reads one triangle of it in some functions; ours is the gradient of the symmetric part


def names(expression: str) -> list[str]:
    """The arrays that an expression names."""
    words = set(re.findall(r"(?<![\w.'])([A-Za-z]\w*)(?!\w*['(=])", expression))
    return [name for name in (*POINT, *POSITIONS) if name in words]


def weights(shape: tuple[int, ...]) -> ndarray:
    return np.cos(1 + np.arange(int(np.prod(shape)))).reshape(shape)


def number(expression: str, modules: Mapping[str, ModuleType], at: Mapping[str, ndarray]) -> float:
    """What NumPy itself makes of the weighted sum."""
    value = np.asarray(eval(expression, {**modules, **at}))
    return float(np.sum(weights(value.shape) * value))


def slopes(value: Callable[[Mapping[str, ndarray]], float], at: Mapping[str, ndarray]) -> dict[str, ndarray]:
    """The gradients by every array of floats, by central differences of fourth order."""
    found = {}
    for name, array in at.items():
        if array.dtype.kind != "f":
            continue
        found[name] = np.zeros(array.shape)
        for index in np.ndindex(*array.shape):
            near = []
            for k in (-2, -1, 1, 2):
                moved = array.copy()
                moved[index] += k * STEP
                near.append(value({**at, name: moved}))
            found[name][index] = (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * STEP)
    return found


def difference(network: Any, at: Mapping[str, ndarray], value: float, expected: Mapping[str, ndarray]) -> str:
    """In which way a network is not what was expected; "" where it is."""
    derivation = sb.derive(network, list(expected))
    inputs = {tensor.name for tensor in derivation.program.inputs}
    found = tape.forward(derivation.program, {**network.example, **{n: a for n, a in at.items() if n in inputs}})
    ours = float(found[network.loss])
    if not abs(ours - value) <= VALUE * max(1, abs(value)):
        return f"the value is {ours}, NumPy's is {value}"
    for name, slope in expected.items():
        mine = found[derivation.gradient(name)]
        if name in SYMMETRIC:
            mine, slope = (mine + mine.T) / 2, (slope + slope.T) / 2
        if not np.max(np.abs(mine - slope)) <= SLOPE * max(1, np.max(np.abs(slope))):
            return f"the gradient by {name} is {mine}, differences give {slope}"
    return ""


def as_text(expression: str, modules: Mapping[str, ModuleType]) -> str:
    """How what the language reads differs from NumPy; "" where it does not. Raises NotationError where it is refused."""
    at = {name: {**POINT, **POSITIONS}[name] for name in names(expression)}
    shape = np.shape(eval(expression, {**modules, **at}))
    declared = [
        f"{name}: parameter[{', '.join(map(str, array.shape))}]"
        if name in POINT
        else f"{name}: integers[{', '.join(map(str, array.shape))}, {5 if 'x' in at else BOUNDS[name]}]"
        for name, array in at.items()
    ]
    text = "\n".join([*declared, f"G_: data[{', '.join(map(str, shape)) or '()'}]", f"L_ = np.sum(G_ * ({expression}))"])
    network = sb.read(text)
    value = lambda point: number(expression, modules, point)  # noqa: E731
    return difference(network, {**at, "G_": weights(shape)}, value(at), slopes(value, at))


def as_traced(expression: str, modules: Mapping[str, ModuleType]) -> str:
    """The same of a function of a person's that is traced."""
    at = {name: {**POINT, **POSITIONS}[name] for name in names(expression)}
    shape = np.shape(eval(expression, {**modules, **at}))
    source = f"def loss({', '.join(at)}, G_):\n    r_ = {expression}\n    return np.sum(G_ * r_)\n"
    file = f"<walk {next(FILES)}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    space: dict[str, Any] = {**modules, "__name__": "walk"}
    exec(compile(source, file, "exec"), space)
    floats = [name for name in at if name in POINT]
    network = sb.trace(space["loss"], *at.values(), weights(shape), wrt=floats)
    value = lambda point: number(expression, modules, point)  # noqa: E731
    return difference(network, {}, value(at), slopes(value, at))


DOORS: dict[str, Callable[[str, Mapping[str, ModuleType]], str]] = {"text": as_text, "traced": as_traced}
