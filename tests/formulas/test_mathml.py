"""Formulas as MathML."""

import re

import pytest

from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.read_latex import parse


@pytest.mark.parametrize(
    ("latex", "grows"),
    [
        (r"\left\lVert W_{1} \right\rVert_F^2", [False]),
        (r"\left(\hat{x}_{2,n} - \mu 1_{4}^{\top}\right)", [False]),
        (r"\left(\frac{1}{2}\right)", [True]),
        (r"\left(\sum_{k} x_{k}\right)", [True]),
        (r"\left(1 - \tanh\left(c_{3}\right)^{2}\right)", [True, False]),
    ],
)
def test_brackets_grow_round_what_is_taller_than_a_line(latex: str, grows: list[bool]) -> None:
    stretchy = re.findall(r'<mo fence="true" stretchy="(\w+)"[^>]*form="prefix"', mathml(parse(latex)))
    assert [found == "true" for found in stretchy] == grows
