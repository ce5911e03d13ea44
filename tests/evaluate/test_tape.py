"""The tape against the differences, which share nothing with it but the values; and against forms that are known."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Where, iverson
from symbackprop.core.program import Equation, Matrix, Program, Ref, Signature, Sum, position, size, slot
from symbackprop.evaluate import points
from symbackprop.evaluate.differences import central, complex_step
from symbackprop.evaluate.sizes import draw_sizes, sizes_of
from symbackprop.evaluate.tape import forward, gradients
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply, contract, reduce, total, where
from symbackprop.language.tensors.indexing import arange
from tests.functions.evaluators import GROWING, marked
from tests.random_programs import declare, programs


def agree(program: Program, where: dict | None = None, seed: int = 0, of: str = "L") -> None:
    """Hold the tape's gradient by every real input against differences along every direction."""
    sizes = sizes_of(program, where) if where else draw_sizes(program, seed=seed)
    at = where or points.point(program, sizes, seed)
    names = [t.name for t in program.inputs if t.kind not in ("integers", "constant")]
    exact = gradients(program, of, names, at)
    scale = max(1.0, *(abs(g).max() for g in exact.values()))
    for name in names:
        directions = np.eye(at[name].size).reshape(-1, *at[name].shape)
        expected = directions.reshape(len(directions), -1) @ exact[name].ravel()
        sharp = complex_step(program, of, at, sizes, {name: directions})
        if sharp is not None:
            np.testing.assert_allclose(sharp, expected, rtol=0, atol=1e-12 * scale)
        estimate = central(program, of, at, sizes, {name: directions})
        clear = ~estimate.kink & (estimate.error < 1e-3 * scale)
        assert (abs(estimate.value - expected) <= 1e-8 * scale + 10 * estimate.error)[clear].all()
        assert sharp is not None or clear.mean() > 0.5


@settings(max_examples=15)
@given(programs(), st.integers(0, 99))
@pytest.mark.slow
def test_random_programs(program: Program, seed: int) -> None:
    agree(program, seed=seed)


