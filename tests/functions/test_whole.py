"""Reductions and functions of a whole matrix: the rows are complete, and the local slopes are those of the reduction."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symbackprop.core.functions import (
    MATRIX_FUNCTIONS,
    MATRIX_HELPERS,
    OTHERS,
    REDUCTIONS,
    TIES,
    UnknownOperationError,
    X,
    Y,
    matrix_function,
    reduction,
)  # fmt: skip
from symbackprop.display.notation import applied
from symbackprop.formulas.build import letter
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from tests.functions.evaluators import floating

NUMPY: dict[str, Callable[..., Any]] = {
    "max": np.max, "min": np.min, "logsumexp": lambda x, **where: np.log(np.sum(np.exp(x), **where)), "prod": np.prod,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_the_local_slope_of_a_reduction(name: str) -> None:
    row, f = REDUCTIONS[name], NUMPY[name]
    assert row.name == name
    assert bool(row.kink) == row.local.has(TIES)
    parse(row.latex)
    x = np.array([0.3, -1.2, 0.7, 0.1])
    others = [f(np.delete(x, k)) for k in range(4)]
    local = floating(row.local, {X: x, Y: np.full(4, f(x)), TIES: np.ones(4), OTHERS: np.array(others)}) * np.ones(4)
    differences = [(f(x + h) - f(x - h)) / 2e-6 for h in 1e-6 * np.eye(4)]
    np.testing.assert_allclose(local, differences, atol=1e-9)


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_what_an_empty_range_gives_changes_nothing_and_one_entry_is_itself(name: str) -> None:
    row, f = REDUCTIONS[name], NUMPY[name]
    x = np.array([0.3, -1.2, 0.7])
    assert f(np.append(x, float(row.empty))) == f(x)
    assert f(x[:1]) == pytest.approx(0.3, rel=1e-15)


@pytest.mark.parametrize("table", [REDUCTIONS, MATRIX_FUNCTIONS])
def test_a_row_that_is_not_there_is_refused_by_name(table: dict[str, Any]) -> None:
    find = reduction if table is REDUCTIONS else matrix_function
    assert find(next(iter(table))) is next(iter(table.values()))
    with pytest.raises(UnknownOperationError, match=rf'the table of .* has no row for "mystery"; it knows {", ".join(table)}'):
        find("mystery")


def test_the_slope_of_logsumexp_does_not_overflow() -> None:
    x = np.array([-1000.0, 999.0, 1000.0])
    y = 1000 + np.log1p(np.exp(-1.0))
    local = floating(REDUCTIONS["logsumexp"].local, {X: x, Y: np.full(3, y)})
    np.testing.assert_allclose(local, [0, 0.2689414213699951, 0.7310585786300049], atol=1e-12)


@pytest.mark.parametrize("name", sorted(MATRIX_FUNCTIONS))
def test_a_matrix_function_can_be_printed(name: str) -> None:
    row = MATRIX_FUNCTIONS[name]
    assert row.name == name
    assert row.definition
    assert row.source
    text = latex(applied(row.latex, [letter("A")]))
    parse(text)
    assert "A" in text


@pytest.mark.parametrize("name", sorted(MATRIX_FUNCTIONS))
def test_a_matrix_function_has_the_axes_of_what_its_text_computes(name: str) -> None:
    row = MATRIX_FUNCTIONS[name]
    matrices = np.random.default_rng(0).standard_normal((2, 4, 3) if row.tall else (2, 3, 3)) + 3 * np.eye(4 if row.tall else 3, 3)
    scope: dict[str, Any] = {"np": np, "X": matrices}
    for helper in row.helpers:
        exec(MATRIX_HELPERS[helper], scope)
    found = eval(row.numpy.format("X"), scope)
    assert found.shape == (2, *row.shape(tuple(map(sp.Integer, matrices.shape[1:]))))
    assert row.scalar == (found.ndim == 1)
