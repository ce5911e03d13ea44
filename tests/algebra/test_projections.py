"""Least squares: what projections and residuals do by their definitions, at numbers and in boxes."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.algebra.lines import Lines
from symbackprop.algebra.poly import Poly
from tests.algebra.poly_value import poly_value

HAT = "X: {X}[n, k]\ny: parameter[n]\nM = inv(X.T @ X)\nP = X @ M @ X.T\nr = y - P @ y\n"
BOXES = {
    "least squares": ("X: parameter[n, k]\ny: parameter[n]\nb = inv(X.T @ X) @ X.T @ y\nr = y - X @ b\nL = 0.5*(r @ r)",
                      "∂L/∂y = r\n∂L/∂X = −r bᵀ"),
    "by lstsq": ("X: parameter[n, k]\ny: parameter[n]\nb, s = lstsq(X, y)\nr = y - X @ b\nL = 0.5*(r @ r)", "∂L/∂y = r\n∂L/∂X = −r bᵀ"),
    "a pseudoinverse": ("X: parameter[n, k]\ny: data[n]\nP = X @ pinv(X)\nr = y - P @ y\nL = 0.5*sum(r**2)", "∂L/∂X = −r yᵀ(X⁺)ᵀ"),
    "with weights": ("X: data[n, k]\ny: parameter[n]\nW: spd[n]\nM = inv(X.T @ W @ X)\nb = M @ X.T @ W @ y\nr = y - X @ b\n"
                     "L = 0.5*(r @ W @ r)", "∂L/∂y = W r"),
    "with a penalty": (
        "X: parameter[n, k]\ny: data[n]\nl: parameter[()] & positive\nb = inv(X.T @ X + l*eye(k)) @ X.T @ y\nr = y - X @ b\n"
        "L = 0.5*(r @ r) + 0.5*l*(b @ b)",
        "∂L/∂l = ‖b‖²/2\n∂L/∂X = −r bᵀ",
    ),
    "variable projection": (HAT.format(X="parameter") + "L = 0.5*sum(r**2)", "∂L/∂y = r\n∂L/∂X = −r yᵀ X M"),
    "partialled out": ("X: data[n, k]\nz: parameter[n]\ny: data[n]\nM = inv(X.T @ X)\nP = X @ M @ X.T\nu = z - P @ z\nv = y - P @ y\n"
                       "b = (u @ v)/(u @ u)\nL = b", "∂b/∂z = (1/‖u‖²)(v − 2 b u)"),
    "one vector": ("x: parameter[n]\ns: data[n]\na = (x @ s)/(s @ s)\ne = x - a*s\nL = 0.5*(e @ e)", "∂L/∂x = e"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "box"), BOXES.values(), ids=BOXES)
def test_what_a_projection_sends_to_nothing_is_not_in_the_box(text: str, box: str) -> None:
    assert str(sb.derive(text).box()) == box


def test_each_product_that_is_known_has_its_value() -> None:
    program = sb.derive(HAT.format(X="data") + "L = sum(r**4)").program
    rng = np.random.default_rng(0)
    arrays = {"X": rng.normal(size=(5, 2)), "y": rng.normal(size=5)}
    arrays["M"] = np.linalg.inv(arrays["X"].T @ arrays["X"])
    arrays["P"] = arrays["X"] @ arrays["M"] @ arrays["X"].T
    arrays["r"] = arrays["y"] - arrays["P"] @ arrays["y"]
    found = Lines(program, {}).algebra.products
    told = set()
    for relation in found:
        left = poly_value(Poly({relation.term: 1}), relation.letters, arrays, {"n": 5, "k": 2})
        right = poly_value(relation.poly, relation.letters, arrays, {"n": 5, "k": 2})
        np.testing.assert_allclose(left, np.broadcast_to(right, left.shape), atol=1e-12)
        told.add("".join(sorted(str(f.atom.name) for f in relation.term)))
    assert told == {"PP", "PX", "Pr", "Xr"}


@pytest.mark.parametrize("inside", ["l*eye(k) - S", "eye(k) + l*S", "sum(x**2)*S", "l*(x @ S @ x)*S"])
def test_a_scalar_times_a_matrix_is_no_product_of_matrices(inside: str) -> None:
    text = f"S: parameter[k, k]\nx: data[k]\nl: positive[()]\nM = inv({inside})\nb = M @ x\nL = 0.5*(b @ b)"
    assert not Lines(sb.derive(text).program, {}).algebra.products


def test_nothing_is_known_of_what_is_no_projection() -> None:
    text = "X: data[n, k]\ny: parameter[n]\nl: positive[()]\nM = inv(X.T @ X + l*eye(k))\nP = X @ M @ X.T\nr = y - P @ y\nL = sum(r**2)"
    assert not Lines(sb.derive(text).program, {}).algebra.products
