"""Pseudoinverses, and matrices that are declared as symmetric: drawn so, written so, judged so; a gradient by them takes entries as independent."""

from collections.abc import Callable

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.display.remarks import remarks
from symbackprop.evaluate.matrices import is_positive, is_symmetric
from symbackprop.evaluate.points import point
from symbackprop.evaluate.tape import forward
from symbackprop.training.roles import initial

GAUSS = "K: spd[n]\ny: data[n]\nL = y @ inv(K) @ y + logdet(K)"
FORM = "A: symmetric[n]\nx: parameter[n]\nL = quadratic_form(x, A)/2"


@pytest.mark.parametrize("seed", range(3))
def test_points_are_drawn_as_declared(seed: int) -> None:
    at = point(sb.read("K: spd[n]\nA: symmetric[m, n, n]\nL = sum(K) + sum(A)").program, {"n": 4, "m": 2}, seed)
    assert at["K"].shape == (4, 4)
    assert is_symmetric(at["K"])
    assert is_positive(at["K"])
    np.testing.assert_array_equal(at["A"], at["A"].swapaxes(-1, -2))


def test_the_box_writes_one_inverse() -> None:
    derivation = sb.derive(GAUSS, wrt=["K", "y"])
    lines = {line.name: line.latex() for line in derivation.box().lines}
    assert r"K^{-\top}" not in "".join(lines.values())
    assert any(r"K^{-1} - K^{-1} y y^{\top} K^{-1}" in line for line in lines.values())
    assert derivation.check()
    assert any("takes its entries as independent" in str(remark) for remark in remarks(derivation))
    assert r"A x" in "".join(line.latex() for line in sb.derive(FORM).box().lines)


@pytest.mark.parametrize(
    ("net", "wrt", "claim", "verdict"),
    [
        (FORM, "x", "A @ x", "right"),
        (FORM, "x", "A.T @ x", "right"),
        (FORM, "x", "2*A @ x", "up to convention"),
        (GAUSS, "K", r"K^{-\top} - K^{-1} y y^\top K^{-1}", "right"),
        (GAUSS, "y", r"2 K^{-1} y", "right"),
        (GAUSS, "y", r"K^{-1} y", "up to convention"),
        (FORM.replace("symmetric[n]", "data[n, n]"), "x", "A @ x", "wrong"),
    ],
)
def test_a_claim_may_use_the_symmetry(net: str, wrt: str, claim: str, verdict: str) -> None:
    assert sb.verify(net, {wrt: claim}).verdict.startswith(verdict)


def test_a_parameter_begins_as_declared() -> None:
    network = sb.read("K: parameter[n, n] & spd\nx: data[n]\nL = x @ K @ x")
    found = initial(network.program, {"n": 5})["K"]
    assert is_symmetric(found)
    assert is_positive(found)
    assert str(sb.spd("K", "n").shape) == "(n, n)"


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("A: symmetric[n, m]\nL = sum(A)", None, "A: a matrix that is symmetric is square, not (n, m). Write A: symmetric[n]"),
        ("A: symmetric\nL = A", None, "A: a matrix that is symmetric is square"),
        ("A: symmetric[n]\nL = sum(A)", {"A": np.arange(4.0).reshape(2, 2)}, "A must be symmetric as declared"),
        ("K: spd[n]\nL = sum(K)", {"K": -np.eye(2)}, "K must be positive definite as declared"),
    ],
)
def test_what_is_not_so_is_refused(text: str, at: dict[str, np.ndarray] | None, words: str) -> None:
    with pytest.raises(sb.SymbackpropError) as caught:
        sb.derive(text, wrt=None).check(at=at)
    assert words in str(caught.value)


TALL = "A: parameter[n, m]\nb: parameter[n]\nB: parameter[n, 2]\nw: data[m, n]\n"


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("pinv(A)", lambda A, b, B: np.linalg.pinv(A)),
        ("np.linalg.lstsq(A, b)[0]", lambda A, b, B: np.linalg.lstsq(A, b)[0]),
        ("lstsq(A, B)[0]", lambda A, b, B: np.linalg.lstsq(A, B)[0]),
        ("lstsq(A, B)[1]", lambda A, b, B: np.linalg.lstsq(A, B)[1]),
    ],
)
def test_least_squares(text: str, theirs: Callable[..., np.ndarray]) -> None:
    derivation = sb.derive(
        f"{TALL}r = {text}\nL = sum(r*sin(r))", wrt=["A"] if "pinv" in text else ["A", "B" if "B" in text else "b"]
    )
    at = {t.name: a for t, a in zip(derivation.forward.inputs, ARRAYS, strict=True)}
    np.testing.assert_allclose(forward(derivation.forward, at)["r"], theirs(*ARRAYS[:3]), rtol=1e-10)
    assert derivation.check(at=at), derivation.check(at=at)


RNG = np.random.default_rng(0)
ARRAYS = [RNG.standard_normal(shape) for shape in ((5, 3), (5,), (5, 2), (3, 5))]


def test_a_pseudoinverse_needs_sizes_that_fit() -> None:
    wide = sb.derive("A: parameter[2, 4]\nL = sum(pinv(A))")
    at = {"A": ARRAYS[3][:2, :4]}
    np.testing.assert_allclose(sb.compile(wide).value(at), np.linalg.pinv(at["A"]).sum(), rtol=1e-10)
    with pytest.raises(sb.SizeError):
        sb.compile("A: parameter[n, m]\nL = sum(pinv(A))").value({"A": np.ones((2, 3))})


@pytest.mark.parametrize("word", ["scipy.linalg.cosm(A)", "signm(A)"])
def test_what_has_no_derivative_here_is_refused_with_what_to_write(word: str) -> None:
    with pytest.raises(sb.NotationError, match=r"is not a function of the language\. .* here"):
        sb.read(f"A: parameter[n, n]\nL = sum({word})")
