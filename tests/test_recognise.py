"""Naive spellings become stable ones: the same number where both work, and a right one where the naive one overflows."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.functions import FUNCTIONS
from symbackprop.language.lower.recognise import RULES, rewritten
from symbackprop.notation import read
from tests.notation.values import value

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
    "L = -sum(y*log(exp(z)/sum(exp(z), axis=1, keepdims=True)))": ("logsumexp_{j} z[i j]", "exp("),
    "L = sum(v*exp(v)/sum(exp(v)))": ("logsumexp_{i} v[i]", "/"),
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
        "sum": np.sum,
        "mean": np.mean,
        "softmax": softmax,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }
    scope |= point
    exec(text, scope)
    return float(scope["L"])


@pytest.mark.parametrize("text", CASES)
def test_what_is_recognised(text: str) -> None:
    holds, lacks = CASES[text]
    network = read(DECLARED + text)
    equations = "\n".join(str(e) for e in network.program.equations)
    loss = "\n".join(str(e) for e in network.program.equations if e.target.name != "p")
    assert holds in equations
    assert lacks not in loss
    needed = {t.name: POINT[t.name] for t in network.program.inputs}
    np.testing.assert_allclose(value(network, needed), naive(text, POINT), rtol=1e-12)


@pytest.mark.parametrize("text", CASES)
def test_large_numbers_do_no_harm(text: str) -> None:
    large = {"z": z * 1e3, "y": POINT["y"], "v": POINT["v"] * 1e3}
    network = read(DECLARED + text)
    assert np.isfinite(value(network, {t.name: large[t.name] for t in network.program.inputs}))


def test_names_are_kept() -> None:
    network = read(DECLARED + "e = exp(z)\ns = sum(e, axis=1, keepdims=True)\np = e/s\nL = sum(p*y)")
    assert [e.target.name for e in network.program.equations] == ["e", "s", "p", "L"]
    assert "e[i j]/s[i" in str(network.program.equations[2])


def test_elementary_gates_are_as_written() -> None:
    network = read("w: parameter\nf = 1/(1 + exp(-w))\ng = log(1 + exp(w))")
    assert [str(e) for e in network.program.equations] == [
        "u_1 = -w", "u_2 = exp(u_1)", "u_3 = u_2 + 1", "f = 1/u_3", "u_4 = exp(w)", "u_5 = u_4 + 1", "g = log(u_5)",
    ]  # fmt: skip


def test_what_only_looks_alike_is_left_alone() -> None:
    kept = {
        "L = sum(v/sum(exp(v)))": "v[i]/u",
        "L = sum(1/(2 + exp(-z)))": "1/(2 + exp(-z[i j]))",
        "L = sum(log(1 + z**2))": "log(z[i j]**2 + 1)",
        "L = sum(log(sum(z*exp(z))))": "log(",
    }
    for text, words in kept.items():
        assert words in str(read(DECLARED + text)), text


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
        inner.map(lambda e: (sp.exp(e) - sp.exp(-e)) / (sp.exp(e) + sp.exp(-e)) if e.free_symbols else e),
    ),
    max_leaves=6,
)


@settings(max_examples=150)
@given(expressions)
def test_every_rule_is_an_equality(expression: sp.Expr) -> None:
    at = {a: sp.Rational(1, 3), b: -sp.Rational(2, 5), c: sp.Rational(7, 9)}
    new = rewritten(expression)
    sides = []
    for side in (expression, new):
        for function, formula in FORMULAS.items():
            side = side.replace(function, formula)
        sides.append(sp.N(side.subs(at), 40, maxn=400))
    assert abs(sides[0] - sides[1]) <= abs(sides[0]) * sp.Float(10) ** -30 + sp.Float(10) ** -30


def test_every_rule_says_its_equality() -> None:
    assert all(rule.__doc__ and "=" in rule.__doc__ for rule in RULES)
