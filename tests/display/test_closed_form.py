"""Gradients in closed form: as a textbook writes them, and computed."""

import numpy as np
import pytest

from symbackprop.display.closed_form import LIMIT, ClosedForms
from symbackprop.display.gradient_form import closed_forms
from symbackprop.display.names import Names
from symbackprop.display.written_out import written_out
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from tests.display.networks import MAKERS, at_random
from tests.display.witness import tree_value

D = r"\frac{\partial L}{\partial "


def forms(name: str, limit: int = LIMIT) -> tuple[ClosedForms, dict[str, str | None]]:
    derived = MAKERS[name]()
    closed = closed_forms(Names(derived.program), derived, written_out(derived), limit)
    found = {w: closed.formula(derived.gradient(w)) for w in derived.wrt}
    return closed, {w: node and latex(node) for w, node in found.items()}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("limit", [LIMIT, 1000])
def test_every_closed_form_is_the_gradient(name: str, limit: int) -> None:
    derived = MAKERS[name]()
    closed, text = forms(name, limit)
    arrays, sizes = at_random(derived)
    for wrt in derived.wrt:
        parse(text[wrt] or "")
        tree = closed.tree(derived.gradient(wrt))
        if tree is not None:
            expected = arrays[derived.gradient(wrt)]
            np.testing.assert_allclose(tree_value(tree, arrays, sizes).reshape(expected.shape), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "wrt", "right"),
    [
        ("two_layers", "W_1", r"W_{1}} = \left[W_{2}^{\top}\,2\left(\hat{y} - y\right)\odot a\odot\left(1-a\right)\right]x^{\top}"),
        ("two_layers", "W_2", r"W_{2}} = 2\left(\hat{y}-y\right)a^{\top}"),
        ("two_layers_with_biases", "b_1", r"b_{1}} = \frac{2}{c}\,W_{2}^{\top}\left(\hat{y}-y\right)\odot a\odot\left(1-a\right)"),
        ("two_layers_with_biases", "b_2", r"b_{2}} = \frac{2}{c}\left(\hat{y}-y\right)"),
        (
            "batch_of_rows", "W_1",
            r"W_{1}} = \frac{2}{c n}\,X^{\top}\left[\left(P-Y\right)W_{2}^{\top}\odot A\odot\left(1-A\right)\right]",
        ),
        ("batch_of_rows", "W_2", r"W_{2}} = \frac{2}{c n}\,A^{\top}\left(P-Y\right)"),
        ("batch_of_rows", "b_2", r"b_{2}} = \frac{2}{c n}\left(P-Y\right)^{\top}\,\mathbf{1}_{n}"),
        ("softmax_classifier", "W", r"W} = \frac{1}{n}\,X^{\top}\left(\operatorname{softmax}\left(O\right)-Y\right)"),
        ("softmax_of_one_sample", "o", r"o} = p-y"),
        ("softmax_of_one_sample", "W", r"W} = \left(p-y\right)x^{\top}"),
        ("trace_of_gram", "W", r"W} = 2W"),
        ("log_determinant", "S", r"S} = S^{-\top}"),
        ("lookup", "E", r"E_{kj}} = 2\sum_{i}u_{ij}\,\mathbf{1}[k=t_{i}]"),
    ],
)  # fmt: skip
def test_closed_forms_read_as_in_a_textbook(name: str, wrt: str, right: str) -> None:
    _, text = forms(name)
    assert (text[wrt] or "").replace(" ", "") == (D + right).replace(" ", "")


def test_beyond_the_limit_the_gradient_from_above_keeps_its_name() -> None:
    _, text = forms("two_layers", limit=14)
    assert text["W_1"] == D + r"W_{1}} = \left[" + D + r"a}\odot a\odot \left(1 - a\right)\right]\,x^{\top}"
