"""Products of windows that are read where they stand: the numbers of the readable source, in NumPy and in C, without a copy of all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.backends.function import Compiled
from symbackprop.plan import pieces, products
from symbackprop.plan.graph import PASSES
from symbackprop.plan.pieces import in_pieces
from symbackprop.plan.schedule import plan
from symbackprop.plan.statements import Apply, Product, WindowProduct, every
from tests.plan.test_c import CC, assert_exported
from tests.plan.test_plan import assert_same, at_sizes

MANY = "X: parameter[32, 8, 14, 14]\nK: parameter[8, 8, 3, 3]\nV: parameter[8, 8, 3, 3]\n"
TWO = MANY + "L = sum(conv2d(relu(conv2d(X, K, padding=1)), V, padding=1)**2)"


@st.composite
def convolutions(draw: st.DrawFn) -> str:
    """A loss of two convolutions, the first perhaps of groups, differentiated by what they read and by their kernels."""
    size = lambda low, high: draw(st.integers(low, high))  # noqa: E731
    n, a, b, c, k, h = size(1, 5), size(1, 3), size(1, 4), size(1, 3), size(1, 3), size(5, 8)
    g = draw(st.sampled_from([1, 2, 3]))
    far = [f"groups={groups}, stride={size(1, 2)}, padding={size(0, k)}, dilation={size(1, 2)}" for groups in (g, 1)]
    if draw(st.booleans()):
        head = f"X: parameter[{n}, {g * a}, {h}]\nK: parameter[{g * b}, {a}, {k}]\nV: parameter[{c}, {g * b}, 1]\n"
        return head + f"L = sum(sin(conv1d(tanh(conv1d(X, K, {far[0]})), V, {far[1]})))"
    head = f"X: parameter[{n}, {g * a}, {h}, 6]\nK: parameter[{g * b}, {a}, {k}, 2]\nV: parameter[{c}, {g * b}, 1, 2]\n"
    return head + f"L = sum(sin(conv2d(tanh(conv2d(X, K, {far[0]})), V, {far[1]})))"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small products of windows are treated as large ones."""
    monkeypatch.setattr(products, "LARGE", 1)
    monkeypatch.setattr(pieces, "PIECE", 40)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def compiled_or_none(text: str) -> Compiled | None:
    try:
        return sb.compile(text)
    except sb.SymbackpropError:
        return None  # the kernel is larger than what it is moved over


def assert_holds(text: str, backend: str) -> None:
    function = compiled_or_none(text)
    if function is not None:
        arrays = at_sizes(function, ())[1]
        assert_same(function, function.bind(arrays, backend=backend), arrays)


@settings(max_examples=4, deadline=None)
@given(convolutions())
def test_windows_where_they_stand_are_what_the_source_says(text: str) -> None:
    assert_holds(text, "numpy")


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_any_windows_are_what_the_source_says(text: str) -> None:
    assert_holds(text, "numpy")


