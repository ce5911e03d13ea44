"""Networks to print: each a derivation, small enough to check by hand."""

from collections.abc import Callable

import numpy as np
import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import Matrix, Signature, size
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply, contract, reduce
from symbackprop.language.tensors.indexing import arange

MAKERS: dict[str, Callable[[], Derivation]] = {}


def declare(name: str, kind: str = "parameter", shape: str = "", bound: str = "") -> Tensor:
    sizes = tuple(sp.Integer(s) if s.isdigit() else size(s) for s in shape.split())
    return Tensor(sizes, signature=Signature(name, sizes, kind, bound=size(bound) if bound else None))


def network(make: Callable[[], Derivation]) -> Callable[[], Derivation]:
    MAKERS[make.__name__] = make
    return make


@network
def two_layers() -> Derivation:
    x, y, W1, W2 = (
        declare("x", "data", "d"),
        declare("y", "data", "c"),
        declare("W_1", shape="h d"),
        declare("W_2", shape="c h"),
    )
    a = apply("sigmoid", W1 @ x).named("a")
    yhat = (W2 @ a).named("yhat")
    return differentiate(trace({"yhat": yhat, "L": ((yhat - y) ** 2).sum()}), "L")


@network
def two_layers_with_biases() -> Derivation:
    x, y, W1, W2 = (
        declare("x", "data", "d"),
        declare("y", "data", "c"),
        declare("W_1", shape="h d"),
        declare("W_2", shape="c h"),
    )
    a = apply("sigmoid", W1 @ x + declare("b_1", shape="h")).named("a")
    yhat = (W2 @ a + declare("b_2", shape="c")).named("yhat")
    return differentiate(trace({"yhat": yhat, "L": ((yhat - y) ** 2).mean()}), "L")


@network
def picked_rows_and_columns() -> Derivation:
    X, Y, W = declare("X", shape="5 d"), declare("Y", shape="d 4"), declare("W", shape="h d")
    z = (W @ X[4] + W @ Y[:, 0]).named("z")
    return differentiate(trace({"z": z, "L": (z**2).sum() + (X[0] * X[1]).sum()}), "L")


@network
def batch_of_rows() -> Derivation:
    X, Y, W1, W2 = (
        declare("X", "data", "n d"),
        declare("Y", "data", "n c"),
        declare("W_1", shape="d h"),
        declare("W_2", shape="h c"),
    )
    A = apply("sigmoid", X @ W1 + declare("b_1", shape="h")).named("A")
    P = (A @ W2 + declare("b_2", shape="c")).named("P")
    return differentiate(trace({"P": P, "L": ((P - Y) ** 2).mean()}), "L")


@network
def batch_of_columns() -> Derivation:
    X, Y, W1, W2 = (
        declare("X", "data", "d n"),
        declare("Y", "data", "c n"),
        declare("W_1", shape="h d"),
        declare("W_2", shape="c h"),
    )
    A = apply("tanh", W1 @ X + declare("b_1", shape="h 1")).named("A")
    return differentiate(trace({"L": ((W2 @ A - Y) ** 2).sum()}), "L")


@network
def softmax_classifier() -> Derivation:
    X, Y, W = declare("X", "data", "n d"), declare("Y", "labels", "n c"), declare("W", shape="d c")
    O = (X @ W + declare("b", shape="c")).named("O")  # noqa: E741 - the name in the report
    loss = (reduce("logsumexp", O, 1) - (Y * O).sum(axis=1)).mean()
    return differentiate(trace({"O": O, "L": loss}), "L")


@network
def softmax_of_one_sample() -> Derivation:
    x, y, W = declare("x", "data", "d"), declare("y", "labels", "c"), declare("W", shape="c d")
    o = (W @ x).named("o")
    p = apply("exp", o - reduce("logsumexp", o, 0, True)).named("p")
    return differentiate(trace({"p": p, "L": -(y * apply("log", p)).sum()}), "L", ["W", "o"])


@network
def gate() -> Derivation:
    x, y, z = (declare(n, "data") for n in "xyz")
    return differentiate(trace({"f": (x + y) * z}), "f")


@network
def neuron_in_gates() -> Derivation:
    w0, x0, w1, x1, w2 = (declare(n) for n in ("w0", "x0", "w1", "x1", "w2"))
    return differentiate(trace({"f": 1 / (1 + apply("exp", -(w0 * x0 + w1 * x1 + w2)))}), "f")


@network
def product_jacobian() -> Derivation:
    return differentiate(trace({"q": declare("W", shape="h d") @ declare("x", "data", "d")}), "q", ["W", "x"], jacobian=True)


@network
def lookup() -> Derivation:
    E, t = declare("E", shape="v d"), declare("t", "integers", "b", bound="v")
    return differentiate(trace({"L": (E[t] ** 2).sum()}), "L")


@network
def picked_class() -> Derivation:
    X, W, t = declare("X", "data", "n d"), declare("W", shape="d c"), declare("t", "integers", "n", bound="c")
    H = apply("relu", X @ W).named("H")
    return differentiate(trace({"L": -H[arange(size("n")), t].mean()}), "L")


@network
def slices() -> Derivation:
    H = declare("H", shape="n h")
    return differentiate(trace({"L": (H[1:, ::-1] * H[:-1, :]).sum()}), "L")


@network
def second_derivative() -> Derivation:
    g = apply("tanh", declare("W", shape="h d") @ declare("x", "data", "d")).named("g")
    first = differentiate(trace({"L": (g * g).sum()}), "L", ["x"])
    return differentiate(first.program, "dL/dx", ["x"], jacobian=True)


@network
def row_maximum() -> Derivation:
    return differentiate(trace({"L": declare("H", shape="n h").max(axis=1).sum()}), "L")


@network
def trace_of_gram() -> Derivation:
    W = declare("W", shape="h d")
    return differentiate(trace({"L": contract("ii->", contract("ij,kj->ik", W, W))}), "L")


@network
def log_determinant() -> Derivation:
    S = declare("S", shape="n n")
    return differentiate(trace({"L": Tensor((), Matrix("logdet"), ((S, ("i", "j")),), ())}), "L")


@network
def sum_of_inverse() -> Derivation:
    S = declare("S", shape="n n")
    return differentiate(trace({"L": Tensor(S.shape, Matrix("inverse"), ((S, ("i", "j")),), ("i", "j")).sum()}), "L")


@network
def centred_with_decay() -> Derivation:
    X, V = declare("X", "data", "n d"), declare("V", shape="d h")
    H = apply("relu", X @ V).named("H")
    return differentiate(trace({"H": H, "L": ((H - H.mean(axis=1, keepdims=True)) ** 2).mean() + 0.01 * (V**2).sum()}), "L")


@network
def step_unit() -> Derivation:
    a = apply("step", declare("W", shape="h d") @ declare("x", "data", "d")).named("a")
    return differentiate(trace({"L": (a**2).sum()}), "L")


def at_random(derived: Derivation, seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Every tensor of a derivation at a random point, and the sizes, which all differ."""
    at = draw_sizes(derived.forward, seed=seed)
    where = points.point(derived.forward, at, seed)
    if "S" in where and where["S"].ndim == 2 and len(set(derived.program.shape("S"))) == 1:
        where["S"] = where["S"] @ where["S"].T + np.eye(len(where["S"]))
    return dict(tape.forward(derived.program, where, at)), at
