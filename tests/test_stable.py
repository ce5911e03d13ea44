"""Naive spellings become stable ones: the same number where both work, and a right one where the naive one overflows."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.functions import FUNCTIONS, iverson
from symbackprop.core.passes.stable import stable
from symbackprop.core.passes.stable_rules import RULES, respelled
from symbackprop.core.program import Program, Sum, position, slot
from symbackprop.evaluate.tape import forward
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor, apply
from symbackprop.verbs import compile, derive, read
from tests.random_programs import declare

DECLARED = "z: parameter[n, k]\ny: labels[n, k]\nv: parameter[k]\n"

# what is written -> what its equations must hold, what they must not
CASES = {
    "L = sum(1/(1 + exp(-z)))": ("sigmoid(z[i j])", "exp"),
    "L = sum(1/(1 + np.exp(-(z @ v))))": ("sigmoid(", "exp"),
    "L = sum(1/(1 + exp(-2*z)))": ("sigmoid(", "exp"),
    "L = sum(exp(z)/(1 + exp(z)))": ("sigmoid(z[i j])", "exp"),
    "L = sum(z/(1 + exp(-z)))": ("sigmoid(z[i j])", "exp"),
    "L = sum((exp(z) - exp(-z))/(exp(z) + exp(-z)))": ("tanh(z[i j])", "exp"),
    "L = sum(log(1 + exp(z)))": ("softplus(z[i j])", "exp"),
    "L = sum(log(1 + exp(-y*z)))": ("softplus(", "exp"),
    "L = sum(log(sum(exp(z), axis=1)))": ("logsumexp_{j} z[i j]", "log("),
    "L = sum(log(mean(exp(z), axis=0)))": ("- log(n)", "exp("),
    "L = sum(log(cosh(z - y)))": ("softplus(", "cosh"),
    "L = -sum(y*log(exp(z)/sum(exp(z), axis=1, keepdims=True)))": ("logsumexp_{j} z[i j]", "exp("),
    "L = sum(v*exp(v)/sum(exp(v)))": ("logsumexp_{i} v[i]", "/"),
    "L = sum(v/sum(exp(v)))": ("logsumexp_{i} v[i]", "/"),
    "L = -sum(y*log(softmax(z)))": ("logsumexp_{j} z[i j]", "exp("),
    "p = softmax(z)\nL = -sum(y*log(p))": ("logsumexp_{j} z[i j]", " log("),
    "p = exp(z)/sum(exp(z), axis=1, keepdims=True)\nL = -sum(y*log(p))": ("logsumexp_{j} z[i j]", " log("),
    "p = sigmoid(z)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))": ("softplus(-z[i j])", "log"),
    "p = 1/(1 + exp(-z))\nL = -sum(y*log(p) + (1 - y)*log(1 - p))": ("softplus(z[i j])", "log"),
}  # fmt: skip

z = np.array([[0.3, -1.2, 2.0], [0.7, 0.1, -0.4]])
POINT = {"z": z, "y": np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), "v": np.array([0.5, -0.3, 1.1])}


def naive(text: str, point: dict[str, np.ndarray]) -> float:
    """What NumPy makes of the text as it stands."""

    def softmax(x: np.ndarray) -> np.ndarray:
        return np.exp(x) / np.exp(x).sum(-1, keepdims=True)

    scope = {
        "np": np,
        "exp": np.exp,
        "log": np.log,
        "cosh": np.cosh,
        "sum": np.sum,
        "mean": np.mean,
        "softmax": softmax,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }
    scope |= point
    exec(text, scope)
    return float(scope["L"])


def spelled(text: str, kept: tuple[str, ...] = ()) -> Program:
    return stable(read(DECLARED + text).program, kept)


def loss(program: Program, point: dict[str, np.ndarray]) -> float:
    return float(forward(program, {t.name: point[t.name] for t in program.inputs})["L"])


@pytest.mark.parametrize("text", CASES)
def test_what_is_rewritten(text: str) -> None:
    holds, lacks = CASES[text]
    program = spelled(text)
    assert holds in str(program)
    assert lacks not in "\n".join(str(e) for e in program.equations if e.target.name != "p")
    for same in (program, read(DECLARED + text).program):
        np.testing.assert_allclose(loss(same, POINT), naive(text, POINT), rtol=1e-12)


@pytest.mark.parametrize("text", CASES)
def test_large_numbers_do_no_harm(text: str) -> None:
    assert np.isfinite(loss(spelled(text), {"z": z * 1e3, "y": POINT["y"], "v": POINT["v"] * 1e3}))


@pytest.mark.parametrize("gates", ["elementary", "whole"])
@pytest.mark.parametrize(
    ("text", "at", "expected", "slope"),
    [
        ("L = -log(sigmoid(x))", -800.0, 800.0, -1.0),
        ("L = log(1 + exp(x))", 800.0, 800.0, 1.0),
        ("L = log1p(exp(x))", 800.0, 800.0, 1.0),
        ("L = 1/(1 + exp(-x))", -800.0, 0.0, 0.0),
        ("L = (1/(1 + exp(-x)))**2", -800.0, 0.0, 0.0),
        ("L = exp(x)/(1 + exp(x))", 800.0, 1.0, 0.0),
        ("L = exp(-x)/(1 + exp(-x))**2", -800.0, 0.0, 0.0),
        ("L = (exp(x) - exp(-x))/(exp(x) + exp(-x))", 800.0, 1.0, 0.0),
        ("L = x/exp(x)", 800.0, 0.0, 0.0),
        ("L = log(3*exp(x)/7)", 800.0, 800 + np.log(3 / 7), 1.0),
        ("a = 1/(1 + exp(-x))\nL = -log(1 - a)", 800.0, 800.0, 1.0),
    ],
)  # fmt: skip
def test_a_scalar_network_compiles_to_a_stable_function(text: str, gates: str, at: float, expected: float, slope: float) -> None:
    value, gradients = compile(read(f"x: parameter\n{text}", gates=gates)).value_and_grad({"x": at})
    assert value == pytest.approx(expected, rel=1e-14)
    assert gradients["x"] == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize("exponent", ["arange(5)", "k"])
def test_a_power_has_a_slope_where_base_and_exponent_are_zero(exponent: str) -> None:
    step = compile(derive(f"x: parameter[n, 1]\nk: integers[5, 9]\nL = sum(x**{exponent})"))
    x, k = np.array([[-2.0], [-1.0], [0.0], [1.5]]), np.arange(5)
    _, gradients = step(x=x, **({"k": k} if exponent == "k" else {}))
    slopes = [[n * base ** (n - 1) if n else 0.0 for n in range(5)] for base in x[:, 0]]
    np.testing.assert_allclose(gradients["x"][:, 0], np.sum(slopes, axis=1), atol=1e-12)


def test_a_power_of_zero_has_a_slope_by_its_exponent() -> None:
    """The limit of x^p log(x) at 0 for p > 0; it was not a number."""
    network = read("x: parameter[n]\np: parameter\nL = sum(x**p)")
    value, gradients = compile(network).value_and_grad({"x": np.array([0.0, 2.0]), "p": np.array(2.0)})
    assert value == 4
    assert gradients["p"] == pytest.approx(4 * np.log(2), rel=1e-15)
    np.testing.assert_array_equal(gradients["x"], [0, 4])
    written = read("x: parameter[n]\np: data[n]\nL = sum(x**p*log(x))")
    assert compile(written).value({"x": np.array([0.0, 1.0]), "p": np.array([2.0, 2.0])}) == 0


def test_a_network_is_as_written() -> None:
    network = read(DECLARED + "e = exp(z)\ns = sum(e, axis=1, keepdims=True)\np = e/s\nL = -sum(y*log(p))")
    assert [e.target.name for e in network.program.equations] == ["e", "s", "p", "L"]
    assert "log(p[i j])" in str(network.program)
    network = read("w: parameter\nf = 1/(1 + exp(-w))\ng = log(1 + exp(w))")
    assert [str(e) for e in network.program.equations] == [
        "u_1 = -w", "u_2 = exp(u_1)", "u_3 = u_2 + 1", "f = 1/u_3", "u_4 = exp(w)", "u_5 = u_4 + 1", "g = log(u_5)",
    ]  # fmt: skip


def test_what_has_a_name_stays() -> None:
    program = spelled("e = exp(z)\ns = sum(e, axis=1, keepdims=True)\np = e/s\nL = -sum(y*log(p))")
    assert {"e", "s", "p", "L"} <= {e.target.name for e in program.equations}


@pytest.mark.parametrize(
    "text",
    [
        "L = sum(1/(2 + exp(-z)))",
        "L = sum(log(1 + z**2))",
        "L = sum(log(sum(z*exp(z))))",
        "L = sum(log(1 - concatenate((sigmoid(v), v))[1:]))",
        "p = sigmoid(v)\nL = -log(sum(p[1:]))",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    program = read(DECLARED + text).program
    assert stable(program) is program


def test_an_entry_beyond_the_edge_is_zero_and_not_picked() -> None:
    x = declare("x", ("n",))
    padded = contract_with_edge(apply("sigmoid", x))
    program = trace({"L": apply("log", 1 - padded).sum()}, [x])
    spelt = stable(program)
    at = {"x": np.array([0.3, -1.2, 2.0])}
    assert forward(spelt, at)["L"] == pytest.approx(forward(program, at)["L"], rel=1e-14)


def contract_with_edge(x: Tensor) -> Tensor:
    """x moved by one place, with 0 at its first."""
    body = slot(0) * iverson(sp.Eq(position("j"), position("i") - 1, evaluate=False))
    return Tensor(x.shape, Sum(body, (slot(0),), (("j", x.shape[0]),)), ((x, ("j",)),), ("i",))


BYPASSED = {
    "a = sigmoid(v)\nL = -sum(log(a) + 2*log(1 - a))": ("a", lambda a: -1 / a + 2 / (1 - a)),
    "a = softmax(v)\nL = -sum(v*log(a))": ("a", lambda a: -POINT["v"] / a),
    "a = exp(v)\nL = log(sum(a))": ("a", lambda a: np.ones(3) / a.sum()),
    "e = exp(v)\ns = sum(e)\na = e/s\nL = -sum(log(a))": ("s", lambda a: np.array(3 / np.exp(POINT["v"]).sum())),
    "a = sigmoid(v)\nq = 1 - a\nL = sum(log(q))": ("q", lambda a: 1 / (1 - a)),
}  # fmt: skip


@pytest.mark.parametrize("text", BYPASSED)
def test_the_gradient_by_an_intermediate_means_what_was_written(text: str) -> None:
    name, expected = BYPASSED[text]
    derivation = derive(f"v: parameter[k]\n{text}", wrt=[name, "v"])
    assert derivation.check().ok
    a = forward(derivation.forward, {"v": POINT["v"]})["a"]
    compiled = compile(derivation).value_and_grad({"v": POINT["v"]})[1]
    np.testing.assert_allclose(compiled[name], expected(a), rtol=1e-12)
    alone = compile(derive(f"v: parameter[k]\n{text}")).value_and_grad({"v": POINT["v"]})[1]
    np.testing.assert_allclose(compiled["v"], alone["v"], rtol=1e-12, atol=1e-14)


def test_second_derivatives_are_stable_too() -> None:
    second = derive(derive("x: parameter\nL = log(1 + exp(x))"))
    for at in (-800.0, 0.0, 800.0):
        value, gradients = compile(second).value_and_grad({"x": at})
        share = 1 / (1 + np.exp(-at)) if at > -800 else 0.0
        assert value == pytest.approx(share)
        assert gradients["x"] == pytest.approx(share * (1 - share))


a, b, c = sp.symbols("a b c", real=True)
FORMULAS = {FUNCTIONS["sigmoid"]: lambda x: 1 / (1 + sp.exp(-x)), FUNCTIONS["softplus"]: lambda x: sp.log(1 + sp.exp(x))}
expressions = st.recursive(
    st.sampled_from([a, b, c, sp.Integer(1), sp.Integer(2)]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        inner.map(lambda e: -e),
        inner.map(sp.exp),
        inner.map(lambda e: 1 / (1 + sp.exp(e))),
        inner.map(lambda e: sp.log(1 + sp.exp(e))),
        inner.map(lambda e: sp.log(FUNCTIONS["sigmoid"](e))),
        inner.map(lambda e: sp.log(1 - FUNCTIONS["sigmoid"](e))),
        inner.map(lambda e: sp.log(sp.cosh(e))),
        inner.map(lambda e: (sp.exp(e) - sp.exp(-e)) / (sp.exp(e) + sp.exp(-e)) if e.free_symbols else e),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=150)
@given(expressions)
def test_every_rule_is_an_equality(expression: sp.Expr) -> None:
    at = {a: sp.Rational(1, 3), b: -sp.Rational(2, 5), c: sp.Rational(7, 9)}
    new = respelled(expression)
    sides = []
    for side in (expression, new):
        for function, formula in FORMULAS.items():
            side = side.replace(function, formula)
        sides.append(sp.N(side.subs(at), 40, maxn=400))
    assert abs(sides[0] - sides[1]) <= abs(sides[0]) * sp.Float(10) ** -30 + sp.Float(10) ** -30


def test_every_rule_says_its_equality() -> None:
    assert all(rule.__doc__ and "=" in rule.__doc__ for rule in RULES)


def test_a_network_may_be_deeper_than_the_stack() -> None:
    """A logarithm at the end of a hundred layers that add to one another asks what every one of them is."""
    layers = [f"a{k + 1} = a{k} + tanh(W @ a{k})" for k in range(110)]
    text = "\n".join(["W: parameter[d, d]", "a0: data[d]", "y: data[d]", *layers, f"L = -sum(y*log(softmax(a{len(layers)})))"])
    assert "logsumexp" in " ".join(map(str, stable(read(text).program).equations[-3:]))


PROBABILITY = compile("x: parameter[n]\nw: data[n]\np = softmax(x)\nL = w @ p")


@pytest.mark.parametrize("size", [1e3, 1e6, 1e9])
@settings(max_examples=30)
@given(scores=st.lists(st.floats(-20, 20), min_size=2, max_size=5))
def test_a_softmax_of_large_scores_has_the_digits_of_the_largest(size: float, scores: list[float]) -> None:
    x = size + np.array(scores)
    exact = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    for k in range(len(scores)):
        value, _ = PROBABILITY.value_and_grad({"x": x, "w": np.eye(len(scores))[k]})
        np.testing.assert_allclose(value, exact[k], rtol=max(1e-12, 4 * np.spacing(size)))
