"""Sizes: solved from the shapes of arrays, given, or drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.program import Program, size
from symbackprop.evaluate.extents import SizeError
from symbackprop.evaluate.sizes import Solver, draw_sizes
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import total
from tests.random_programs import declare


def program_of(*inputs) -> Program:
    return trace({"L": declare("b", (), "data") + 0}, inputs)


@given(st.integers(0, 1000))
def test_sizes_are_distinct(seed: int) -> None:
    found = draw_sizes(program_of(declare("W", ("h", "d")), declare("V", ("c", "n"))), {"d": 3}, seed)
    assert found["d"] == 3
    assert len(set(found.values())) == 4


@given(st.integers(0, 1000))
def test_sizes_meet_the_conditions(seed: int) -> None:
    x = declare("x", ("n", "m"))
    program = trace({"L": total(x[5:9, 2:]) + total(declare("y", (size("n") - size("m") - 4,)))})
    found = draw_sizes(program, seed=seed)
    assert found["n"] >= 9
    assert found["m"] >= 3
    assert found["n"] - found["m"] - 4 >= 1


def test_sizes_that_make_an_extent_whole() -> None:
    assert draw_sizes(program_of(declare("x", (size("n") / 7,))))["n"] % 7 == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"h": 3}, "h is no size of this network; there are m, n"),
        ({"n": 0}, "the size n must be a whole number from 1 on, not 0"),
        ({"n": 2.5}, "the size n must be a whole number from 1 on, not 2.5"),
        ({"n": 3}, r"no sizes meet .*n - 9 >= 0.* with n = 3; give the sizes yourself, such as sizes={'m': 8}"),
    ],
)
def test_sizes_that_cannot_be(given: dict, words: str) -> None:
    with pytest.raises(SizeError, match=words):
        draw_sizes(trace({"L": total(declare("x", ("n", "m"))[5:9])}), given)


def solved(text: str, sizes: dict | None = None, **shapes: tuple[int, ...]) -> dict[str, int]:
    declared = [declare(line.split("=")[0], tuple(map(SIZES.get, line.split("=")[1].split(";")))) for line in text.split()]
    return Solver(program_of(*declared)).solve(shapes, sizes)


N, K, D = size("n"), size("k"), size("d")
SIZES = {
    "n": N, "k": K, "2d": 2 * D, "n-k+1": N - K + 1, "nk": N * K, "d2": D**2, "half": (N + 1) // 2, "window": (N - K) // 2 + 1,
    "n-n/2": N - N // 2, "seven": size("n") * 0 + 7,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shapes", "found"),
    [
        ("X=n;2d", {"X": (20, 6)}, {"n": 20, "d": 3}),
        ("y=n-k+1 w=k", {"y": (5,), "w": (3,)}, {"n": 7, "k": 3}),
        ("y=n-k+1 x=n", {"y": (5,), "x": (9,)}, {"n": 9, "k": 5}),
        ("y=nk w=k", {"y": (12,), "w": (3,)}, {"n": 4, "k": 3}),
        ("y=d2", {"y": (2500,)}, {"d": 50}),
        ("y=half x=n", {"y": (4,), "x": (7,)}, {"n": 7}),
        ("y=half", {"y": (4,)}, {}),  # 7 and 8: nothing is guessed
        ("y=window x=n w=k", {"y": (3,), "x": (8,), "w": (4,)}, {"n": 8, "k": 4}),
        ("y=seven", {"y": (7,)}, {}),
    ],
)
def test_every_axis_is_an_equation(text: str, shapes: dict, found: dict) -> None:
    assert solved(text, **shapes) == found


@pytest.mark.parametrize(
    ("text", "sizes", "shapes", "words"),
    [
        ("X=n;2d", None, {"X": (20, 5)}, r"X is declared as \(n, 2\*d\), and no whole number d from 1 on makes 2\*d = 5: reshape"),
        ("y=n-k+1", {"k": 3}, {"y": (0,)}, r"y has shape \(0,\).*an axis needs at least one entry"),
        ("y=d2", None, {"y": (5,)}, "no whole number d from 1 on makes d\\*\\*2 = 5"),
        ("y=half x=n", None, {"y": (4,), "x": (9,)}, r"y has shape \(4,\), but it is declared as .* with n = 9 by x"),
        ("x=n", {"n": 4}, {"x": (3,)}, r"x has shape \(3,\), but it is declared as \(n,\) with n = 4 as given"),
        ("x=n;n", None, {"x": (3, 4)}, r"x has shape \(3, 4\), but it is declared as \(n, n\): reshape"),
        ("x=n", None, {"x": (3, 4)}, r"x has shape \(3, 4\), but it is declared as \(n,\): reshape"),
    ],
)
def test_shapes_that_do_not_fit(text: str, sizes: dict | None, shapes: dict, words: str) -> None:
    with pytest.raises(SizeError, match=words):
        solved(text, sizes, **shapes)


HALVES = "X: data[N, 2*d]\nY: data[N]\nw: parameter[2*d]\nL = mean((X @ w - Y)**2) / d"


def test_sizes_are_solved_alike_everywhere() -> None:
    rng = np.random.default_rng(0)
    data, w = {"X": rng.standard_normal((20, 6)), "Y": rng.standard_normal(20)}, {"w": rng.standard_normal(6)}
    loss = np.mean((data["X"] @ w["w"] - data["Y"]) ** 2) / 3
    assert sb.compile(HALVES).value(w, data) == pytest.approx(loss)
    result = sb.check(HALVES, at={**data, **w})
    assert result.ok
    assert result.sizes == {"N": 20, "d": 3}
    assert "<svg" in sb.draw(HALVES, at={**data, **w})
    assert sb.train(HALVES, data, epochs=2, progress=False).sizes["d"] == 3
    data["X"], w["w"] = data["X"][:, :5], w["w"][:5]
    for use in (
        lambda: sb.compile(HALVES).value(w, data),
        lambda: sb.check(HALVES, at={**data, **w}),
        lambda: sb.draw(HALVES, at={**data, **w}),
        lambda: sb.train(HALVES, data, progress=False),
    ):
        with pytest.raises(
            SizeError, match=r"no whole number d from 1 on makes 2\*d = 5: reshape the array, or declare it as it is"
        ):
            use()
