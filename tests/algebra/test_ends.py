"""What several products of matrices end with is taken out where that is no longer: the gradients of distances are those of Laplacians."""

import pytest

import symbackprop as sb
from symbackprop.algebra.ends import with_common_end
from symbackprop.algebra.matrix import Form, Front, Leaf, scaled
from symbackprop.algebra.matrix_product import product

DISTANCES = "Y: parameter[n, d]\nM: {}[n, n]\nL = sum(M*sum((Y[:, None, :] - Y[None, :, :])**2, axis=2))"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("symmetric", r"4 \left(\operatorname{diag}\left(M\,\mathbf{1}_{n}\right) - M\right)\,Y"),
        (
            "data",
            r"2 \left[\operatorname{diag}\left(M\,\mathbf{1}_{n} + M^{\top}\,\mathbf{1}_{n}\right) - \left(M + M^{\top}\right)\right]\,Y",
        ),
    ],
)
def test_the_gradient_of_distances_is_that_of_a_laplacian(kind: str, line: str) -> None:
    assert sb.derive(DISTANCES.format(kind)).gradients["Y"].latex().split(" = ", 1)[1] == line


def test_only_what_all_summands_end_with_is_taken_out() -> None:
    a, b, u, y, z = (Form("leaf", (), Leaf(name, (), False)) for name in "AbuYZ")
    d = Form("diag", (u,))
    both = [product([d, y]), scaled(Front(-1, (), ()), product([a, y]))]
    found = with_common_end(both)
    assert found is not None
    assert found.parts == (Form("sum", (d, scaled(Front(-1, (), ()), a))), y)
    assert with_common_end([product([d, y]), product([a, z])]) is None
    assert with_common_end([product([a, y]), product([b, y])]) is None  # the letters of these say so
    assert with_common_end([product([d, y]), y]) is None
