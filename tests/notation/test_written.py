"""A person's function as they wrote it: functions of numbers as formulas, functions of arrays not at all."""

import json
import sys
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.formulas.plain import plain
from symbackprop.notation.written import as_written

latexify = pytest.importorskip("latexify") if sys.version_info < (3, 14) else pytest.skip("no such Python", allow_module_level=True)


def loss(w: float, x: float, t: float) -> float:
    a = w * x
    return (a - t) ** 2 / 2


def gradient(w: float, x: float, t: float) -> tuple[float, float]:
    e = w * x - t
    return e * x, e * w


def rectified(x: float) -> float:
    return x if x > 0 else 0.1 * x


def of_arrays(W: Any, d: Any, h: Any) -> Any:
    return W.T @ (d * h)


def test_a_function_of_numbers_is_its_formulas() -> None:
    assert [plain(formula) for formula in as_written(loss)] == ["a = w x", "loss(w, x, t) = (a − t)²/2"]
    assert [plain(formula) for formula in as_written(rectified)] == ["rectified(x) = {x, if x > 0; 0.1 x, otherwise}"]


@pytest.mark.parametrize("function", [of_arrays, np.tanh, lambda x: [x], json.loads])
def test_what_no_formula_shows_is_not_shown(function: Any) -> None:
    assert as_written(function) == ()


def test_a_verdict_on_functions_shows_them_as_written() -> None:
    result = sb.verify_function(loss, gradient, 0.7, 1.3, 0.2, wrt=["w", "x"])
    assert "gradient as written: e = w x − t; gradient(w, x, t) = (e x, e w)" in str(result)
    assert "<math" in result._repr_html_()
    facts = json.loads(result.to_json())
    assert facts["verdict"] == "right, numeric"
    assert facts["written"]["loss"][0] == "a = w x"
