"""Masks of minus infinity before a softmax: right, and never NaN, for every witness."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.choices import INFINITE
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate import tape
from symbackprop.judge.witnesses.crosscheck import check

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


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_truth_of_truths_is_truth_whatever_joins_them(data: st.DataObject) -> None:
    """A mask is what NumPy's is, and may be joined and negated on: ~((x > 0) | m)."""
    parts = ["(x > 0)", "(m != 0)", "(x[:, None] < x)"]

    def joined(depth: int) -> str:
        if depth == 0:
            return data.draw(st.sampled_from(parts))
        sign = data.draw(st.sampled_from("&|^~"))
        return f"(~{joined(depth - 1)})" if sign == "~" else f"({joined(depth - 1)} {sign} {joined(0)})"

    mask = joined(3)
    network = sb.read(f"x: data[3]\nm: data[3] & binary\nw: parameter[3, 3]\nL = sum(where({mask}, w, 0) + w * ~({mask}))")
    x, m, w = np.array([-1.0, 0.5, 2.0]), np.array([0.0, 1.0, 1.0]), np.arange(1.0, 10).reshape(3, 3)
    truth: Any = eval(mask, {"x": x, "m": m})  # a text of our own
    expected = np.sum(np.where(truth, w, 0)) + np.sum(w * ~np.broadcast_to(truth, (3, 3)))
    assert tape.forward(network.program, {"x": x, "m": m, "w": w})[network.loss] == expected
