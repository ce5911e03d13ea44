"""A person's function as they wrote it: of numbers, of arrays by what it is read as, or not at all."""

import json
import sys
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.documents.formats import FORMATS
from symbackprop.formulas.plain import plain
from symbackprop.judge.written import of_function
from symbackprop.notation.written import as_written

KNOWN = sys.version_info < (3, 14)  # Pythons of which latexify knows the syntax; on others numbers are not shown


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
    shown = {function: [plain(formula) for formula in as_written(function)] for function in (loss, rectified)}
    assert shown[loss] == (["a = w x", "loss(w, x, t) = (a − t)²/2"] if KNOWN else [])
    assert shown[rectified] == (["rectified(x) = {x, if x > 0; 0.1 x, otherwise}"] if KNOWN else [])


@pytest.mark.parametrize("function", [of_arrays, np.tanh, lambda x: [x], json.loads])
def test_what_no_formula_shows_is_not_shown(function: Any) -> None:
    assert as_written(function) == ()


def test_a_verdict_on_functions_shows_them_as_written() -> None:
    result = sb.verify_function(loss, gradient, 0.7, 1.3, 0.2, wrt=["w", "x"])
    assert "gradient as written: e = w x − t; gradient(w, x, t) = (e x, e w)" in str(result) or not KNOWN
    assert "<math" in result._repr_html_()
    facts = json.loads(result.to_json())
    assert facts["verdict"] == "right, numeric"
    assert "loss" in facts["written"] or not KNOWN


def entry_by_entry_first(W: Any, d: Any, h: Any) -> Any:
    return W.T @ (d * h)


def matrices_first(W: Any, d: Any, h: Any) -> Any:
    return (W.T @ d) * h


def of_a_layer(W: Any, x: Any, y: Any) -> Any:
    return np.sum((np.tanh(W @ x) - y) ** 2)


def its_gradient(W: Any, x: Any, y: Any) -> dict[str, Any]:
    a = np.tanh(W @ x)
    return {"W": np.outer(2 * (a - y) * (1 - a**2), x)}


def in_a_loop(W: Any, d: Any, h: Any) -> Any:
    total = 0
    for row in W:
        total += row @ d
    return total


def in_a_while(W: Any, d: Any, h: Any) -> Any:
    while np.sum(d) > 1:
        d = d / 2
    return W @ d


def test_code_of_arrays_is_printed_by_what_it_was_read_as() -> None:
    square = {name: f"parameter[{shape}]" for name, shape in (("W", "3, 3"), ("d", "3"), ("h", "3"))}
    first, second = (of_function(function, square) for function in (entry_by_entry_first, matrices_first))
    assert plain(first[0]).endswith("= Wᵀ(d ⊙ h)")
    assert plain(second[0]).endswith("= Wᵀ d ⊙ h")
    assert plain(of_function(in_a_loop, square)[0]) == "row = W₀"
    assert of_function(in_a_while, square) == ()
    assert of_function(matrices_first, None) == ()


@pytest.mark.slow
def test_a_verdict_on_functions_of_arrays_is_a_page_that_shows_them(tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    result = sb.verify_function(of_a_layer, its_gradient, *(rng.standard_normal(n) for n in ((3, 4), 4, 3)), wrt=["W"])
    shown = dict(result.written)
    assert list(map(plain, shown["gradient"])) == ["a = tanh(W x)", "dW = 2[(a − y) ⊙ (1 − a^(⊙2))] xᵀ"]
    for row in [row for row in FORMATS if row.suffixes and not row.binary]:
        result.save(tmp_path / f"verdict{row.suffixes[0]}")
        assert "As written" in (tmp_path / f"verdict{row.suffixes[0]}").read_text(encoding="utf-8")
    assert "<script" not in result.html()


def test_a_report_of_a_function_of_numbers_shows_it_as_written() -> None:
    assert "As written:" in sb.derive(loss).report() or not KNOWN
    assert "As written:" not in sb.derive("w: parameter\nL = w**2 + w").report()
