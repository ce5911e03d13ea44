"""Masks of minus infinity before a softmax: right, and never NaN, for every witness."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.choices import INFINITE
from symbackprop.core.differentiate import differentiate
from symbackprop.judge.crosscheck import check

D = "S: parameter[n, n]\nV: parameter[n, d]\nk: binary[n, n]\n"
MASKS = {
    "where": "where(k > 0, S, -np.inf)",
    "added": "S + where(k == 0, -np.inf, 0)",
    "a triangle": "S + np.triu(np.full((n, n), -np.inf), 1)",
    "float": 'where(k > 0, S, float("-inf"))',
    "torch": 'S.masked_fill(k == 0, float("-inf"))',
    "math": "where(k > 0, S, -math.inf)",
}
CAUSAL = np.tril(np.ones((4, 4)))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", MASKS)
def test_a_masked_softmax_and_its_derivatives(name: str) -> None:
    derivation = sb.derive(f"{D}A = {MASKS[name]}\nP = softmax(A, axis=1)\nL = sum((P @ V)**2)")
    rng = np.random.default_rng(0)
    at = {"S": rng.standard_normal((4, 4)), "V": rng.standard_normal((4, 3)), "k": CAUSAL}
    if name == "a triangle":
        derivation = sb.derive(f"{D[: D.index('k:')]}A = {MASKS[name]}\nP = softmax(A, axis=1)\nL = sum((P @ V)**2)")
        del at["k"]
    assert derivation.check(at=at), derivation.check(at=at)
    expected = softmax(np.where(CAUSAL > 0, at["S"], -np.inf))
    np.testing.assert_allclose(sb.compile(derivation).outputs(at)["P"], expected, rtol=1e-12)
    _, gradients = sb.compile(derivation).value_and_grad(at)
    assert (gradients["S"][CAUSAL == 0] == 0).all()
    second = differentiate(derivation.program, derivation.gradient("S"), ["S"], jacobian=True)
    assert check(second, at=at), str(check(second, at=at))
    assert any("is in the place of infinity" in note for note in sb.read(derivation.network).notes)


def test_a_mask_that_is_given() -> None:
    derivation = sb.derive("S: parameter[n, n]\nM: data[n, n]\nt: integers[n, n]\nL = cross_entropy(S + M, t)")
    mask = np.where(CAUSAL > 0, 0, -np.inf)
    at: dict[str, Any] = {"S": np.random.default_rng(0).standard_normal((4, 4)), "M": mask, "t": np.arange(4)}
    assert derivation.check(at=at), derivation.check(at=at)
    value, gradients = sb.compile(derivation).value_and_grad(at)
    finite = {**at, "M": np.where(CAUSAL > 0, 0, -float(INFINITE))}
    own, other = sb.compile(derivation).value_and_grad(finite)
    assert value == own
    np.testing.assert_array_equal(gradients["S"], other["S"])


def test_a_row_of_minus_infinity_has_a_logsumexp() -> None:
    found = sb.compile("S: parameter[n, n]\ny = logsumexp(S, axis=1)\nL = sum(exp(y))").outputs({"S": np.full((2, 2), -np.inf)})
    assert (found["y"] == -np.inf).all()


def test_a_norm_may_be_infinite() -> None:
    assert str(sb.read("x: parameter[n]\nL = norm(x, np.inf)")) == str(sb.read("x: parameter[n]\nL = max(abs(x))"))
