"""Sizes, random points and a person's own points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.core.program import Program, size
from symbackprop.evaluate.points import PointError, own_point, point, sizes, sizes_of, summary
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import total
from tests.random_programs import declare


def program_of(*inputs) -> Program:
    return trace({"L": declare("b", (), "data") + 0}, inputs)


@given(st.integers(0, 1000))
def test_sizes_are_distinct(seed: int) -> None:
    found = sizes(program_of(declare("W", ("h", "d")), declare("V", ("c", "n"))), {"d": 3}, seed)
    assert found["d"] == 3
    assert len(set(found.values())) == 4


@given(st.integers(0, 1000))
def test_sizes_meet_the_conditions(seed: int) -> None:
    x = declare("x", ("n", "m"))
    program = trace({"L": total(x[5:9, 2:]) + total(declare("y", (size("n") - size("m") - 4,)))})
    found = sizes(program, seed=seed)
    assert found["n"] >= 9
    assert found["m"] >= 3
    assert found["n"] - found["m"] - 4 >= 1


def test_sizes_that_make_an_extent_whole() -> None:
    assert sizes(program_of(declare("x", (size("n") / 7,))))["n"] % 7 == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"h": 3}, "h is no size of this network; its sizes are m, n"),
        ({"n": 0}, "the size n must be a whole number from 1 on, not 0"),
        ({"n": 2.5}, "the size n must be a whole number from 1 on, not 2.5"),
        ({"n": 3}, r"no sizes meet .*n - 9 >= 0.* with n = 3; give the sizes yourself, such as sizes={'m': 8}"),
    ],
)
def test_sizes_that_cannot_be(given: dict, words: str) -> None:
    with pytest.raises(PointError, match=words):
        sizes(trace({"L": total(declare("x", ("n", "m"))[5:9])}), given)


@given(st.integers(0, 1000))
def test_points_keep_kind_and_domain(seed: int) -> None:
    columns = {"positive": (0, np.inf), "unit": (0, 1), "binary": (-0.5, 1.5), "sign": (-1.5, 1.5)}
    inputs = [declare(d, ("n", "m"), "data", domain=d) for d in columns]
    inputs += [declare("y", ("n", "m"), "labels"), declare("t", ("n",), "integers", bound=size("m"))]
    at = point(program_of(*inputs), {"n": 4, "m": 3}, seed)
    for domain, (low, high) in columns.items():
        assert at[domain].shape == (4, 3)
        assert ((at[domain] > low) & (at[domain] < high)).all()
    assert set(at["binary"].flat) <= {0, 1}
    assert set(at["sign"].flat) <= {-1, 1}
    np.testing.assert_allclose(at["y"].sum(axis=-1), 1)
    assert set(at["y"].flat) == {0, 1} if seed % 2 else (at["y"] > 0).all()
    assert at["t"].dtype.kind == "i"
    assert ((at["t"] >= 0) & (at["t"] < 3)).all()


def test_a_constant_has_its_value() -> None:
    assert point(program_of(declare("lam", (), "constant", value=size("n") * 0 + 2)), {}, 0)["lam"] == 2


X, T = declare("X", ("n", "d"), "data"), declare("t", ("n",), "integers", bound=size("c"))
Y, P = declare("Y", ("n", "c"), "labels"), declare("p", ("d",), "data", domain="positive")
GOOD = {
    "X": np.zeros((2, 3)), "t": np.array([0, 1]), "Y": np.full((2, 4), 0.25), "p": np.ones(3), "b": 0.0,
}  # fmt: skip


def test_an_own_point_settles_the_sizes() -> None:
    found, at = own_point(program_of(X, T, Y, P), GOOD)
    assert found == {"n": 2, "d": 3, "c": 4}
    assert at["t"].dtype.kind == "i"
    assert sizes_of(program_of(X, T, Y, P), at) == found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X": None}, r"X is missing: give an array of shape \(n, d\)"),
        ({"Z": np.zeros(2)}, "Z is no input of this network; its inputs are "),
        ({"X": np.zeros(3)}, r"X has shape \(3,\), but it is declared as \(n, d\)"),
        ({"t": np.zeros(5)}, r"t has shape \(5,\), so n = 5, but n = 2 by X"),
        ({"X": [[1, 2], [3]]}, "X is no array of real numbers"),
        ({"X": np.full((2, 3), np.nan)}, r"X holds NaN at \(0, 0\)"),
        ({"p": np.array([1, np.inf, 1])}, r"p holds an infinite number at \(1,\)"),
        ({"t": np.array([0, 4])}, "t must hold whole numbers from 0 to c - 1; it holds 0 to 4"),
        ({"t": np.array([0, 0.5])}, "t must hold whole numbers"),
        ({"Y": np.ones((2, 4))}, "Y is declared as labels: it must sum to one along its last axis"),
        ({"p": np.zeros(3)}, "p must hold positive numbers as declared"),
    ],
)
def test_an_own_point_that_does_not_fit(change: dict, words: str) -> None:
    arrays = {name: array for name, array in {**GOOD, **change}.items() if array is not None}
    with pytest.raises(PointError, match=words):
        own_point(program_of(X, T, Y, P), arrays)


def test_an_own_point_must_tell_every_size() -> None:
    program = program_of(declare("w", (size("n") + 1,)))
    with pytest.raises(PointError, match="the arrays do not tell the size n; give it"):
        own_point(program, {"w": np.zeros(4), "b": 1})
    assert own_point(program, {"w": np.zeros(4), "b": 1}, {"n": 3})[0] == {"n": 3}
    with pytest.raises(PointError, match=r"w has shape \(4,\), but it must be \(n \+ 1,\) = \(6,\)"):
        own_point(program, {"w": np.zeros(4), "b": 1}, {"n": 5})


def test_a_summary_is_short() -> None:
    assert summary(np.asarray(0.123456)) == "0.123"
    assert summary(np.array([1.0, -2.5])) == "[1 -2.5]"
    assert summary(np.arange(100.0)) == "mean 49.5, |max| 99"
