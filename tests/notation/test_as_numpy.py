"""Shapes, values and refusals are NumPy's: the same text is read by the language, and run by NumPy here as the witness."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symbackprop.notation import NotationError, read
from tests.notation.values import value

sizes = st.sampled_from([1, 2, 3])
shapes = st.lists(sizes, max_size=3).map(tuple)


def declared(name: str, array: np.ndarray) -> str:
    return f"{name}: data[{', '.join(map(str, array.shape)) or '()'}]"


def both(expression: str, arrays: dict[str, np.ndarray], **names: Any) -> tuple[Any, Any]:
    """The value of an expression in the language and in NumPy; an exception where it is refused."""
    text = "\n".join([*(declared(n, a) for n, a in arrays.items()), f"r = {expression} + 0"])
    try:
        ours = value(read(text), arrays, of="r")
    except NotationError as error:
        ours = error
    try:
        theirs = eval(expression, {"np": np, **arrays, **names})
    except (ValueError, IndexError, np.exceptions.AxisError) as error:
        theirs = error
    return ours, theirs


def agree(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, Exception):
        assert isinstance(ours, NotationError), f"NumPy: {theirs}"
    else:
        assert not isinstance(ours, Exception), ours
        assert ours.shape == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def filled(shape: tuple[int, ...], start: int = 0) -> np.ndarray:
    return np.sin(start + np.arange(1, 1 + int(np.prod(shape)))).reshape(shape)


@given(
    shapes,
    shapes,
    st.sampled_from(["x + y", "x - y", "x * y", "np.maximum(x, y)", "x > y", "np.where(x > 0, x, y)", "2*x/(2 + y)"]),
)
def test_broadcasting(a: tuple[int, ...], b: tuple[int, ...], expression: str) -> None:
    agree(*both(expression, {"x": filled(a), "y": filled(b, 5)}))


@given(shapes, shapes, shapes)
def test_three_broadcast_as_one(a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...]) -> None:
    arrays = {"x": filled(a), "y": filled(b, 5), "z": filled(c, 9)}
    agree(*both("(x + y) * (z - x) + np.exp(y) * z", arrays))


@given(shapes, shapes)
def test_matrix_products(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    agree(*both("x @ y", {"x": filled(a), "y": filled(b, 5)}))


@given(st.lists(sizes, max_size=2).map(tuple), st.lists(sizes, max_size=2).map(tuple))
def test_dot(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    agree(*both("np.dot(x, y)", {"x": filled(a), "y": filled(b, 5)}))


axes = st.one_of(st.none(), st.integers(-4, 3), st.tuples(st.integers(-3, 2), st.integers(-3, 2)))


@given(shapes, st.sampled_from(["sum", "mean", "max", "min", "var", "std"]), axes, st.booleans(), st.booleans())
def test_reductions(shape: tuple[int, ...], name: str, axis: Any, keepdims: bool, method: bool) -> None:
    assume(shape or axis is None)  # NumPy gives a number an axis 0
    arguments = f"axis={axis}, keepdims={keepdims}"
    agree(*both(f"x.{name}({arguments})" if method else f"np.{name}(x, {arguments})", {"x": filled(shape)}))


@given(shapes, axes, st.booleans())
def test_norm(shape: tuple[int, ...], axis: Any, keepdims: bool) -> None:
    assume(not isinstance(axis, tuple) and (axis is None or shape))
    agree(*both(f"np.linalg.norm(x, axis={axis}, keepdims={keepdims})", {"x": filled(shape)}))


@pytest.mark.slow
@given(shapes, st.sampled_from(["None", "1", "2", "3", "0.5", "-1", "-2", "0", "'fro'", "'nuc'", "'two'"]), axes, st.booleans())
@settings(max_examples=200)
def test_norms_mean_what_numpy_means_or_are_refused(shape: tuple[int, ...], ord: str, axis: Any, keepdims: bool) -> None:
    assume(shape and (ord != "None" or not isinstance(axis, tuple)))
    ours, theirs = both(f"np.linalg.norm(x, {ord}, axis={axis}, keepdims={keepdims})", {"x": filled(shape)})
    if ord == "0":
        assert isinstance(ours, NotationError)
    else:
        agree(ours, theirs)


terms = st.lists(st.sampled_from(["i", "j", "k", "..."]), max_size=3, unique_by=lambda c: c if c == "..." else object()).map(
    "".join
)


@pytest.mark.slow
@given(terms, terms, st.one_of(st.just(""), terms.map(lambda t: f"->{t}")), shapes, shapes)
@settings(max_examples=300)
def test_einsum(a: str, b: str, result: str, first: tuple[int, ...], second: tuple[int, ...]) -> None:
    agree(*both(f"np.einsum('{a},{b}{result}', x, y)", {"x": filled(first), "y": filled(second, 5)}))


@given(shapes, st.integers(-4, 3), st.integers(-4, 3))
def test_axes_in_another_order(shape: tuple[int, ...], a: int, b: int) -> None:
    assume(shape)
    x = {"x": filled(shape)}
    for expression in (
        f"np.swapaxes(x, {a}, {b})",
        f"np.moveaxis(x, {a}, {b})",
        f"np.expand_dims(x, {a})",
        f"np.squeeze(x, axis={a})",
        "x.T",
    ):
        agree(*both(expression, x))


@given(shapes.flatmap(lambda s: st.tuples(st.just(s), st.permutations(range(len(s))))))
def test_transpose(both_: tuple[tuple[int, ...], list[int]]) -> None:
    shape, order = both_
    agree(*both(f"np.transpose(x, {tuple(order)})", {"x": filled(shape)}))


@given(
    st.lists(st.sampled_from([1, 2, 3, 4, 6]), max_size=3).map(tuple),
    st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), max_size=3).map(tuple),
)
def test_reshape(shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    agree(*both(f"np.reshape(x, {wanted})", {"x": filled(shape)}))


@given(st.lists(shapes, min_size=1, max_size=3), st.integers(-4, 3), st.sampled_from(["concatenate", "stack"]))
def test_joining(several: list[tuple[int, ...]], axis: int, name: str) -> None:
    arrays = {f"x_{k}": filled(shape, k) for k, shape in enumerate(several)}
    agree(*both(f"np.{name}([{', '.join(arrays)}], axis={axis})", arrays))


@given(st.integers(1, 3), st.integers(1, 3))
def test_what_is_made_of_sizes(n: int, m: int) -> None:
    x = filled((n, m))
    for expression in (
        "np.ones_like(x) + x",
        "np.zeros_like(x) + x",
        f"np.eye({n}) @ x",
        f"np.arange({n}) @ x",
        f"x + np.ones(({n}, {m}))",
    ):
        agree(*both(expression, {"x": x}))
    square = filled((n, n))
    for expression in ("np.trace(x)", "np.diag(x)", "np.diag(np.diag(x))"):
        agree(*both(expression, {"x": square}))


pieces = st.one_of(
    st.integers(-4, 3).map(str),
    st.just(":"),
    st.just("..."),
    st.just("None"),
    st.tuples(
        *[st.one_of(st.just(""), st.integers(-4, 4).map(str))] * 2, st.sampled_from(["", "1", "2", "3", "-1", "-2", "-3"])
    ).map(":".join),
    st.just("::-1"),
    st.sampled_from(["t", "s"]),
)


@pytest.mark.slow
@given(st.lists(st.sampled_from([1, 2, 3, 4]), max_size=3).map(tuple), st.lists(pieces, min_size=1, max_size=4))
@settings(max_examples=300)
def test_indexing(shape: tuple[int, ...], items: list[str]) -> None:
    expression = f"x[{', '.join(items)}]"
    t, s = np.array([0, 1, 0]), np.array([[0], [1]])
    text = [declared("x", filled(shape)), "t: integers[3, 2]", "s: integers[2, 1, 2]", f"r = {expression} + 0"]
    point = {"x": filled(shape), "t": t, "s": s}
    try:
        theirs: Any = eval(expression, {"x": point["x"], "t": t, "s": s})
    except IndexError as error:
        theirs = error
    try:
        ours: Any = value(read("\n".join(text)), point, of="r")
    except NotationError as error:
        ours = error
    if not isinstance(theirs, Exception) and theirs.size == 0:
        assert isinstance(ours, NotationError)  # an empty tensor has nothing to derive
        return
    agree(ours, theirs)