@pytest.mark.parametrize(("channels", "groups"), [(64, 8), (16, 1), (4, 4), (64, 1)])
def test_pieces_for_few_rows_are_as_small_as_blas_multiplies_without_copies(
    channels: int, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    own = channels // groups
    text = f"X: data[16, {channels}, 16, 16]\nK: parameter[{channels}, {own}, 3, 3]\nL = sum(sin(conv2d(X, K, padding=1, groups={groups})))"
    function = sb.compile(text)
    parts = in_pieces(plan(function.program, function.value_name, function.gradients))
    found = [s for s in every(parts.statements) if isinstance(s, Product) and "work copy" in (s.a.buffer, s.b.buffer)]
    assert found
    for product in found:
        (rows, _), (k, _), columns = *product.a.dims, product.b.dims[1][0]
        assert k * columns <= pieces.PIECE
        assert rows * k * columns <= pieces.SMALL or pieces.SMALL // rows < pieces.LEAST
    arrays = at_sizes(function, ())[1]
    assert_same(function, function.bind(arrays, backend="numpy"), arrays)


def test_no_matrix_of_all_windows_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    function = sb.compile(TWO)
    whole = 8 * 9 * 32 * 14 * 14
    found = plan(function.program, function.value_name, function.gradients)
    assert (
        sum(isinstance(s, WindowProduct) for s in every(found.statements)) == 6
    )  # two forwards, two by kernels, two by what is read
    assert not any(isinstance(s, Product) for s in every(found.statements))
    assert max(buffer.length for buffer in in_pieces(found).buffers.values()) <= whole / 2
    before = plan(function.program, function.value_name, function.gradients, set(PASSES) - {"windows"})
    assert max(buffer.length for buffer in before.buffers.values()) == whole


@pytest.mark.parametrize("each", [1, 4])
def test_groups_are_products_of_windows_along_a_leading_axis(each: int) -> None:
    """Forwards, by the kernel, and by what is read, of which nothing is added at places; a channel for itself as well."""
    function = sb.compile(
        f"X: parameter[4, 8, 9, 9]\nK: parameter[8, {each}, 3, 3]\nL = sum(conv2d(X, K, padding=1, groups={8 // each})**2)"
    )
    found = plan(function.program, function.value_name, function.gradients)
    made = [s for s in every(found.statements) if isinstance(s, WindowProduct)]
    assert [(s.lead, s.out.dims[0][0]) for s in made] == [(1, 8 // each)] * 3
    assert not any(isinstance(s, Product) or (isinstance(s, Apply) and s.function == "add") for s in every(found.statements))


if CC is not None:

    @pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
    @pytest.mark.parametrize("n", [5, pytest.param(32, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.slow)])
    def test_c_reads_windows_where_they_stand(n: int, dtype: str) -> None:
        """Of blocks that are packed in runs and one by one, and of long sums of several runs with what is left over."""
        text = (
            f"X: parameter[{n}, 3, 21, 23]\nK: parameter[5, 3, 3, 3]\nV: parameter[9, 5, 3, 2]\n"
            "L = sum(sin(conv2d(tanh(conv2d(X, K, padding=1)), V, stride=2, padding=1)))"
        )
        function = sb.compile(text, dtype=dtype)
        arrays = {k: a.astype(dtype) for k, a in at_sizes(function, ())[1].items()}
        plain, native = (function.bind(arrays, backend=backend) for backend in ("numpy", "c"))
        assert "windows_product_(" in native.source
        close = 1e-11 if dtype == "float64" else 1e-4
        assert native() == pytest.approx(plain(), rel=close, abs=close)
        for name, gradient in plain.gradients.items():
            np.testing.assert_allclose(native.gradients[name], gradient, rtol=close, atol=close * max(1, abs(gradient).max()))

    @pytest.mark.slow
    def test_windows_in_an_exported_file_build_without_a_warning_and_run_under_the_sanitizers(tmp_path: Path) -> None:
        text = "X: parameter[5, 2, 9, 21]\nK: parameter[5, 2, 3, 3]\nL = sum(sin(conv2d(X, K, stride=2, padding=1)))"
        assert_exported(sb.compile(text), tmp_path)

    @pytest.mark.slow
    @settings(max_examples=12, deadline=None)
    @given(convolutions())
    def test_c_of_any_windows(text: str) -> None:
        assert_holds(text, "c")


def test_what_takes_many_more_products_is_still_added_at_its_places() -> None:
    """A kernel that covers half of what it reads: an entry of its gradient is a product of windows mostly of zeros."""
    function = sb.compile("X: parameter[4, 2, 5, 5]\nK: parameter[2, 2, 3, 3]\nL = sum(conv2d(X, K)**2)")
    found = plan(function.program, function.value_name, function.gradients)
    assert sum(isinstance(s, WindowProduct) for s in every(found.statements)) == 2
