"""Factors of matrices: values as NumPy's, gradients of both orders as the witnesses' and as JAX's, formulas as books have them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.differentiate import differentiate
from symbackprop.display.remarks import remarks
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.tape import forward
from symbackprop.judge.witnesses.crosscheck import check

# the text, and what NumPy and JAX call it
CASES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "cholesky(A @ A.T + eye(n))": ("A", lambda np, A: np.linalg.cholesky(A @ A.T + np.eye(3))),
    "cholesky(K, upper=True)": ("K", lambda np, K: np.linalg.cholesky((K + K.T) / 2).T),
    "torch.linalg.cholesky(T)": ("T", lambda np, T: np.linalg.cholesky((T + np.swapaxes(T, -1, -2)) / 2)),
    "np.linalg.eigvalsh(A)": ("A", lambda np, A: np.linalg.eigvalsh((A + A.T) / 2)),
    "eigh(K)[0]": ("K", lambda np, K: np.linalg.eigvalsh((K + K.T) / 2)),
    "eigh(T)[1]**2": ("T", lambda np, T: np.linalg.eigh((T + np.swapaxes(T, -1, -2)) / 2)[1] ** 2),
    "jnp.linalg.svdvals(B)": ("B", lambda np, B: np.linalg.svd(B, compute_uv=False)),
    "svd(B, full_matrices=False)[0]**2": ("B", lambda np, B: np.linalg.svd(B, full_matrices=False)[0] ** 2),
    "svd(W, full_matrices=False)[2]**2": ("W", lambda np, W: np.linalg.svd(W, full_matrices=False)[2] ** 2),
    "svd(A)[2]**2": ("A", lambda np, A: np.linalg.svd(A)[2] ** 2),
    "inv(A.T)": ("A", lambda np, A: np.linalg.inv(A.T)),
    "np.linalg.qr(B)[0]": ("B", lambda np, B: np.linalg.qr(B)[0]),
    "np.linalg.qr(B)[1]": ("B", lambda np, B: np.linalg.qr(B)[1]),
    "pinv(B)": ("B", lambda np, B: np.linalg.pinv(B)),
    "np.linalg.pinv(W)": ("W", lambda np, W: np.linalg.pinv(W)),
    "lstsq(B, B[:, 0]**2)[0]": ("B", lambda np, B: np.linalg.pinv(B) @ B[:, 0] ** 2),
    "svd(B)[1]": ("B", lambda np, B: np.linalg.svd(B, compute_uv=False)),
    "norm(B, 2)": ("B", lambda np, B: np.linalg.norm(B, 2)),
    "norm(B, -2)": ("B", lambda np, B: np.linalg.norm(B, -2)),
    "norm(B, 'nuc', keepdims=True)": ("B", lambda np, B: np.linalg.norm(B, "nuc", keepdims=True)),
    "norm(T, 2, axis=(1, 2))": ("T", lambda np, T: np.linalg.norm(T, 2, axis=(1, 2))),
    "cond(B)": ("B", lambda np, B: np.linalg.cond(B)),
    "cond(A, -2)": ("A", lambda np, A: np.linalg.cond(A, -2)),
    "cond(A, 1)": ("A", lambda np, A: np.linalg.cond(A, 1)),
}
DECLARED = "A: parameter[n, n]\nB: parameter[m, n]\nW: parameter[2, 3]\nK: parameter[n, n] & spd\nT: parameter[m, n, n] & spd\n"


SIZES = {"W": {}, "A": {"n": 3}, "K": {"n": 3}, "B": {"m": 4, "n": 3}, "T": {"m": 2, "n": 3}}


def declared(expression: str, names: str) -> str:
    lines = [line for line in DECLARED.splitlines() if line[0] in names]
    return "\n".join([*lines, f"R = {expression}", "L = sum(sin(R) * R)"])


@pytest.mark.parametrize("expression", CASES)
@pytest.mark.slow
def test_values_are_numpys_and_derivatives_of_both_orders_the_witnesses(expression: str) -> None:
    names, theirs = CASES[expression]
    first = sb.derive(declared(expression, names), wrt=list(names))
    sizes, at = defined(first.forward, SIZES[names], seed=1)
    np.testing.assert_allclose(forward(first.forward, at)["R"], theirs(np, at[names]), rtol=1e-10, atol=1e-12)
    assert first.check(sizes=sizes, points=1), first.check(sizes=sizes, points=1)
    second = differentiate(first.program, first.gradient(names), list(names), jacobian=True)
    assert check(second, sizes=sizes, points=1), str(check(second, sizes=sizes, points=1))


@pytest.mark.parametrize("expression", CASES)
def test_gradients_of_both_orders_are_those_of_jax(jax: ModuleType, expression: str) -> None:
    from tests.jax_words.traced import run

    names, theirs = CASES[expression]
    jnp = jax.numpy

    def loss(x: Any) -> Any:
        r = theirs(jnp, x)
        return jnp.sum(jnp.sin(r) * r)

    first = sb.derive(declared(expression, names), wrt=list(names))
    _, at = defined(first.forward, SIZES[names], seed=1)
    gradient = sb.compile(first).value_and_grad(at)[1][names]
    np.testing.assert_allclose(gradient, run(jax.grad(loss), at[names]), rtol=1e-9, atol=1e-9)
    second = differentiate(first.program, first.gradient(names), list(names), jacobian=True)
    hessian = forward(second.program, at)[second.gradient(names)]
    np.testing.assert_allclose(hessian, run(jax.hessian(loss), at[names]), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("text", "wrt", "lines"),
    [
        (
            "K: spd[n]\nw: data[n, n]\nC = cholesky(K)\nL = sum(w * sin(C))", "K",
            [r"\delta_{C} = w\odot \cos\left(C\right)",
             r"\frac{\partial L}{\partial K} = \frac{1}{2}\,C^{-\top} \left(\operatorname{tril}\left(C^{\top} \delta_{C}\right) + "
             r"\operatorname{triu}\left(\delta_{C}^{\top} C, 1\right)\right)\,C^{-1}"],
        ),
        (
            "K: spd[n]\nu: data[n]\nw, Q = eigh(K)\nL = u @ w", "K",
            [r"\frac{\partial L}{\partial K} = Q\,\operatorname{diag}\left(u\right)\,Q^{\top}"],
        ),
        (
            "A: parameter[m, n]\nb: data[m]\nx = lstsq(A, b)[0]\nL = x @ x", "A",
            [r"\frac{\partial L}{\partial A} = 2 \left[A^{{+}} \left(A^{{+}}\right)^{\top} x \left(b - A x\right)^{\top} - "
             r"x x^{\top} A^{{+}}\right]^{\top}"],
        ),
        (
            "A: parameter[m, n]\nL = norm(A, 2)", "A",
            [r"U_{A} = \operatorname{left}\left(A\right)", r"V_{A} = \operatorname{right}\left(A\right)",
             r"\frac{\partial L}{\partial A} = U_{A,:,0} V_{A,:,0}^{\top}"],
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
        ("K: parameter[n, n]\nL = sum(cholesky(K))", {"K": -np.eye(2)}, "cholesky(K): Matrix is not positive definite"),
        ("A: parameter[n, m]\nL = sum(cholesky(A))", None, "the last two axes must be those of a square matrix"),
        ("K: parameter[2, 2]\nL = sum(cholesky(-K @ K.T))", None, "the Cholesky factor of a matrix that is not positive definite"),
        ("K: parameter[n, n]\nL = sum(eigh(K)[1]**3)", {"K": np.eye(2)}, "numbers that must differ are equal"),
        ("A: parameter[m, n]\nL = sum(pinv(A))", {"A": np.ones((3, 2))}, "the columns of a matrix depend on each other"),
        ("A: parameter[m, n]\nL = sum(svd(A)[0])", None, "write svd(A, full_matrices=False)"),
        ("A: parameter[2, 3]\nL = sum(qr(A)[1])", None, "qr: A is (2, 3), more columns than rows; write qr(A.T)"),
        ("A: parameter[n, n]\nL = sum(qr(A, 'complete')[1])", None, 'qr: mode must be "reduced"'),
        ("A: parameter[n, n]\nL = sum(eig(A)[0])", None, "eig is not a function of the language. Eigenvalues of a matrix that is not"),
        ("A: parameter[n, n]\nL = matrix_rank(A) * sum(A)", None, "which is flat; write sum(svdvals(A) > 1e-9)"),
    ],
)  # fmt: skip
def test_what_has_no_factor_is_refused(text: str, at: dict[str, np.ndarray] | None, words: str) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.derive(text, wrt=None).check(**({"at": at} if at else {}))
    assert words in str(caught.value)


def test_least_squares_lose_no_more_digits_than_the_condition_costs() -> None:
    rng = np.random.default_rng(3)
    U, V = np.linalg.qr(rng.normal(size=(8, 3)))[0], np.linalg.qr(rng.normal(size=(3, 3)))[0]
    A, x = U @ np.diag([1, 1e-3, 1e-7]) @ V.T, rng.normal(size=3)  # its condition is 1e7, whose square leaves two digits
    function = sb.compile("A: data[m, n]\nb: data[m]\nt: parameter[n]\nL = t @ lstsq(A, b)[0]")
    _, gradients = function.value_and_grad({"A": A, "b": A @ x, "t": x})
    np.testing.assert_allclose(gradients["t"], x, rtol=1e-7)


def test_eigenvalues_that_are_equal_have_a_derivative_where_it_is_symmetric_in_them() -> None:
    derivation = sb.derive("K: parameter[n, n]\nL = sum(eigvalsh(K)**3)")
    _, gradients = sb.compile(derivation).value_and_grad({"K": 2 * np.eye(3)})
    np.testing.assert_allclose(gradients["K"], 12 * np.eye(3), atol=1e-12)  # of tr(K^3): 3 K^2
    assert derivation.check(at={"K": 2 * np.eye(3)}), derivation.check(at={"K": 2 * np.eye(3)})


def test_a_report_says_what_the_further_functions_are() -> None:
    said = [str(remark) for remark in remarks(sb.derive("K: spd[n]\nL = sum(eigh(K)[1]**3)", wrt=["K"]))]
    assert any("F_K has the entries 1/(wⱼ − wᵢ) by the eigenvalues w of K, and 0 where i = j" in remark for remark in said)
    said = [str(remark) for remark in remarks(sb.derive("A: parameter[m, n]\nL = sum(svd(A, full_matrices=False)[0]**3)"))]
    assert any("E_A has the entries 1/(sⱼ² − sᵢ²) by the singular values s of A" in remark for remark in said)


@pytest.mark.parametrize("shape", [(3, 4, 2), (2, 2, 5), (2, 3, 3, 3)])
def test_the_pseudoinverse_of_stacks(shape: tuple[int, ...]) -> None:
    A = np.random.default_rng(0).normal(size=shape)
    derived = sb.derive(f"A: parameter[{', '.join(map(str, shape))}]\nL = sum(sin(pinv(A)))\n")
    np.testing.assert_allclose(sb.compile(derived, backend="numpy")(A=A)[0], np.sin(np.linalg.pinv(A)).sum())
    assert derived.check(at={"A": A}).ok
