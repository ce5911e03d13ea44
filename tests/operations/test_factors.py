"""Factors of matrices: values as NumPy's, gradients of both orders as the witnesses' and as JAX's, formulas as books have them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward
from symbackprop.judge.crosscheck import check

# the text, what NumPy and JAX call it, how many decimals a second derivative keeps
CASES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "cholesky(A @ A.T + eye(n))": ("A", lambda np, A: np.linalg.cholesky(A @ A.T + np.eye(3))),
    "np.linalg.cholesky(K)": ("K", lambda np, K: np.linalg.cholesky((K + K.T) / 2)),
    "cholesky(K, upper=True)": ("K", lambda np, K: np.linalg.cholesky((K + K.T) / 2).T),
    "torch.linalg.cholesky(K)": ("K", lambda np, K: np.linalg.cholesky((K + K.T) / 2)),
    "cholesky(T)": ("T", lambda np, T: np.linalg.cholesky((T + np.swapaxes(T, -1, -2)) / 2)),
}
DECLARED = "A: parameter[n, n]\nK: parameter[n, n] & spd\nT: parameter[m, n, n] & spd\n"


def declared(expression: str, names: str) -> str:
    lines = [line for line in DECLARED.splitlines() if line[0] in names]
    return "\n".join([*lines, f"R = {expression}", "L = sum(sin(R) * R)"])


@pytest.mark.parametrize("expression", CASES)
def test_values_are_numpys_and_derivatives_of_both_orders_the_witnesses(expression: str) -> None:
    names, theirs = CASES[expression]
    first = sb.derive(declared(expression, names), wrt=list(names))
    sizes, at = defined(first.forward, {"n": 3, "m": 2} if "T" in names else {"n": 3}, seed=1)
    np.testing.assert_allclose(forward(first.forward, at)["R"], theirs(np, at[names]), rtol=1e-10, atol=1e-12)
    assert first.check(sizes=sizes, points=1), first.check(sizes=sizes, points=1)
    second = differentiate(first.program, first.gradient(names), list(names), jacobian=True)
    assert check(second, sizes=sizes, points=1), str(check(second, sizes=sizes, points=1))


@pytest.mark.parametrize("expression", CASES)
def test_gradients_of_both_orders_are_those_of_jax(jax: ModuleType, expression: str) -> None:
    names, theirs = CASES[expression]
    jnp = jax.numpy

    def loss(x: Any) -> Any:
        r = theirs(jnp, x)
        return jnp.sum(jnp.sin(r) * r)

    first = sb.derive(declared(expression, names), wrt=list(names))
    _, at = defined(first.forward, {"n": 3, "m": 2} if "T" in names else {"n": 3}, seed=1)
    gradient = sb.compile(first).value_and_grad(at)[1][names]
    np.testing.assert_allclose(gradient, np.asarray(jax.grad(loss)(at[names])), rtol=1e-9, atol=1e-9)
    second = differentiate(first.program, first.gradient(names), list(names), jacobian=True)
    hessian = forward(second.program, at)[second.gradient(names)]
    np.testing.assert_allclose(hessian, np.asarray(jax.hessian(loss)(at[names])), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("text", "wrt", "lines"),
    [
        (
            "K: spd[n]\nw: data[n, n]\nC = cholesky(K)\nL = sum(w * sin(C))", "K",
            [r"\delta_{C} = w\odot \cos\left(C\right)",
             r"\frac{\partial L}{\partial K} = \frac{1}{2}\,C^{-\top} \left(\operatorname{tril}\left(C^{\top} \delta_{C}\right) + "
             r"\operatorname{triu}\left(\delta_{C}^{\top} C, 1\right)\right)\,C^{-1}"],
        ),
    ],
)  # fmt: skip
def test_formulas_are_those_of_books(text: str, wrt: str, lines: list[str]) -> None:
    box = sb.derive(text, wrt=[wrt]).box()
    assert not box.missing
    assert [line.latex() for line in box.lines] == lines


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("K: parameter[n, n]\nL = sum(cholesky(K))", {"K": -np.eye(2)}, "np.linalg.cholesky(symmetric(K)): Matrix is not positive definite"),
        ("A: parameter[n, m]\nL = sum(cholesky(A))", None, "the last two axes must be those of a square matrix"),
        ("K: parameter[2, 2]\nL = sum(cholesky(-K @ K.T))", None, "the Cholesky factor of a matrix that is not positive definite"),
        ("K: spd[n]\nL = sum(scipy.linalg.cholesky(K))", None, "cholesky of scipy is upper unless lower=True. Write np.linalg.cholesky(K)"),
    ],
)  # fmt: skip
def test_what_has_no_factor_is_refused(text: str, at: dict[str, np.ndarray] | None, words: str) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.derive(text, wrt=None).check(**({"at": at} if at else {}))
    assert words in str(caught.value)
