"""What a condition on entries leaves out may be infinite: a slope that is 0 there is 0, whatever it is multiplied by.

Each network is held against one that is given other arguments where nobody looks, and so is nowhere infinite.
"""

import warnings

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.arguments import ArgumentError
from symbackprop.core.differentiate import stabilised
from symbackprop.core.network import Network
from symbackprop.core.passes.left_out import without_left_out
from symbackprop.core.passes.signs import leaves_out

POSITIVE, OTHER = "where(x > 0, x, 1)", "where(x == 0, 1, x)"

# text, its argument that may be at a pole, and what stands for that argument where nobody looks
CASES = {
    "a quotient": ("u = 1/(x)\nL = sum(where(x > 0, u, 0))", POSITIVE),
    "values between": ("a = 1/(x)\nb = exp(a)\nc = b*a\nL = sum(where(x > 0, c, 0))", POSITIVE),
    "two conditions": ("a = 1/(x)\nL = sum(where(x > 0, a, 0)) + sum(where(x < 0, a**2, 0))", OTHER),
    "a logarithm": ("a = log((x))\nL = sum(where(x > 0, x*a, 0))", POSITIVE),
    "a root": ("a = sqrt((x))\nL = sum(where(x > 0, a, -x)**2)", POSITIVE),
    "the limit": ("u = sin(x)/(x)\nL = sum(where(x == 0, 1, u)**2)", OTHER),
    "a product of conditions": ("u = 1/(x)\nL = sum((x > 0.5)*where(x > 0, u, 0))", POSITIVE),
    "both branches": ("p = log((x))\nL = sum(where(x > 0, p, where(x < 0, 3, 0))*x)", POSITIVE),
    "a mask of data": ("m: data[n]\nu = 1/(x)\nL = sum(where(m > 0, u, 0))**2", "where(m > 0, x, 1)"),
    "a condition that is computed later": ("m: data[n]\nu = 1/(x)\nk = m**3\nL = sum(where(k > 0, u, 0))**2", "where(m > 0, x, 1)"),
    "values on the way to it": ("a = 1/(x)\nb = exp(a)\nk = x**3\nL = sum(where(k > 0, b*a, 0))", POSITIVE),
    "a product of matrices": ("w: parameter[n, n]\nu = log((w))\nL = sum(where(w > 0, u, 0) @ x)", "where(w > 0, w, 1)"),
    "arccos": ("u = arccos((x))\nL = sum(where(x*x < 1, u, 0))", "where(x*x < 1, x, 0)"),
    "logsumexp": ("s = 1/(x)\nm = where(x > 0, s, -np.inf)\nL = logsumexp(m)", POSITIVE),
    "the greatest": ("s = 1/(x)\nm = where(x > 0, s, -1)\nL = max(m)", POSITIVE),
    "two inputs": ("y: parameter[n]\nq = y/(x)\nL = sum(where(x == 0, 0, q)**2)", OTHER),
    "a neighbour": ("u = 1/(x)\nz = where(x > 0, u, 0)\nL = sum(z[1:]*z[:-1])", POSITIVE),
    "parts": ("u = 1/(x)\nL = sum(where(x[:-1] > 0, u[:-1], 0))", POSITIVE),
    "parts with names": ("u = 1/(x)\nv = u[:-1]\nk = x[:-1]\nL = sum(where(k > 0, v, 0)*v*k)", "where(x > 0, x, 1e12)"),
    "every second": ("u = log((x))\nL = sum(where(x[::2] > 0, u[::2], 0)**2)", POSITIVE),
    "turned around": ("u = sqrt((x))\nL = sum(where(x[::-1] > 0, u[::-1], 0)*x)", POSITIVE),
    "a part of a product": ("u = 1/(x)\nL = sum(where(x[1:] > 0, u[1:], 0)*where(x[:-1] > 0, u[:-1], 0))", POSITIVE),
    "parts of a table": ("w: parameter[n, n]\nu = 1/(w)\nL = sum(where(w[1:, :-1] > 0, u[1:, :-1], 0)*x[1:])",
                         "where(w > 0, w, 1)"),
    "a slice": ("u = log((x) + 1)\nL = sum(u[1:]**2)", "where(arange(n) > 0, x, 1)"),
}  # fmt: skip
PAIRS = "D = x[:, None] - x[None]"
WRITTEN = {  # each with the other network as a whole: pairs, and roots of what an activation makes 0
    "pairs": (f"{PAIRS}\nu = 1/D\nL = sum(where(eye(n), 0, u)**2)", f"{PAIRS} + eye(n)\nu = 1/D\nL = sum(where(eye(n), 0, u)**2)"),
    "above the diagonal": (f"{PAIRS}\nu = 1/D**6\nv = u**2 - u\nL = sum(triu(v, 1))",
                           f"{PAIRS} + eye(n)\nu = 1/D**6\nv = u**2 - u\nL = sum(triu(v, 1))"),
    "relu": ("L = sum(sqrt(relu(x))*x)", "L = sum(where(x > 0, sqrt(where(x > 0, x, 1))*x, 0))"),
    "maximum, named": ("r = maximum(x, 0)\nq = sqrt(r)\nL = sum(q**3 + q)",
                       "q = where(x > 0, sqrt(where(x > 0, x, 1)), 0)\nL = sum(q**3 + q)"),
}  # fmt: skip


