"""Gradients in one formula over the author's names: as a textbook writes them, each proved before it is shown."""

import pytest

from symbackprop.display.box import line_formula
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.formulas.latex import latex
from symbackprop.judge.proofs.proved import proved_line
from tests.display.networks import MAKERS

D = r"\frac{\partial L}{\partial "


@pytest.mark.parametrize(
    ("name", "wrt", "right"),
    [
        ("two_layers", "W_1", r"W_{1}} = 2\left[W_{2}^{\top}\left(\hat{y}-y\right)\odot a\odot\left(1-a\right)\right]x^{\top}"),
        ("two_layers", "W_2", r"W_{2}} = 2\left(\hat{y}-y\right)a^{\top}"),
        (
            "two_layers_with_biases", "b_1",
            r"b_{1}} = \frac{2}{c}\,W_{2}^{\top}\left(\hat{y}-y\right)\odot a\odot\left(1-a\right)",
        ),
        ("two_layers_with_biases", "b_2", r"b_{2}} = \frac{2}{c}\left(\hat{y}-y\right)"),
        (
            "batch_of_rows", "W_1",
            r"W_{1}} = \frac{2}{nc}\,X^{\top}\left[\left(P-Y\right)W_{2}^{\top}\odot A\odot\left(1-A\right)\right]",
        ),
        ("batch_of_rows", "W_2", r"W_{2}} = \frac{2}{n c}\,A^{\top}\left(P-Y\right)"),
        ("batch_of_rows", "b_2", r"b_{2}} = \frac{2}{n c}\left(P-Y\right)^{\top}\,\mathbf{1}_{n}"),
        ("softmax_classifier", "W", r"W} = \frac{1}{n}\,X^{\top}\left(\operatorname{softmax}\left(O\right)-Y\right)"),
        ("softmax_of_one_sample", "o", r"o} = p-y"),
        ("softmax_of_one_sample", "W", r"W} = \left(p-y\right)x^{\top}"),
        ("trace_of_gram", "W", r"W} = 2W"),
        ("log_determinant", "S", r"S} = S^{-\top}"),
        ("lookup", "E", r"E} = 2\,\operatorname{onehot}\left(t\right)^{\top}\,\operatorname{onehot}\left(t\right)\,E"),
    ],
)  # fmt: skip
def test_a_gradient_alone_reads_as_in_a_textbook(name: str, wrt: str, right: str) -> None:
    derived = MAKERS[name]()
    line = proved_line(derived, derived.gradient(wrt))
    assert line is not None
    assert latex(line_formula(Printer(Names(derived.program)), line)).replace(" ", "") == (D + right).replace(" ", "")
