"""Gradients by several numbers as one vector, Hessians as one matrix, and best values side by side."""

from __future__ import annotations

import pytest

import symbackprop as sb

PRODUCT = sb.read("x: parameter\ny: parameter\nz: parameter\nq = x + y\nf = q*z")
ROSENBROCK = sb.read("x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2")
LINE = sb.read("x: data[n]\ny: data[n]\nb_0: parameter\nb_1: parameter\nS = sum((y - b_0 - b_1*x)**2)")
HESSIAN = r"\begin{pmatrix}2 - 400y + 1200x^2 & -400x \\ -400x & 200\end{pmatrix}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "claim", "count", "slip"),
    [
        (PRODUCT, r"\nabla f = (z, z, x+y)", 3, ("x+y", "x-y")),
        (PRODUCT, r"\nabla f(x, y, z) = \left[z, z, q\right]^\top", 3, ("z, q", "x, q")),
        (
            ROSENBROCK,
            r"\nabla f = \begin{bmatrix}f_x \\ f_y\end{bmatrix} = \begin{bmatrix}-2(1-x) - 400x(y-x^2) \\ 200(y-x^2)\end{bmatrix}",
            2,
            ("400x", "200x"),
        ),
        (ROSENBROCK, rf"\nabla^2 f = {HESSIAN}", 4, ("1200x^2", "400x^2")),
        (ROSENBROCK, rf"H = {HESSIAN}", 4, ("200\\end", "100\\end")),
        (ROSENBROCK, r"f_{xx} = 2 - 400y + 1200x^2, f_{xy} = -400x, \; f_{yy} = 200", 3, ("f_{yy} = 2", "f_{yy} = 1")),
        (ROSENBROCK, r"\nabla f(x, y) = 0 \iff x = 1, y = 1", 4, ("y = 1", "y = 2")),
        (LINE, r"\nabla S = \left(-2\sum_i(y_i - b_0 - b_1x_i), -2\sum_ix_i(y_i - b_0 - b_1x_i)\right)", 2, ("x_i(y", "(y")),
        (
            LINE,
            r"\hat b_1 = \frac{\sum_i(x_i-\bar x)(y_i-\bar y)}{\sum_i(x_i-\bar x)^2}, \quad \hat b_0 = \bar y - \hat b_1\bar x",
            2,
            (r"\bar y - \hat b_1", r"\bar y + \hat b_1"),
        ),
        (LINE, r"\sum_ix_i(y_i - b_0 - b_1x_i) = 0", 1, ("b_0", "2b_0")),
        (LINE, r"nb_0 + b_1\sum_ix_i = \sum_iy_i", 1, ("nb_0", "b_0")),
    ],
)
def test_what_is_claimed_by_several_numbers_is_judged_entry_by_entry(
    net: sb.Network, claim: str, count: int, slip: tuple[str, str]
) -> None:
    found = sb.verify(net, claim)
    assert found.ok
    assert len(found.claims) == count
    assert not sb.verify(net, claim.replace(*slip)).ok


def test_other_vectors_are_no_gradients_by_several_numbers() -> None:
    assert sb.verify(PRODUCT, r"\nabla f = (z, z)").claims[0].kind == "not understood"
    ragged = sb.verify(PRODUCT, r"\nabla^2 f = \begin{pmatrix}1 & 2 \\ 3\end{pmatrix}")
    assert "not understood" in ragged.html()  # what cannot be set stands as it was written
    one = sb.verify("x: parameter[2]\nL = sum(x**2)", r"\nabla L = 2x")
    assert [claim.what for claim in one.claims] == ["dL/dx"]


CUBES = "x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y"