def pair(name: str) -> list[str]:
    if name in WRITTEN:
        return [f"x: parameter[n]\n{text}" for text in WRITTEN[name]]
    text, safe = CASES[name]
    return [f"x: parameter[n]\n{text}", f"x: parameter[n]\n{text.replace('(w)' if '(w)' in text else '(x)', f'({safe})')}"]


def arrays(network: Network, name: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = np.array([-1.0 if name == "a slice" else 0.0, 0.7, 1.3, -0.4, 0.6])
    w = rng.uniform(0.2, 1, (5, 5))
    w[1], w[2, 3] = 0, 0
    known = {"x": x, "w": w, "m": (x > 0) * 1.0, "y": rng.uniform(0.5, 1, 5)}
    return {t.name: known[t.name] for t in network.program.inputs}


def held(found: object, want: object) -> None:
    np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["numpy", "c", pytest.param("jax", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [*CASES, *WRITTEN])
def test_no_slope_is_zero_times_infinity(name: str, backend: str) -> None:
    text, safe = pair(name)
    network = sb.read(text)
    point = arrays(network, name)
    found, want = sb.compile(network, backend=backend), sb.compile(sb.read(safe))
    value, gradients = want.value_and_grad(point)
    vectors = {w: np.random.default_rng(1).normal(size=g.shape) for w, g in gradients.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own_value, own_gradients = found.value_and_grad(point)
        step = found.bind({w: point[w] for w in gradients}, {k: a for k, a in point.items() if k not in gradients})
        held([own_value, step()], value)
        for w, gradient in gradients.items():
            held(own_gradients[w], gradient)
            held(step.gradients[w], gradient)
        held(found.jvp(vectors, point), want.jvp(vectors, point))
        for w, product in want.hvp(vectors, point).items():
            held(found.hvp(vectors, point)[w], product)


@pytest.mark.parametrize("name", [*CASES, *WRITTEN])
def test_the_witness_agrees_there(name: str) -> None:
    network = sb.read(pair(name)[0])
    assert sb.check(network, at=arrays(network, name)).ok


def test_named_values_are_shown_as_they_are() -> None:
    compiled = sb.compile(sb.read("x: parameter[n]\nu = 1/x\nL = sum(where(x > 0, u, 0))"))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(compiled.outputs(x=np.array([0.0, 2.0]))["u"], [np.inf, 0.5])


@pytest.mark.parametrize("text", [
    "w: parameter[n, n]\nu = 1/x\nL = sum(where(w > 0, u[:, None], 0)*w)",  # a row that is left out whole
    "u = sqrt(x)\nL = sum(u**2)",
    "u = 1/x\nL = sum(1/u)",
])  # fmt: skip
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_a_slope_that_is_no_number_is_an_error(text: str, backend: str) -> None:
    compiled = sb.compile(sb.read(f"x: parameter[n]\n{text}"), backend=backend)
    point = {"x": np.array([0.0, 2.0]), "w": np.array([[0.0, 0.0], [1.0, 2.0]])}
    point = {t.name: point[t.name] for t in compiled.program.inputs}
    steps = [lambda p: compiled.bind(p)()] if leaves_out(compiled.program) else []  # a look costs as much as a small step
    for called in (compiled.value_and_grad, compiled.grad, *steps):
        with pytest.raises(
            ArgumentError, match=r"the derivative by x\[0\] is not a number, while L is finite.*where\(keep, x, 1\)"
        ):
            called(point)


def test_the_words_about_an_exponential_help() -> None:
    text, point = "x: parameter[n]\nu = exp(x)\nL = sum(where(x < 100, u, 0)) + u[0]", np.array([1.0, 800.0, -3.0])
    with pytest.raises(ArgumentError, match=r"exponential.*exp\(where\(x > 100, 0, x\)\)"):
        sb.compile(sb.read(text)).grad(x=point)
    mended = sb.compile(sb.read(text.replace("exp(x)", "exp(where(x > 100, 0, x))"))).grad(x=point)
    np.testing.assert_allclose(mended["x"], [2 * np.e, 0, np.exp(-3)], rtol=1e-14)


def test_where_the_value_is_none_nothing_is_said() -> None:
    compiled = sb.compile(sb.read("x: parameter[n]\nu = log(x)\nL = sum(x*u**2)"))
    value, gradients = compiled.value_and_grad(x=np.array([0.0, 2.0]))
    assert np.isnan(value)
    assert np.isnan(gradients["x"][0])
    lenient = sb.compile(sb.read("x: parameter[n]\nu = sqrt(x)\nL = sum(u**2)"), refuse_nan=False)
    assert np.isnan(lenient.grad(x=np.array([0.0, 2.0]))["x"][0])


FINITE = {
    "relu and pooling": "X: data[n, 1, 8, 8]\nK: parameter[4, 1, 3, 3]\nL = sum(max_pool2d(relu(conv2d(X, K)), 2)**2)",
    "a causal block": "X: data[n, t, 8]\nW: parameter[8, 8]\nH = layer_norm(X @ W)\nS = H @ H.swapaxes(1, 2)\n"
                      "P = softmax(where(tril(ones((t, t))) > 0, S, -1e9), axis=2)\nL = sum((P @ H)**2)",
    "dropout of a norm": "x: data[n, d]\nW: parameter[d, d]\nm: data[n, d]\nh = layer_norm(x @ W)\nL = sum((where(m > 0, h, 0) @ W)**2)",
    "a softmax": "x: parameter[n, d]\nm: data[n, d]\nL = sum(where(m > 0, softmax(where(m > 0, x, -1e9), axis=1), 0)**2)",
    "a temperature": "x: data[n, n]\nW: parameter[n, n]\ntau: parameter\nL = sum((where(tril(ones((n, n))) > 0, x @ W, 0)/tau)**2)",
}  # fmt: skip


@pytest.mark.parametrize("name", FINITE)
def test_nothing_is_asked_where_nothing_is_infinite(name: str) -> None:
    program = stabilised(sb.derive(sb.read(FINITE[name]))).program
    assert without_left_out(program) is program


@pytest.mark.parametrize("u", ["1/(exp(-x*x) + exp(-2*x*x))", "sqrt(exp(-x*x) + exp(-2*x*x))", "1/sigmoid(-x*x)"])
def test_what_is_positive_on_paper_may_be_0_in_floats(u: str) -> None:
    """exp(-1000) is, and what a condition on positions left out was not a number."""
    network = sb.read(f"x: parameter[n, n]\nu = {u}\nL = sum(where(arange(n)[:, None] < arange(n)[None, :], u, 0)*x)")
    x = np.array([[100.0, 1, 1], [0, 2, 1], [5, 1, 100]])
    for backend in ("numpy", "c"):
        found = sb.compile(network, backend=backend).value_and_grad(x=x)[1]["x"]
        assert found[0, 0] == found[2, 2] == 0
        assert np.isfinite(found).all()


@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_what_overflows_where_nobody_looks_is_left_out(backend: str) -> None:
    compiled = sb.compile(sb.read("x: parameter[n]\nu = exp(x)\nL = sum(where(x < 100, u, x))"), backend=backend)
    with np.errstate(over="ignore"):
        value, gradients = compiled.value_and_grad(x=np.array([1.0, 800.0]))
    assert value == pytest.approx(800 + np.e)
    np.testing.assert_allclose(gradients["x"], [np.e, 1])


def test_what_overflows_in_a_row_that_is_left_out_whole_is_an_error() -> None:
    compiled = sb.compile(sb.read("x: parameter[n]\nm: data[n, n]\nu = exp(x)\nL = sum(where(m > 0, u[:, None], 0)*m)"))
    at = {"x": np.array([1.0, 800.0]), "m": np.array([[1.0, 1.0], [0.0, 0.0]])}
    for called in (compiled.value_and_grad, lambda p: compiled.bind(p)()):
        with np.errstate(all="ignore"), pytest.raises(ArgumentError, match=r"the derivative by x\[1\] is not a number"):
            called(at)


def test_who_reads_the_other_entries_may() -> None:
    at = {"m": np.array([1.0, 0.0]), "x": np.array([0.25, 0.0])}
    network = sb.read("m: data[n]\nx: parameter[n]\nL = sum(m*sqrt(x))")
    with pytest.raises(ArgumentError, match="refuse_nan=False"):
        sb.compile(network).value_and_grad(**at)
    assert sb.compile(network, refuse_nan=False).value_and_grad(**at)[1]["x"][0] == 1
