"""A gradient that is differentiated once more is told in its closed form; the numbers are those of the network's own equations."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.algebra.matrix import Form, Front, Leaf, OneHot, number
from symbackprop.algebra.subscripts import Count, Positions
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import Program, Signature, size
from symbackprop.evaluate.walk import walk
from symbackprop.judge.proofs.closed import closed
from symbackprop.judge.proofs.forms import FormValue
from symbackprop.judge.proofs.proved import random_points
from symbackprop.judge.proofs.tensors import DOWN, RIGHT, RULES, FormTensor, entrywise, subscript
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor

M, N = size("m"), size("n")
SIZES = {"m": 3, "n": 4}
SHAPES = {"A": (M, N), "B": (N, M), "S": (M, M), "u": (M,), "v": (N,), "w": (M,), "c": (), "T": (N, M, M), "t": (M,)}


def leaf(name: str, *subscripts: str) -> Form:
    return Form("leaf", (), Leaf(name, subscripts))


A, B, S, U, V, W, C = map(leaf, "ABSuvwc")
TESTED = {
    "leaf": [A, U, C, leaf("T", "k")],
    "onehot": [Form("onehot", (), OneHot("t", (), N, True))],
    "positions": [Form("positions", (), Positions(sp.Ge, ("k",), (sp.S.One,), sp.Integer(-2), (N,)))],
    "count": [Form("count", (), Count(("k",), (-sp.S.One,), N, (N,)))],
    "entry": [Form("entry", (V,), ("k",))],
    "number": [number(Fraction(3, 4))],
    "size": [Form("size", (), N**2)],
    "ones": [Form("ones", (), M)],
    "identity": [Form("identity", (), M)],
    "transpose": [Form("transpose", (A,)), Form("transpose", (U,)), Form("transpose", (C,))],
    "inverse": [Form("inverse", (S,)), Form("inverse", (Form("transpose", (S,)),))],
    "matrixpower": [Form("matrixpower", (S,), 3)],
    "power": [Form("power", (U,), Fraction(2)), Form("power", (A,), Fraction(-1, 2))],
    "scalarpower": [Form("scalarpower", (C,), Fraction(3, 2))],
    "raised": [Form("raised", (A, U), True), Form("raised", (C, C), False)],
    "product": [
        Form("product", (A, B)), Form("product", (U, Form("transpose", (V,)))), Form("product", (Form("transpose", (U,)), W)),
        Form("product", (C, A)), Form("product", (B, Form("diag", (U,)), A)), Form("product", (Form("diag", (U,)), A)),
        Form("product", (B, Form("diag", (U,)))), Form("product", (A, Form("ones", (), N))),
    ],
    "hadamard": [Form("hadamard", (A, U)), Form("hadamard", (U, W, C)), Form("hadamard", (A, Form("transpose", (V,))))],
    "over": [Form("over", (A, U)), Form("over", (U, C))],
    "scaled": [Form("scaled", (A,), Front(Fraction(2, 3), (C,), (Form("norm", (U,)),))), Form("scaled", (), Front(-1, (C, C)))],
    "sum": [Form("sum", (A, U)), Form("sum", (U, Form("transpose", (V,)), C))],
    "function": [
        Form("function", (A,), FUNCTIONS["tanh"]), Form("function", (A,), "softmax"), Form("function", (U,), "softmax"),
        Form("function", (U, number(1)), "clip"), Form("function", (A, U, number(2)), "clip"), Form("function", (U,), "max"),
        Form("function", (U,), "logsumexp"),
    ],
    "compare": [Form("compare", (A, U), kind) for kind in (sp.Gt, sp.Ge, sp.Lt, sp.Le, sp.Ne, sp.Eq)]
    + [Form("compare", (number(0), U, W), sp.Le)],
    "cases": [Form("cases", (Form("compare", (U, W), sp.Gt), A, number(0)))],
    "diag": [Form("diag", (U,)), Form("diag", (Form("transpose", (U,)),))],
    "diagonal": [Form("diagonal", (S,))],
    "rowsum": [Form("rowsum", (A,)), Form("rowsum", (U,))],
    "colsum": [Form("colsum", (A,)), Form("colsum", (U,))],
    "rowmean": [Form("rowmean", (A,))],
    "colmean": [Form("colmean", (A,)), Form("colmean", (U,))],
    "total": [Form("total", (A,)), Form("total", (U,))],
    "mean": [Form("mean", (A,)), Form("mean", (C,))],
    "inner": [Form("inner", (A, A)), Form("inner", (U, W))],
    "trace": [Form("trace", (S,)), Form("trace", (Form("product", (A, B)),))],
    "norm": [Form("norm", (A,)), Form("norm", (U,))],
    "length": [Form("length", (A,)), Form("length", (U,))],
    "indexsum": [Form("indexsum", (Form("product", (leaf("T", "k"), S)),), (("k", N),))],
}  # fmt: skip
FORMS = [(op, form) for op, forms in TESTED.items() for form in forms]


def test_every_rule_is_tested() -> None:
    assert TESTED.keys() == RULES.keys()


@pytest.mark.parametrize(("op", "form"), FORMS, ids=[op for op, _ in FORMS])
def test_a_form_is_the_same_as_a_tensor_and_as_numbers(op: str, form: Form) -> None:
    rng = np.random.default_rng(7)
    values: dict[str, Any] = {n: rng.uniform(0.5, 1.5, tuple(SIZES[str(k)] for k in shape)) for n, shape in SHAPES.items()}
    values["t"] = rng.integers(0, SIZES["n"], SIZES["m"])
    values["w"][0] = values["u"][0]
    signatures = {n: Signature(n, shape, "integers" if n == "t" else "data", bound=N if n == "t" else None)
                  for n, shape in SHAPES.items()}  # fmt: skip
    inputs = {n: Tensor(s.shape, signature=s) for n, s in signatures.items()}
    tensor, letters = entrywise(lambda a: a, FormTensor(inputs, {}, {}).read(form))
    found = walk(trace({"y": tensor}, inputs.values(), "whole"), values, SIZES)["y"]
    k = subscript("k")
    for step in range(SIZES["n"]) if k in letters else (0,):
        want = FormValue(Program(signatures, (), ()), values, SIZES, {"k": step}).read(form)
        got = np.asarray(found, dtype=float)
        got = got.take(step, letters.index(k)) if k in letters else got
        own = [c for c in letters if c != k]
        got = got.transpose([own.index(c) for c in (DOWN, RIGHT) if c in own])
        got = np.broadcast_to(
            got.reshape([n if c in own else 1 for c, n in zip((DOWN, RIGHT), want.shape, strict=True)]), want.shape
        )
        np.testing.assert_allclose(got, want, rtol=1e-12, err_msg=op)


LOGISTIC = "X: data[n, d]\ny: data[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -sum(y*log(p) + (1 - y)*log(1 - p)) / n"
NETWORKS = {
    "logistic": (LOGISTIC, "w"),
    "softmax": ("X: data[n, d]\nY: labels[n, k]\nW: parameter[d, k]\nP = softmax(X @ W)\nL = -sum(Y*log(P)) / n", "W"),
    "logsumexp": ("A: data[m, n]\nx: parameter[n]\nL = logsumexp(A @ x)", "x"),
    "two layers": ("x: data[d]\ny: data[k]\nW: parameter[h, d]\nV: parameter[k, h]\na = tanh(W @ x)\nL = sum((V @ a - y)**2) / 2", "W"),
    "a linear form": ("a: data[n]\nx: parameter[n]\nL = a @ x", "x"),
    "logdet": ("X: parameter[n, n]\nA: data[n, n]\nL = log(det(X @ X.T + A @ A.T))", "X"),
    "a length": ("x: parameter[n]\na: data[n]\nL = sqrt(sum((x - a)**2))", "x"),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_second_derivative_is_told_of_the_closed_gradient(name: str) -> None:
    text, wrt = NETWORKS[name]
    derived = sb.derive(sb.derive(text, wrt), wrt=wrt, vector="direction")
    told = derived.told
    assert told is not derived
    assert told.told.program == told.program
    assert told.wrt == derived.wrt
    at = derived.point(seed=5)
    sizes = {str(s): n for t in derived.forward.inputs for s, n in zip(t.shape, np.shape(at[t.name]), strict=True)}
    (output,) = derived.program.outputs
    own, others = walk(derived.program, at, sizes)[output], walk(told.program, at, sizes)[output]
    np.testing.assert_allclose(others, own, rtol=1e-9, atol=1e-12)
    assert told.check().ok


def test_what_the_network_has_computed_and_what_is_a_gradient_is_not_computed_anew() -> None:
    text, _ = NETWORKS["two layers"]
    told = sb.derive(sb.derive(text, "x"), vector="v").told
    assert {t.name for t in told.forward.tensors.values() if t.role} == {"dL/du", "dL/da", "dL/dz", "dL/dx"}
    assert sum("tanh" in str(e) for e in told.forward.equations) == 1


def test_the_hessian_of_the_logistic_loss_takes_no_detour() -> None:
    said = sb.derive(sb.derive(LOGISTIC, "w"), wrt="w").text()
    assert "∂pᵢ/∂zᵢ = pᵢ(1 − pᵢ)" in said
    assert "(1 − pᵢ) +" not in said  # the slope of (p - y)/(p (1 - p)), which nobody differentiates


def test_a_gradient_without_a_closed_form_is_told_step_by_step() -> None:
    derived = sb.derive(sb.derive("x: parameter[n]\na: data[n]\nL = sum(tanh(x[1:] - x[:-1]) * a[1:])", "x"), vector="v")
    assert derived.told is derived
    assert derived.check().ok


def test_a_third_derivative_is_told_and_right() -> None:
    text, wrt = NETWORKS["logistic"]
    derived = sb.derive(sb.derive(sb.derive(text, wrt), vector="v"), wrt=wrt, vector="t")
    assert derived.told is not derived
    assert derived.told.check().ok


def test_what_is_finite_nowhere_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text, wrt = NETWORKS["logistic"]
    derived = sb.derive(sb.derive(text, wrt), wrt=wrt)
    output = derived.program.outputs[0]
    points = [replace(p, values={**p.values, output: np.full_like(p.values[output], np.nan)}) for p in random_points(derived)]
    monkeypatch.setattr("symbackprop.judge.proofs.closed.random_points", lambda _: points)
    assert closed(derived) is derived


UNNAMED = {
    "weighted": "L = sum(A * softmax(X @ W))",
    "cross-entropy": "L = -sum(A * log(softmax(X @ W)))",
    "squared": "L = sum((softmax(X @ W) - A)**2)",
    "scaled": "L = sum((3 * softmax(X @ W) * A)**2)",
}


@pytest.mark.parametrize("loss", UNNAMED.values(), ids=UNNAMED)
def test_a_softmax_that_nobody_named_is_one_step_with_its_jacobian(loss: str) -> None:
    derived = sb.derive(f"X: data[n, d]\nA: data[n, k]\nW: parameter[d, k]\n{loss}")
    said = derived.text()
    assert "P = softmax(z)" in said
    assert "log Σ" not in said
    assert "if j ≠ k" in said or "if j ≠ l" in said
    assert derived.check().ok
