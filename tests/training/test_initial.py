import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import slot
from symbackprop.training.roles import initial, is_rectifier, role_of

DENSE = """
X: data[n, d]
Y: data[n, c]
W_1: parameter[d, h]
b_1: parameter[h]
g: parameter[h]
W_2: parameter[c, h]
b_2: parameter[c]
H = {function}(X @ W_1 + b_1) * g
L = sum((H @ W_2.T + b_2 - Y)**2) + 0.1 * sum(W_1**2)
"""
SIZES = {"d": 40, "h": 30, "c": 20, "n": 5}


def dense(function: str):
    return sb.read(DENSE.format(function=function)).program


@pytest.mark.parametrize("function", ["relu", "tanh", "sigmoid", "softplus"])
def test_what_each_parameter_is_for(function: str) -> None:
    roles = {t.name: role_of(dense(function), t.name, SIZES) for t in dense(function).parameters}
    assert {name: role.kind for name, role in roles.items()} == {
        "W_1": "weight", "b_1": "bias", "g": "gain", "W_2": "weight", "b_2": "bias",
    }  # fmt: skip
    assert (roles["W_1"].fan_in, roles["W_1"].fan_out, roles["W_1"].rectified) == (
        40,
        30,
        function in ("relu", "softplus"),
    )
    assert (roles["W_2"].fan_in, roles["W_2"].fan_out, roles["W_2"].rectified) == (30, 20, False)


def test_the_spread_of_a_weight_follows_its_fan_in_and_the_activation_behind() -> None:
    sizes = SIZES | {"d": 400, "h": 300}
    he, xavier = (initial(dense(f), sizes)["W_1"] for f in ("relu", "tanh"))
    assert he.var() == pytest.approx(2 / 400, rel=0.02)
    assert xavier.var() == pytest.approx(2 / 700, rel=0.02)
    assert abs(xavier).max() <= np.sqrt(6 / 700)


def test_biases_are_zero_gains_are_one_and_a_seed_repeats() -> None:
    first, again, other = (initial(dense("relu"), SIZES, seed, "float32") for seed in (1, 1, 2))
    assert not first["b_1"].any()
    assert not first["b_2"].any()
    assert (first["g"] == 1).all()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["W_1"], other["W_1"])
    assert {a.dtype for a in first.values()} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("name", "kin"),
    [
        ("relu", True), ("softplus", True), ("sigmoid", False), ("tanh", False),
        ("sin", False), ("exp", False), ("step", False), ("log", False),
    ],
)  # fmt: skip
def test_the_kin_of_relu_are_told_by_their_values(name: str, kin: bool) -> None:
    assert is_rectifier(FUNCTIONS[name](slot(0)), slot(0)) is kin


def test_columns_and_rows_have_the_same_fans() -> None:
    columns = sb.read("X: data[d, n]\nW: parameter[h, d]\nb: parameter[h]\nA = relu(W @ X + b[:, None])\nL = sum(A)").program
    role = role_of(columns, "W", SIZES)
    assert (role.kind, role.fan_in, role.fan_out, role.rectified) == ("weight", 40, 30, True)
    assert role_of(columns, "b", SIZES).kind == "bias"


def test_an_embedding_sums_over_nothing() -> None:
    program = sb.read("t: integers[n, v]\nE: parameter[v, d]\nw: parameter[d]\nL = sum(tanh(E[t]) @ w)").program
    role = role_of(program, "E", {"n": 5, "v": 100, "d": 8})
    assert (role.kind, role.fan_in, role.fan_out) == ("weight", 1, 8)


def test_a_scalar_network_does_not_begin_at_a_symmetric_point() -> None:
    text = "x: data[()]\nw1: parameter[()]\nw2: parameter[()]\nb: parameter[()]\nL = (sigmoid(w1*x + b) + sigmoid(w2*x) - 1)**2"
    start = initial(sb.read(text).program, {})
    assert start["w1"] != start["w2"]
    assert start["b"] == 0


def test_domains_are_kept() -> None:
    program = sb.read("x: data[n]\ns: parameter[n] & positive\nu: parameter[n] & unit\nL = sum(s * x + log(u) * x)").program
    start = initial(program, {"n": 3})
    assert start["s"].tolist() == [1, 1, 1]
    assert start["u"].tolist() == [0.5, 0.5, 0.5]