@pytest.mark.slow
@settings(max_examples=150)
@given(programs(), st.integers(0, 99))
def test_more_random_programs(program: Program, seed: int) -> None:
    agree(program, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_of_the_tables(name: str) -> None:
    row = ELEMENTWISE.get(name)
    first = declare("q", ("n",), domain="unit")
    arguments = [1 + first if name == "arccosh" else first] + [declare(f"p{k}") for k in range(len(row.args) - 1 if row else 0)]
    agree(trace({"L": total(apply(name, *arguments) ** 2)}))


def test_a_product_names_its_axes() -> None:
    a, b = declare("A", ("n", "m")), declare("B", ("m", "k"))
    at = {"A": np.arange(6.0).reshape(2, 3), "B": np.arange(12.0).reshape(3, 4)}
    program = trace({"C": a @ b, "L": total((a @ b) ** 2)})
    values = forward(program, at)
    np.testing.assert_allclose(values["C"], at["A"] @ at["B"])
    got = gradients(program, "L", ["A", "B"], at)
    np.testing.assert_allclose(got["A"], 2 * values["C"] @ at["B"].T)
    np.testing.assert_allclose(got["B"], 2 * at["A"].T @ values["C"])


def test_a_jacobian_has_the_shape_of_both() -> None:
    w, x = declare("W", ("h", "d")), declare("x", ("d",))
    program = trace({"q": w @ x})
    at = {"W": np.arange(6.0).reshape(2, 3), "x": np.array([1.0, -2, 5])}
    got = gradients(program, "q", ["W", "x"], at)
    np.testing.assert_allclose(got["W"], np.einsum("ki,j->kij", np.eye(2), at["x"]))
    np.testing.assert_allclose(got["x"], at["W"])


def test_a_value_has_a_gradient_and_passes_it_on() -> None:
    x = declare("x", ("n",))
    z = (3 * x).named("z")
    program = trace({"z": z, "y": (z + 0).named("y"), "L": total(z * z)})
    got = gradients(program, "L", ["z", "x", "L"], {"x": np.array([1.0, 2.0])})
    np.testing.assert_allclose(got["z"], [6, 12])
    np.testing.assert_allclose(got["x"], [18, 36])
    assert got["L"] == 1


P, S0, S1 = position("i"), slot(0), slot(1)


@pytest.mark.parametrize(
    "body",
    [
        sp.Abs(S0), sp.sign(S0) * S0, sp.Max(S0, S1, 0), sp.Min(S0, S1), sp.acosh(2 + S0**2), sp.atanh(sp.tanh(S0) / 2),
        S0 ** (S1**2), (2 + S1**2) ** S0, sp.pi**S0, S0 * sp.floor(P / 2), S0 * sp.ceiling(P / 2), S0**2 * sp.Mod(P, 2),
        Where(sp.And(S0 > 0, P > 1), S0**2, S1), Where(sp.Or(S0 > S1, sp.Eq(P, 0)), S0, S1 * S0),
        Where(~(S0 > 1) & (S1 < 1), S0, S1),
        S0 / (1 + P), (-1) ** P * S0, Where(sp.Eq(P, 1) & (S0 > S1), S0, 0),
    ],
)  # fmt: skip
def test_bodies(body: sp.Expr) -> None:
    n = size("n")
    tensors = {
        "p": Signature("p", (n,), "parameter", "positive"),
        "q": Signature("q", (n,), "parameter"),
        "L": Signature("L"),
    }
    equation = Equation(Ref("L"), Sum(body, (S0, S1), (("i", n),)), (Ref("p", ("i",)), Ref("q", ("i",))))
    program = Program(tensors, (equation,), ("L",))
    at = {"p": np.array([0.5, 1.2, 0.7, 2.1]), "q": np.array([-0.3, 1.1, 1.9, 0.6])}
    terms = [body.subs({S0: a, S1: b, P: i}).doit() for i, (a, b) in enumerate(zip(at["p"], at["q"], strict=True))]
    np.testing.assert_allclose(forward(program, at)["L"], float(sum(terms)), rtol=1e-13)
    agree(program, at)


def test_entries_that_tie_share_the_slope() -> None:
    program = trace({"L": reduce("max", declare("x", ("n",)))})
    got = gradients(program, "L", ["x"], {"x": np.array([2.0, 1, 2])})
    np.testing.assert_allclose(got["x"], [0.5, 0, 0.5])


def test_indexing_is_numpys() -> None:
    x, t = declare("x", ("n", "m")), declare("t", ("n",), "integers", bound=size("m"))
    at = {"x": np.random.default_rng(0).normal(size=(5, 4)), "t": np.array([3, 0, 3, 1, 2])}
    cases = {
        "a": (x[1:, ::-1], at["x"][1:, ::-1]),
        "b": (x[::2, 1], at["x"][::2, 1]),
        "c": (x[arange(size("n")), t], at["x"][np.arange(5), at["t"]]),
        "e": (contract("ij,ij->i", x, x)[-1], (at["x"] ** 2).sum(1)[-1]),
    }
    program = trace({name: tensor for name, (tensor, _) in cases.items()})
    values = forward(program, at)
    for name, (_, expected) in cases.items():
        np.testing.assert_allclose(values[name], expected)
    agree(trace({"L": total(x[arange(size("n")), t] ** 3) + total(x[1:, ::-1] ** 2) + total(x[:, t] ** 3)}))


def test_a_diagonal() -> None:
    a, b = declare("A", ("n", "n")), declare("b", ("n",))
    agree(trace({"L": contract("ii,i->", a, b) + total(contract("ii->i", a) ** 3)}))


def convolution(stride: int, sides: int, channels: int) -> Program:
    """sum over c, k, l of w[f c k l] x[n c (s o + k) (s p + l)], squared and summed."""
    x, w = declare("x", ("n", channels, sides, sides), "data"), declare("w", (2, channels, 3, 5))
    out = [(sides - k) // stride + 1 for k in (3, 5)]
    p = position
    guards = [iverson(sp.Eq(p("i"), stride * p("o") + p("k"))), iverson(sp.Eq(p("j"), stride * p("p") + p("l")))]
    over = (("c", channels), ("i", sides), ("j", sides), ("k", 3), ("l", 5))
    z = Tensor(
        (size("n"), *map(sp.Integer, (2, *out))),
        Sum(sp.Mul(slot(0), slot(1), *guards), (slot(0), slot(1)), tuple((c, sp.Integer(n)) for c, n in over)),
        ((x, ("n", "c", "i", "j")), (w, ("f", "c", "k", "l"))),
        ("n", "f", "o", "p"),
    )
    return trace({"z": z, "L": total(z**2, mean=True)})


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_windows(stride: int) -> None:
    program = convolution(stride, 7, 2)
    at = points.point(program, {"n": 2}, 0)
    windows = np.lib.stride_tricks.sliding_window_view(at["x"], (3, 5), (2, 3))[:, :, ::stride, ::stride]
    np.testing.assert_allclose(forward(program, at)["z"], np.einsum("ncopkl,fckl->nfop", windows, at["w"]))
    agree(program, at)


def test_windows_of_an_image_fit_into_memory() -> None:
    program = convolution(1, 32, 3)
    at = points.point(program, {"n": 8}, 0)
    got = gradients(program, "L", ["w", "x"], at)  # the plain sum would run over 10**9 entries
    assert got["x"].shape == (8, 3, 32, 32)
    assert np.isfinite(got["w"]).all()


@pytest.mark.parametrize("kind", ["inverse", "det", "logdet"])
def test_functions_of_a_matrix(kind: str) -> None:
    shape = (sp.Integer(2), sp.Integer(3), sp.Integer(3))
    out = shape if kind == "inverse" else shape[:1]
    y = Ref("Y", ("b", "p", "q") if kind == "inverse" else ("b",))
    tensors = {"X": Signature("X", shape, "parameter"), "Y": Signature("Y", out), "L": Signature("L")}
    square = Sum(slot(0) ** 2, (slot(0),), tuple(zip(y.index, out, strict=True)))
    program = Program(tensors, (Equation(y, Matrix(kind), (Ref("X", ("b", "i", "j")),)), Equation(Ref("L"), square, (y,))), ("L",))
    x = np.random.default_rng(1).normal(size=(2, 3, 3))
    x[np.linalg.det(x) < 0, 0] *= -1
    numpys = {"inverse": np.linalg.inv, "det": np.linalg.det, "logdet": lambda a: np.log(np.linalg.det(a))}
    np.testing.assert_allclose(forward(program, {"X": x})["Y"], numpys[kind](x))
    agree(program, {"X": x})


def test_a_branch_that_is_not_taken_spoils_nothing() -> None:
    x = declare("x", ("n",))
    program = trace({"L": total(where(x > 0, apply("log", x), 0))})
    got = gradients(program, "L", ["x"], {"x": np.array([0.0, 2.0, -1.0])})
    np.testing.assert_allclose(got["x"], [0, 0.5, 0])


STABLE = marked(
    n
    for n, row in ELEMENTWISE.items()
    if "stable" in row.columns and len(row.args) == 1 and row.domain == "real" and n not in GROWING
)


@pytest.mark.parametrize("z", [-1000.0, -40.0, 40.0, 1000.0])
@pytest.mark.parametrize("name", STABLE)
def test_a_formula_that_overflows_is_run_in_its_stable_form(name: str, z: float) -> None:
    program = trace({"y": apply(name, declare("z"))})
    at = {"z": np.asarray(z)}
    assert np.isfinite(forward(program, at)["y"])
    assert np.isfinite(gradients(program, "y", ["z"], at)["z"])


@pytest.mark.parametrize("name", STABLE)
def test_entries_that_overflow_change_nothing_for_those_beside_them(name: str) -> None:
    z = np.array([0.0, 1000.0, -1000.0, 0.5, -0.25, -0.0])
    program = trace({"L": total(apply(name, declare("z", ("n",))))})
    beside = gradients(program, "L", ["z"], {"z": z})["z"]
    alone = [gradients(program, "L", ["z"], {"z": z[k : k + 1]})["z"][0] for k in range(len(z))]
    np.testing.assert_array_equal(beside, alone)


@given(st.floats(-700, 700))
def test_slopes_of_reciprocals_stay_in_range_where_the_values_do(z: float) -> None:
    program = trace({"y": apply("log", apply("sigmoid", declare("z")))})
    slope = gradients(program, "y", ["z"], {"z": np.asarray(z)})["z"]
    assert slope == pytest.approx(1 / (1 + math.exp(z)))


def test_logsumexp_is_shifted() -> None:
    program = trace({"y": reduce("logsumexp", declare("x", ("n",)))})
    at = {"x": np.array([1000.0, 1000.0])}
    assert forward(program, at)["y"] == pytest.approx(1000 + math.log(2))
    np.testing.assert_allclose(gradients(program, "y", ["x"], at)["x"], [0.5, 0.5])


@pytest.mark.slow
def test_a_thousand_layers() -> None:
    h = declare("x", ("n", "h"), "data")
    for k in range(1000):
        h = apply("tanh", h @ declare(f"W{k}", ("h", "h"))).named(f"h{k}")
    program = trace({"L": total(h**2)})
    at = points.point(program, {"n": 2, "h": 3}, 0)
    assert len(gradients(program, "L", [t.name for t in program.parameters], at)) == 1000


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (lambda q: apply("log", q), r"log of a negative number in .*declare q: data\[n\] & positive"),
        (lambda q: 1 / (q - q), r"division by zero in L = "),
        (lambda q: q ** sp.Rational(1, 2), r"a root .* of a negative number in .*declare q: data\[n\] & positive"),
        (lambda q: apply("exp", 1000 * q**2), r"overflow in exp in .*; choose another point"),
        (lambda q: apply("arcsin", 2 - q), r"asin of a number outside its domain"),
    ],
)
def test_a_value_that_is_not_finite_is_explained(expression, words: str) -> None:
    q = declare("q", ("n",), "data")
    program = trace({"L": total(expression(q))})
    with pytest.raises(points.PointError, match=words):
        forward(program, {"q": np.array([-1.0, -2.0])})
