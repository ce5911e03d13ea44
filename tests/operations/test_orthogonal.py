"""Matrices that are declared as orthogonal: drawn so, written so, judged so; a gradient along them is its tangent part."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.display.remarks import remarks
from symbackprop.evaluate.matrices import is_orthogonal
from symbackprop.evaluate.points import point
from symbackprop.evaluate.rules.primary import exponential
from symbackprop.evaluate.tape import forward

ROTATED = "Q: orthogonal[n]\nx: parameter[n]\ny: data[n]\nL = sum((Q @ x - y)**2)/2"


@pytest.mark.parametrize("seed", range(3))
def test_points_are_drawn_as_declared(seed: int) -> None:
    at = point(sb.read("Q: orthogonal[n]\nR: orthogonal[m, n, n]\nL = sum(Q) + sum(R)").program, {"n": 4, "m": 2}, seed)
    assert is_orthogonal(at["Q"])
    assert is_orthogonal(at["R"])
    assert str(sb.orthogonal("Q", "n").shape) == "(n, n)"


@pytest.mark.parametrize(
    ("text", "wrt", "line"),
    [
        (ROTATED, "x", r"\frac{\partial L}{\partial x} = x - Q^{\top} y"),
        ("Q: orthogonal[n]\nx: parameter[n]\ny: data[n]\nL = y @ inv(Q) @ x", "x", r"\frac{\partial L}{\partial x} = Q y"),
        ("Q: orthogonal[n]\nA: parameter[n, n]\nL = trace(A @ Q @ Q.T)", "A", r"\frac{\partial L}{\partial A} = I_{n}"),
    ],
)
def test_the_box_knows_that_the_inverse_is_the_transpose(text: str, wrt: str, line: str) -> None:
    derivation = sb.derive(text, wrt=[wrt])
    assert [found.latex() for found in derivation.box().lines][-1] == line
    assert derivation.check(points=1), str(derivation.check(points=1))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [("Q.T @ (Q @ x - y)", "right"), ("x - Q.T @ y", "right"), ("x - inv(Q) @ y", "right"), ("x - Q @ y", "wrong")],
)
def test_a_claim_may_use_it(claim: str, verdict: str) -> None:
    assert sb.verify(ROTATED, {"x": claim}).verdict.startswith(verdict)


def test_along_orthogonal_matrices_the_tangent_part_of_the_gradient_acts() -> None:
    derivation = sb.derive(ROTATED, wrt=["Q"])
    said = [str(remark) for remark in remarks(derivation)]
    assert any("along orthogonal changes only its tangent part" in remark for remark in said), said
    at = point(derivation.forward, {"n": 3}, 1)
    G, Q = sb.compile(derivation).value_and_grad(at)[1]["Q"], at["Q"]
    S = np.array([[0.0, 1, -2], [-1, 0, 0.5], [2, -0.5, 0]])  # Q exp(h S) stays orthogonal
    h = 1e-5
    ends = [forward(derivation.forward, at | {"Q": Q @ exponential(s * h * S, np.linalg.inv)})["L"] for s in (1, -1)]
    along = (ends[0] - ends[1]) / (2 * h)
    tangent = (G - Q @ G.T @ Q) / 2
    assert along == pytest.approx(np.sum(G * (Q @ S)), rel=1e-8)
    assert along == pytest.approx(np.sum(tangent * (Q @ S)), rel=1e-8)
    np.testing.assert_allclose(Q.T @ tangent, -(Q.T @ tangent).T, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("Q: orthogonal[n, m]\nL = sum(Q)", None, "Q: a matrix that is orthogonal is square, not (n, m). Write Q: orthogonal[n]"),
        ("Q: orthogonal[n]\nL = sum(Q)", {"Q": np.ones((2, 2))}, "Q must be orthogonal as declared: Q.T @ Q is not 1"),
    ],
)
def test_what_is_not_so_is_refused(text: str, at: dict[str, np.ndarray] | None, words: str) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.derive(text, wrt=None).check(at=at)
    assert words in str(caught.value)
