"""What the tape's code is made of, each against NumPy's own: contractions, windows, constants."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.evaluate.bodies.code import Code
from symbackprop.evaluate.bodies.contraction import contraction
from symbackprop.evaluate.bodies.windows import Windows
from symbackprop.evaluate.rules import primitives as pr
from symbackprop.evaluate.rules.powers import raised
from symbackprop.evaluate.rules.primitives import Tape, Value

AXES = st.lists(st.integers(0, 4), max_size=4, unique=True)


@settings(max_examples=60)
@given(st.lists(AXES, min_size=1, max_size=4), st.data())
def test_a_contraction_is_an_einsum(factors: list[list[int]], data: st.DataObject) -> None:
    present = sorted({c for axes in factors for c in axes})
    result = data.draw(st.permutations(present))[: data.draw(st.integers(0, len(present)))]
    rng = np.random.default_rng(len(present))
    arrays = []
    for axes in factors:  # in any order in memory
        lying = data.draw(st.permutations(range(len(axes))))
        arrays.append(rng.standard_normal([2 + axes[k] for k in lying]).transpose(np.argsort(lying)))
    flat: list[Any] = [x for a, axes in zip(arrays, factors, strict=True) for x in (a, axes)]
    got = contraction([(a, tuple(axes)) for a, axes in zip(arrays, factors, strict=True)], tuple(result))
    np.testing.assert_allclose(got, np.einsum(*flat, result), rtol=1e-12, atol=1e-12)


def test_windows_are_contracted_where_they_lie() -> None:
    x, kernel = np.random.default_rng(0).standard_normal((2, 3, 6, 7)), np.random.default_rng(1).standard_normal((4, 3, 2, 3))
    seen = np.lib.stride_tricks.sliding_window_view(x, (2, 3), (2, 3))
    for result in ((0, 6, 2, 3), (6, 0, 3, 2)):
        got = contraction([(seen, (0, 1, 2, 3, 4, 5)), (kernel, (6, 1, 4, 5))], result)
        np.testing.assert_allclose(got, np.einsum(seen, [0, 1, 2, 3, 4, 5], kernel, [6, 1, 4, 5], list(result)), rtol=1e-12)


@given(st.integers(-20, 20) | st.sampled_from([0.5, -0.5, 1.5, 0.25]), st.booleans())
def test_powers_are_numpys(b: float, complex_: bool) -> None:
    rng = np.random.default_rng(0)
    a = np.exp(rng.standard_normal(20))
    if float(b).is_integer():
        a *= rng.choice([-1, 1], a.shape)
    a = a + 1e-30j * rng.standard_normal(a.shape) if complex_ else a
    got, right = raised(a, float(b)), a ** (int(b) if b == int(b) and complex_ else float(b))
    np.testing.assert_allclose(got.real, right.real, rtol=1e-14)
    if complex_:
        np.testing.assert_allclose(got.imag, b * right.real / a.real * a.imag, rtol=1e-13)


@pytest.mark.parametrize("index", [np.array(3), np.arange(5), np.arange(1, 7, 2), np.add.outer(np.arange(4), np.arange(3)),
                                   np.add.outer(2 * np.arange(3), 1 + np.arange(2)), np.array([[4], [5]]), np.array([3, 2, 1]),
                                   np.array([5, 3]), np.add.outer(np.arange(4), 3 - np.arange(3))], ids=str)  # fmt: skip
def test_windows_are_places(index: np.ndarray) -> None:
    seen = Windows.of(index)
    assert seen is not None
    x = np.random.default_rng(0).standard_normal((7, 2))[:, ::-1]
    np.testing.assert_array_equal(seen.read(x), x[index])
    y = np.random.default_rng(1).standard_normal((*index.shape, 2))
    right = np.zeros((7, 2))
    np.add.at(right, index, y)
    np.testing.assert_allclose(seen.added(y, 7), right, rtol=1e-15)


@pytest.mark.parametrize("index", [np.array(-1), np.arange(-2, 3), np.arange(8, 4, -1), np.add.outer(2 * np.arange(5), np.arange(3) - 1)],
                         ids=str)  # fmt: skip
def test_windows_see_zeros_beyond(index: np.ndarray) -> None:
    seen = Windows.of(index)
    assert seen is not None
    x = np.random.default_rng(0).standard_normal((7, 2))
    inside = ((index >= 0) & (index < 7))[..., None]
    np.testing.assert_array_equal(seen.read(x), np.where(inside, x[np.clip(index, 0, 6)], 0))
    y = np.random.default_rng(1).standard_normal((*index.shape, 2))
    right = np.zeros((7, 2))
    np.add.at(right, np.clip(index, 0, 6), np.where(inside, y, 0))
    np.testing.assert_allclose(seen.added(y, 7), right, rtol=1e-15)


@pytest.mark.parametrize("index", [np.array([0, 1, 3]), np.array([2, 2]), np.array([], int)], ids=str)
def test_other_places_are_no_windows(index: np.ndarray) -> None:
    assert Windows.of(index) is None


def test_numbers_are_computed_once_and_faults_in_every_run() -> None:
    code = Code(1)
    two = code.emit(lambda tape, a, b: pr.add(tape, [a, b]), code.constant(np.ones(3)), code.constant(np.ones(3)))
    assert code.known(two) is not None
    nowhere = code.emit(lambda tape, x: pr.function(tape, "log", x), code.constant(np.zeros(3)))
    assert code.known(nowhere) is None
    code.result = code.emit(lambda tape, a, b, c: pr.multiply(tape, [a, b, c]), 0, two, nowhere)
    for x in (1.0, -3.0):
        tape = Tape()
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(code.run(tape, [Value(np.array(x))]).data, np.full(3, -np.inf * x))
        assert [v.kind for v in tape.values] == ["log", "multiply"]