@pytest.mark.parametrize("claim", [
    r"H = 3\begin{pmatrix} 2x & -1 \\ -1 & 2y \end{pmatrix}",
    r"H = 3 \left(\begin{pmatrix} 2x & -1 \\ -1 & 2y \end{pmatrix}\right)",
    r"\nabla f = 3\begin{pmatrix} x^2 - y \\ y^2 - x \end{pmatrix}",
    r"\nabla f = 3(x^2 - y, y^2 - x)",
    r"\nabla f(2, 1) = 3(3, -1)",
    r"H(1, 1) = 3\begin{pmatrix} 2 & -1 \\ -1 & 2 \end{pmatrix}",
])  # fmt: skip
def test_a_factor_before_a_vector_or_a_matrix_is_one_of_its_entries(claim: str) -> None:
    """A Hessian with a factor before it was a name of a person's own, right or wrong; such a gradient was not read."""
    assert sb.verify(CUBES, claim).ok
    assert "wrong" in {one.kind for one in sb.verify(CUBES, claim.replace("= 3", "= 2")).claims}


def test_what_is_added_to_a_matrix_is_no_factor() -> None:
    found = sb.verify(CUBES, r"H = A - 3\begin{pmatrix} 2x & -1 \\ -1 & 2y \end{pmatrix}")
    assert not any(one.wrong or one.right for one in found.claims)


QUARTIC = "x: parameter\ny: parameter\nf = x**3*y + y**3"


@pytest.mark.parametrize("left", ["D", "D(x, y)", "D = f_{xx}f_{yy} - f_{xy}^2", r"\det H"])
def test_a_determinant_of_second_derivatives_is_judged_by_any_of_its_names(left: str) -> None:
    line = rf"f_{{xx}} = 6xy, f_{{yy}} = 6y, f_{{xy}} = 3x^2, {left} = 36xy^2 - 9x^4"
    assert sb.verify(QUARTIC, line).ok
    assert sb.verify(QUARTIC, line.replace("9x", "8x")).claims[-1].kind == "wrong"
    assert sb.verify(QUARTIC, f"{line}, D(1, 1) = 27").ok
    assert sb.verify(QUARTIC, f"{line}, D(1, 1) = 28").claims[-1].kind == "wrong"


def test_a_name_that_is_no_determinant_is_left_alone() -> None:
    """Without all second derivatives before it D may be anything, and 0 makes an equation to be solved."""
    assert not any(one.wrong for one in sb.verify(QUARTIC, r"f_{xx} = 6xy, D = 36xy^2 - 8x^4").claims)
    assert not any(one.wrong for one in sb.verify(QUARTIC, r"f_{xx} + f_{yy} = 0").claims)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["f_x(1, 1) = 3", r"\nabla f(1, 1) = (3, 4)", "f_{xx}(1, 2) = 12"])
def test_no_verdict_is_lost_beside_one_at_a_point(point: str) -> None:
    """Each second verdict before a claim at a point was lost, and a wrong step with it."""
    for place, slip in enumerate(["f_x = 3x^2y", "f_y = x^3 + 3y^2", "f_{xy} = 3x^2"]):
        line = f"f_x = 3x^2y, f_y = x^3 + 3y^2, f_{{xy}} = 3x^2, {point}"
        assert sb.verify(QUARTIC, line).ok
        found = sb.verify(QUARTIC, line.replace(slip, f"{slip} + 7x"))
        assert [one.wrong for one in found.claims[:3]] == [k == place for k in range(3)]


FORM = "A: spd[n, n]\nb: data[n]\nx: parameter[n]\nf = x @ A @ x/2 - b @ x"


@pytest.mark.slow
@pytest.mark.parametrize("claim", [r"x^* = A^{-1}b", "Ax^* = b", r"f(x^*) = -\frac12 b^\top A^{-1}b", r"\nabla f = Ax - b"])
@pytest.mark.parametrize("behind", ["f(x) + f(x^*) = x^\\top x", "\\|x\\|^2 = 7", "x^\\top A x = 3b^\\top b"])
def test_an_equation_behind_a_comma_is_not_passed_over(claim: str, behind: str) -> None:
    """What stood behind a best value was read by nobody."""
    assert sb.verify(FORM, claim).ok
    found = sb.verify(FORM, f"{claim}, {behind}")
    assert found.claims[0].right
    assert not found.ok
