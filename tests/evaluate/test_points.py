"""Random points where a network is defined, and a person's own points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program, size
from symbackprop.evaluate.arrays import summary
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.points import PointError, own_point, point
from symbackprop.evaluate.sizes import sizes_of
from symbackprop.evaluate.tape import forward
from symbackprop.language.lower.tracing import trace
from tests.random_programs import declare


def program_of(*inputs) -> Program:
    return trace({"L": declare("b", (), "data") + 0}, inputs)


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
        ({"t": np.zeros(5)}, r"t has shape \(5,\), but it is declared as \(n,\) with n = 2 by X: reshape"),
        ({"X": [[1, 2], [3]]}, "X is no array: its rows have different lengths"),
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
    with pytest.raises(SymbackpropError, match=words):
        own_point(program_of(X, T, Y, P), arrays)


def test_an_own_point_tells_sizes_by_every_axis() -> None:
    program = program_of(declare("w", (size("n") + 1,)))
    assert own_point(program, {"w": np.zeros(4), "b": 1})[0] == {"n": 3}
    with pytest.raises(SymbackpropError, match=r"w has shape \(4,\), but it is declared as \(n \+ 1,\) with n = 5 as given"):
        own_point(program, {"w": np.zeros(4), "b": 1}, {"n": 5})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1.5", "b is text, '1.5', not a number; write numbers without quotation marks"),
        (True, "b is true, not a number; write 1"),
        (None, "b is empty, not a number"),
        ({"b": 1}, "b is an object with names, not a number"),
        (10**400, r"b is a whole number beyond 1\.8e308"),
        ([[1.0, [2.0]], [3.0, [False]]], r"b\[1, 1, 0\] is false, not a number; write 0"),
        ([1, ["2"]], r"b\[1, 0\] is text, '2', not a number"),
        ([1, [2]], "b is no array: its rows have different lengths"),
        (1j, "b is complex"),
        (np.array(["a"]), "b holds <U1, not real numbers"),
    ],
)
def test_what_is_no_number_is_refused_by_its_place(value: object, words: str) -> None:
    with pytest.raises(SymbackpropError, match=words):
        own_point(program_of(), {"b": value})


def test_what_is_nested_without_end_is_no_array() -> None:
    nested: list = [1.0]
    for _ in range(10_000):
        nested = [nested]
    with pytest.raises(SymbackpropError, match="b is nested more than 32 deep"):
        own_point(program_of(), {"b": nested})


@pytest.mark.parametrize(
    "text",
    [
        "q: parameter\nL = log(q)",
        "q: parameter[n]\nL = sum(log(q))",
        "q: parameter[n]\nL = sum(log(q - 100))",
        "q: parameter[n]\nr: parameter[n]\nL = sum(sqrt(q - 1) + sqrt(r - 3))",
        "q: parameter[n]\nr: parameter[n]\nL = sum(log(q - r))",
        "q: parameter[n]\nL = sum(log(log(q)))",
        "q: parameter[n]\nL = log(1 - sum(q**2))",
        "q: parameter[n]\nL = sum(sqrt(q - 2) + sqrt(5 - q))",
        "A: parameter[5, 5]\nL = logdet(A)",
        "X: data[m, n]\nL = logdet(X.T @ X)",
        "X: data[m, n]\ny: data[m]\nL = sum(inv(X.T @ X) @ (X.T @ y))",
    ],
)
def test_a_point_is_found_where_the_network_is_defined(text: str) -> None:
    program = sb.read(text).program
    for seed in range(3):
        at, where = defined(program, seed=seed)
        assert all(np.isfinite(value).all() for value in forward(program, where, at).values())
        assert all(len(np.unique(a)) == a.size for a in where.values()), "the point is not generic"
    if "m" in at:
        assert at["m"] > at["n"]


def test_where_a_network_is_defined_nowhere_the_reason_is_said() -> None:
    program = sb.read("q: parameter[n]\nL = sum(log(-(q**2)))").program
    with pytest.raises(PointError, match=r"log of a negative number in .* at the tested point; choose another point"):
        defined(program)


def test_a_summary_is_short() -> None:
    assert summary(np.asarray(0.123456)) == "0.123"
    assert summary(np.array([1.0, -2.5])) == "[1 -2.5]"
    assert summary(np.arange(100.0)) == "mean 49.5, |max| 99"
